"""Tests of the listen page: real Chromium, real sound, and a small edge that fails on request."""
