"""WHIP over real HTTP and a real live server; the stage is played by a responder on its subjects.

The gate only carries messages: what a real stage does with them is shown by the journey tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import cast

import httpx
import pytest

from hustings import keys, limits, signal, ticket
from hustings.config import Settings
from hustings.gate import service, whip
from hustings.log import subjects
from hustings.log.contract import Live, Log, Message
from hustings.role import Context
from hustings.ticket import Scope, Ticket
from tests.servers import connected, nats_servers

SPACE = "abcdefghij"
STUDIO = "https://studio.test"
SDP = "v=0\r\nthe offer\r\n"


class Stage:
    """What a stage answers, and what it was asked. It can stay away until it is called."""

    def __init__(self, live: Live) -> None:
        self.offers: list[signal.Offer] = []
        self.patches: list[signal.Patch] = []
        self.closes: list[signal.Close] = []
        self.trials: list[signal.Trial] = []
        self.told = signal.Answer(status=404, code="trial", detail="No test was begun.")
        self.called: list[str] = []
        self.answer = signal.Answer(
            status=201, sdp="v=0\r\nthe answer\r\n", session="a1b2", etag="e1"
        )
        self.change = signal.Answer(status=204, session="a1b2", etag="e1")
        self._live = live
        self._ends: list[Callable[[], Awaitable[None]]] = []

    async def sit(self) -> None:
        """Hold the space."""
        verbs = {
            "offer": self._offer,
            "patch": self._patch,
            "close": self._close,
            "trial": self._trial,
        }
        for verb, responder in verbs.items():
            self._ends.append(await self._live.serve(subjects.stage(SPACE, verb), responder))

    async def wait_for_call(self, *, then_sit: bool) -> None:
        """Be ready to be called."""

        async def called(message: Message) -> None:
            self.called.append(message.data.decode())
            if then_sit and len(self.called) == 1:
                await self.sit()

        self._ends.append(await self._live.subscribe(subjects.STAGE_OPEN, called))

    async def refuse(self) -> None:
        """Have no room whenever called."""

        async def called(message: Message) -> None:
            await self._live.publish(subjects.full("stage-0-1"), message.data)

        self._ends.append(await self._live.subscribe(subjects.STAGE_OPEN, called))

    async def leave(self) -> None:
        """End all that was begun."""
        for end in self._ends:
            await end()
        self._ends.clear()

    async def _offer(self, message: Message) -> bytes:
        self.offers.append(signal.decode_offer(message.data))
        return signal.encode(self.answer)

    async def _patch(self, message: Message) -> bytes:
        self.patches.append(signal.decode_patch(message.data))
        return signal.encode(self.change)

    async def _close(self, message: Message) -> bytes:
        self.closes.append(signal.decode_close(message.data))
        return signal.encode(signal.Answer(status=200, session=self.closes[-1].session))

    async def _trial(self, message: Message) -> bytes:
        self.trials.append(signal.decode_trial(message.data))
        return signal.encode(self.told)


class Gate:
    """A running gate: an HTTP client for it, and what makes tickets for it."""

    def __init__(self, client: httpx.AsyncClient, made: keys.Keys, stage: Stage) -> None:
        self.client = client
        self.keys = made
        self.stage = stage

    def ticket(
        self, *, space: str = SPACE, scope: Scope = Scope.SPEAK, seconds: float = 60
    ) -> Ticket:
        """A speaker's ticket."""
        exp = int(time.time() + seconds)
        return Ticket(space=space, seat="s1", name="Ada", role="speaker", scope=scope, exp=exp)

    def bearer(self, given: Ticket | None = None) -> dict[str, str]:
        """The header with a ticket."""
        token = ticket.sign(given or self.ticket(), private_key=self.keys.ticket_private())
        return {"Authorization": f"Bearer {token}"}

    async def post(
        self, *, space: str = SPACE, content: bytes | str = SDP, **headers: str
    ) -> httpx.Response:
        """Post an offer; headers are given as keywords, `_` for `-`."""
        given = {"Content-Type": whip.SDP, **self.bearer()}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(f"/whip/{space}", content=content, headers=given)


