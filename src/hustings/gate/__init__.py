"""The gate: speakers' signalling (WHIP), stateless and without a database."""
