"""Hold sounds that hosts bring: what is taken, what is made of it, and who hears it."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import httpx
import numpy as np
import pytest

from hustings import limits
from hustings.formats import wav
from hustings.quota import Policy
from hustings.store import layout
from hustings.web.holding import sounds
from hustings.web.holding.making import container
from tests import tones
from tests.web.running import Running, is_problem, make_space

_AT = np.arange(round(3.17 * tones.RATE)) / tones.RATE
TONE: tones.Sound = (0.25 * np.sin(2 * np.pi * 440.3 * _AT)).astype(np.float32)


def sent(tmp_path: Path, kind: str, sound: tones.Sound = TONE) -> bytes:
    """A file of this kind, made by ffmpeg, in stereo where it is no WAV."""
    plain = tones.write_wav(tmp_path / "plain.wav", sound)
    if kind == "wav":
        return plain.read_bytes()
    made = tmp_path / f"made.{kind}"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-i", plain, "-ac", "2", "-ar", "44100", made],
        check=True,
        timeout=30,
    )
    return made.read_bytes()


def half_an_hour(tmp_path: Path) -> bytes:
    """A long MP3 in few bytes."""
    command = f"ffmpeg -v error -f lavfi -i sine=440 -t 1800 -ac 1 -b:a 32k {tmp_path}/long.mp3"
    subprocess.run(command.split(), check=True, timeout=60)
    return (tmp_path / "long.mp3").read_bytes()


async def send(client: httpx.AsyncClient, data: bytes) -> httpx.Response:
    return await client.post("/api/sounds", content=data, headers={"Content-Type": "audio/wav"})


def samples(file: bytes) -> tones.Sound:
    return np.frombuffer(wav.samples(file), "<i2").astype(np.float32) / np.float32(32768)


@pytest.mark.parametrize("kind", ["wav", "mp3", "m4a", "ogg", "flac"])
async def test_every_kind_becomes_a_loop(web: Running, tmp_path: Path, kind: str) -> None:
    async with web.host() as host:
        answer = await send(host, sent(tmp_path, kind))
        assert answer.status_code == 201, answer.text
        made = answer.json()
        file = (await host.get(made["url"])).content
        assert (web.folder / "store" / layout.sound(made["id"])).read_bytes() == file
        sound = samples(file)
        # Played twice it is one tone without a click, below speech.
        assert abs(tones.loudness_lufs(np.tile(sound, 3)) + 24) < 1
        seam = np.concatenate((sound[-4_800:], sound[:28_800]))
        levels = [tones.tone_level_dbfs(part, 440.3) for part in tones.frames(seam, 4_800)]
        assert max(levels) - min(levels) < 0.5
        bends = np.abs(np.diff(seam.astype(np.float64), n=2))
        assert bends.max() < 1.5 * bends[:2_000].max() + 4 / 32768


async def test_what_is_no_sound(web: Running, tmp_path: Path) -> None:
    playlist = b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n"
    video = b"RIFF\0\0\0\0AVI " + bytes(99)
    broken = sent(tmp_path, "flac")[:60]
    async with web.host() as host:
        for data in (b"", b"no sound", playlist, video, broken):
            assert "no sound" in is_problem(await send(host, data), 422, "sound")["detail"]
        quiet = sent(tmp_path, "wav", tones.silence(2.0))
        assert "nothing to be heard" in is_problem(await send(host, quiet), 422, "sound")["detail"]
        short = sent(tmp_path, "wav", tones.tone(600, 0.5))
        assert "long" in is_problem(await send(host, short), 422, "sound")["detail"]
        is_problem(await send(host, bytes(limits.SOUND_BYTES + 1)), 413, "too-large")
        is_problem(await host.get(f"/sounds/{'0' * 32}.wav"), 404, "not-found")


async def test_what_is_longer_than_it_says_is_not_decoded_to_its_end(
    web: Running, tmp_path: Path
) -> None:
    hours = half_an_hour(tmp_path)
    async with web.host() as host:
        assert "10 minutes" in is_problem(await send(host, hours), 422, "sound")["detail"]


def test_files_are_known_by_their_content() -> None:
    heads = {
        b"RIFF\x24\0\0\0WAVEfmt ": "wav", b"fLaC\0\0\0\x22": "flac", b"OggS\0\x02": "ogg",
        b"\0\0\0\x1cftypM4A \0\0": "mov", b"ID3\x04": "mp3", b"\xff\xfb\x90\x64": "mp3",
        b"#EXTM3U": "", b"ffconcat version 1.0": "", b"<?xml": "", b"": "", b"\xff\xff": "",
    }  # fmt: skip
    assert {head: container(head) for head in heads} == heads


async def test_a_host_chooses_it_on_the_page_and_goes_back(web: Running, tmp_path: Path) -> None:
    async with web.host() as host:
        made = await make_space(host)
        page, space = f"/s/{made['id']}/hold-sound", f"/api/spaces/{made['id']}"
        assert "/sounds/built-in.wav" in (await host.get(f"/s/{made['id']}/edit")).text
        assert len(samples((await host.get("/sounds/built-in.wav")).content)) == 460_800
        answer = await host.post(page, files={"sound_file": ("a.txt", b"no", "text/plain")})
        assert answer.status_code == 422
        assert "no sound that can be read" in answer.text
        file = io.BytesIO(sent(tmp_path, "mp3"))
        answer = await host.post(page, files={"sound_file": ("a.mp3", file, "audio/mpeg")})
        assert (answer.status_code, answer.headers["location"]) == (
            303, f"/s/{made['id']}/edit?done=sound#hold-sound",
        )  # fmt: skip
        sound = (await host.get(space)).json()["hold_sound"]
        address = f"/sounds/{sound}.wav"
        assert address in (await host.get(f"/s/{made['id']}/edit")).text
        part = await host.get(address, headers={"Range": "bytes=0-43"})
        assert (part.status_code, len(part.content)) == (206, 44)
        await host.post(page, data={"sound_remove": "on"})
        assert (await host.get(space)).json()["hold_sound"] == ""
        changed = await host.patch(space, json={"hold_sound": sound})
        assert changed.json()["hold_sound"] == sound
        is_problem(await host.patch(space, json={"hold_sound": "0" * 32}), 422, "sound")
        other = await make_space(host, hold_sound=sound, delay_s=7)
        assert (other["hold_sound"], other["delay_s"], other["delay_ms"]) == (sound, 7, 7_040)


async def test_the_delay_is_chosen_before_the_doors_open(web: Running) -> None:
    async with web.host() as host:
        made = await make_space(host, delay_s=2)
        space = f"/api/spaces/{made['id']}"
        assert (await host.patch(space, json={"delay_s": 12})).json()["delay_s"] == 12
        form = {"title": "The same", "delay_s": "20"}
        assert (await host.post(f"/s/{made['id']}/edit", data=form)).status_code == 303
        assert (await host.get(space)).json()["delay_s"] == 20
        assert (await host.patch(space, json={"delay_s": 31})).status_code == 422
        await host.post(f"{space}/doors")
        told = is_problem(await host.patch(space, json={"delay_s": 0}), 409, "status")
        assert "before the doors open" in told["detail"]
        del form["delay_s"]  # as the page sends it then
        assert (await host.post(f"/s/{made['id']}/edit", data=form)).status_code == 303
        assert (await host.get(space)).json()["delay_s"] == 20


async def test_an_account_sends_so_many_a_day(
    web: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Policy(name="sounds", count=2, window_s=86_400)
    monkeypatch.setattr(sounds, "EACH", few)
    async with web.host() as host:
        files = [sent(tmp_path, "wav", TONE * np.float32(loud)) for loud in (1.0, 1.5, 2.0)]
        answers = [await send(host, file) for file in files]
        assert [answer.status_code for answer in answers] == [201, 201, 429]
        is_problem(answers[-1], 429, "rate")
        assert int(answers[-1].headers["Retry-After"]) > 80_000
        assert (await send(host, files[0])).status_code == 201  # that one is kept already
        # However it is sent, and for whichever space.
        page = f"/s/{(await make_space(host))['id']}/hold-sound"
        form = {"sound_file": ("a.wav", io.BytesIO(files[2]), "audio/wav")}
        assert "hold sounds a day" in (await host.post(page, files=form)).text


async def test_who_would_wait_behind_many_is_asked_to_come_again(
    web: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SOUNDS_WAITING_COUNT", 0)
    async with web.host() as host:
        is_problem(await send(host, sent(tmp_path, "wav")), 503, "busy")
