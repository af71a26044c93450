"""Reminders, what was announced, webhooks and their deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0005"
down_revision = "r0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what is new."""
    _reminders()
    _hooks()


def _reminders() -> None:
    op.create_table(
        "reminders",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("space_id", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("address", sa.String(1000), nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("secrets", sa.String(400), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_reminders"),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name="fk_reminders_space_id_spaces", ondelete="CASCADE"
        ),
    )
    op.create_index(
        "uq_reminders_space_id_address_hash",
        "reminders",
        ["space_id", "address_hash"],
        unique=True,
    )
    op.create_table(
        "announced",
        sa.Column("space_id", sa.String(10), nullable=False),
        sa.Column("what", sa.String(48), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("space_id", "what", name="pk_announced"),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name="fk_announced_space_id_spaces", ondelete="CASCADE"
        ),
    )


def _hooks() -> None:
    op.create_table(
        "hooks",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("account_id", sa.String(16), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("secret", sa.String(80), nullable=False),
        sa.Column("events", sa.String(400), nullable=False),
        sa.Column("everywhere", sa.Boolean(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hooks"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_hooks_account_id_accounts", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_hooks_account_id", "hooks", ["account_id"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("hook_id", sa.String(16), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(
            ["hook_id"], ["hooks.id"], name="fk_deliveries_hook_id_hooks", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_deliveries_due_at_ms", "deliveries", ["due_at_ms"])
    op.create_index("ix_deliveries_hook_id", "deliveries", ["hook_id"])
