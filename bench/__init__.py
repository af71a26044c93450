"""One program per number in the design, each with its peer."""
