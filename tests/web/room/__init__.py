"""Tests of what goes on in a space."""
