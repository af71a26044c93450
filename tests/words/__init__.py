"""Tests of the catalogues, and the program that renews them."""
