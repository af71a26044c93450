"""Tests of the benchmarks: what they measure with must notice what is wrong."""
