"""A visitor who hears the pushed programme: every piece checked, counted and played.

Nearly every read is exactly one piece that another visitor got before: that path is kept short,
because a worker goes along it thousands of times a second.
"""

from __future__ import annotations

from typing import Protocol

from hustings.drills.load_playout import Playout
from hustings.drills.load_reading import CHUNK_MS, CHUNK_S, Library, Piece, Unframing
from hustings.drills.load_report import Tally
from hustings.errors import BadInput


class Hearer(Protocol):
    """Whose ears these are."""

    def heard_first(self, now: float) -> None:
        """The first chunk of a connection is complete."""

    def ended(self, now: float) -> None:
        """The programme is over: its body has come to a true end."""

    def broken(self, why: str, now: float) -> None:
        """Bytes came that are wrong."""

    def asked_to_move(self, within_ms: int) -> None:
        """The edge is leaving."""


class Listening:
    """`next` is the chunk expected, -1 before the first; `last_s` is when bytes came last."""

    __slots__ = ("_hearer", "_library", "_new", "_tally", "_unframing", "last_s", "next", "playout")

    def __init__(self, hearer: Hearer, library: Library, tally: Tally, playout: Playout) -> None:
        self.next = -1
        self.last_s = 0.0
        self.playout = playout
        self._hearer = hearer
        self._library = library
        self._tally = tally
        self._unframing = Unframing(library)
        self._new = True

    def begin(self, now: float) -> None:
        """A new connection's body follows."""
        self._unframing = Unframing(self._library)
        self._new = True
        self.last_s = now

    def take(self, data: bytes, now: float) -> None:
        """Bytes of the body."""
        self.last_s = now
        tally = self._tally
        tally.bytes += len(data)
        if self._unframing.clean and not self._new:
            for piece in self._library.at(self.next):
                if data == piece.framed and piece.move_ms < 0:
                    tally.pieces += 1
                    tally.chunks += piece.chunks
                    self.next = piece.after
                    if piece.missing:
                        self._gap(piece.missing)
                    self.playout.heard(piece.chunks * CHUNK_S, now)
                    return
        try:
            pieces = self._unframing.feed(data, self.next)
        except BadInput as error:
            self._hearer.broken(str(error), now)
            return
        for piece in pieces:
            tally.pieces += 1
            if piece.chunks:
                self._chunks(piece, now)
            if piece.move_ms >= 0:
                self._hearer.asked_to_move(piece.move_ms)
            if piece.end:
                self._hearer.ended(now)

    def _chunks(self, piece: Piece, now: float) -> None:
        self._tally.chunks += piece.chunks
        count = piece.chunks
        if self.next >= 0 and piece.first != self.next:
            if piece.first > self.next:
                self._gap(piece.first - self.next)
            else:
                if not self._new:
                    self._tally.repeated += 1
                count = max(0, piece.after - self.next)
        if piece.missing:
            self._gap(piece.missing)
        self.next = max(self.next, piece.after)
        self.playout.heard(count * CHUNK_S, now)
        if self._new:
            self._new = False
            self._hearer.heard_first(now)

    def _gap(self, chunks: int) -> None:
        tally = self._tally
        tally.gaps += 1
        tally.gap_ms += chunks * CHUNK_MS
        tally.gap_ms_max = max(tally.gap_ms_max, chunks * CHUNK_MS)
