"""Subtitles fit to be read; a browser takes them."""

from __future__ import annotations

import random
import re
from typing import Any, Final

import pytest
from playwright.async_api import async_playwright

from hustings.formats import webvtt
from hustings.formats.transcript import Cue, Transcript
from tests.conftest import CHROMIUM

TIME: Final = r"(\d\d):(\d\d):(\d\d)\.(\d\d\d)"


def _cue(number: int, text: str, *, at: int, each: int = 300, seat: str = "a") -> Cue:
    words = tuple((at + i * each, at + (i + 1) * each, w) for i, w in enumerate(text.split()))
    end = words[-1][1] if words else at
    return Cue(id=f"c{number}", at_ms=at, end_ms=end, seat=seat, text=text, words=words)


def _made(*cues: Cue, seats: dict[str, str] | None = None) -> str:
    return webvtt.write(Transcript(seats=seats or {"a": "Ada"}, cues=cues))


def _parsed(vtt: str) -> list[tuple[str, int, int, str, list[str]]]:
    """Identifier, begin and end in ms, speaker, lines."""
    head, *blocks = vtt.rstrip("\n").split("\n\n")
    assert head == "WEBVTT"
    out = []
    for block in blocks:
        name, time, *lines = block.split("\n")
        found = re.fullmatch(f"{TIME} --> {TIME}", time)
        assert found, time
        h, m, s, ms, h2, m2, s2, ms2 = map(int, found.groups())
        voice = re.match(r"<v ([^>]*)>", lines[0])
        assert voice
        lines[0] = lines[0][voice.end() :]
        begin, end = ((h * 60 + m) * 60 + s) * 1000 + ms, ((h2 * 60 + m2) * 60 + s2) * 1000 + ms2
        out.append((name, begin, end, voice[1], lines))
    return out


def test_short_sentences_stand_long_enough() -> None:
    made = _parsed(_made(_cue(1, "Good evening everybody.", at=0), _cue(2, "Welcome.", at=5_000)))
    assert [(n, b, e, v, ls) for n, b, e, v, ls in made] == [
        ("c1", 0, 1_352, "Ada", ["Good evening everybody."]),
        ("c2", 5_000, 6_000, "Ada", ["Welcome."]),
    ]


def test_a_sentence_too_short_to_stand_alone_goes_with_the_next() -> None:
    made = _parsed(_made(_cue(1, "Yes.", at=0), _cue(2, "I think so.", at=350)))
    assert [ls for *_, ls in made] == [["Yes. I think so."]]


def test_a_pause_ends_a_subtitle() -> None:
    words = ((0, 400, "Well,"), (2_000, 2_400, "then."))
    made = _parsed(
        _made(Cue(id="c1", at_ms=0, end_ms=2_400, seat="a", text="Well, then.", words=words))
    )
    assert [(n, ls) for n, *_, ls in made] == [("c1", ["Well,"]), ("c1.2", ["then."])]


def test_thirty_evenings_keep_to_the_measures() -> None:
    dice = random.Random(6)
    for _ in range(30):
        cues, at = [], 0
        for number in range(12):
            text = " ".join(
                "x" * dice.randint(1, 12) + dice.choice(["", "", "", ","])
                for _ in range(dice.randint(1, 40))
            )
            cue = _cue(number, text + ".", at=at, each=dice.randint(80, 700))
            cues.append(cue)
            at = cue.end_ms + dice.choice([0, 100, 900, 3_000])
        made = _parsed(_made(*cues))
        assert " ".join(" ".join(ls) for *_, ls in made).split() == [
            w for c in cues for w in c.text.split()
        ], "no word is lost"
        for i, (_, begin, end, _, lines) in enumerate(made):
            assert len(lines) <= 2
            assert all(0 < len(line) <= 42 for line in lines)
            last = made[i + 1][1] if i + 1 < len(made) else None
            assert begin < end <= begin + 7_700, "a word that begins within 7 s is finished"
            if last is not None:
                assert end <= last
            if last is None or last - begin >= 7_000:
                size = len(" ".join(lines))
                assert end - begin >= min(7_000, max(1_000, size * 1000 // 17)) - 1


def test_text_that_was_put_right_is_spread_over_its_time() -> None:
    cue = Cue(
        id="c1", at_ms=1_000, end_ms=9_000, seat="a",
        text="It was never what they had said of it, and nobody has ever asked her why she left.",
        words=((1_000, 2_000, "Wrong"), (2_000, 9_000, "words")),
    )  # fmt: skip
    made = _parsed(_made(cue))
    assert " ".join(" ".join(ls) for *_, ls in made) == cue.text
    assert made[0][1] == 1_000
    assert 4_000 < made[1][1] < 8_000


def test_marks_in_text_and_names_stay_text() -> None:
    cue = _cue(1, "a < b && c --> d", at=0)
    vtt = _made(cue, seats={"a": "A <b> &\nC"})
    assert "<v A &lt;b&gt; &amp; C>a &lt; b &amp;&amp; c --&gt; d\n" in vtt


def test_wide_characters_and_endless_words() -> None:
    chinese = "今天我们谈论档案馆以及它保存的内容还有其他许多许多事情因为这是一个很长的句子" * 2
    made = _parsed(
        _made(_cue(1, chinese, at=0), _cue(2, "https://example.org/" + "a" * 90, at=9_000))
    )
    for *_, lines in made:
        assert all(webvtt.width(line) <= 42 for line in lines)
    whole = "".join("".join(ls) for n, *_, ls in made if n.startswith("c1"))
    assert whole == chinese


def test_nothing_said() -> None:
    assert webvtt.write(Transcript()) == "WEBVTT\n"
    assert _made(Cue(id="c1", at_ms=0, end_ms=1, seat="a", text=" ")) == "WEBVTT\n"


@pytest.mark.browser
async def test_chromium_reads_them() -> None:
    vtt = _made(
        _cue(1, "Tom & Jerry <3 each other, and so on until the second line of it.", at=0),
        _cue(2, "Yes!", at=3_600_000, seat="b"),
        seats={"a": "Ada <1>", "b": "Bo"},
    )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page()
        cues: list[dict[str, Any]] = await page.evaluate(
            """(vtt) => new Promise((done, fail) => {
                const track = document.createElement("track");
                track.src = URL.createObjectURL(new Blob([vtt], { type: "text/vtt" }));
                track.addEventListener("error", fail);
                track.addEventListener("load", () => done(Array.from(track.track.cues, (c) => ({
                    id: c.id, at: c.startTime, end: c.endTime,
                    shown: c.getCueAsHTML().textContent,
                    voice: c.getCueAsHTML().firstChild.title,
                }))));
                const video = document.createElement("video");
                video.append(track);
                document.body.append(video);
                track.track.mode = "hidden";
            })""",
            vtt,
        )
        await browser.close()
    assert [(c["id"], c["voice"]) for c in cues] == [("c1", "Ada <1>"), ("c2", "Bo")]
    shown = " ".join(cues[0]["shown"].split())
    assert shown == "Tom & Jerry <3 each other, and so on until the second line of it."
    assert (cues[1]["at"], cues[1]["shown"]) == (3_600.0, "Yes!")
