"""Sound: codecs, levels, mixing. Used by the stage and the archive."""
