"""Tests of keeping recordings."""
