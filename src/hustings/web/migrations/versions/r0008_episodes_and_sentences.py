"""What feeds and search know of recordings; the catalogue says which version is published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0008"
down_revision = "r0007"
branch_labels = None
depends_on = None

# FTS5 keeps the words of `sentences` without a second copy of the texts (its section 4.4.3). What
# was said stands apart from titles and descriptions, which would be hard to find among it.
_APART = {"headings": "<>", "said": "="}


def _fts5(name: str, sign: str) -> tuple[str, ...]:
    index = f"fts_{name}"
    out = f"INSERT INTO {index}({index}, rowid, words) VALUES ('delete', old.id, old.words);"  # noqa: S608 - names of this file
    into = f"INSERT INTO {index}(rowid, words) VALUES (new.id, new.words);"  # noqa: S608 - the same
    return (
        f"""
        CREATE VIRTUAL TABLE fts_{name} USING fts5(
            words, content='sentences', content_rowid='id',
            tokenize="unicode61 remove_diacritics 2", prefix='2 3'
        )
        """,
        f"""
        CREATE TRIGGER fts_{name}_added AFTER INSERT ON sentences WHEN new.part {sign} 'said'
        BEGIN {into} END
        """,
        f"""
        CREATE TRIGGER fts_{name}_removed AFTER DELETE ON sentences WHEN old.part {sign} 'said'
        BEGIN {out} END
        """,
        f"""
        CREATE TRIGGER fts_{name}_changed AFTER UPDATE ON sentences WHEN new.part {sign} 'said'
        BEGIN {out} {into} END
        """,
    )


def _gin(name: str, sign: str) -> tuple[str, ...]:
    return (
        f"""
        CREATE INDEX fts_{name} ON sentences USING gin (to_tsvector('simple'::regconfig, words))
        WHERE part {sign} 'said'
        """,
    )


def upgrade() -> None:
    """Make what is new."""
    _catalogue()
    op.create_table(
        "episodes",
        sa.Column("space_id", sa.String(10), nullable=False),
        sa.Column("ev_seq", sa.BigInteger(), nullable=False),
        sa.Column("row_changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("receipt_sha256", sa.String(64), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("claimed_until_ms", sa.BigInteger(), nullable=False),
        sa.Column("posted_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name="fk_episodes_space_id_spaces", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("space_id", name="pk_episodes"),
    )
    op.create_index("ix_episodes_posted_at_ms", "episodes", ["posted_at_ms"])
    op.create_table(
        "sentences",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("space_id", sa.String(10), nullable=False),
        sa.Column("part", sa.String(8), nullable=False),
        sa.Column("cue", sa.String(40), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name="fk_sentences_space_id_spaces", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sentences"),
    )
    op.create_index("ix_sentences_space_id", "sentences", ["space_id"])
    made = _fts5 if op.get_bind().dialect.name == "sqlite" else _gin
    for name, sign in _APART.items():
        for statement in made(name, sign):
            op.execute(statement)


def _catalogue() -> None:
    """What lists, feeds and quotas ask of a recording, without a look into its log."""
    op.add_column("spaces", sa.Column("live_at_ms", sa.BigInteger(), nullable=True))
    op.add_column("spaces", sa.Column("ended_at_ms", sa.BigInteger(), nullable=True))
    op.add_column(
        "spaces", sa.Column("receipt_sha256", sa.String(64), nullable=False, server_default="")
    )
    op.add_column("spaces", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "spaces", sa.Column("gone", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "spaces", sa.Column("kept_bytes", sa.BigInteger(), nullable=False, server_default="0")
    )
