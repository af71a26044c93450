"""The database's history: one revision per change of the tables, applied at start."""
