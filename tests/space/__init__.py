"""A space: decisions and their fold."""
