"""The agenda: making, editing, listing and publishing spaces."""
