"""Tests of hustings.archive."""
