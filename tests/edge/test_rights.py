"""A private space is shown and heard by ticket only, and no cache learns of it."""

from __future__ import annotations

import asyncio
import gzip
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from hustings import keys
from hustings.ticket import Scope, Ticket, sign
from tests.edge.house import SPACE, House, house, numbers_in

ADDRESSES = (
    f"/s/{SPACE}",
    f"/s/{SPACE}/embed",
    f"/s/{SPACE}/event.ics",
    f"/live/{SPACE}/door.json",
    f"/live/{SPACE}/opus/init.mp4",
    f"/live/{SPACE}/opus/0.m4s",
    f"/live/{SPACE}/aac/p0.m4s",
    f"/live/{SPACE}/index.m3u8",
    f"/live/{SPACE}/dvr.m3u8",
)
STREAMS = ("push", "listen.aac", "listen.ogg", "events")


def ticket(h: House, **changes: object) -> str:
    made = keys.ensure(h.folder)
    fields: dict[str, object] = {
        "space": SPACE,
        "seat": "",
        "name": "",
        "role": "",
        "scope": Scope.LISTEN,
        "exp": int(time.time()) + 60,
        **changes,
    }
    return sign(Ticket(**fields), private_key=made.ticket_private())  # type: ignore[arg-type]


async def opened(h: House) -> None:
    """A private space with a settled segment."""
    await h.schedule(private=True, title="Secret rivers")
    await h.doors()
    await h.go_live(0)
    for n in range(8):
        await h.chunk(n)
    token = ticket(h)
    for _ in range(200):
        if (await h.get(f"/live/{SPACE}/opus/0.m4s?ticket={token}")).status == 200:
            return
    raise AssertionError("the first segment did not settle")


async def test_without_a_ticket_nothing_is_told(h: House) -> None:
    await opened(h)
    for address in (*ADDRESSES, *(f"/live/{SPACE}/{name}" for name in STREAMS)):
        answer = await h.get(address)
        assert answer.status == 401, address
        assert b"rivers" not in answer.body
        assert "no-store" in answer.fields["cache-control"]
        head = await h.get(address, method="HEAD")
        assert head.status == 401, address
    card = await h.get(f"/oembed?url={quote(f'https://listen.example/s/{SPACE}')}")
    assert card.status == 404


async def test_a_ticket_opens_everything_and_no_cache_keeps_it(h: House) -> None:
    await opened(h)
    token = ticket(h)
    for address in ADDRESSES:
        by_query = await h.get(f"{address}?ticket={token}")
        by_field = await h.get(address, authorization=f"Bearer {token}")
        assert (by_query.status, by_field.status) == (200, 200), address
        assert by_query.fields["cache-control"] == "private, no-store"
        # It was answered a moment ago, and is not at hand for whoever comes without a ticket.
        assert (await h.get(address)).status == 401
    for name in STREAMS:
        stream = await h.open(f"/live/{SPACE}/{name}?ticket={token}")
        assert (stream.status, stream.fields["cache-control"]) == (200, "no-store")
        await stream.close()
    stream = await h.open(f"/live/{SPACE}/push?codec=opus&ticket={token}")
    assert numbers_in(await stream.upto(lambda data: b"moof" in data))
    await stream.close()


@pytest.mark.parametrize(
    "changes",
    [{"space": "otherspace"}, {"exp": 1}, {"scope": Scope.INVITE}],
    ids=["of another space", "expired", "only an invitation"],
)
async def test_another_ticket_opens_nothing(h: House, changes: dict[str, object]) -> None:
    await opened(h)
    assert (await h.get(f"/live/{SPACE}/door.json?ticket={ticket(h, **changes)}")).status == 401
    assert (await h.get(f"/live/{SPACE}/door.json?ticket=nonsense")).status == 401


async def test_a_ticket_that_was_good_ends(h: House) -> None:
    await opened(h)
    token = ticket(h, exp=int(time.time()) + 2)
    assert (await h.get(f"/live/{SPACE}/door.json?ticket={token}")).status == 200
    async with asyncio.timeout(10):
        while (await h.get(f"/live/{SPACE}/door.json?ticket={token}")).status == 200:
            pass


async def test_the_page_without_a_ticket_asks_for_one(h: House) -> None:
    """Its script may have one from before it was loaded anew; the page itself tells nothing."""
    await opened(h)
    for address in (f"/s/{SPACE}", f"/s/{SPACE}/embed"):
        answer = await h.get(address, accept_encoding="gzip")
        text = gzip.decompress(answer.body).decode()
        assert '<script type="application/json" id="door">null</script>' in text
        assert "main.js" in text
        assert "rivers" not in text
        assert "{{" not in text
        assert answer.fields["cache-control"] == "private, no-store"


async def test_the_page_may_ask_the_cache_in_front(tmp_path: Path) -> None:
    async with house(tmp_path, cdn_url="https://cdn.example/x") as h:
        await h.schedule()
        policy = (await h.get(f"/s/{SPACE}")).fields["content-security-policy"]
        assert "connect-src 'self' https://studio.example https://cdn.example;" in policy
