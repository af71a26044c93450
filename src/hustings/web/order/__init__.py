"""Order: reports, blocks, bans, suspension, and the audit log."""
