"""Podcasts: a feed of everything that is public, of each series and of each host.

A conversation stands in it as a `liveItem` from its announcement until a day after its end, and as
an episode once its recording is posted. What it is called and how it stands comes from the
catalogue at each rendering; of its recording, what was read last (`search.librarian`).
"""

from __future__ import annotations

import html
import time
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from hustings import limits
from hustings.formats import markup, podcast
from hustings.formats.podcast import Enclosure, Feed, Item, Live, Person, Transcript
from hustings.space import Status
from hustings.web import studio as studios
from hustings.web.agenda.listing import ON
from hustings.web.catalogue import Listed
from hustings.web.feeds import shows
from hustings.web.feeds.episodes import Episode
from hustings.web.feeds.kept import FOLLOWED
from hustings.web.feeds.shows import Show
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio, find
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

AccountId = Annotated[str, Path(pattern="^[a-z0-9]{1,16}$")]
Slug = Annotated[str, Path(max_length=limits.SLUG_CHARS)]
_STATUS: Final[dict[Status, podcast.Status]] = {
    Status.SCHEDULED: "pending",
    Status.DOORS: "pending",
    Status.LIVE: "live",
    Status.HELD: "live",
}
_NO_TRANSCRIPT: Final = "There is no transcript of this conversation."


@router.api_route("/feed.xml", methods=FOLLOWED)
async def everything(request: Request, studio: CurrentStudio) -> Response:
    """The podcast of all public spaces."""
    return await _answer(request, studio, shows.everything())


@router.api_route("/series/{slug}.xml", methods=FOLLOWED)
async def series(request: Request, slug: Slug, studio: CurrentStudio) -> Response:
    """The podcast of a series."""
    show = await shows.of_series(studio, slug)
    if request.url.path != show.path:
        return RedirectResponse(show.path, 307)
    return await _answer(request, studio, show)


@router.api_route("/hosts/{account_id}.xml", methods=FOLLOWED)
async def host(request: Request, account_id: AccountId, studio: CurrentStudio) -> Response:
    """The podcast of a host."""
    return await _answer(request, studio, await shows.of_host(studio, account_id))


@router.api_route("/@{handle}.xml", methods=FOLLOWED)
async def handle(handle: str, studio: CurrentStudio) -> Response:
    """The way to the podcast of a host."""
    return RedirectResponse((await shows.of_handle(studio, handle)).path, 307)


@router.api_route("/s/{space_id}/transcript.json", methods=FOLLOWED)
async def transcript(space_id: str, studio: CurrentStudio) -> Response:
    """What was said, as podcast players read it (podcast namespace, transcripts, "JSON")."""
    listed = await find(studio, space_id)
    shown = listed.status is Status.POSTED and not listed.private and not listed.gone
    said = await studio.index.said(space_id) if shown else []
    if not said:
        raise Problem(404, "not-found", _NO_TRANSCRIPT)
    segments = [
        {
            "speaker": one.who,
            "startTime": one.at_ms / 1000,
            "endTime": one.end_ms / 1000,
            "body": one.text,
        }
        for one in said
    ]
    headers = {"Cache-Control": "public, max-age=60", "Access-Control-Allow-Origin": "*"}
    return JSONResponse({"version": "1.0.0", "segments": segments}, headers=headers)


async def _answer(request: Request, studio: Studio, show: Show) -> Response:
    async def rendered() -> bytes:
        return podcast.render(await _feed(studio, show))

    headers = {"X-Robots-Tag": "noindex"} if show.hidden else {}
    return await studio.kept.answer(
        request, rendered, mime=podcast.MIME, now_s=time.time(), headers=headers, hidden=show.hidden
    )


