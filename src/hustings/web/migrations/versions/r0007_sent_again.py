"""Reminders and letters that are tried again; each occurrence of a series once; series that end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0007"
down_revision = "r0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what is new."""
    op.add_column("reminders", sa.Column("what", sa.String(32), nullable=False, server_default=""))
    op.add_column("reminders", sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("reminders", sa.Column("until_ms", sa.BigInteger(), nullable=True))
    op.add_column("reminders", sa.Column("due_at_ms", sa.BigInteger(), nullable=True))
    op.add_column("reminders", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_reminders_due_at_ms", "reminders", ["due_at_ms"])
    op.create_table(
        "letters",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("concealed", sa.Text(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_letters"),
    )
    op.create_index("ix_letters_due_at_ms", "letters", ["due_at_ms"])
    op.add_column("series", sa.Column("ended_at_ms", sa.BigInteger(), nullable=True))
    _each_once()


def _each_once() -> None:
    """Of spaces with the same number, and of those that have left their series, none keeps it."""
    op.execute(
        """
        UPDATE spaces SET occurrence = -1 WHERE occurrence >= 0 AND (series_id = '' OR EXISTS (
            SELECT 1 FROM spaces AS other WHERE other.series_id = spaces.series_id
            AND other.occurrence = spaces.occurrence AND other.id < spaces.id))
        """
    )
    op.create_index(
        "uq_spaces_series_id_occurrence",
        "spaces",
        ["series_id", "occurrence"],
        unique=True,
        sqlite_where=sa.text("occurrence >= 0"),
        postgresql_where=sa.text("occurrence >= 0"),
    )
