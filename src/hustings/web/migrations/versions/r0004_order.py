"""Reports, bans, suspension, the audit log.

The audit log is append-only in the database itself: triggers refuse to change, delete or replace a
row, whoever asks. A later revision that rebuilds the table has to make them again.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None

_SAYS: Final = "the audit log is append-only"
_REFUSE: Final = f"BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END"
_REPLACES: Final = "WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)"
# An INSERT OR REPLACE deletes without asking the triggers of DELETE: the third one sees it.
_SQLITE: Final = (
    f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit {_REFUSE}",
    f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit {_REFUSE}",
    f"CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit {_REPLACES} {_REFUSE}",
)
_POSTGRESQL: Final = (
    "CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_SAYS}'; END $$",
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit "
    "FOR EACH ROW EXECUTE FUNCTION audit_stays()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_stays()",
)


def upgrade() -> None:
    """Make what is new."""
    _audit()
    _reports()
    _suspensions()


def _audit() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "audit",
        sa.Column("id", number, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(24), nullable=False),
        sa.Column("by_name", sa.String(60), nullable=False),
        sa.Column("did", sa.String(40), nullable=False),
        sa.Column("space_id", sa.String(10), nullable=False),
        sa.Column("about", sa.String(80), nullable=False),
        sa.Column("person", sa.String(24), nullable=False),
        sa.Column("reason", sa.String(280), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_space_id_id", "audit", ["space_id", "id"])
    op.create_index("ix_audit_person_id", "audit", ["person", "id"])
    op.create_index("ix_audit_by_id", "audit", ["by", "id"])
    own = _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE
    for statement in own:
        op.execute(statement)


def _reports() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("space_id", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("thing", sa.String(32), nullable=False),
        sa.Column("person", sa.String(24), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("newest_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("outcome_did", sa.String(40), nullable=False),
        sa.Column("outcome_by", sa.String(24), nullable=False),
        sa.Column("outcome_reason", sa.String(280), nullable=False),
        sa.Column("outcome_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_index("uq_cases_thing", "cases", ["space_id", "kind", "thing"], unique=True)
    op.create_index("ix_cases_outcome_newest_at_ms", "cases", ["outcome", "newest_at_ms"])
    op.create_table(
        "reports",
        sa.Column("case_id", sa.String(16), nullable=False),
        sa.Column("reporter", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(280), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name="fk_reports_case_id_cases", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", "reporter", name="pk_reports"),
    )
    op.create_index("ix_reports_case_id_at_ms", "reports", ["case_id", "at_ms"])


def _suspensions() -> None:
    op.create_table(
        "suspensions",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("person", sa.String(24), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("reason", sa.String(280), nullable=False),
        sa.Column("by", sa.String(24), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("address_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("lifted_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("lifted_by", sa.String(24), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_suspensions"),
    )
    op.create_index("ix_suspensions_person", "suspensions", ["person"])
    op.create_index(
        "ix_suspensions_lifted_at_ms_until_ms", "suspensions", ["lifted_at_ms", "until_ms"]
    )
    op.create_table(
        "taken_seats",
        sa.Column("suspension_id", sa.String(16), nullable=False),
        sa.Column("space_id", sa.String(10), nullable=False),
        sa.Column("seat", sa.String(16), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("invite_hash", sa.String(64), nullable=False),
        sa.Column("invite_expires_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["suspension_id"],
            ["suspensions.id"],
            name="fk_taken_seats_suspension_id_suspensions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("suspension_id", "space_id", "seat", name="pk_taken_seats"),
    )
    op.create_table(
        "guest_addresses",
        sa.Column("person", sa.String(24), nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("seen_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_guest_addresses"),
    )
    op.create_index("ix_guest_addresses_seen_at_ms", "guest_addresses", ["seen_at_ms"])
