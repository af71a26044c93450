"""Tests of the stage page: the host's desk and the speaker's page, in a real browser."""
