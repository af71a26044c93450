"""Who may call what: every route of the application, as every role."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from hustings import keys
from hustings.web import secret
from hustings.web.app import application
from tests.web import running
from tests.web.matrix.calls import CALLS, Call
from tests.web.matrix.place import Place, World
from tests.web.matrix.rights import MAY, Role
from tests.web.matrix.routes import table

ROUTES = table(application())
# They lead to the sign-in page because they have done what they are for.
_LEAVING = {"POST /sign-out", "POST /account/delete"}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Place]]:
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "data").mkdir()
    async with (
        running.engines(folder / "nats") as servers,
        running.studio(folder / "data", servers, sign_up="open", fetch_private=True) as web,
        httpx.AsyncClient(base_url=web.url, timeout=10) as client,
    ):
        made = World(web, client)
        place = await made.place()
        yield made, place
        await made.close()


def test_every_route_has_a_rule() -> None:
    assert len(ROUTES) == len(set(ROUTES)), "one address, two routes: the second is never asked"
    without = set(ROUTES) - set(MAY)
    assert not without, f"say in tests/web/matrix/rights.py who may: {sorted(without)}"
    assert not set(MAY) - set(ROUTES), "a rule for what is not there"
    assert not set(CALLS) - set(ROUTES), "a call of what is not there"


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("route", ROUTES)
async def test_only_who_may_is_in(world: tuple[World, Place], route: str) -> None:
    maker, place = world
    if route.startswith("MOUNT"):
        return  # files, for everybody: there is nothing to ask
    call, may = CALLS.get(route, Call()), MAY[route]
    wrong = []
    own = await maker.place() if call.spoils and may else place
    for role in sorted(Role, key=lambda role: role in may):
        where = own if role in may else place
        fields = _fields(where, role, route)
        answer = await _asked(maker, where, fields, route, call)
        assert answer.status_code < 500, answer.text
        if _in(route, answer) != (role in may):
            told = answer.headers.get("location") or answer.text[:200]
            wrong.append(f"{role} is {'out' if role in may else 'IN'}: {answer.status_code} {told}")
    assert not wrong, "\n".join(wrong)


def _fields(place: Place, role: Role, route: str) -> dict[str, str]:
    return place.other_token if role is Role.TOKEN and "audit" in route else place.fields[role]


async def _asked(
    maker: World, place: Place, fields: dict[str, str], route: str, call: Call
) -> httpx.Response:
    method, template = route.split(" ", 1)
    given = fields.get("Authorization", "").removeprefix("Bearer ")
    ticket = given if given.count(".") == 2 else ""
    session = fields.get("Cookie", "").removeprefix("hustings-session=")
    ids = {**place.ids, "connect": _connect(place, session)}
    names = {name: _filled(text, ids) for name, text in call.path.items()}
    path = _filled(template, ids | names)
    query, body = dict(_filled(call.query, ids)), {}
    form = None if call.form is None else dict(_filled(call.form, ids))
    if ticket and call.ticket == "query":
        query["ticket"] = ticket
    elif ticket and call.ticket == "form":
        form = {"ticket": ticket}
    if call.json is not None:
        body["json"] = _filled(call.json, ids)
    return await maker.ask(
        method, path, fields, params=query, data=form, content=call.content, **body
    )


def _filled(value: Any, ids: dict[str, str]) -> Any:
    """The same with every `{name}` in it replaced."""
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], value)
    if isinstance(value, dict):
        return {name: _filled(one, ids) for name, one in value.items()}
    return value


def _connect(place: Place, session: str) -> str:
    """What the link on the account's page carries (people/elsewhere.py)."""
    key = keys.ensure(Path(place.ids["data"])).cookie()
    return secret.digest(secret.seal(f"connect/{session}", key=key))


def _in(route: str, answer: httpx.Response) -> bool:
    if answer.status_code in (401, 403):
        return False
    led = answer.headers.get("location", "").startswith("/sign-in")
    return route in _LEAVING or not (answer.is_redirect and led)
