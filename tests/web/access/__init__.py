"""Tests of how programs come in."""
