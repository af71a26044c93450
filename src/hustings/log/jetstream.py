"""The log on real servers: two JetStream streams per space (`contract.Log`).

The one holds what happens, the other (`CR_…`) what the crowd writes, so that a flood of messages
never waits beside the sound.

An append is a request that the server answers once it is synced to disk. Which of two writers wins
is decided by the server: the expected last sequence of the entry's own kind (`expect`) or of the
lease (`fence`) travels with the append. Everything is repeatable: a message id that was seen within
the duplicate window is not stored again.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final, cast

import msgspec

from hustings import limits
from hustings.errors import BadInput, Conflict, Fenced, LogAway, LogError, NoResponder
from hustings.log import api, consumer, subjects
from hustings.log.connection import Connection, Received
from hustings.log.contract import Entry
from hustings.log.subjects import Kind

_NS: Final = 1_000_000_000
_LOOK_AGAIN_S: Final = 1.0


class _Stored(msgspec.Struct):
    seq: int
    duplicate: bool = False


class _Message(msgspec.Struct):
    seq: int
    time: str
    data: str = ""
    hdrs: str = ""


class _Got(msgspec.Struct):
    message: _Message


class _Names(msgspec.Struct):
    total: int
    streams: list[str] | None = None


class JetStreamLog:
    """The log behind one connection. `replicas` is the number of copies in a cluster."""

    def __init__(self, connection: Connection, *, replicas: int = 1) -> None:
        self._connection = connection
        self._replicas = replicas

    async def create(self, space: str) -> None:
        """Make the space's streams; does nothing if they exist."""
        # The crowd's first: a space that exists has both.
        await self._create(subjects.talk_stream(subjects.checked(space)), f"talk.{space}")
        await self._create(subjects.stream(space), f"log.{space}.>")

    async def _create(self, name: str, subject: str) -> None:
        config = {
            "name": name,
            "subjects": [subject],
            "storage": "file",
            "retention": "limits",
            # Nothing is ever dropped by the server: sound goes when the archive has verified its
            # copy, a space when it deletes it. Who may ask for that is a matter of permissions.
            "discard": "new",
            "max_msgs": -1,
            "max_bytes": -1,
            "max_age": 0,
            "max_consumers": -1,
            "max_msg_size": limits.LOG_MESSAGE_BYTES,
            "num_replicas": self._replicas,
            "duplicate_window": limits.LOG_DUPLICATE_WINDOW_S * _NS,
            "allow_direct": True,
            "deny_delete": False,
            "deny_purge": False,
        }
        try:
            await api.call(self._connection, f"STREAM.CREATE.{name}", config)
        except api.ApiError as error:
            if error.code not in api.STREAM_EXISTS:
                raise

    async def exists(self, space: str) -> bool:
        """Whether the space has a stream."""
        return await self._has(subjects.stream(subjects.checked(space)))

    async def _has(self, name: str) -> bool:
        try:
            await api.call_stream(self._connection, name, f"STREAM.INFO.{name}")
        except api.NoStream:
            return False
        return True

    async def spaces(self) -> list[str]:
        """Ids of all spaces that have a stream."""
        names: list[str] = []
        while True:
            answer = await api.call(self._connection, "STREAM.NAMES", {"offset": len(names)})
            page = msgspec.json.decode(answer, type=_Names)
            names += page.streams or []
            if not page.streams or len(names) >= page.total:
                break
        found = (subjects.space_of_stream(name) for name in names)
        return sorted(space for space in found if space is not None)

    async def append(
        self,
        space: str,
        kind: Kind,
        data: bytes,
        *,
        message_id: str,
        expect: int | None = None,
        fence: int | None = None,
    ) -> int:
        """Append, return the sequence once it is synced to disk; see `contract.Log.append`."""
        assert expect is None or fence is None, "one append carries one expectation"
        subject = subjects.log(subjects.checked(space), kind)
        if len(data) > limits.LOG_MESSAGE_BYTES:
            raise BadInput(
                "log entry",
                expected=f"at most {limits.LOG_MESSAGE_BYTES} bytes",
                got=f"{len(data)} bytes",
            )
        headers = {"Nats-Msg-Id": message_id}
        wanted = expect if fence is None else fence
        if wanted is not None:
            over = subject if fence is None else subjects.log(space, Kind.LEASE)
            headers["Nats-Expected-Last-Subject-Sequence"] = str(wanted)
            headers["Nats-Expected-Last-Subject-Sequence-Subject"] = over
        answer = await self._appended(space, kind, data, headers)
        try:
            api.check(subject, answer.data)
        except api.ApiError as error:
            if error.code not in api.WRONG_LAST_SEQUENCE:
                raise
            if fence is not None:
                raise Fenced(space, epoch=fence) from error
            # The server looks at the expected sequence before the id. If the entry that took the
            # place is this very one, an earlier try of this append has won.
            winner = await self._get(
                space, kind, {"seq": (expect or 0) + 1, "next_by_subj": subject}
            )
            if winner is not None and _message_id(winner) == message_id:
                return winner.seq
            raise Conflict(subject, expected=expect or 0) from error
        return msgspec.json.decode(answer.data, type=_Stored).seq

    async def _appended(
        self, space: str, kind: Kind, data: bytes, headers: dict[str, str]
    ) -> Received:
        """The server's answer to one append. What a crowd of an older space writes first makes the
        stream for it."""
        subject = subjects.log(space, kind)
        try:
            return await self._connection.request(
                subject, data, timeout=limits.LOG_ACK_S, headers=headers
            )
        except NoResponder as error:
            if kind is not Kind.TALK or not await self.exists(space):
                raise await self._unserved(space) from error
        await self._create(subjects.talk_stream(space), subject)
        try:
            return await self._connection.request(
                subject, data, timeout=limits.LOG_ACK_S, headers=headers
            )
        except NoResponder as error:
            raise await self._unserved(space) from error

    async def last(self, space: str, kind: Kind) -> Entry | None:
        """The newest entry of a kind."""
        # Asked of the stream's leader, not of the nearest copy, which may lag: whoever takes a
        # lease over continues after this entry.
        message = await self._get(space, kind, {"last_by_subj": subjects.log(space, kind)})
        if message is None:
            return None
        return Entry(kind, message.seq, base64.b64decode(message.data), _stamp_ns(message.time))

    async def next(self, space: str, kind: Kind, *, seq: int) -> Entry | None:
        """The first entry of a kind whose sequence is `seq` or greater."""
        name = subjects.stream_of(subjects.checked(space), (kind,))
        request = {"seq": max(1, seq), "next_by_subj": subjects.log(space, kind)}
        try:
            answer = await self._connection.request(
                f"$JS.API.DIRECT.GET.{name}",
                msgspec.json.encode(request),
                timeout=limits.REQUEST_S,
            )
        except NoResponder as error:
            if kind is Kind.TALK and not await self._has(name) and await self.exists(space):
                return None
            raise await self._unserved(space) from error
        headers = answer.headers or {}
        if "Nats-Sequence" not in headers:
            if headers.get("Status") == "404":
                return None
            raise LogError(f"direct get from {name}: {headers.get('Description', 'no entry')}")
        stamp_ns = _stamp_ns(headers["Nats-Time-Stamp"])
        return Entry(kind, int(headers["Nats-Sequence"]), answer.data, stamp_ns)

    def read(self, space: str, kinds: Collection[Kind], *, after: int = 0) -> AsyncIterator[Entry]:
        """The history of some kinds after sequence `after`, in order, up to its end as of now."""
        found = consumer.history(self._connection, subjects.checked(space), kinds, after=after)
        return self._none_yet(space, found) if Kind.TALK in kinds else found

    def tail(self, space: str, kinds: Collection[Kind], *, after: int = 0) -> AsyncIterator[Entry]:
        """History, then everything that follows, in order, without end and without holes.

        `LogError` when the space has no log, or has none any more.
        """
        if Kind.TALK in kinds:
            return self._tail_talk(space, after=after)
        return consumer.follow(self._connection, subjects.checked(space), kinds, after=after)

    async def _tail_talk(self, space: str, *, after: int) -> AsyncIterator[Entry]:
        """The tail of what the crowd writes. An older space has no stream for it before the first
        message."""
        kinds = (Kind.TALK,)
        while True:
            found = consumer.follow(self._connection, subjects.checked(space), kinds, after=after)
            async with aclosing(self._none_yet(space, found)) as entries:
                async for entry in entries:
                    after = entry.seq
                    yield entry
            await asyncio.sleep(_LOOK_AGAIN_S)

    async def _none_yet(self, space: str, found: AsyncIterator[Entry]) -> AsyncGenerator[Entry]:
        """`found`, or nothing when only the crowd's stream is missing."""
        try:
            async with aclosing(cast("AsyncGenerator[Entry]", found)) as entries:
                async for entry in entries:
                    yield entry
        except api.NoStream:
            if not await self.exists(space):
                raise

    async def purge(self, space: str, kinds: Collection[Kind]) -> None:
        """Let the entries of some kinds go for good; the sequences of all others stay.

        Of the crowd's stream nothing is left; it is made again by whatever is written next.
        """
        subjects.checked(space)
        for kind in kinds:
            try:
                if kind is Kind.TALK:
                    name = subjects.talk_stream(space)
                    await api.call_stream(self._connection, space, f"STREAM.DELETE.{name}")
                    continue
                name, filtered = subjects.stream(space), {"filter": subjects.log(space, kind)}
                await api.call_stream(self._connection, space, f"STREAM.PURGE.{name}", filtered)
            except api.NoStream:
                continue

    async def erase(self, space: str, seqs: Collection[int]) -> None:
        """Destroy single entries of the stream of what happens: overwritten, not only let go."""
        name = subjects.stream(subjects.checked(space))
        for seq in seqs:
            try:
                await api.call_stream(
                    self._connection, space, f"STREAM.MSG.DELETE.{name}", {"seq": seq}
                )
            except api.ApiError:
                if await self._get(space, Kind.EV, {"seq": seq}) is not None:
                    raise

    async def delete(self, space: str) -> None:
        """Delete the space's streams with all their entries; does nothing if there are none."""
        subjects.checked(space)
        # The crowd's first: while the other is there, the space is found and deleted again.
        for name in (subjects.talk_stream(space), subjects.stream(space)):
            try:
                await api.call_stream(self._connection, space, f"STREAM.DELETE.{name}")
            except api.NoStream:
                continue

    async def _get(self, space: str, kind: Kind, request: dict[str, object]) -> _Message | None:
        """One stored message, from the stream's leader."""
        name = subjects.stream_of(subjects.checked(space), (kind,))
        try:
            answer = await api.call_stream(
                self._connection, space, f"STREAM.MSG.GET.{name}", request
            )
        except api.ApiError as error:
            if error.code == api.NO_MESSAGE:
                return None
            raise
        except api.NoStream:
            if kind is Kind.TALK and await self.exists(space):
                return None
            raise
        return msgspec.json.decode(answer, type=_Got).message

    async def _unserved(self, space: str) -> LogError:
        """What it means that nobody serves a space's subjects: no such log, or no JetStream."""
        if await self.exists(space):
            return LogAway(f"the log of space {space} is not being served")
        return api.NoStream(space)


def _stamp_ns(text: str) -> int:
    """Nanoseconds since 1970 of an RFC 3339 time in UTC with up to nine decimals."""
    seconds, _, decimals = text.removesuffix("Z").partition(".")
    whole = int(datetime.fromisoformat(seconds).replace(tzinfo=UTC).timestamp())
    return whole * _NS + int(decimals.ljust(9, "0") or 0)


def _message_id(message: _Message) -> str:
    for line in base64.b64decode(message.hdrs).decode(errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "Nats-Msg-Id":
            return value.strip()
    return ""
