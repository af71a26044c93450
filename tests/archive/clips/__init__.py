"""Tests of clips: stretches of a recording as files of their own."""
