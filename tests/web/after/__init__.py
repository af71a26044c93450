"""Tests of what comes after the end."""
