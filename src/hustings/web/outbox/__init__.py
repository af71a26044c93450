"""The outbox: mail, push, webhooks, reminders."""
