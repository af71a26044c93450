"""Players that are not ours hear the programme, at every address made for them.

Each records some seconds of a live space in which the time code is spoken; what it recorded is read
slot by slot. ffmpeg plays in every run; VLC and mpv, whose packages weigh more than the rest, in
`make proof`.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from hustings.clock import SAMPLE_RATE
from hustings.drills import timecode
from hustings.drills.measure import Sound
from tests.journey import broken
from tests.journey.people import Night, night

ADDRESSES = ("push?codec=opus", "push?codec=aac", "listen.aac", "listen.ogg", "index.m3u8")
PLAYED_S = 6.0
START_S = 3.0  # a player's own, and what it gathers before it plays
WITHIN_S = 40.0
UNPRIVILEGED = "nobody"  # VLC does not run as root


def ffmpeg(url: str, wav: Path) -> list[str]:
    return [
        *("ffmpeg", "-nostdin", "-loglevel", "error", "-i", url),
        *("-t", str(PLAYED_S), "-ac", "1", "-ar", str(SAMPLE_RATE), "-y", str(wav)),
    ]


def vlc(url: str, wav: Path) -> list[str]:
    encoding = f"acodec=s16l,channels=1,samplerate={SAMPLE_RATE}"
    return [
        *("cvlc", "--intf=dummy", "--no-video", url),
        f"--sout=#transcode{{{encoding}}}:std{{access=file,mux=wav,dst={wav}}}",
    ]


def mpv(url: str, wav: Path) -> list[str]:
    return [
        *("mpv", "--no-config", "--no-video", "--really-quiet"),
        *("--ao=pcm", f"--ao-pcm-file={wav}", "--audio-channels=mono", url),
    ]


PLAYERS = {"ffmpeg": ffmpeg, "cvlc": vlc, "mpv": mpv}


def recorded(wav: Path) -> Sound:
    """What a player wrote: mono, 48 kHz."""
    with av.open(str(wav)) as container:
        resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE)
        frames = [
            one.to_ndarray().reshape(-1)
            for frame in container.decode(audio=0)
            for one in resampler.resample(frame)
        ]
    return np.concatenate(frames).astype(np.float32)


async def plays(player: str, url: str, wav: Path) -> None:
    """Have a player record an address, and read the time code in what it recorded.

    VLC and mpv count a limit on what they play from programme time, so they are told when to stop.
    """
    child = await asyncio.create_subprocess_exec(
        *PLAYERS[player](url, wav),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        user=UNPRIVILEGED if player == "cvlc" and os.geteuid() == 0 else None,
        cwd=wav.parent,
        env={**os.environ, "HOME": str(wav.parent)},
    )
    try:
        reading = asyncio.create_task(child.communicate())
        if player != "ffmpeg":
            await asyncio.wait((reading,), timeout=PLAYED_S + START_S)
            assert not reading.done(), (player, url, reading.result())
            child.terminate()
        async with asyncio.timeout(WITHIN_S):
            _, errors = await reading
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    what = f"{player} {url}: {errors.decode(errors='replace')[-500:]}"
    assert wav.exists(), what
    sound = recorded(wav)
    assert len(sound) / SAMPLE_RATE > PLAYED_S - 2, what
    # One speaker says the code after the other: where they change, a slot may be lost.
    slots = timecode.read(sound)
    assert len(slots) > 10 * (PLAYED_S - 3), what
    assert sum(broken.seconds_missing(sound)) <= 0.3, what


async def record_all(now: Night, folder: Path, player: str) -> None:
    if not shutil.which(player):
        pytest.skip(f"{player} is not installed")
    place = folder / "heard"
    place.mkdir()
    if os.geteuid() == 0:
        os.chown(place, pwd.getpwnam(UNPRIVILEGED).pw_uid, -1)
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(parent.stat().st_mode | 0o055)
    base = f"{now.installation.listen_url}/live/{now.space}/"
    async with asyncio.TaskGroup() as group:
        for index, address in enumerate(ADDRESSES):
            group.create_task(plays(player, base + address, place / f"{index}.wav"))


async def test_ffmpeg_plays_every_address(tmp_path: Path) -> None:
    async with night(tmp_path / "data") as now:
        await record_all(now, tmp_path, "ffmpeg")


@pytest.mark.proof
@pytest.mark.parametrize("player", ["cvlc", "mpv"])
async def test_other_players_play_every_address(tmp_path: Path, player: str) -> None:
    async with night(tmp_path / "data") as now:
        await record_all(now, tmp_path, player)


def test_what_is_broken_is_heard(tmp_path: Path) -> None:
    """The reading itself: half a second that is cut out of a recording is found."""
    whole = timecode.samples(start=0, count=4 * SAMPLE_RATE)
    cut = np.concatenate([whole[: 2 * SAMPLE_RATE], whole[round(2.5 * SAMPLE_RATE) :]])
    assert sum(broken.seconds_missing(whole)) == 0
    assert sum(broken.seconds_missing(cut)) == pytest.approx(0.5, abs=0.11)
