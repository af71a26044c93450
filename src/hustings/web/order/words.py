"""What was done, in words: the deeds of the audit log as people read them."""

from __future__ import annotations

from typing import Final

from hustings.words import mark

DEEDS: Final = {
    "role.changed": mark("changed a role"),
    "invitation.made": mark("invited somebody"),
    "invitation.revoked": mark("took an invitation back"),
    "seat.role": mark("changed a speaker's role"),
    "deputy.named": mark("named who stands in for the host"),
    "seat.invited": mark("invited somebody to a seat"),
    "seat.link": mark("made a new link to a seat"),
    "hand.invited": mark("invited somebody who raised a hand"),
    "space.published": mark("published the recording"),
    "space.withheld": mark("took the recording off its page"),
    "recording.edited": mark("edited the recording"),
    "recording.restored": mark("took back an edit of the recording"),
    "recording.erased": mark("erased something from the recording"),
    "space.changed": mark("changed who may find, hear or write"),
    "room.changed": mark("changed what the audience may do"),
    "member.admitted": mark("let somebody listen to the private space"),
    "member.dismissed": mark("took somebody off the list of listeners"),
    "cohost.added": mark("made somebody a co-host"),
    "cohost.dropped": mark("took a co-host's rights away"),
    "link.made": mark("made a link to the private recording"),
    "link.ended": mark("ended a link to the private recording"),
    "account.made": mark("made an account"),
    "account.deleted": mark("deleted their account"),
    "message.removed": mark("removed a message"),
    "message.restored": mark("restored a message"),
    "question.removed": mark("removed a question"),
    "question.restored": mark("restored a question"),
    "seat.removed": mark("took a seat away"),
    "seat.restored": mark("gave a seat back"),
    "seat.muted": mark("muted a seat"),
    "hand.lowered": mark("lowered a hand"),
    "person.blocked": mark("blocked somebody from the space"),
    "person.unblocked": mark("unblocked somebody"),
    "person.suspended": mark("suspended somebody"),
    "person.reinstated": mark("reinstated somebody"),
    "report.removed": mark("decided a report: removed"),
    "report.blocked": mark("decided a report: blocked"),
    "report.suspended": mark("decided a report: suspended"),
    "report.dismissed": mark("dismissed a report"),
    "report.reopened": mark("reopened a report"),
    "token.made": mark("made an API token"),
    "token.revoked": mark("revoked an API token"),
}
OUTCOMES: Final = {
    "removed": mark("Removed"),
    "blocked": mark("Removed, and blocked from the space"),
    "suspended": mark("Removed, and suspended"),
    "dismissed": mark("Dismissed: it stands"),
}
BUTTONS: Final = {
    "removed": mark("Remove"),
    "blocked": mark("Remove and block"),
    "suspended": mark("Remove and suspend"),
    "dismissed": mark("Dismiss"),
}
KINDS: Final = {
    "message": mark("Message"),
    "question": mark("Question"),
    "seat": mark("Speaker"),
    "space": mark("Space"),
}
DAYS: Final = {
    "1": mark("for a day"),
    "7": mark("for a week"),
    "30": mark("for a month"),
    "": mark("for good"),
}


def deed(did: str) -> str:
    """The deed in words; one that has none yet is read as it is."""
    return DEEDS.get(did, did.replace(".", ": ").replace("_", " "))
