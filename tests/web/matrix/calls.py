"""How each route is called: with what would be good, so that the answer is about rights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from tests.web.matrix.place import WHEN_MS
from tests.web.running import PASSWORD

_TWO_MS: Final = WHEN_MS + 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is sent. `{name}` in any text is filled from the place's ids, in `path` it says which.

    `ticket` is where a guest's ticket travels besides the Authorization field. Whoever may call a
    route that `spoils` does so in a place of its own. A new password is too short on purpose: it
    takes a moment to hash, and that it is told so shows that one was let in.
    """

    json: Any = None
    form: dict[str, str] | None = None
    query: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    path: dict[str, str] = field(default_factory=dict)
    ticket: str = ""
    spoils: bool = False


_REASON: Final = {"reason": "So it is."}
_PASSWORD: Final = {"old_password": PASSWORD, "new_password": "short"}
_DELAY: Final = {"starts_local": "2090-01-01T20:00", "zone": "UTC", "reason": "A late train."}
_PERSON: Final = {"person": "{blocked}"}
_GUEST: Final = {"person": "{guest}"}
_HOOK: Final = {"url": "http://127.0.0.1:9/hooks", "events": ["space.live"]}
_LINK: Final = {"token": "none"}
_CLIP: Final = {"clip": "abcd"}
_SPAN: Final = {"from_ms": 0, "to_ms": 640, "revision": 1}
_STRETCH: Final = {"start": "0:00", "end": "0:01", "revision": "1", "word": "erase"}
_REFERENCE: Final = {"reference": "3f" * 32}

