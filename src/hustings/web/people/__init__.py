"""Accounts and everything about them: sign-in, invitations, passkeys, profiles, roles."""
