"""Pictures, series, visibility, members and publishing of spaces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what is new.

    A space that is here already might be a private one: it is listed for nobody until it has been
    compared with its log, which the timers do when `changed_at_ms` is 0.
    """
    # Columns are added one by one: SQLite would make any other change by copying the table.
    for column in (
        sa.Column("description", sa.Text(), nullable=False, server_default=""),
        sa.Column("language", sa.String(35), nullable=False, server_default=""),
        sa.Column("host", sa.String(60), nullable=False, server_default=""),
        sa.Column("picture", sa.String(32), nullable=False, server_default=""),
        sa.Column("listed", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("private", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("publishing", sa.String(16), nullable=False, server_default="auto"),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("series_id", sa.String(10), nullable=False, server_default=""),
        sa.Column("recording_seconds", sa.Float(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False, server_default=""),
        sa.Column("changed_at_ms", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("occurrence", sa.Integer(), nullable=False, server_default="-1"),
    ):
        op.add_column("spaces", column)
    op.create_index("ix_spaces_series_id", "spaces", ["series_id"])
    op.create_index("ix_spaces_status_starts_at_ms", "spaces", ["status", "starts_at_ms"])
    _series_and_members()


def _series_and_members() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.String(10), nullable=False),
        sa.Column("slug", sa.String(60), nullable=False),
        sa.Column("owner_id", sa.String(16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("picture", sa.String(32), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.String(16), nullable=False),
        sa.Column("anchor", sa.String(16), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], name="fk_series_owner_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
    )
    op.create_index("ix_series_owner_id", "series", ["owner_id"])
    op.create_index("uq_series_slug", "series", ["slug"], unique=True)
    op.create_table(
        "members",
        sa.Column("space_id", sa.String(10), nullable=False),
        sa.Column("account_id", sa.String(16), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name="fk_members_space_id_spaces", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_members_account_id_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("space_id", "account_id", name="pk_members"),
    )
    op.create_index("ix_members_account_id", "members", ["account_id"])
