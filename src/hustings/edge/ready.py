"""Answers at hand: a request whose like was answered before is not read again. Pure.

A request is cut after its first line. If the rest is, byte for byte, the fields of a head that was
read before and found plain (nothing in them makes a difference), and the line is one to which the
answer is known, then the answer is the same bytes that reading it would have led to. What is known
is learnt from answers with an `Edition`, or put here beforehand.

Bounded in number and bytes: the oldest is forgotten first.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, TypeAlias

from hustings import limits
from hustings.edge.head import REMEMBERED_BYTES, BadHead, block_of
from hustings.edge.reply import Edition, Rendered, Reply

_END: Final = b"\r\n"
# For one line: browsers of a year have two or three values of Accept-Encoding, in each language.
_FORMS: Final = 16
_BY_CODINGS: Final = frozenset({"accept-encoding"})
_BY_BOTH: Final = frozenset({"accept-encoding", "accept-language"})


class _Entry:
    __slots__ = ("edition", "rendered", "size", "until_s")

    def __init__(self, answer: Reply, edition: Edition, now_s: float) -> None:
        self.size = len(answer.body)
        self.edition = edition
        self.until_s = now_s + edition.seconds
        self.rendered = Rendered(answer)


_Form: TypeAlias = tuple[str, str]  # codings and language; empty where it makes no difference
_Known: TypeAlias = _Entry | dict[_Form, _Entry]


class Ready:
    """Request lines, and what is at hand for each. `now_s` is Unix time throughout."""

    def __init__(self) -> None:
        self.bytes = 0
        self._known: OrderedDict[bytes, tuple[_Known, int]] = OrderedDict()
        self._plain: OrderedDict[bytes, _Form] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def find(self, data: bytes, now_s: float) -> bytes | None:
        """The answer, if `data` is one whole request and its answer is known."""
        cut = data.find(_END)
        found = self._known.get(data[:cut])
        if found is None:
            return None
        form = self._plain.get(data[cut:])
        if form is None:
            return None
        known = found[0]
        if isinstance(known, dict):
            entry = known.get(form) or known.get((form[0], ""))
            if entry is None:
                return None
            known = entry
        if known.edition.over or known.until_s <= now_s:
            self._drop(data[:cut])
            return None
        return known.rendered.at(now_s)

    def learn(self, data: bytes, answer: Reply, now_s: float) -> None:
        """`answer` is what the request in `data`, one whole head that was read, led to."""
        if answer.edition is None or answer.stream is not None or answer.close:
            return
        cut = data.find(_END)
        line, fields = data[:cut], data[cut:]
        if not line.startswith(b"GET ") or not line.endswith(b" HTTP/1.1"):
            return
        if len(fields) > REMEMBERED_BYTES:
            return
        try:
            block = block_of(fields)
        except BadHead:
            return  # an empty line before it was forgiven: that is not remembered
        if not block.plain:
            return
        form = block.codings, block.language
        self._learn(line, form, answer, answer.edition, now_s)
        self._plain[fields] = form
        while len(self._plain) > limits.BLOCKS_COUNT:
            self._plain.popitem(last=False)

    def put(self, target: str, answer: Reply, now_s: float) -> None:
        """Have an answer at hand before anybody asks. It has an edition, and does not vary."""
        assert answer.edition is not None
        assert not _varies(answer)
        line = f"GET {target} HTTP/1.1".encode()
        self._learn(line, ("", ""), answer, answer.edition, now_s)

    def clear(self) -> None:
        """Forget all."""
        self._known.clear()
        self._plain.clear()
        self.bytes = 0

    def _learn(
        self, line: bytes, form: _Form, answer: Reply, edition: Edition, now_s: float
    ) -> None:
        entry = _Entry(answer, edition, now_s)
        varies = _varies(answer)
        if not varies:
            self._keep(line, entry, entry.size)
            return
        if varies == _BY_CODINGS:
            form = form[0], ""
        elif varies != _BY_BOTH:
            return
        known = {form: entry}
        before, _ = self._known.get(line, (None, 0))
        if isinstance(before, dict) and len(before) < _FORMS:
            known = {**before, **known}
        self._keep(line, known, sum(one.size for one in known.values()))

    def _keep(self, line: bytes, known: _Known, size: int) -> None:
        self._drop(line)
        if size > limits.READY_BYTES // 16:
            return
        size += len(line)
        self._known[line] = known, size
        self.bytes += size
        while self.bytes > limits.READY_BYTES or len(self._known) > limits.READY_COUNT:
            _, (_, gone) = self._known.popitem(last=False)
            self.bytes -= gone

    def _drop(self, line: bytes) -> None:
        found = self._known.pop(line, None)
        if found is not None:
            self.bytes -= found[1]


def _varies(answer: Reply) -> set[str]:
    fields = [value for name, value in answer.fields if name.lower() == "vary"]
    return {name.strip().lower() for value in fields for name in value.split(",")}
