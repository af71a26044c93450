"""Profiles, passkeys, identities elsewhere, resets, invitations to the site."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give accounts a profile; make the tables of the ways to sign in."""
    # Columns are added one by one: SQLite would make any other change by copying the table, and
    # dropping the old one would take along the rows that name it.
    op.add_column("accounts", sa.Column("handle", sa.String(30), nullable=True))
    op.add_column("accounts", sa.Column("biography", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "accounts", sa.Column("picture", sa.String(32), nullable=False, server_default="")
    )
    op.add_column("accounts", sa.Column("deleted_at_ms", sa.BigInteger(), nullable=True))
    op.create_index("uq_accounts_handle", "accounts", ["handle"], unique=True)
    _links()
    _ways_in()


def _links() -> None:
    op.create_table(
        "site_invites",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("by_id", sa.String(16), nullable=True),
        sa.Column("listed", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("used_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["accounts.id"],
            name="fk_site_invites_by_id_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_site_invites"),
        sa.UniqueConstraint("token_hash", name="uq_site_invites_token_hash"),
    )
    op.create_index("ix_site_invites_by_id", "site_invites", ["by_id"])
    op.create_table(
        "resets",
        sa.Column("account_id", sa.String(16), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_resets_account_id_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_resets"),
        sa.UniqueConstraint("token_hash", name="uq_resets_token_hash"),
    )


def _ways_in() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("account_id", sa.String(16), nullable=False),
        sa.Column("credential", sa.String(1364), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_passkeys_account_id_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.UniqueConstraint("credential", name="uq_passkeys_credential"),
    )
    op.create_index("ix_passkeys_account_id", "passkeys", ["account_id"])
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("account_id", sa.String(16), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_identities_account_id_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_identities"),
    )
    op.create_index("ix_identities_account_id", "identities", ["account_id"])
