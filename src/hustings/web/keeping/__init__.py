"""Keeping a recording: how long it stays, and the links to it while it is private."""
