"""Linked data: what a page is about, for machines that read it (schema.org as JSON-LD). Pure.

A conversation that is announced or on is an Event with the broadcast of it, one that was recorded a
PodcastEpisode. Times are ISO 8601 texts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

_CONTEXT: Final = "https://schema.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation as machines read of it. `url` is its page; `audio` the recording, "" before
    there is one; `feed` the podcast that it belongs to."""

    url: str
    title: str
    description: str = ""
    language: str = ""
    image: str = ""
    host: str = ""
    starts: str
    began: str = ""
    ended: str = ""
    cancelled: bool = False
    people: tuple[str, ...] = ()
    audio: str = ""
    seconds: int = 0
    transcript: str = ""
    podcast: str = ""
    podcast_url: str = ""
    feed: str = ""


def conversation(about: Conversation) -> dict[str, Any]:
    """An Event, or the PodcastEpisode that was made of it."""
    return _episode(about) if about.audio else _event(about)


def podcast(*, name: str, url: str, feed: str, description: str = "", image: str = "",
            author: str = "") -> dict[str, Any]:  # fmt: skip
    """A PodcastSeries: the page of a series or of a host."""
    return _told({
        "@context": _CONTEXT,
        "@type": "PodcastSeries",
        "name": name,
        "url": url,
        "description": description,
        "image": image,
        "webFeed": feed,
        "author": _person(author),
    })  # fmt: skip


def script(document: dict[str, Any]) -> str:
    """The data block of a page (HTML, section 4.12.1): nothing in it can end the element."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return f'<script type="application/ld+json">{text}</script>'


def _event(about: Conversation) -> dict[str, Any]:
    state = "EventCancelled" if about.cancelled else "EventScheduled"
    ends = about.ended
    return _told({
        **_common(about),
        "@type": "Event",
        "startDate": about.began or about.starts,
        "endDate": ends,
        "eventStatus": f"{_CONTEXT}/{state}",
        "eventAttendanceMode": f"{_CONTEXT}/OnlineEventAttendanceMode",
        "location": {"@type": "VirtualLocation", "url": about.url},
        "organizer": _person(about.host),
        "performer": [_person(name) for name in about.people],
        "isAccessibleForFree": True,
        "publication": None if about.cancelled else _told({
            "@type": "BroadcastEvent",
            "name": about.title,
            "isLiveBroadcast": True,
            "startDate": about.began or about.starts,
            "endDate": ends,
        }),
    })  # fmt: skip


def _episode(about: Conversation) -> dict[str, Any]:
    return _told({
        **_common(about),
        "@type": "PodcastEpisode",
        "datePublished": about.ended or about.began or about.starts,
        "timeRequired": _duration(about.seconds),
        "author": _person(about.host),
        "actor": [_person(name) for name in about.people],
        "isAccessibleForFree": True,
        "associatedMedia": _told({
            "@type": "AudioObject",
            "contentUrl": about.audio,
            "encodingFormat": "audio/mp4",
            "duration": _duration(about.seconds),
            "caption": about.transcript and {
                "@type": "MediaObject",
                "contentUrl": about.transcript,
                "encodingFormat": "text/vtt",
            },
        }),
        "partOfSeries": about.podcast and _told({
            "@type": "PodcastSeries",
            "name": about.podcast,
            "url": about.podcast_url,
            "webFeed": about.feed,
        }),
    })  # fmt: skip


def _common(about: Conversation) -> dict[str, Any]:
    return {
        "@context": _CONTEXT,
        "@id": about.url,
        "url": about.url,
        "name": about.title,
        "description": about.description,
        "inLanguage": about.language,
        "image": about.image,
    }


def _person(name: str) -> dict[str, str] | None:
    return {"@type": "Person", "name": name} if name else None


def _duration(seconds: int) -> str:
    """ISO 8601: PT1H2M3S."""
    if not seconds:
        return ""
    parts = ((seconds // 3600, "H"), (seconds // 60 % 60, "M"), (seconds % 60, "S"))
    return "PT" + "".join(f"{count}{unit}" for count, unit in parts if count)


def _told(members: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known."""
    return {name: value for name, value in members.items() if value not in ("", None, [])}
