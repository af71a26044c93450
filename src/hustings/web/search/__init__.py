"""Search: what is asked, what can be found, and who keeps it up to date."""
