"""A recording made anew from its own files: cut, silenced, or without somebody's voice."""
