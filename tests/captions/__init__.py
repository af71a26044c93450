"""Tests of the captions."""
