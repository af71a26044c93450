"""A place with everybody in it: a space, its people, and one of everything that can be named."""

from __future__ import annotations

import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx
from argon2 import PasswordHasher

from hustings import keys, ticket
from hustings.log.follow import read_state
from hustings.log.propose import propose
from hustings.log.subjects import Kind
from hustings.space import Role as SeatRole
from hustings.space import Space, encode
from hustings.space.charge_command import PutInCharge, SetDeputy
from hustings.space.event import SeatLeft
from hustings.ticket import Scope
from hustings.web import secret
from hustings.web.database import Database
from hustings.web.studio import now_ms
from hustings.web.tables import AccountRow, SignInRow
from tests.servers import connected
from tests.web.matrix.rights import Role
from tests.web.running import PASSWORD, Running

SITE_ROLES: Final = {
    Role.MEMBER: "member",
    Role.SUSPENDED: "member",
    Role.HOST_ELSEWHERE: "host",
    Role.COHOST: "member",
    Role.HOST: "host",
    Role.MODERATOR: "moderator",
    Role.OWNER: "owner",
}
VICTIM: Final = "victim"
GUEST: Final = "g-aaaabbbbccccdddd"
BLOCKED: Final = "g-eeeeffffgggghhhh"
WHEN_MS: Final = 4_000_000_000_000
_number: Final = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Place:
    """`fields` sends a request as somebody; `ids` fill the parameters of addresses and bodies.

    The token of `fields` may read the audit log and nothing else, `other_token` is for webhooks.
    """

    fields: dict[Role, dict[str, str]]
    other_token: dict[str, str]
    ids: dict[str, str]


