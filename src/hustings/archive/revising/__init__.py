"""Carrying out what is wished of a recording after its end, and revising its receipt."""
