"""The log: one durable, ordered record per space, and the live path beside it."""
