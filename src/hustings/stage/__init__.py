"""The stage: those who can be heard, mixed and encoded once."""
