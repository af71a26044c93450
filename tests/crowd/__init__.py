"""Tests of the crowd's vocabulary."""
