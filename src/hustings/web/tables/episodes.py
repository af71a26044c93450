"""What feeds and search know of spaces: facts about their recordings, and what is found in them.

All of it is made from logs, receipts and transcripts, and can be made again at any time. The
database's own means of finding words stand beside `sentences`, `fts_headings` and `fts_said`: on
SQLite tables of FTS5, on PostgreSQL indexes. Only `search.index` speaks of them.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hustings import limits
from hustings.web.tables.root import HASH_CHARS, Table


class EpisodeRow(Table):
    """What is known of one space, and up to where it was read.

    `ev_seq` is the last decision in the log, `row_changed_ms` the catalogue's row, `receipt_sha256`
    the receipt, and `made_by` the version of the reading that this was made of. While one studio
    reads, `claimed_until_ms` keeps others off. `posted_at_ms` is when the recording was posted
    first: null before. `facts` are those of the recording as JSON, "" while there is none.
    """

    __tablename__ = "episodes"

    space_id: Mapped[str] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True
    )
    ev_seq: Mapped[int] = mapped_column(BigInteger)
    row_changed_ms: Mapped[int] = mapped_column(BigInteger)
    receipt_sha256: Mapped[str] = mapped_column(String(HASH_CHARS))
    made_by: Mapped[int] = mapped_column(Integer)
    claimed_until_ms: Mapped[int] = mapped_column(BigInteger)
    posted_at_ms: Mapped[int | None] = mapped_column(BigInteger, index=True)
    facts: Mapped[str] = mapped_column(Text)


class SentenceRow(Table):
    """Something that can be found: a title, what is said about a space, or a sentence said in it
    (`part`, which never changes).

    `words` is the text as it is looked for (`search.query`). The later a row was made, the greater
    is its `id`.
    """

    __tablename__ = "sentences"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    space_id: Mapped[str] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"), index=True)
    part: Mapped[str] = mapped_column(String(8))
    cue: Mapped[str] = mapped_column(String(limits.CUE_ID_CHARS))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int] = mapped_column(BigInteger)
    who: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
