"""Tests of accounts: how they are made, signed in to, changed and deleted."""
