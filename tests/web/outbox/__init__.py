"""Tests of what is sent to people and programs."""
