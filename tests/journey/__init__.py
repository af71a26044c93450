"""Whole evenings: the product as it is run, its roles as processes."""