@contextlib.asynccontextmanager
async def serving(
    live: Live, folder: Path, **settings: str
) -> AsyncIterator[tuple[str, keys.Keys, asyncio.Event, asyncio.Task[None]]]:
    """A gate on a free port: its address, the keys, what stops it, and its task."""
    made = keys.ensure(folder)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    listener.setblocking(False)
    ready, stopping = asyncio.Event(), asyncio.Event()
    context = Context(
        settings=Settings(data=str(folder), studio_url=STUDIO, **settings),  # type: ignore[arg-type]
        instance="gate-0-1",
        log=cast(Log, None),  # a gate has no use for the log
        live=live,
        keys=made,
        listener=listener,
        ready=ready.set,
        stopping=stopping,
    )
    scheme = "https" if settings.get("gate_tls_cert") else "http"
    address = f"{scheme}://localhost:{listener.getsockname()[1]}"
    task = asyncio.create_task(service.serve(context))
    try:
        async with asyncio.timeout(10):
            await ready.wait()
        yield address, made, stopping, task
    finally:
        stopping.set()
        async with asyncio.timeout(10):
            await task


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    """A gate whose stage is there."""
    async with (
        nats_servers(tmp_path) as servers,
        connected("gate", *servers) as (_, live),
        connected("stage", *servers) as (_, stage_live),
        serving(live, tmp_path / "data") as (address, made, _, _),
        httpx.AsyncClient(base_url=address, timeout=20) as client,
    ):
        stage = Stage(stage_live)
        await stage.sit()
        yield Gate(client, made, stage)
        await stage.leave()


