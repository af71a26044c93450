"""The edge: the processes that listeners connect to."""
