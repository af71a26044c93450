"""Signing in at an OpenID provider: a real one (oidc-provider-mock) on this machine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from oidc_provider_mock import User, app
from sqlalchemy import update
from werkzeug.serving import make_server

from hustings.web.database import Database
from hustings.web.tables import SignInRow
from tests.web.people.joined import invite
from tests.web.running import EMAIL, Engines, Running, is_problem, studio

# The provider of the tests is built on parts of Authlib that are to go.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")

SUBJECT = "hanna-at-the-provider"


@contextmanager
def provider(**claims: Any) -> Iterator[str]:
    """The address of a provider that knows one person."""
    user = User(sub=SUBJECT, claims={"name": "Hanna P.", **claims})
    made = app(require_nonce=True, user_claims=[user])
    server = make_server("localhost", 0, made, threaded=True)
    serving = threading.Thread(target=server.serve_forever, args=(0.05,))
    serving.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@asynccontextmanager
async def there(
    folder: Path, servers: Engines, issuer: str, **options: Any
) -> AsyncIterator[Running]:
    """A studio whose people can sign in there."""
    async with studio(
        folder,
        servers,
        oidc_issuer=issuer,
        oidc_client_id="hustings",
        oidc_client_secret="not told",
        oidc_name="City Login",
        **options,
    ) as web:
        yield web


async def at_the_provider(client: httpx.AsyncClient, path: str) -> str:
    """Leave for the provider, say yes there; where it sends the browser back to."""
    answer = await client.get(path)
    assert answer.status_code == 303, answer.text
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    async with httpx.AsyncClient() as browser:
        answer = await browser.post(answer.headers["location"], data={"sub": SUBJECT})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


async def test_open_sign_up_makes_an_account_once(tmp_path: Path, servers: Engines) -> None:
    with provider(email="hanna@city.example", email_verified=True) as issuer:
        async with there(tmp_path, servers, issuer, sign_up="open") as web:
            people = set()
            for _ in range(2):
                async with web.browser() as client:
                    assert "Sign in with City Login" in (await client.get("/sign-in")).text
                    back = await at_the_provider(client, "/sign-in/oidc?next=/account")
                    answer = await client.get(back)
                    assert answer.headers["location"] == "/account", answer.text
                    me = (await client.get("/api/me")).json()
                    assert (me["name"], me["role"]) == ("Hanna P.", "member")
                    assert me["email"] == "hanna@city.example"
                    people.add(me["id"])
                    assert "Set a password" in (await client.get("/account")).text
                    # The only way in cannot be taken away.
                    assert (await client.post("/account/oidc/disconnect")).status_code == 422
            assert len(people) == 1


async def test_an_address_never_takes_over_an_account(tmp_path: Path, servers: Engines) -> None:
    with provider(email=EMAIL, email_verified=True) as issuer:
        async with (
            there(tmp_path, servers, issuer, sign_up="open") as web,
            web.host() as owner,
            web.browser() as client,
        ):
            answer = await client.get(await at_the_provider(client, "/sign-in/oidc"))
            problem = is_problem(answer, 409, "refused")
            assert "connect City Login on your account's page" in problem["detail"]
            is_problem(await client.get("/api/me"), 401, "sign-in")
            assert "Connect City Login" in (await owner.get("/account")).text


async def test_whoever_is_signed_in_connects_their_account(
    tmp_path: Path, servers: Engines
) -> None:
    with provider() as issuer:
        async with (
            there(tmp_path, servers, issuer) as web,
            web.host() as owner,
            web.browser() as client,
        ):
            # By invitation only: somebody unknown gets no account.
            is_problem(
                await client.get(await at_the_provider(client, "/sign-in/oidc")), 403, "sign-up"
            )
            page = (await owner.get("/account")).text
            link = page.partition('href="/account/oidc?key=')[2].partition('"')[0]
            is_problem(await owner.get("/account/oidc?key=guessed"), 403, "cross-site")
            back = await at_the_provider(owner, f"/account/oidc?key={link}")
            # Somebody else's browser cannot finish it.
            is_problem(await client.get(back), 403, "oidc-state")
            assert (await owner.get(back)).headers["location"] == "/account"
            assert "Your account is connected" in (await owner.get("/account")).text
            answer = await client.get(await at_the_provider(client, "/sign-in/oidc"))
            assert answer.status_code == 303
            assert (await client.get("/api/me")).json()["email"] == EMAIL
            assert (await client.post("/account/oidc/disconnect")).status_code == 303
            async with web.browser() as late:
                back = await at_the_provider(late, "/sign-in/oidc")
                is_problem(await late.get(back), 403, "sign-up")


async def test_an_invitation_is_taken_with_it(tmp_path: Path, servers: Engines) -> None:
    with provider(email=EMAIL, email_verified=False) as issuer:
        async with (
            there(tmp_path, servers, issuer) as web,
            web.host() as owner,
            web.browser() as client,
        ):
            made = await invite(owner, role="host")
            page = (await client.get(made["link"])).text
            path = page.partition('href="/sign-in/oidc?')[2].partition('"')[0]
            back = await at_the_provider(client, f"/sign-in/oidc?{path}")
            assert (await client.get(back)).status_code == 303
            me = (await client.get("/api/me")).json()
            # An address that the provider has not checked is not taken from it.
            assert (me["role"], me["email"]) == ("host", "")


async def test_state_and_code_are_checked(tmp_path: Path, servers: Engines) -> None:
    with provider() as issuer:
        async with (
            there(tmp_path, servers, issuer, sign_up="open") as web,
            web.browser() as client,
        ):
            back = await at_the_provider(client, "/sign-in/oidc")
            is_problem(await client.get(back + "x"), 403, "oidc-state")
            wrong = back.replace("code=", "code=x")
            is_problem(await client.get(wrong), 403, "oidc-refused")
            refused = back.replace("code=", "error=access_denied&was=")
            is_problem(await client.get(refused), 403, "oidc-refused")
            # Begun anew, the nonce is another: an old code's ID token is not taken.
            await client.get("/sign-in/oidc")
            is_problem(await client.get(back), 403, "oidc-state")


async def test_a_provider_that_is_down_is_a_sentence(tmp_path: Path, servers: Engines) -> None:
    with provider() as issuer:
        pass
    async with there(tmp_path, servers, issuer) as web, web.browser() as client:
        answer = await client.get("/sign-in/oidc")
        problem = is_problem(answer, 503, "oidc-away")
        assert "City Login does not answer" in problem["detail"]
        assert (await client.get("/sign-in")).status_code == 200


async def test_an_answer_that_is_too_long_or_no_json_is_a_provider_that_is_down(
    tmp_path: Path, servers: Engines
) -> None:
    bodies = [b"x" * 300_000, b"no json", b"[]", b'{"issuer": "https://other.example"}']

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = bodies.pop(0)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, there(tmp_path, servers, issuer) as web, web.browser() as client:
        while bodies:
            is_problem(await client.get("/sign-in/oidc"), 503, "oidc-away")


async def test_without_a_provider_there_is_nothing(web: Running) -> None:
    async with web.browser() as client:
        assert "/sign-in/oidc" not in (await client.get("/sign-in")).text
        is_problem(await client.get("/sign-in/oidc"), 404, "not-found")


async def test_an_account_is_connected_only_a_while_after_signing_in(
    tmp_path: Path, servers: Engines
) -> None:
    with provider() as issuer:
        async with there(tmp_path, servers, issuer) as web, web.host() as owner:
            page = (await owner.get("/account")).text
            link = page.partition('href="/account/oidc?key=')[2].partition('"')[0]
            database = Database(web.database_url)
            async with database.write() as rows:
                await rows.execute(update(SignInRow).values(created_at_ms=1))
            await database.close()
            is_problem(await owner.get(f"/account/oidc?key={link}"), 403, "stale")
