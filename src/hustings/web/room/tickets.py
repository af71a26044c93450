"""Tickets to talk: made for who has said their name, checked once and then remembered.

A signature costs more than a message, so a good ticket is looked up the next time. The key is read
when the first one comes.
"""

from __future__ import annotations

from collections import OrderedDict

from hustings import limits, ticket
from hustings.errors import BadInput
from hustings.keys import Keys
from hustings.space import Role
from hustings.ticket import Scope, Ticket


class Tickets:
    """Signs and checks. `now_ms` is Unix milliseconds."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._public: bytes | None = None
        self._known: OrderedDict[str, Ticket] = OrderedDict()

    def make(self, space_id: str, *, person: str, name: str, sign_in: str, now_ms: int) -> str:
        """The right to write and to raise a hand in a space, as `person`. It ends with `sign_in`,
        which is empty for a guest."""
        right = Ticket(
            space=space_id,
            seat="",
            name=name,
            role=Role.LISTENER,
            scope=Scope.TALK,
            exp=now_ms // 1000 + limits.TICKET_TALK_S,
            person=person,
            sign_in=sign_in,
        )
        return ticket.sign(right, private_key=self._keys.ticket_private())

    def check(self, token: str, *, scopes: frozenset[Scope], now_ms: int) -> Ticket:
        """The ticket in `token`; `BadInput` if it is none of ours, has expired, or gives another
        right."""
        known = self._known.get(token)
        if known is None:
            if self._public is None:
                self._public = self._keys.ticket_public()
            known = ticket.verify(token, public_key=self._public, now=now_ms / 1000)
            self._known[token] = known
            if len(self._known) > limits.TALK_TICKETS_COUNT:
                self._known.popitem(last=False)
        if known.exp <= now_ms / 1000:
            raise BadInput("ticket", expected="one that has not expired")
        if known.scope not in scopes:
            raise BadInput("ticket", expected=f"one to {' or '.join(scopes)}", got=known.scope)
        return known
