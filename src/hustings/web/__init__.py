"""The studio: accounts, schedule, the host's desk and the API."""
