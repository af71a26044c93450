"""The page is light: what a visitor downloads before the first sound, as an edge serves it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Final

import pytest

from hustings import words
from hustings.edge.assets import FOLDER
from tests.edge.house import SPACE, House, house

# Skeleton, state and play: 0.12 s at 1 Mbit/s, a poor mobile line.
FIRST_BYTES: Final = 15_000
# What is furnished after that in one more script: 0.5 s on a line of 400 kbit/s.
LATER_BYTES: Final = 24_000
# What a recording needs, and nobody loads who listens live: its script and its style.
REPLAY_BYTES: Final = 22_000
# With everything that may be wanted after that, in every state there is, and its style.
ALL_BYTES: Final = 64_000
# For a visit without a network, fetched when the page has stood for a while.
OFFLINE_BYTES: Final = 4_500
ICON_BYTES: Final = 45_000
_LINE_BYTES: Final = 130  # what stands in the place of a module that was joined
_OFFLINE: Final = ("sw.js", "offline.html", "offline.css", "offline.js", "manifest.webmanifest")
DESCRIPTION: Final = (
    "Two neighbours of the Ahr valley on the flood and the five years since.\n\n"
    "Bring a question: the second half belongs to those who listen."
)


@pytest.mark.parametrize("language", words.languages())
async def test_skeleton_state_and_play_are_small(tmp_path: Path, language: str) -> None:
    async with house(tmp_path) as h:
        await h.schedule(title="What the river took, and who pays", description=DESCRIPTION)
        await h.doors()
        for n in range(4):
            await h.chunk(n)
        await h.go_live(4)
        await h.until(lambda state: state["status"] == "live")
        sizes = await _first(h, language)
    print(sizes, sum(sizes.values()))
    # On a slow line each request is a round trip: the page has its style in it, the script is one.
    assert sum(address.endswith((".js", ".css")) for address in sizes) == 1
    assert sum(sizes.values()) <= FIRST_BYTES, sizes


async def test_everything_together_is_small(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.schedule()
        page = (await h.get(f"/s/{SPACE}")).body.decode()
        prefix = re.findall(r'"(/assets/\w+/\w+)/main.js"', page)[0]
        files = [path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*")]
        served = [name for name in files if name not in ("page.html", "embed.html")]
        sizes = {name: await _size(h, f"{prefix}/{name}") for name in served}
    icons = {name: size for name, size in sizes.items() if name.endswith(".png")}
    offline = {name: sizes[name] for name in _OFFLINE}
    replay = {name: sizes[name] for name in sizes if name.startswith(("posted.", "replay/"))}
    replay = {name: size for name, size in replay.items() if size > _LINE_BYTES}
    rest = {name: sizes[name] for name in sizes if name not in {**icons, **offline, **replay}}
    assert len(rest) > 40
    for group, most in (
        ({"later.js": sizes["later.js"]}, LATER_BYTES),
        (replay, REPLAY_BYTES),
        (rest, ALL_BYTES),
        (offline, OFFLINE_BYTES),
        (icons, ICON_BYTES),
    ):
        print(sum(group.values()), group)
        assert sum(group.values()) <= most, group


async def _first(h: House, language: str) -> dict[str, int]:
    """Compressed size of the page and of all that it needs at once, by address."""
    page = await h.get(f"/s/{SPACE}", accept_encoding="gzip", accept_language=language)
    assert page.fields["content-language"] == language
    sizes = {f"/s/{SPACE}": len(page.body)}
    text = gzip.decompress(page.body).decode()
    linked = set(re.findall(r'(?:href|src)="(/assets/[^"]+)"', text))
    assert linked
    while linked:
        address = linked.pop()
        sizes[address] = await _size(h, address)
        if address.endswith(".js"):
            code = (await h.get(address)).body.decode()
            folder = address.rsplit("/", 1)[0]
            needed = re.findall(r'^(?:import|export|\}).*?"\./([\w-]+\.js)";$', code, re.MULTILINE)
            linked |= {f"{folder}/{name}" for name in needed} - set(sizes)
    return sizes


async def _size(h: House, address: str) -> int:
    answer = await h.get(address, accept_encoding="gzip")
    assert answer.status == 200, address
    small = len(answer.body) < 400 or address.endswith(".png")  # packing makes these no smaller
    assert small or answer.fields["content-encoding"] == "gzip", address
    return len(answer.body)
