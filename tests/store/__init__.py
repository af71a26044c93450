"""Tests of hustings.store."""
