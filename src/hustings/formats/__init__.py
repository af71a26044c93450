"""Byte and text formats, pure: bytes in, bytes out."""
