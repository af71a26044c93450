"""Hustings: self-hosted live audio that starts on time and never loses the recording."""

__version__ = "0.1.0"
