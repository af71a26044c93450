"""The account's page: profile, ways to sign in, browsers, and the end of it."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import UploadFile

from hustings import limits
from hustings.space import Role, Status
from hustings.space.command import Cancel
from hustings.web import forms, page
from hustings.web import studio as studios
from hustings.web.accounts import Account
from hustings.web.people import throttle
from hustings.web.people.answers import to
from hustings.web.people.elsewhere import STALE, connect_key
from hustings.web.people.entry import CEREMONY, PasskeyAnswer
from hustings.web.people.forms import DeleteForm, PasskeyForm, PasswordForm, ProfileForm
from hustings.web.people.refused import Refused
from hustings.web.people.telling import tell_password, tell_way_in
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio, SignedIn, Visitor
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

_SIGN_IN: Final = "/sign-in?next=/account"
_ON_AIR: Final = (Status.DOORS, Status.LIVE, Status.HELD)
_WRONG: Final = "This is not your password."
_LAST_WAY: Final = "This is your only way to sign in. Set a password first."
_BAD_PASSKEY: Final = "This passkey could not be added. Try again."


@router.get("/account")
async def account_page(request: Request, account: Visitor, studio: CurrentStudio) -> Response:
    """Who I am, and where I am signed in."""
    if account is None:
        return to(_SIGN_IN)
    return await _shown(request, studio, account)


async def _shown(
    request: Request,
    studio: Studio,
    account: Account,
    *,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    """The page, as it is or with what is wrong beside the fields."""
    now_ms = studios.now_ms()
    token = studio.cookies.session(request)
    people = studio.people
    as_it_is = {
        "name": account.name,
        "handle": account.handle,
        "biography": account.biography,
    }
    shown = {k: v for k, v in (values or {}).items() if not k.endswith("password")}
    filling: dict[str, Any] = {
        "values": as_it_is | shown,
        "errors": errors or {},
        "sign_ins": await studio.accounts.sign_ins(account, token=token, now_ms=now_ms),
        "fresh": await studio.accounts.fresh(token, now_ms=now_ms),
        "passkeys_possible": people.passkeys.possible,
        "passkeys": await people.passkeys.all(account),
        "oidc_name": people.oidc.name if people.oidc.on else "",
        "oidc_connected": people.oidc.on
        and await people.identities.connected(account, people.oidc.issuer),
        "oidc_key": connect_key(request, studio),
        "public_url": f"{studio.settings.public_url('studio')}/@{account.handle}",
    }
    return page.render(request, "account.html", filling, status=422 if errors else 200)


@router.post("/account/profile")
async def change_profile(request: Request, account: SignedIn, studio: CurrentStudio) -> Response:
    """Name, handle, biography."""
    filled = await forms.read(request, ProfileForm)
    if filled.form is None:
        return await _shown(request, studio, account, values=filled.values, errors=filled.errors)
    changed = await studio.people.profiles.change(
        account,
        name=filled.form.name,
        handle=filled.form.handle,
        biography=filled.form.biography,
    )
    if isinstance(changed, Refused):
        return await _shown(request, studio, account, values=filled.values, errors=changed.errors)
    return to("/account")


@router.post("/account/picture")
async def change_picture(request: Request, account: SignedIn, studio: CurrentStudio) -> Response:
    """Another picture; without a file, none is changed."""
    async with request.form(max_files=1, max_fields=2) as form:
        sent = form.get("picture")
        data = await sent.read() if isinstance(sent, UploadFile) else b""
    if not data:
        return await _shown(request, studio, account, errors={"picture": "Choose a file first."})
    try:
        picture = await studio.pictures.take(data)
    except Problem as problem:
        return await _shown(request, studio, account, errors={"picture": problem.detail})
    await studio.people.profiles.change(account, picture=picture)
    return to("/account")


@router.post("/account/picture/remove")
async def remove_picture(account: SignedIn, studio: CurrentStudio) -> Response:
    """No picture any more."""
    await studio.people.profiles.change(account, picture="")
    return to("/account")


@router.post("/account/password")
async def change_password(
    request: Request, account: SignedIn, studio: CurrentStudio, background: BackgroundTasks
) -> Response:
    """Another password: everybody else is signed out."""
    filled = await forms.read(request, PasswordForm)
    if filled.form is None:
        return await _shown(request, studio, account, errors=filled.errors)
    if account.has_password:
        wrong = await _wrong_password(request, studio, account, filled.form.old_password)
    else:
        wrong = "" if await _fresh(request, studio) else STALE
    if wrong:
        where = "old_password" if account.has_password else "form"
        return await _shown(request, studio, account, errors={where: wrong})
    token = studio.cookies.session(request)
    await studio.accounts.set_password(account, filled.form.new_password, keeping=token)
    background.add_task(tell_password, request, studio, account)
    return to("/account")


@router.post("/account/passkeys/options")
async def offer_passkey(request: Request, account: SignedIn, studio: CurrentStudio) -> Response:
    """What the browser asks its authenticators to make."""
    if not await _fresh(request, studio):
        raise Problem(403, "stale", STALE)
    question = await studio.people.passkeys.offer(account)
    answer = JSONResponse(question.options)
    studio.cookies.keep(
        answer,
        CEREMONY,
        {"make": question.challenge, "account": account.id},
        age_s=limits.CEREMONY_S,
        now_ms=studios.now_ms(),
    )
    return answer


@router.post("/account/passkeys")
async def add_passkey(
    request: Request,
    body: PasskeyAnswer,
    account: SignedIn,
    studio: CurrentStudio,
    background: BackgroundTasks,
) -> Response:
    """Keep the passkey that an authenticator made."""
    now_ms = studios.now_ms()
    kept = studio.cookies.kept(request, CEREMONY, now_ms=now_ms) or {}
    name = PasskeyForm.model_validate({"passkey_name": body.name or "Passkey"}).passkey_name
    if kept.get("account") != account.id or not await studio.people.passkeys.add(
        account,
        body.credential,
        challenge=str(kept.get("make", "")),
        name=name,
        now_ms=now_ms,
    ):
        raise Problem(422, "passkey", _BAD_PASSKEY)
    what = f"The passkey “{name}” was added to it."
    background.add_task(tell_way_in, request, studio, account, what)
    answer = JSONResponse({"to": "/account"}, 201)
    studio.cookies.drop(answer, CEREMONY)
    return answer


@router.post("/account/passkeys/{passkey}/name")
async def rename_passkey(
    request: Request, passkey: str, account: SignedIn, studio: CurrentStudio
) -> Response:
    """Call a passkey something else."""
    filled = await forms.read(request, PasskeyForm)
    if filled.form is None:
        return await _shown(request, studio, account, errors=filled.errors)
    if not await studio.people.passkeys.rename(account, passkey, filled.form.passkey_name):
        raise Problem(404, "passkey", "You have no such passkey.")
    return to("/account")


@router.post("/account/passkeys/{passkey}/remove")
async def remove_passkey(
    request: Request, passkey: str, account: SignedIn, studio: CurrentStudio
) -> Response:
    """Forget a passkey; never the last way in."""
    if await studio.people.ways_in(account) < 2:
        return await _shown(request, studio, account, errors={"passkeys": _LAST_WAY})
    if not await studio.people.passkeys.remove(account, passkey):
        raise Problem(404, "passkey", "You have no such passkey.")
    return to("/account")


@router.post("/account/oidc/disconnect")
async def disconnect(request: Request, account: SignedIn, studio: CurrentStudio) -> Response:
    """No longer sign in at the provider; never the last way in."""
    if await studio.people.ways_in(account) < 2:
        return await _shown(request, studio, account, errors={"oidc": _LAST_WAY})
    await studio.people.identities.disconnect(account, studio.people.oidc.issuer)
    return to("/account")


@router.post("/account/sign-ins/{reference}/revoke")
async def revoke(reference: str, account: Visitor, studio: CurrentStudio) -> Response:
    """Sign another browser out."""
    if account is None:
        return to(_SIGN_IN)
    if not await studio.accounts.revoke(account, reference):
        raise Problem(404, "not-found", "That browser is no longer signed in.")
    return to("/account")


@router.post("/account/sign-ins/end")
async def end_others(request: Request, account: SignedIn, studio: CurrentStudio) -> Response:
    """Sign out everywhere but here."""
    await studio.accounts.end_others(account, token=studio.cookies.session(request))
    return to("/account")


@router.get("/account/delete")
async def delete_form(request: Request, account: Visitor, studio: CurrentStudio) -> Response:
    """What goes and what stays, and the last question."""
    if account is None:
        return to("/sign-in?next=/account/delete")
    fresh = await _fresh(request, studio)
    return page.render(request, "account_delete.html", {"errors": {}, "fresh": fresh})


@router.post("/account/delete")
async def delete(request: Request, account: SignedIn, studio: CurrentStudio) -> Response:
    """Delete the account."""
    filled = await forms.read(request, DeleteForm)
    refused = await _may_not_go(request, studio, account, filled.values.get("password", ""))
    now_ms = studios.now_ms()
    if refused is None:
        refused = await studio.people.profiles.delete(account, now_ms=now_ms)
    if refused is not None:
        fresh = await _fresh(request, studio)
        values = {"errors": refused.errors, "fresh": fresh}
        return page.render(request, "account_delete.html", values, status=422)
    for listed in await studio.catalogue.in_status((Status.SCHEDULED,)):
        if listed.owner_id == account.id:
            cancel = Cancel(by=account.id, role=Role.HOST, reason="The host has left.")
            await studio.spaces.command(listed.id, cancel, now_ms=now_ms)
    answer = to("/sign-in")
    studio.cookies.sign_out(request, answer)
    studio.cookies.drop(answer, "device")
    return answer


async def _may_not_go(
    request: Request, studio: Studio, account: Account, password: str
) -> Refused | None:
    if account.has_password:
        wrong = await _wrong_password(request, studio, account, password)
        if wrong:
            return Refused("password", wrong)
    elif not await _fresh(request, studio):
        return Refused("form", STALE)
    running = await studio.catalogue.in_status(_ON_AIR)
    if any(listed.owner_id == account.id for listed in running):
        return Refused("form", "One of your spaces is on. End it first.")
    return None


async def _wrong_password(request: Request, studio: Studio, account: Account, password: str) -> str:
    """A sentence if `password` is not the account's, or too many were tried; "" if it is."""
    now_ms = studios.now_ms()
    device = studio.cookies.session(request)
    bounds = throttle.known_browser(device)
    if wait := await studio.accounts.throttle.take(bounds, now_ms=now_ms):
        return wait.words
    if not await studio.accounts.right_password(account, password):
        return _WRONG
    await studio.accounts.throttle.give_back(bounds, now_ms=now_ms)
    return ""


async def _fresh(request: Request, studio: Studio) -> bool:
    token = studio.cookies.session(request)
    return await studio.accounts.fresh(token, now_ms=studios.now_ms())
