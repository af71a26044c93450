"""Tests of the log station, on real servers."""
