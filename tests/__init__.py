"""Tests: they mirror src, file for file."""
