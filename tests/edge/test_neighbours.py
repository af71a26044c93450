"""Several edges: whoever finds no place at one gets it at another, and one number is enough."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hustings import keys, limits
from tests.edge.crowds import Ears, ears
from tests.edge.house import SPACE, house
from tests.edge.test_enter import at_once, enter, live, push, until

__all__ = ["at_once"]  # a fixture


async def test_beyond_the_edge_there_is_another(tmp_path: Path) -> None:
    keys.ensure(tmp_path).folder.rename(tmp_path / "k")
    async with house(tmp_path, edge=False) as h:
        full = await h.start_edge(listeners_max=1, listen_url="https://a.example")
        await live(h)
        await push(h, 1, port=full.port)
        assert (await enter(h, 2, port=full.port))["rung"] == "text"
        other = await h.start_edge(index=1, listeners_max=1, listen_url="https://b.example")

        async def known() -> bool:
            answer = await enter(h, 3, port=full.port)
            return bool(answer["edge"] == "https://b.example" and answer["rung"] == "edge")

        # One place there, and one who waits here before the third.
        with pytest.raises(TimeoutError):
            await until(known, within_s=2.5)
        second = await enter(h, 2, port=full.port)
        assert (second["rung"], second["edge"]) == ("edge", "https://b.example")
        assert second["push"] == f"/live/{SPACE}/push?codec=opus"
        assert (await push(h, 2, port=other.port)).status == 200


async def test_plain_players_are_sent_on(tmp_path: Path) -> None:
    async with house(tmp_path, edge=False) as h:
        full = await h.start_edge(listeners_max=1, listen_url="https://a.example")
        await live(h)
        await push(h, 1, port=full.port)
        await h.start_edge(index=1, listen_url="https://b.example")

        async def sent_on() -> bool:
            answer = await h.get(f"/live/{SPACE}/listen.aac?ticket=a%20b", port=full.port)
            assert answer.status in (302, 503)
            there = f"https://b.example/live/{SPACE}/listen.aac?ticket=a+b"
            assert answer.status == 503 or answer.fields["connection"] == "close"
            return answer.fields.get("location") == there

        await until(sent_on)


async def test_a_number_is_good_at_every_edge(tmp_path: Path, at_once: None) -> None:
    keys.ensure(tmp_path)
    async with house(tmp_path, edge=False) as h:
        one = await h.start_edge(listeners_max=1)
        await live(h)
        listener = await push(h, 1, port=one.port)
        second = await enter(h, 2, port=one.port)
        two = await h.start_edge(index=1, listeners_max=2)
        await push(h, 7, port=two.port)
        await listener.close()

        async def called() -> bool:
            answer = await enter(h, 2, port=two.port, line=second["line"])
            return bool(answer["line"] == second["line"] and answer["rung"] == "live")

        await until(called)
        assert (await push(h, 2, f"&line={second['line']}", port=two.port)).status == 200


async def test_edges_behind_one_address_keep_one_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: None
) -> None:
    monkeypatch.setattr(limits, "LINE_AGAIN_S_MIN", 0.4)  # 2.4 s of silence are too many
    keys.ensure(tmp_path)
    async with house(tmp_path, edge=False) as h:
        one = await h.start_edge(listeners_max=1)
        await live(h)
        two = await h.start_edge(index=1, listeners_max=1)
        async with ears(h) as archive:
            listener = await push(h, 1, port=one.port)
            await push(h, 2, port=two.port)
            await until(lambda: _true(len(archive.newest) == 2))
            waits = await enter(h, 3, port=one.port)
            await until(lambda: _true(_waiting(archive) == 1))
            # The other edge alone is asked, for longer than a silence may last.
            for _ in range(12):
                again = await enter(h, 3, port=two.port, line=waits["line"])
                assert (again["number"], again["line"]) == (waits["number"], waits["line"])
                await asyncio.sleep(0.3)
            assert _waiting(archive) == 1
            await listener.close()

            async def sent_on() -> bool:
                answer = await enter(h, 3, port=two.port, line=waits["line"])
                return bool(answer["rung"] == "edge" and answer["line"] == waits["line"])

            await until(sent_on)
            assert (await push(h, 3, f"&line={waits['line']}", port=two.port)).status == 503
            assert (await push(h, 3, f"&line={waits['line']}", port=one.port)).status == 200


def _waiting(archive: Ears) -> int:
    return sum(here.waiting for here in archive.newest.values())


async def _true(value: bool) -> bool:
    return value
