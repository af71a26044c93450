"""Coverage-guided fuzzing of what strangers can send to the stage."""
