"""Clips: stretches of a recording as files of their own, sound and video, that link back to it."""