def is_problem(response: httpx.Response, status: int, code: str) -> None:
    """The response is that refusal, for programs and for people."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["title"]
    assert body["detail"]


async def test_an_offer_is_carried_to_the_stage_and_answered(gate: Gate) -> None:
    response = await gate.post()
    assert response.status_code == 201
    assert response.headers["content-type"] == "application/sdp"
    assert response.headers["location"] == f"/whip/{SPACE}/a1b2"
    assert response.headers["etag"] == '"e1"'
    assert response.text == gate.stage.answer.sdp
    (offer,) = gate.stage.offers
    assert offer.sdp == SDP
    assert (offer.ticket.seat, offer.ticket.space) == ("s1", SPACE)


async def test_a_session_is_ended(gate: Gate) -> None:
    response = await gate.client.delete(f"/whip/{SPACE}/a1b2", headers=gate.bearer())
    assert response.status_code == 200
    (close,) = gate.stage.closes
    assert (close.session, close.ticket.seat) == ("a1b2", "s1")


async def test_ending_a_session_whose_stage_is_gone(gate: Gate) -> None:
    await gate.stage.leave()
    response = await gate.client.delete(f"/whip/{SPACE}/a1b2", headers=gate.bearer())
    is_problem(response, 404, "session")


async def test_tickets_are_needed(gate: Gate) -> None:
    for authorization in ("", "Basic eDp5", "Bearer", "Bearer not-a-ticket"):
        response = await gate.post(Authorization=authorization)
        is_problem(response, 401, "ticket")
        assert response.headers["www-authenticate"].startswith("Bearer")
    expired = gate.bearer(gate.ticket(seconds=-1))
    is_problem(await gate.post(**expired), 401, "ticket")
    for method in ("PATCH", "DELETE"):
        is_problem(await gate.client.request(method, f"/whip/{SPACE}/a1b2"), 401, "ticket")
    assert gate.stage.offers == []


async def test_a_forged_ticket_is_refused(gate: Gate, tmp_path: Path) -> None:
    forger = keys.ensure(tmp_path / "forger")
    token = ticket.sign(gate.ticket(), private_key=forger.ticket_private())
    is_problem(await gate.post(Authorization=f"Bearer {token}"), 401, "ticket")
    assert gate.stage.offers == []


async def test_a_ticket_is_for_one_space_and_one_purpose(gate: Gate) -> None:
    elsewhere = gate.bearer(gate.ticket(space="otherspace"))
    is_problem(await gate.post(**elsewhere), 403, "right")
    listening = gate.bearer(gate.ticket(scope=Scope.LISTEN))
    is_problem(await gate.post(**listening), 403, "right")
    is_problem(await gate.post(space="stage.gone"), 404, "space")
    assert gate.stage.offers == []


async def test_what_is_no_offer_is_refused(gate: Gate) -> None:
    is_problem(await gate.post(Content_Type="text/plain"), 415, "content_type")
    is_problem(await gate.post(Accept="application/json"), 406, "accept")
    is_problem(await gate.post(content=b"\xff\xfe"), 400, "offer")
    is_problem(await gate.post(content=bytes(limits.SDP_BYTES + 1)), 413, "too_large")
    assert gate.stage.offers == []
    assert (await gate.post(Accept="application/*;q=0.5, text/html")).status_code == 201
    assert (await gate.post(content=b"x" * limits.SDP_BYTES)).status_code == 201


async def test_a_body_without_a_length_is_bounded(gate: Gate) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(4096)

    # The answer may be lost when the connection is cut in the middle of the body.
    with contextlib.suppress(httpx.WriteError, httpx.ReadError):
        headers = {"Content-Type": whip.SDP, **gate.bearer()}
        response = await gate.client.post(f"/whip/{SPACE}", content=endless(), headers=headers)
        is_problem(response, 413, "too_large")
    assert gate.stage.offers == []
    assert (await gate.client.get("/healthz")).status_code == 200


async def test_refusals_of_the_stage_pass_through(gate: Gate) -> None:
    gate.stage.answer = signal.Answer(status=410, code="over", detail="It is over.")
    response = await gate.post()
    is_problem(response, 410, "over")
    assert response.json()["detail"] == "It is over."
    gate.stage.answer = signal.Answer(status=503, code="full", detail="No room.")
    response = await gate.post()
    is_problem(response, 503, "full")
    assert response.headers["retry-after"] == "1"


async def test_a_stage_is_called_for(gate: Gate) -> None:
    await gate.stage.leave()
    await gate.stage.wait_for_call(then_sit=True)
    response = await gate.post()
    assert response.status_code == 201
    assert gate.stage.called[0] == SPACE


async def test_without_a_stage_the_speaker_is_asked_to_come_back(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "GATE_PATIENCE_S", 0.5)
    await gate.stage.leave()
    await gate.stage.wait_for_call(then_sit=False)
    response = await gate.post()
    is_problem(response, 503, "stage_away")
    assert int(response.headers["retry-after"]) >= 1
    assert len(gate.stage.called) >= 2


async def test_pages_of_the_studio_may_and_others_may_not(gate: Gate) -> None:
    def preflight(origin: str, method: str) -> dict[str, str]:
        return {
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type",
        }

    for path, method in ((f"/whip/{SPACE}", "POST"), (f"/whip/{SPACE}/a1b2", "DELETE")):
        allowed = await gate.client.options(path, headers=preflight(STUDIO, method))
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == STUDIO
        assert method in allowed.headers["access-control-allow-methods"]
        assert "access-control-allow-credentials" not in allowed.headers
        refused = await gate.client.options(path, headers=preflight("https://evil.test", method))
        assert refused.status_code == 400
        assert "access-control-allow-origin" not in refused.headers

    response = await gate.post(Origin=STUDIO)
    assert response.headers["access-control-allow-origin"] == STUDIO
    exposed = {
        part.strip() for part in response.headers["access-control-expose-headers"].split(",")
    }
    assert exposed == {"Location", "ETag", "Link"}
    assert (
        "access-control-allow-origin" not in (await gate.post(Origin="https://evil.test")).headers
    )
    refused = await gate.post(Origin=STUDIO, Authorization="")
    assert refused.headers["access-control-allow-origin"] == STUDIO  # the page can read why


async def test_other_addresses_and_methods(gate: Gate) -> None:
    assert (await gate.client.get("/healthz")).json() == {"status": "ok"}
    is_problem(await gate.client.get("/elsewhere"), 404, "not_found")
    response = await gate.client.get(f"/whip/{SPACE}")
    is_problem(response, 405, "method")
    options = await gate.client.options(f"/whip/{SPACE}")
    assert options.headers["accept-post"] == "application/sdp"
    assert "server" not in options.headers
    is_problem(
        await gate.client.delete(f"/whip/{SPACE}/{'x' * 65}", headers=gate.bearer()), 404, "session"
    )


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://studio.example", "https://studio.example"),
        ("https://studio.example:443/studio", "https://studio.example"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:80", "http://[::1]"),
        ("HTTPS://Studio.Example:8443", "https://studio.example:8443"),
    ],
)
def test_origins_are_spelt_as_browsers_do(url: str, origin: str) -> None:
    assert whip.origin_of(url) == origin


async def test_a_stage_without_room_is_told_of(gate: Gate) -> None:
    await gate.stage.leave()
    await gate.stage.refuse()
    response = await gate.post()
    is_problem(response, 503, "no_room")
    assert int(response.headers["retry-after"]) >= 2
    await gate.stage.leave()
    await gate.stage.sit()
    assert (await gate.post()).status_code == 201


async def test_a_refusal_of_one_stage_leaves_time_for_another(gate: Gate) -> None:
    await gate.stage.leave()
    await gate.stage.refuse()
    await gate.stage.wait_for_call(then_sit=True)
    assert (await gate.post()).status_code == 201
