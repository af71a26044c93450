"""After the end: a finished recording, published, edited, put right and cut into clips."""
