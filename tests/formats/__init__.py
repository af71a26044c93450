"""Tests of the byte and text formats, against ffmpeg."""
