"""The peer Janus AudioBridge, as Debian packages it, and the rooms it is asked for over HTTP.

Its configuration is that of its documentation with what equal terms ask for: rooms mixed at 48 kHz,
the encoder's complexity that of our stage, its rate and expected loss those of our stage on lines
that lose packets, nothing recorded, no events.
ICE-lite, as its documentation advises for a server with a public address, and as ours is.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import re
import secrets
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from bench import packages
from bench.child import Child
from bench.ours import free_port
from bench.stage import address
from bench.stage.voices import BITRATE_BPS, COMPLEXITY

_READY_S: Final = 20.0
_HTTP_S: Final = 15.0
_LIBRARIES: Final = Path("/usr/lib/x86_64-linux-gnu/janus")
CONFIGURATION: Final = """general: {{
  configs_folder = "{folder}"
  log_to_stdout = true
  debug_level = 3
  session_timeout = 0
}}
nat: {{
  ice_lite = true
  ice_tcp = false
  ice_enforce_list = "{host}"
}}
media: {{
  ipv6 = false
  rtp_port_range = "20000-40000"
}}
plugins: {{
  disable = "{others}"
}}
transports: {{
  disable = "{transports}"
}}
events: {{
  broadcast = false
}}
"""
HTTP: Final = """general: {{
  json = "compact"
  base_path = "/janus"
  http = true
  port = {port}
  ip = "127.0.0.1"
  https = false
}}
"""
LOSS_PERCENT: Final = 10
ROOM: Final[dict[str, Any]] = {
    "sampling_rate": 48_000,
    "default_expectedloss": LOSS_PERCENT,
    "default_bitrate": BITRATE_BPS,
    "audiolevel_ext": True,
    "audiolevel_event": False,
    "record": False,
}
JOIN: Final[dict[str, Any]] = {"quality": COMPLEXITY}


class Janus:
    """A running Janus; with `bare` its rooms expect no loss, as they do by default."""

    name = "Janus AudioBridge"

    def __init__(self, child: Child, port: int, version: str, *, bare: bool = False) -> None:
        self.bare = bare
        self.child = child
        self._port = port
        self.version = version
        self._address = f"http://127.0.0.1:{port}/janus"

    def without_redundancy(self) -> Janus:
        """The same process, asked for bare rooms."""
        return Janus(self.child, self._port, self.version, bare=True)

    def cpu_s(self) -> float:
        """CPU time so far."""
        return self.child.cpu_s()

    def beside_cpu_s(self) -> float:
        """Nothing works beside it."""
        return 0.0

    @contextlib.asynccontextmanager
    async def room(self, seats: int, *, live: bool = False) -> AsyncIterator[JanusRoom]:
        """An empty room; everything about it goes when it is left."""
        del seats, live  # a room has no seats, and the bridge no programme
        session = (await self._ask("", janus="create"))["data"]["id"]
        made = JanusRoom(self, f"/{session}", secrets.randbits(31))
        try:
            handle = await made.attach()
            loss = {"default_expectedloss": 0} if self.bare else {}
            await made.message(handle, request="create", room=made.number, **(ROOM | loss))
            yield made
        finally:
            await self._ask(f"/{session}", janus="destroy")

    async def ask(self, path: str, **message: Any) -> dict[str, Any]:
        """One request of the API, and what comes back at once."""
        return await self._ask(path, **message)

    async def events(self, path: str) -> list[dict[str, Any]]:
        """What happened in a session: waits until there is something."""
        return list(await asyncio.to_thread(self._call, f"{path}?maxev=50", None))

    async def _ask(self, path: str, **message: Any) -> dict[str, Any]:
        body = {"transaction": secrets.token_hex(6), **message}
        answer: dict[str, Any] = await asyncio.to_thread(self._call, path, body)
        if answer["janus"] == "error":
            raise RuntimeError(f"Janus refuses {message}: {answer['error']}")
        return answer

    def _call(self, path: str, body: dict[str, Any] | None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self._address + path, data=data)
        with urllib.request.urlopen(request, timeout=_HTTP_S) as response:
            return json.loads(response.read())


class JanusRoom:
    """One room and the session that its participants are joined through."""

    def __init__(self, janus: Janus, path: str, number: int) -> None:
        self.number = number
        self._janus = janus
        self._path = path
        self._names = itertools.count(1)

    async def answer(self, seat: int, offer: str) -> str:
        """A new participant's answer."""
        handle = await self.attach()
        await self.message(
            handle, request="join", room=self.number, display=f"s{seat}", **JOIN, wait="joined"
        )
        jsep = {"type": "offer", "sdp": offer}
        event = await self.message(handle, request="configure", muted=False, jsep=jsep, wait="ok")
        answer: str = event["jsep"]["sdp"]
        return answer

    async def attach(self) -> int:
        """A handle on the plugin."""
        made = await self._janus.ask(self._path, janus="attach", plugin="janus.plugin.audiobridge")
        number: int = made["data"]["id"]
        return number

    async def message(
        self, handle: int, *, wait: str = "", jsep: dict[str, str] | None = None, **body: Any
    ) -> dict[str, Any]:
        """A message to the plugin; what is asynchronous is waited for."""
        more = {"jsep": jsep} if jsep is not None else {}
        answer = await self._janus.ask(f"{self._path}/{handle}", janus="message", body=body, **more)
        while wait and not _is(answer, handle, wait):
            found = await self._janus.events(self._path)
            answer = next((one for one in found if _is(one, handle, wait)), {})
        if "error" in (said := _said(answer)):
            raise RuntimeError(f"Janus refuses {body}: {said['error']}")
        return answer


@contextlib.asynccontextmanager
async def janus(folder: Path) -> AsyncIterator[Janus]:
    """Janus on the server's core, ready."""
    program = packages.need("janus", package="janus")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    others = (one.name for one in (_LIBRARIES / "plugins").glob("*.so"))
    ways = (one.name for one in (_LIBRARIES / "transports").glob("*.so"))
    values = {
        "folder": folder,
        "host": address.own(),
        "others": ",".join(sorted(name for name in others if "audiobridge" not in name)),
        "transports": ",".join(sorted(name for name in ways if "http" not in name)),
    }
    (folder / "janus.jcfg").write_text(CONFIGURATION.format(**values))
    (folder / "janus.transport.http.jcfg").write_text(HTTP.format(port=port))
    (folder / "janus.plugin.audiobridge.jcfg").write_text("general: {\n}\n")
    command = [str(program), f"--configs-folder={folder}"]
    # Our stage takes real-time priority by itself; a neighbour on the core must not decide here.
    child = await Child.start(command, words=folder / "janus.txt", realtime=True)
    made = Janus(child, port, _version(program))
    try:
        async with asyncio.timeout(_READY_S):
            while True:
                with contextlib.suppress(urllib.error.URLError, ConnectionError):
                    await made.ask("", janus="create")
                    break
                await asyncio.sleep(0.1)
        yield made
    except BaseException as error:
        error.add_note(child.said())
        raise
    finally:
        await child.stop()


def _is(answer: dict[str, Any], handle: int, wait: str) -> bool:
    said = _said(answer)
    ours = answer.get("sender") == handle and answer.get("janus") == "event"
    told = said.get("audiobridge") == wait or said.get("result") == wait
    return ours and ("error" in said or (told and (wait != "ok" or "jsep" in answer)))


def _said(answer: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = answer.get("plugindata", {}).get("data", {})
    return said


def _version(program: Path) -> str:
    done = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+\.\d+\.\d+)", done.stdout + done.stderr)
    return found[1] if found else "unknown"
