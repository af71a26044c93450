"""Media playlists: the text, and that the judge of it can judge."""

from __future__ import annotations

from hustings.formats import playlist
from hustings.formats.playlist import Control, Part, Segment
from tests.formats.validator import broken_promises, parse, problems

CONTROL = Control(
    target_s=2, hold_back_ms=6_000, skip_until_ms=12_000, part_ms=320, part_hold_back_ms=1_000,
    blocks=True,
)  # fmt: skip


def _parts(first: int, count: int, *, gap: int = -1) -> list[Part]:
    return [Part(uri=f"aac/p{n}.m4s", ms=320, gap=n == gap) for n in range(first, first + count)]


def test_the_text_of_a_live_playlist() -> None:
    text = playlist.head(CONTROL, sequence=7, map_uri="aac/init.mp4")
    date = "2026-03-01T20:00:13.440Z"
    text += playlist.entry(Segment(uri="aac/7.m4s", ms=1_920, date=date, gap=True))
    text += playlist.entry(
        Segment(uri="aac/8.m4s", ms=1_920, breaks=True, parts=_parts(48, 6, gap=50))
    )
    text += playlist.parts(_parts(54, 1), date=date, hint="aac/p55.m4s")
    assert text == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:9\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,HOLD-BACK=6,"
        "PART-HOLD-BACK=1\n"
        "#EXT-X-PART-INF:PART-TARGET=0.32\n"
        "#EXT-X-MEDIA-SEQUENCE:7\n"
        '#EXT-X-MAP:URI="aac/init.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T20:00:13.440Z\n"
        "#EXT-X-GAP\n"
        "#EXTINF:1.92,\n"
        "aac/7.m4s\n"
        "#EXT-X-DISCONTINUITY\n"
        '#EXT-X-PART:DURATION=0.32,URI="aac/p48.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.32,URI="aac/p49.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.32,URI="aac/p50.m4s",GAP=YES\n'
        '#EXT-X-PART:DURATION=0.32,URI="aac/p51.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.32,URI="aac/p52.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.32,URI="aac/p53.m4s",INDEPENDENT=YES\n'
        "#EXTINF:1.92,\n"
        "aac/8.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T20:00:13.440Z\n"
        '#EXT-X-PART:DURATION=0.32,URI="aac/p54.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="aac/p55.m4s"\n'
    )
    assert problems(parse(text)) == []


def test_the_text_of_a_finished_playlist() -> None:
    head = playlist.head(Control(target_s=2), sequence=0, map_uri="i.mp4", kind="VOD")
    text = head + playlist.entry(Segment(uri="p3.m4s", ms=320)) + playlist.END
    assert text == (
        "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n"
        '#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI="i.mp4"\n'
        "#EXTINF:0.32,\np3.m4s\n#EXT-X-ENDLIST\n"
    )
    assert problems(parse(text)) == []


def test_seconds_are_short_and_exact() -> None:
    shown = [playlist.seconds(ms) for ms in (0, 1, 10, 320, 1_000, 1_920, 5_760, 12_000)]
    assert shown == ["0", "0.001", "0.01", "0.32", "1", "1.92", "5.76", "12"]


def _live(sequence: int, count: int, **changes: str) -> str:
    text = playlist.head(CONTROL, sequence=sequence, map_uri="aac/init.mp4")
    for k in range(sequence, sequence + count):
        text += playlist.entry(
            Segment(uri=f"aac/{k}.m4s", ms=1_920, date="", parts=_parts(6 * k, 6))
        )
    text += playlist.parts(_parts(6 * (sequence + count), 2), hint="aac/p.m4s")
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def test_the_judge_sees_what_is_wrong() -> None:
    good = _live(5, 4)
    assert problems(parse(good)) == []
    for old, new in (
        ("VERSION:9", "VERSION:5"),
        ("EXTINF:1.92", "EXTINF:2.6"),
        ("CAN-SKIP-UNTIL=12", "CAN-SKIP-UNTIL=11"),
        ("HOLD-BACK=6", "HOLD-BACK=5"),
        ("PART-HOLD-BACK=1", "PART-HOLD-BACK=0.9"),
        ("CAN-BLOCK-RELOAD=YES", "CAN-BLOCK-RELOAD=NO"),
        ("PART-TARGET=0.32", "PART-TARGET=0.3"),
        ("#EXT-X-PRELOAD-HINT", "#EXT-X-NOTHING"),
        ("#EXT-X-MAP", "#EXT-X-NOTHING"),
        (",INDEPENDENT=YES", ""),
        ('#EXT-X-PART:DURATION=0.32,URI="aac/p50.m4s",INDEPENDENT=YES\n', ""),
    ):
        assert problems(parse(good.replace(old, new))), f"{old} -> {new}"
    assert problems(parse(_live(5, 6))), "parts far from the end"


def test_the_judge_sees_broken_promises() -> None:
    old = parse(_live(5, 4))
    assert broken_promises(old, parse(_live(6, 4))) == []
    assert broken_promises(old, parse(_live(4, 5)))
    assert broken_promises(old, parse(_live(6, 4).replace("aac/7.m4s", "aac/x.m4s")))
    assert broken_promises(old, parse(_live(6, 4).replace('p55.m4s",IND', 'p55.m4s",GAP=YES,IND')))
