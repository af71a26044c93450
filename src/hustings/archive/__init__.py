"""The archive: from the log to a posted recording with a receipt."""
