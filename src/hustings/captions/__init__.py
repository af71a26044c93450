"""The captions: what is said, in words, while it is said and better afterwards (an extra)."""