async def _feed(studio: Studio, show: Show) -> Feed:
    base = studio.settings.public_url("studio")
    live = await studio.episodes.live(show.which, now_ms=studios.now_ms())
    episodes = await studio.episodes.posted(show.which)
    items = [_live(studio, one) for one in live]
    items += [_episode(studio, one) for one in episodes]
    changed_ms = max((one.changed_at_ms for one in (*live, *(e.space for e in episodes))),
                     default=0)  # fmt: skip
    newest = next((e.space.language for e in episodes if e.space.language), "")
    people: tuple[Person, ...] = ()
    if show.author:
        href = base + show.author_page if show.author_page else ""
        people = (Person(name=show.author, role="host", href=href),)
    return Feed(
        url=base + show.path,
        title=show.name,
        html=show.html or html.escape(show.about),
        link=base + show.page,
        language=show.language or newest or "en",
        author=show.author or show.name,
        image=shows.cover(studio, show.picture),
        category=studio.settings.feed_category,
        built=_rfc2822(changed_ms),
        owner=studio.settings.feed_owner,
        hidden=show.hidden,
        people=people,
        items=tuple(items),
    )


def _live(studio: Studio, space: Listed) -> Item:
    at = _at(studio, space)
    starts_ms = space.live_at_ms or space.starts_at_ms
    streams = (
        Enclosure(url=f"{at}/index.m3u8", mime="application/x-mpegURL", title="HLS"),
        Enclosure(url=f"{at}/listen.ogg", mime="audio/ogg", title="Opus"),
    )
    return Item(
        **_common(studio, space),
        # Not that of the episode: programs that know the one shall fetch the other.
        guid=f"live-{space.id}",
        published=_rfc2822(starts_ms),
        enclosure=Enclosure(url=f"{at}/listen.aac", mime="audio/aac"),
        others=streams,
        people=(Person(name=space.host, role="host"),) if space.host else (),
        live=Live(
            status=_STATUS.get(space.status, "ended"),
            start=_iso(starts_ms),
            end=_iso(space.ended_at_ms) if space.ended_at_ms else "",
            page=studio.share_url(space.id),
        ),
    )


def _episode(studio: Studio, episode: Episode) -> Item:
    space, facts, at = episode.space, episode.facts, _at(studio, episode.space)
    base = studio.settings.public_url("studio")
    transcripts: tuple[Transcript, ...] = ()
    if facts.transcript is not None:
        tongue = facts.transcript
        transcripts = (
            Transcript(url=f"{at}/transcript.vtt", mime="text/vtt", language=tongue, captions=True),
            Transcript(
                url=f"{base}/s/{space.id}/transcript.json",
                mime="application/json",
                language=tongue,
                captions=True,
            ),
            Transcript(url=f"{at}/transcript.txt", mime="text/plain", language=tongue),
        )
    return Item(
        **_common(studio, space),
        guid=f"space-{space.id}",
        published=_rfc2822(episode.posted_at_ms),
        enclosure=Enclosure(url=f"{at}/replay.m4a", mime="audio/mp4", length=facts.length),
        others=(Enclosure(url=f"{at}/replay.opus", mime="audio/ogg", title="Opus"),),
        people=tuple(
            Person(name=one.name, role="host" if one.host else "guest") for one in facts.speakers
        ),
        transcripts=transcripts,
        chapters=f"{at}/chapters.json" if facts.chapters else "",
        seconds=round(facts.seconds),
    )


def _common(studio: Studio, space: Listed) -> dict[str, Any]:
    about = space.reason if space.status in ON else ""
    told = f"<p>{html.escape(about)}</p>" if about else ""
    return {
        "title": space.title,
        "html": told + markup.html(space.description) or html.escape(space.title),
        "link": studio.share_url(space.id),
        "author": space.host,
        "image": shows.cover(studio, space.picture) if space.picture else "",
    }


def _at(studio: Studio, space: Listed) -> str:
    return f"{studio.settings.public_url('listen')}/live/{space.id}"


def _rfc2822(at_ms: int) -> str:
    return formatdate(at_ms // 1000, usegmt=True)


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
