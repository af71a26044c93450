"""Programs that exercise an installation."""
