"""Keeps the house tidy: direction of imports, purity, size, words. No exemption list."""
