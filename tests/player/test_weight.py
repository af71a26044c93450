"""The page is light: what a visitor downloads before the first sound, as an edge serves it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Final

from hustings.edge.assets import FOLDER
from tests.edge.house import SPACE, House, house

# Skeleton, state and play: 0.12 s at 1 Mbit/s, a poor mobile line.
FIRST_BYTES: Final = 15_000
# With everything that is loaded after that, in every state there is.
ALL_BYTES: Final = 36_000
DESCRIPTION: Final = (
    "Two neighbours of the Ahr valley on the flood and the five years since.\n\n"
    "Bring a question: the second half belongs to those who listen."
)


async def test_skeleton_state_and_play_are_small(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.schedule(title="What the river took, and who pays", description=DESCRIPTION)
        await h.doors()
        for n in range(4):
            await h.chunk(n)
        await h.go_live(4)
        await h.until(lambda state: state["status"] == "live")
        sizes = await _first(h)
    print(sizes, sum(sizes.values()))
    assert len(sizes) > 10
    assert sum(sizes.values()) <= FIRST_BYTES, sizes


async def test_everything_together_is_small(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.schedule()
        page = (await h.get(f"/s/{SPACE}")).body.decode()
        prefix = re.findall(r'"(/assets/\w+)/main.js"', page)[0]
        files = [path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*")]
        served = [name for name in files if not name.endswith(".html")]
        sizes = {name: await _size(h, f"{prefix}/{name}") for name in served}
    assert len(sizes) > 20
    assert sum(sizes.values()) <= ALL_BYTES, sizes


async def _first(h: House) -> dict[str, int]:
    """Compressed size of the page and of all that it needs at once, by address."""
    page = await h.get(f"/s/{SPACE}", accept_encoding="gzip")
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
            needed = re.findall(r'^(?:import|export|\}) .*?"\./([\w-]+\.js)";$', code, re.MULTILINE)
            linked |= {f"{folder}/{name}" for name in needed} - set(sizes)
    return sizes


async def _size(h: House, address: str) -> int:
    answer = await h.get(address, accept_encoding="gzip")
    assert answer.status == 200, address
    assert answer.fields["content-encoding"] == "gzip", address
    return len(answer.body)