CALLS: Final[dict[str, Call]] = {
    "GET /static/{language}/{name}.js": Call(path={"language": "de", "name": "t"}),
    "GET /pictures/{picture}/{size}.webp": Call(path={"picture": "0" * 32, "size": "wide"}),
    "GET /pictures/{picture}/cover.jpg": Call(path={"picture": "0" * 32}),
    "GET /@{handle}": Call(path={"handle": "nobody"}),
    "GET /@{handle}.xml": Call(path={"handle": "nobody"}),
    "GET /@{handle}.ics": Call(path={"handle": "nobody"}),
    "GET /search": Call(query={"q": "evening"}),
    "GET /api/search": Call(query={"q": "evening"}),
    "GET /l/{token}": Call(path=_LINK),
    "GET /i/{token}": Call(path={"token": "{invite}"}),
    "POST /i/{token}": Call(path={"token": "{invite}"}, form={"name": "Bela"}, spoils=True),
    "GET /r/{token}": Call(path=_LINK),
    "POST /r/{token}": Call(path=_LINK, form={}),
    "GET /first/{token}": Call(path=_LINK),
    "POST /first/{token}": Call(path=_LINK, form={}),
    "GET /join/{token}": Call(path={"token": "{join}"}),
    "POST /join/{token}": Call(
        path={"token": "{join}"},
        form={"name": "New", "email": "{email}", "password": "short"},
    ),
    "GET /reset/{token}": Call(path=_LINK),
    "POST /reset/{token}": Call(path=_LINK, form={"password": PASSWORD}),
    "POST /sign-in": Call(form={"email": "{email}", "password": PASSWORD}, spoils=True),
    "POST /sign-in/passkey": Call(json={"credential": {"id": "x"}}),
    "POST /sign-out": Call(spoils=True),
    "POST /sign-up": Call(form={"name": "New", "email": "{email}", "password": "short"}),
    "POST /forgot": Call(form={"email": "{email}"}),
    "GET /account/oidc": Call(query={"key": "{connect}"}),
    "POST /account/profile": Call(form={"name": "Another name"}),
    "POST /account/picture": Call(form={}),
    "POST /account/password": Call(form=_PASSWORD),
    "POST /account/passkeys": Call(json={"credential": {"id": "x"}}),
    "POST /account/passkeys/{passkey}/name": Call(
        path={"passkey": "none"}, form={"passkey_name": "Key"}
    ),
    "POST /account/passkeys/{passkey}/remove": Call(path={"passkey": "none"}),
    "POST /account/sign-ins/{reference}/revoke": Call(path=_REFERENCE),
    "POST /account/sign-ins/end": Call(spoils=True),
    "POST /account/delete": Call(form={"password": PASSWORD}, spoils=True),
    "POST /account/tokens": Call(form={"name": "T", "days": "7", "scopes": "spaces:read"}),
    "POST /account/tokens/{token}/revoke": Call(path=_LINK),
    "POST /account/hooks": Call(form={"url": "http://127.0.0.1:9/x", "events": "space.live"}),
    "POST /new": Call(form={"title": "Another evening"}, spoils=True),
    "POST /series/new": Call(form={"title": "Fridays"}, spoils=True),
    "POST /series/{slug}/next": Call(form={"rule": "weekly", "count": "2"}),
    "POST /series/{slug}/edit": Call(form={"title": "Fridays"}),
    "POST /series/{slug}/end": Call(form={"spaces": "keep"}, spoils=True),
    "POST /s/{space_id}/edit": Call(form={"title": "Another evening"}),
    "POST /s/{space_id}/hold-sound": Call(form={"sound_remove": "on"}),
    "POST /s/{space_id}/delay": Call(form=_DELAY, spoils=True),
    "POST /s/{space_id}/cancel": Call(form=_REASON, spoils=True),
    "POST /s/{space_id}/cohosts": Call(form={"who": "{member_email}"}, spoils=True),
    "POST /s/{space_id}/cohosts/{account_id}/remove": Call(spoils=True),
    "POST /s/{space_id}/members": Call(form={"who": "{member_email}"}, spoils=True),
    "POST /s/{space_id}/members/{account_id}/remove": Call(spoils=True),
    "POST /s/{space_id}/withhold": Call(form=_REASON),
    "POST /s/{space_id}/keep": Call(form={"keep_days": "30"}),
    "POST /s/{space_id}/links": Call(form={"name": "Bela"}),
    "POST /s/{space_id}/links/{link}/end": Call(path={"link": "none"}),
    "POST /s/{space_id}/join": Call(form={"name": "Gil"}),
    "GET /s/{space_id}/take": Call(ticket="query"),
    "POST /s/{space_id}/take": Call(ticket="form", spoils=True),
    "POST /people/invitations": Call(form={"email": "", "role": "member"}),
    "POST /people/invitations/{invitation}/revoke": Call(spoils=True),
    "POST /people/{account_id}/role": Call(form={"role": "host"}, spoils=True),
    "POST /reports/{case}": Call(form={"outcome": "dismissed"}, spoils=True),
    "POST /reports/{case}/undo": Call(form=_REASON, spoils=True),
    "POST /suspensions": Call(form={"person": "{person}", **_REASON}, spoils=True),
    "POST /suspensions/{person}/end": Call(form=_REASON, spoils=True),
    "POST /api/spaces": Call(json={"title": "Another evening"}, spoils=True),
    "PATCH /api/spaces/{space_id}": Call(json={"title": "Another evening"}),
    "POST /api/spaces/{space_id}/hold": Call(json=_REASON),
    "POST /api/spaces/{space_id}/end": Call(spoils=True),
    "POST /api/spaces/{space_id}/cancel": Call(json=_REASON, spoils=True),
    "POST /api/spaces/{space_id}/delay": Call(
        json={"starts_at_ms": _TWO_MS, **_REASON}, spoils=True
    ),
    "POST /api/spaces/{space_id}/rehearsal": Call(json={"on": True}),
    "PUT /api/spaces/{space_id}/room": Call(
        json={"slow_s": 0, "guests": True, "equal_time": False}
    ),
    "POST /api/spaces/{space_id}/cohosts": Call(json={"who": "{member_email}"}, spoils=True),
    "DELETE /api/spaces/{space_id}/cohosts/{account_id}": Call(spoils=True),
    "POST /api/spaces/{space_id}/members": Call(json={"who": "{member_email}"}, spoils=True),
    "DELETE /api/spaces/{space_id}/members/{account_id}": Call(spoils=True),
    "POST /api/spaces/{space_id}/seats": Call(json={"name": "Cleo"}),
    "POST /api/spaces/{space_id}/seats/{seat}/link": Call(spoils=True),
    "PUT /api/spaces/{space_id}/seats/{seat}": Call(json={"role": "cohost"}, spoils=True),
    "PUT /api/spaces/{space_id}/seats/{seat}/denoise": Call(json={"on": False}, spoils=True),
    "DELETE /api/spaces/{space_id}/seats/{seat}": Call(spoils=True),
    "PUT /api/spaces/{space_id}/seats/{seat}/away": Call(json={"away": True}),
    "PUT /api/spaces/{space_id}/deputy": Call(json={"seat": "{seat}"}, spoils=True),
    "POST /api/spaces/{space_id}/backstage": Call(json={"text": "Two minutes."}),
    "POST /api/spaces/{space_id}/chat": Call(json={"text": "Good evening."}, spoils=True),
    "DELETE /api/spaces/{space_id}/chat/{message}": Call(json=_REASON, spoils=True),
    "POST /api/spaces/{space_id}/chat/{message}/restore": Call(spoils=True),
    "POST /api/spaces/{space_id}/questions": Call(json={"text": "When?"}, spoils=True),
    "DELETE /api/spaces/{space_id}/questions/{question}": Call(json=_REASON, spoils=True),
    "POST /api/spaces/{space_id}/questions/{question}/restore": Call(spoils=True),
    "PUT /api/spaces/{space_id}/questions/{question}": Call(json={"state": "asking"}),
    "POST /api/spaces/{space_id}/hand": Call(json={"note": "Me."}, spoils=True),
    "DELETE /api/spaces/{space_id}/hand": Call(spoils=True),
    "POST /api/spaces/{space_id}/hands/{person}/invite": Call(path=_GUEST),
    "DELETE /api/spaces/{space_id}/hands/{person}/invite": Call(path=_GUEST, spoils=True),
    "DELETE /api/spaces/{space_id}/hands/{person}": Call(path=_GUEST, json=_REASON, spoils=True),
    "POST /api/spaces/{space_id}/polls": Call(json={"question": "Or?", "options": ["a", "b"]}),
    "POST /api/spaces/{space_id}/polls/{poll}/close": Call(spoils=True),
    "GET /static/{language}/{folder}/{name}.js": Call(
        path={"language": "de", "folder": "after", "name": "sound"}
    ),
    "POST /s/{space_id}/recording/edits": Call(form=_STRETCH),
    "POST /s/{space_id}/recording/edits/{edit_id}/undo": Call(path={"edit_id": "abcd"}),
    "POST /s/{space_id}/recording/erasures": Call(form=_STRETCH),
    "POST /s/{space_id}/recording/chapters": Call(form={"revision": "1"}),
    "POST /s/{space_id}/recording/clips": Call(form=_STRETCH),
    "POST /s/{space_id}/recording/clips/{clip}/rename": Call(path=_CLIP, form={"title": "So"}),
    "POST /s/{space_id}/recording/clips/{clip}/remove": Call(path=_CLIP),
    "GET /s/{space_id}/recording/{name}": Call(path={"name": "waveform.json"}),
    "GET /s/{space_id}/clips/{clip}/{name}": Call(path=_CLIP | {"name": "audio.m4a"}),
    "GET /s/{space_id}/original/{name}": Call(path={"name": "replay.m4a"}),
    "GET /s/{space_id}/original/stems/{name}": Call(path={"name": "abcd.opus"}),
    "POST /api/spaces/{space_id}/recording/edits": Call(json=_SPAN | {"kind": "cut"}),
    "DELETE /api/spaces/{space_id}/recording/edits/{edit}": Call(path={"edit": "abcd"}),
    "POST /api/spaces/{space_id}/recording/erasures": Call(json=_SPAN),
    "PUT /api/spaces/{space_id}/recording/chapters": Call(json={"chapters": None, "revision": 1}),
    "POST /api/spaces/{space_id}/recording/chapters": Call(json={"title": "A chapter"}),
    "PATCH /api/spaces/{space_id}/recording/transcript": Call(
        json={"corrections": [{"id": "c1", "text": "So."}]}
    ),
    "POST /api/spaces/{space_id}/recording/clips": Call(json=_SPAN | {"title": "A clip"}),
    "GET /api/spaces/{space_id}/recording/clips/{clip}": Call(path=_CLIP),
    "PATCH /api/spaces/{space_id}/recording/clips/{clip}": Call(path=_CLIP, json={"title": "So"}),
    "DELETE /api/spaces/{space_id}/recording/clips/{clip}": Call(path=_CLIP),
    "GET /api/spaces/{space_id}/recording/links": Call(),
    "POST /api/spaces/{space_id}/recording/links": Call(json={"name": "Bela"}),
    "DELETE /api/spaces/{space_id}/recording/links/{link}": Call(path={"link": "none"}),
    "POST /api/spaces/{space_id}/pins": Call(json={"text": "A word"}),
    "DELETE /api/spaces/{space_id}/pins/{pin}": Call(spoils=True),
    "POST /api/spaces/{space_id}/reminders": Call(json={"kind": "mail", "email": "{email}"}),
    "POST /api/spaces/{space_id}/reports": Call(json={"about": "space"}, spoils=True),
    "POST /api/spaces/{space_id}/blocks": Call(
        json={"person": "g-" + "z" * 16, "name": "Zed"}, spoils=True
    ),
    "DELETE /api/spaces/{space_id}/blocks/{person}": Call(path=_PERSON, json=_REASON, spoils=True),
    "GET /api/spaces/{space_id}/audit.{kind}": Call(path={"kind": "csv"}),
    "GET /api/audit.{kind}": Call(path={"kind": "jsonl"}),
    "PUT /api/reports/{case}": Call(json={"outcome": "dismissed"}, spoils=True),
    "DELETE /api/reports/{case}": Call(json=_REASON, spoils=True),
    "PUT /api/suspensions/{person}": Call(json=_REASON, spoils=True),
    "DELETE /api/suspensions/{person}": Call(json=_REASON, spoils=True),
    "PATCH /api/people/{account_id}": Call(json={"role": "host"}, spoils=True),
    "POST /api/invitations": Call(json={"role": "member"}),
    "DELETE /api/invitations/{invitation_id}": Call(spoils=True),
    "PATCH /api/me": Call(json={"biography": "I listen."}),
    "DELETE /api/me/sign-ins": Call(spoils=True),
    "DELETE /api/me/sign-ins/{reference}": Call(path=_REFERENCE),
    "POST /api/tokens": Call(json={"name": "T", "scopes": ["spaces:read"]}),
    "DELETE /api/tokens/{token}": Call(path=_LINK),
    "POST /api/hooks": Call(json=_HOOK),
    "DELETE /api/hooks/{hook}": Call(spoils=True),
    "POST /api/series": Call(json={"title": "Fridays"}),
    "PATCH /api/series/{series}": Call(json={"title": "Fridays"}),
    "POST /api/series/{series}/end": Call(json={"spaces": "keep"}, spoils=True),
    "POST /api/series/{series}/next": Call(json={"rule": "weekly", "count": 2}),
    "POST /api/pictures": Call(content=b"no picture"),
    "POST /api/sounds": Call(content=b"no sound"),
    "GET /sounds/{sound}.wav": Call(path={"sound": "built-in"}),
}
