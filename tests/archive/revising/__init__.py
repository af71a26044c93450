"""Tests of what is made of a recording after its end."""