class World:
    """Makes places in one studio. `client` keeps no cookies: who asks is said each time."""

    def __init__(self, web: Running, client: httpx.AsyncClient) -> None:
        self._web = web
        self._client = client
        self._database = Database(web.database_url)
        # Any parameters are good in a hash: cheap ones, for it is checked again and again.
        self._hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

    async def close(self) -> None:
        """Let the database go."""
        await self._database.close()

    async def ask(
        self, method: str, path: str, fields: dict[str, str], **body: Any
    ) -> httpx.Response:
        """One request; of an answer without end only the head is read."""
        async with self._client.stream(method, path, headers=fields, **body) as answer:
            self._client.cookies.clear()
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                await answer.aread()
            return answer

    async def place(self) -> Place:
        """A new place, at an address of its own: what one address may do is counted."""
        number = next(_number)
        came = {"X-Forwarded-For": f"10.9.{number // 250}.{number % 250 + 1}"}
        accounts, fields = await self._accounts(number, came)
        host, owner = fields[Role.HOST], fields[Role.OWNER]

        async def made(path: str, json: Any, by: dict[str, str] = host) -> Any:
            answer = await self.ask("POST", path, by, json=json)
            assert answer.status_code in (200, 201, 204), f"{path}: {answer.text}"
            return answer.json() if answer.content else None

        other = fields[Role.HOST_ELSEWHERE]
        there = (await made("/api/spaces", {"title": "Elsewhere"}, other))["id"]
        space = (await made("/api/spaces", {"title": "An evening"}))["id"]
        room = f"/api/spaces/{space}"
        await made(f"{room}/doors", None)
        fields |= {
            Role.STRANGER: dict(came),
            Role.GUEST: came | self._ticket(space, GUEST),
            Role.GUEST_ELSEWHERE: came | self._ticket(there, GUEST),
            Role.BLOCKED: came | self._ticket(space, BLOCKED),
            Role.TOKEN: came | await self.token(host, "audit:read"),
            Role.SPEAKER: came | await self._seat(await made(f"{room}/seats", {"name": "Amara"})),
        }
        deputy = await made(f"{room}/seats", {"name": "Dan"})
        fields[Role.DEPUTY] = came | await self._seat(deputy, name="Dan")
        ids = await self._furnished(made, fields, accounts, space)
        await self._in_charge(space, deputy["seat"])
        suspended = await self.ask(
            "PUT", f"/api/suspensions/a-{accounts[Role.SUSPENDED]}", owner, json={"reason": "Rude."}
        )
        assert suspended.status_code == 200, suspended.text
        return Place(fields, came | await self.token(host, "hooks:write"), ids)

    async def _furnished(
        self,
        made: Callable[..., Awaitable[Any]],
        fields: dict[Role, dict[str, str]],
        accounts: dict[str, str],
        space: str,
    ) -> dict[str, str]:
        """One of everything in a space and around it, and what it is called in paths."""
        room, guest, owner = f"/api/spaces/{space}", fields[Role.GUEST], fields[Role.OWNER]
        seat = await made(f"{room}/seats", {"name": "Bela"})
        message = (await made(f"{room}/chat", {"text": "Hello"}, guest))["id"]
        for who in (Role.COHOST, VICTIM):
            await made(f"{room}/cohosts", {"who": f"{accounts[who]}@example.org"})
        await made(f"{room}/members", {"who": f"{accounts[VICTIM]}@example.org"})
        await made(f"{room}/blocks", {"person": BLOCKED, "name": "Loud"})
        await made(f"{room}/hand", {"note": "me"}, guest)
        await made(f"{room}/hands/{GUEST}/invite", None)
        await made(f"{room}/polls", {"question": "Which?", "options": ["a", "b"]})
        shown = await made(f"{room}/pins", {"text": "The plan"})
        await made(f"{room}/reports", {"about": "space"}, guest)
        question = (await made(f"{room}/questions", {"text": "Why?"}, guest))["id"]
        cases = (await self.ask("GET", "/api/reports", owner)).json()
        invitation = await made("/api/invitations", {"role": "member"}, owner)
        series = await made("/api/series", {"title": f"Thursday {space}"})
        hook = {"url": "http://127.0.0.1:9/hooks", "events": ["space.posted"]}
        return {
            "data": str(self._web.folder),
            "space_id": space,
            "seat": seat["seat"],
            "invite": seat["link"].rpartition("/")[2],
            "message": message,
            "question": question,
            "poll": shown["polls"][0]["id"],
            "pin": shown["pins"][0]["id"],
            "guest": GUEST,
            "blocked": BLOCKED,
            "person": f"a-{accounts[VICTIM]}",
            "account_id": accounts[VICTIM],
            "email": f"{accounts[VICTIM]}@example.org",
            "member_email": f"{accounts[Role.MEMBER]}@example.org",
            "case": next(one["id"] for one in cases if one["space"] == space),
            "invitation": invitation["id"],
            "invitation_id": invitation["id"],
            "join": invitation["link"].rpartition("/")[2],
            "series": series["id"],
            "slug": series["slug"],
            "hook": (await made("/api/hooks", hook))["id"],
        }

    async def token(self, owner: dict[str, str], *scopes: str) -> dict[str, str]:
        """A token of the one who asks with these fields, with these scopes and no other."""
        made = await self.ask(
            "POST", "/api/tokens", owner, json={"name": "T", "scopes": list(scopes)}
        )
        assert made.status_code == 201, made.text
        return {"Authorization": f"Bearer {made.json()['token']}"}

    async def _accounts(
        self, number: int, came: dict[str, str]
    ) -> tuple[dict[str, str], dict[Role, dict[str, str]]]:
        """An account of every role, signed in: ids, and what their browsers send."""
        now_ms = time.time_ns() // 1_000_000
        ids, fields = {}, {}
        async with self._database.write() as session:
            for who in (*SITE_ROLES, VICTIM):
                ids[who] = secret.identifier()
                row = AccountRow(
                    id=ids[who],
                    email=f"{ids[who]}@example.org",
                    name=f"{who.title()} {number}",
                    role=SITE_ROLES.get(Role(who), "member") if who != VICTIM else "member",
                    password_hash=self._hash,
                    created_at_ms=now_ms,
                )
                session.add(row)
            await session.flush()
            for role in SITE_ROLES:
                token = secret.token()
                row_in = SignInRow(
                    token_hash=secret.digest(token),
                    account_id=ids[role],
                    agent="",
                    created_at_ms=now_ms,
                    expires_at_ms=now_ms + 3_600_000,
                )
                session.add(row_in)
                fields[role] = came | {"Cookie": f"hustings-session={token}"}
        return ids, fields

    def _ticket(self, space: str, person: str) -> dict[str, str]:
        right = ticket.Ticket(
            space=space,
            seat="",
            name="Gil",
            role="listener",
            scope=Scope.TALK,
            exp=int(time.time()) + 3600,
            person=person,
        )
        private = keys.ensure(self._web.folder).ticket_private()
        return {"Authorization": f"Bearer {ticket.sign(right, private_key=private)}"}

    async def _in_charge(self, space: str, seat: str) -> None:
        """The host has been on stage and lost the connection; the deputy has taken over."""
        web = self._web
        passwords = web.engines.passwords
        async with connected("stage", web.engines.live, web.engines.log, passwords) as (record, _):
            state, _ = await read_state(record, space)
            assert state is not None
            host = next(one.id for one in state.seats.values() if one.role is SeatRole.HOST)
            gone = SeatLeft(at_ms=now_ms(), seat=host, cause="lost", n=1)
            await record.append(space, Kind.OBS, encode(gone), message_id=f"{space}.left")
        put = PutInCharge(by="timer", present=frozenset({seat}))
        for command in (SetDeputy(by="timer", seat=seat), put):
            made = await propose(web.record, web.live, space, command, now_ms=now_ms())
            assert isinstance(made, Space), made

    async def _seat(self, invited: dict[str, str], *, name: str = "Amara") -> dict[str, str]:
        """The cookie of whoever opens this invitation."""
        path = invited["link"].removeprefix(self._web.url)
        answer = await self.ask("POST", path, {}, data={"name": name})
        assert answer.status_code == 303, answer.text
        return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
