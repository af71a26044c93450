"""A long conversation, watched: what creeps in over hours shows here, or not at all."""
