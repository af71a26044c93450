"""The hold sound that a host brings: checked, made into a loop, kept, and heard on its page."""
