"""The supervisor: children, locks, order."""
