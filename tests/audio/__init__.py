"""Tests of the sound: codecs, mixing, levels, the hold sound."""
