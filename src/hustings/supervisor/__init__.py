"""The supervisor: `hustings serve` runs every role as its own process on one machine."""
