"""Who may call what: written by hand, one line a route. Every route of the application is here.

May: the answer is neither 401 nor 403, nor the way to the sign-in page. What there is to see or to
do for whoever may is another matter: "gone" and "not now" are answers to people who are in.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """Who asks. Guests hold a ticket to talk; a seat that was got by invitation is a cookie."""

    STRANGER = "a stranger"
    GUEST = "a guest"
    GUEST_ELSEWHERE = "a guest of another space"
    BLOCKED = "a guest who is blocked"
    SPEAKER = "a speaker by invitation"
    DEPUTY = "a speaker in charge while the host is away"
    MEMBER = "a member"
    SUSPENDED = "a member who is suspended"
    HOST_ELSEWHERE = "the host of another space"
    COHOST = "a co-host by account"
    HOST = "the space's host"
    MODERATOR = "a moderator of the site"
    OWNER = "an owner of the site"
    TOKEN = "the host's token without the scope"


R = Role
NOBODY: Final[frozenset[Role]] = frozenset()
EVERYBODY: Final = frozenset(Role)
# The route asks who it is: a token without the scope is turned away even where all others are in.
PEOPLE: Final = EVERYBODY - {R.TOKEN}
# The same where something is done: whoever is suspended may look and not act.
FREE: Final = PEOPLE - {R.SUSPENDED}
ACCOUNTS: Final = frozenset(
    {R.MEMBER, R.HOST_ELSEWHERE, R.COHOST, R.HOST, R.MODERATOR, R.OWNER}
)  # fmt: skip
# Reading one's own, and one's own keys, stays when one is suspended.
OWN: Final = ACCOUNTS | {R.SUSPENDED}
MAKERS: Final = frozenset({R.HOST_ELSEWHERE, R.HOST, R.MODERATOR, R.OWNER})
MODERATORS: Final = frozenset({R.MODERATOR, R.OWNER})
OWNERS: Final = frozenset({R.OWNER})
DESK: Final = frozenset({R.COHOST, R.HOST, R.DEPUTY})
# Who gives roles: a deputy has the desk while the host is away, and the roles stay as they are.
CHIEFS: Final = DESK - {R.DEPUTY}
STAGE: Final = DESK | {R.SPEAKER}
READERS: Final = DESK | MODERATORS
# Who says something: with an account, from a seat, or as a guest of this space.
VOICES: Final = ACCOUNTS | {R.SPEAKER, R.DEPUTY, R.GUEST}
ORDER: Final = DESK | MODERATORS

# What anybody fetches and what says nothing of anybody.
ASIDE: Final[dict[str, frozenset[Role]]] = {
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "GET /static/base.css": EVERYBODY,
    "GET /static/t.js": EVERYBODY,
    "GET /static/{language}/{name}.js": EVERYBODY,
    "GET /static/{language}/{folder}/{name}.js": EVERYBODY,
    "MOUNT /static": EVERYBODY,
    "GET /api/openapi.json": EVERYBODY,
    "GET /api/push-key": EVERYBODY,
    "GET /pictures/{picture}/{size}.webp": EVERYBODY,
    "GET /pictures/{picture}/cover.jpg": EVERYBODY,
    "GET /feed.xml": EVERYBODY,
    "GET /series/{slug}.xml": EVERYBODY,
    "GET /hosts/{account_id}.xml": EVERYBODY,
    "GET /@{handle}.xml": EVERYBODY,
    "GET /s/{space_id}/transcript.json": EVERYBODY,
    "GET /calendar.ics": EVERYBODY,
    "GET /series/{slug}.ics": EVERYBODY,
    "GET /hosts/{account_id}.ics": EVERYBODY,
    "GET /@{handle}.ics": EVERYBODY,
    "GET /sitemap.xml": EVERYBODY,
    "GET /robots.txt": EVERYBODY,
}

PAGES: Final[dict[str, frozenset[Role]]] = {
    # Lists and addresses that are passed on.
    "GET /": PEOPLE,
    "GET /@{handle}": PEOPLE,
    "GET /search": PEOPLE,
    "GET /s/{space_id}": PEOPLE,
    "GET /series/{slug}": PEOPLE,
    # A link that was given to somebody is the right itself.
    "GET /l/{token}": EVERYBODY,
    "GET /i/{token}": EVERYBODY,
    "POST /i/{token}": FREE,
    "GET /r/{token}": EVERYBODY,
    "POST /r/{token}": EVERYBODY,
    "GET /first/{token}": EVERYBODY,
    "POST /first/{token}": EVERYBODY,
    "GET /join/{token}": PEOPLE,
    "POST /join/{token}": FREE,
    "GET /reset/{token}": EVERYBODY,
    "POST /reset/{token}": EVERYBODY,
    # The way in and out.
    "GET /sign-in": PEOPLE,
    "POST /sign-in": EVERYBODY,
    "POST /sign-in/passkey/options": EVERYBODY,
    "POST /sign-in/passkey": NOBODY,  # without a passkey; with one: people/test_passkeys.py
    "GET /sign-in/oidc": EVERYBODY,
    "GET /sign-in/oidc/callback": NOBODY,  # who did not leave from here: people/test_oidc.py
    "POST /sign-out": EVERYBODY,
    "GET /sign-up": PEOPLE,
    "POST /sign-up": PEOPLE,
    "GET /forgot": EVERYBODY,
    "POST /forgot": EVERYBODY,
    # One's own account.
    "GET /account": OWN,
    "GET /account/oidc": OWN,
    "POST /account/profile": ACCOUNTS,
    "POST /account/picture": ACCOUNTS,
    "POST /account/picture/remove": ACCOUNTS,
    "POST /account/password": OWN,
    "POST /account/passkeys/options": OWN,
    "POST /account/passkeys": OWN,
    "POST /account/passkeys/{passkey}/name": OWN,
    "POST /account/passkeys/{passkey}/remove": OWN,
    "POST /account/oidc/disconnect": ACCOUNTS,
    "POST /account/sign-ins/{reference}/revoke": OWN,
    "POST /account/sign-ins/end": OWN,
    "GET /account/delete": OWN,
    "POST /account/delete": ACCOUNTS,
    "GET /account/tokens": OWN,
    "POST /account/tokens": ACCOUNTS,
    "POST /account/tokens/{token}/revoke": OWN,
    "GET /account/hooks": OWN,
    "POST /account/hooks": ACCOUNTS,
    "POST /account/hooks/{hook}/ping": ACCOUNTS,
    "POST /account/hooks/{hook}/remove": ACCOUNTS,
    "GET /suspended": OWN,
    # One's own spaces and series; of somebody else's there is nothing to see.
    "GET /spaces": OWN,
    "GET /new": OWN,
    "POST /new": MAKERS,
    "GET /series/new": OWN,
    "POST /series/new": MAKERS,
    "POST /series/{slug}/next": MAKERS | {R.MEMBER, R.COHOST},
    "GET /series/{slug}/edit": OWN,
    "POST /series/{slug}/edit": ACCOUNTS,
    "POST /series/{slug}/end": ACCOUNTS,
    "POST /series/{slug}/resume": ACCOUNTS,
    # A space.
    "GET /s/{space_id}/stage": STAGE,
    "GET /s/{space_id}/edit": DESK,
    "POST /s/{space_id}/edit": DESK,
    "POST /s/{space_id}/hold-sound": DESK,
    "POST /s/{space_id}/delay": DESK,
    "POST /s/{space_id}/cancel": DESK,
    "POST /s/{space_id}/cohosts": DESK,
    "POST /s/{space_id}/cohosts/{account_id}/remove": DESK,
    "POST /s/{space_id}/members": DESK,
    "POST /s/{space_id}/members/{account_id}/remove": DESK,
    "GET /s/{space_id}/after": DESK,
    "GET /s/{space_id}/keeping": DESK,
    "POST /s/{space_id}/keep": DESK,
    "POST /s/{space_id}/links": DESK,
    "POST /s/{space_id}/links/{link}/end": DESK,
    "POST /s/{space_id}/publish": DESK,
    "POST /s/{space_id}/withhold": DESK,
    "GET /s/{space_id}/recording.m4a": DESK,
    "GET /s/{space_id}/receipt.json": DESK,
    "GET /s/{space_id}/recording": DESK,
    "POST /s/{space_id}/recording/edits": DESK,
    "POST /s/{space_id}/recording/edits/{edit_id}/undo": DESK,
    "POST /s/{space_id}/recording/erasures": DESK,
    "POST /s/{space_id}/recording/chapters": DESK,
    "POST /s/{space_id}/recording/clips": DESK,
    "POST /s/{space_id}/recording/clips/{clip}/rename": DESK,
    "POST /s/{space_id}/recording/clips/{clip}/remove": DESK,
    "GET /s/{space_id}/recording/{name}": DESK,
    "GET /s/{space_id}/clips/{clip}/{name}": DESK,
    # What was cut out stays with the host.
    "GET /s/{space_id}/original/{name}": frozenset({R.HOST}),
    "GET /s/{space_id}/original/stems/{name}": frozenset({R.HOST}),
    "GET /s/{space_id}/audit": READERS,
    "GET /s/{space_id}/join": PEOPLE,
    "POST /s/{space_id}/join": FREE,
    # Whoever is known; that the invitation is theirs is seen then (room/test_pages.py).
    "GET /s/{space_id}/take": OWN | {R.GUEST, R.BLOCKED},
    "POST /s/{space_id}/take": ACCOUNTS | {R.GUEST, R.BLOCKED},
    # Keeping order on the site.
    "GET /people": MODERATORS,
    "POST /people/invitations": MODERATORS,
    "POST /people/invitations/{invitation}/revoke": MODERATORS,
    "POST /people/{account_id}/role": OWNERS,
    "GET /moderation": MODERATORS,
    "GET /reports": MODERATORS,
    "POST /reports/{case}": MODERATORS,
    "POST /reports/{case}/undo": MODERATORS,
    "GET /suspensions": MODERATORS,
    "POST /suspensions": MODERATORS,
    "POST /suspensions/{person}/end": MODERATORS,
    "GET /audit": MODERATORS,
    "GET /installation": OWNERS,
}

API: Final[dict[str, frozenset[Role]]] = {
    # Spaces: one's own list, making, and the desk.
    "GET /api/search": PEOPLE,
    "GET /api/spaces": OWN,
    "POST /api/spaces": MAKERS,
    "GET /api/spaces/{space_id}": STAGE,
    "PATCH /api/spaces/{space_id}": DESK,
    "GET /api/spaces/{space_id}/events": STAGE,
    "POST /api/spaces/{space_id}/doors": DESK,
    "POST /api/spaces/{space_id}/live": DESK,
    "POST /api/spaces/{space_id}/hold": DESK,
    "POST /api/spaces/{space_id}/resume": DESK,
    "POST /api/spaces/{space_id}/end": DESK,
    "POST /api/spaces/{space_id}/keep-going": DESK,
    "POST /api/spaces/{space_id}/cancel": DESK,
    "POST /api/spaces/{space_id}/delay": DESK,
    "POST /api/spaces/{space_id}/rehearsal": DESK,
    "POST /api/spaces/{space_id}/publish": DESK,
    "POST /api/spaces/{space_id}/withhold": DESK,
    "PUT /api/spaces/{space_id}/room": DESK,
    "GET /api/spaces/{space_id}/recording": DESK,
    "POST /api/spaces/{space_id}/recording/edits": DESK,
    "DELETE /api/spaces/{space_id}/recording/edits/{edit}": DESK,
    "POST /api/spaces/{space_id}/recording/erasures": DESK,
    "PUT /api/spaces/{space_id}/recording/chapters": DESK,
    "POST /api/spaces/{space_id}/recording/chapters": DESK,
    "GET /api/spaces/{space_id}/recording/transcript": DESK,
    "PATCH /api/spaces/{space_id}/recording/transcript": DESK,
    "POST /api/spaces/{space_id}/recording/clips": DESK,
    "GET /api/spaces/{space_id}/recording/clips/{clip}": DESK,
    "PATCH /api/spaces/{space_id}/recording/clips/{clip}": DESK,
    "DELETE /api/spaces/{space_id}/recording/clips/{clip}": DESK,
    "GET /api/spaces/{space_id}/recording/links": DESK,
    "POST /api/spaces/{space_id}/recording/links": DESK,
    "DELETE /api/spaces/{space_id}/recording/links/{link}": DESK,
    "GET /api/spaces/{space_id}/cohosts": DESK,
    "POST /api/spaces/{space_id}/cohosts": CHIEFS,
    "DELETE /api/spaces/{space_id}/cohosts/{account_id}": CHIEFS,
    "GET /api/spaces/{space_id}/members": DESK,
    "POST /api/spaces/{space_id}/members": DESK,
    "DELETE /api/spaces/{space_id}/members/{account_id}": DESK,
    # Seats. `{seat}` is somebody else's: of one's own, everybody on stage disposes.
    "POST /api/spaces/{space_id}/seats": DESK,
    "PUT /api/spaces/{space_id}/deputy": frozenset({R.HOST}),
    "POST /api/spaces/{space_id}/seats/{seat}/link": DESK,
    "PUT /api/spaces/{space_id}/seats/{seat}": CHIEFS,
    "DELETE /api/spaces/{space_id}/seats/{seat}": DESK,
    "POST /api/spaces/{space_id}/seats/{seat}/restore": DESK,
    "POST /api/spaces/{space_id}/seats/{seat}/ask-unmute": DESK,
    "POST /api/spaces/{space_id}/seats/{seat}/mute": DESK,
    "PUT /api/spaces/{space_id}/seats/{seat}/denoise": DESK,
    "POST /api/spaces/{space_id}/seats/{seat}/unmute": NOBODY,  # a microphone opens by its own hand
    "PUT /api/spaces/{space_id}/seats/{seat}/away": NOBODY,
    "POST /api/spaces/{space_id}/seats/{seat}/hand": NOBODY,
    "DELETE /api/spaces/{space_id}/seats/{seat}/hand": DESK,
    "POST /api/spaces/{space_id}/ticket": STAGE,
    "POST /api/spaces/{space_id}/backstage": STAGE,
    # The crowd. `{message}` and `{question}` are a guest's.
    "GET /api/spaces/{space_id}/talk": STAGE,
    "POST /api/spaces/{space_id}/chat": VOICES,
    "DELETE /api/spaces/{space_id}/chat/{message}": ORDER | {R.GUEST},
    "POST /api/spaces/{space_id}/chat/{message}/restore": ORDER,
    "POST /api/spaces/{space_id}/questions": VOICES,
    "DELETE /api/spaces/{space_id}/questions/{question}": ORDER | {R.GUEST},
    "POST /api/spaces/{space_id}/questions/{question}/restore": ORDER,
    "PUT /api/spaces/{space_id}/questions/{question}": DESK,
    "POST /api/spaces/{space_id}/hand": VOICES,
    "GET /api/spaces/{space_id}/hand": VOICES | {R.BLOCKED, R.SUSPENDED},  # their own, if it is up
    "DELETE /api/spaces/{space_id}/hand": VOICES | {R.BLOCKED},  # their own, if it is up
    "POST /api/spaces/{space_id}/hands/{person}/invite": DESK,
    "DELETE /api/spaces/{space_id}/hands/{person}/invite": DESK,
    "DELETE /api/spaces/{space_id}/hands/{person}": DESK,
    "POST /api/spaces/{space_id}/polls": DESK,
    "POST /api/spaces/{space_id}/polls/{poll}/close": DESK,
    "POST /api/spaces/{space_id}/pins": DESK,
    "DELETE /api/spaces/{space_id}/pins/{pin}": DESK,
    "POST /api/talk-tickets/renew": frozenset({R.GUEST, R.GUEST_ELSEWHERE}),
    "POST /api/listen-tickets/renew": NOBODY,  # without a ticket to listen: test_listeners.py
    "POST /api/spaces/{space_id}/reminders": EVERYBODY,
    # Order: in a space, and on the site.
    "POST /api/spaces/{space_id}/reports": FREE,
    "GET /api/spaces/{space_id}/reports": DESK,
    "POST /api/spaces/{space_id}/blocks": DESK,
    "DELETE /api/spaces/{space_id}/blocks/{person}": DESK,
    "GET /api/spaces/{space_id}/audit": READERS,
    "GET /api/spaces/{space_id}/audit.{kind}": READERS,
    "GET /api/audit": MODERATORS,
    "GET /api/audit.{kind}": MODERATORS,
    "GET /api/reports": MODERATORS,
    "PUT /api/reports/{case}": MODERATORS,
    "DELETE /api/reports/{case}": MODERATORS,
    "GET /api/suspensions": MODERATORS,
    "PUT /api/suspensions/{person}": MODERATORS,
    "DELETE /api/suspensions/{person}": MODERATORS,
    "GET /api/people": MODERATORS,
    "PATCH /api/people/{account_id}": OWNERS,
    "GET /api/invitations": MODERATORS,
    "POST /api/invitations": MODERATORS,
    "DELETE /api/invitations/{invitation_id}": MODERATORS,
    # One's own.
    "GET /api/me": OWN,
    "PATCH /api/me": ACCOUNTS,
    "GET /api/me/sign-ins": OWN,
    "DELETE /api/me/sign-ins": OWN,
    "DELETE /api/me/sign-ins/{reference}": OWN,
    "GET /api/tokens": OWN,
    "POST /api/tokens": ACCOUNTS,
    "DELETE /api/tokens/{token}": OWN,
    "GET /api/hooks": OWN,
    "POST /api/hooks": ACCOUNTS,
    "DELETE /api/hooks/{hook}": ACCOUNTS,
    "POST /api/hooks/{hook}/ping": ACCOUNTS,
    "GET /api/hooks/{hook}/deliveries": OWN,
    "GET /api/series": OWN,
    "POST /api/series": MAKERS,
    "GET /api/series/{series}": OWN,
    "PATCH /api/series/{series}": ACCOUNTS,
    "POST /api/series/{series}/end": ACCOUNTS,
    "POST /api/series/{series}/resume": ACCOUNTS,
    "GET /api/series/{series}/spaces": OWN,
    "POST /api/series/{series}/next": MAKERS,
    "POST /api/pictures": ACCOUNTS,
    "POST /api/sounds": ACCOUNTS,
    "GET /sounds/{sound}.wav": OWN,
}

MAY: Final[dict[str, frozenset[Role]]] = {**ASIDE, **PAGES, **API}
