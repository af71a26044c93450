"""Programs that exercise an installation: demo, doctor."""
