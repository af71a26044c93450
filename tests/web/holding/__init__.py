"""Tests of hold sounds that hosts bring."""
