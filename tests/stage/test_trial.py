"""The round trip of a seat: what it measures, who hears it, and that nobody else does."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import numpy as np

from hustings import signal
from hustings.audio.level import peak_dbfs, rms_dbfs
from hustings.space import Role
from hustings.space import command as c
from hustings.stage.trial import TAIL_TICKS, TICKS, Frame, LineState, Trial, echo_db
from tests import tones
from tests.peers import Peer, until
from tests.stage.hall import Hall, StageProcess, hall
from tests.stage.peers import Relay, through
from tests.stage.sounding import opus_sound

__all__ = ["hall"]

ANN_HZ, BEN_HZ = 600, 1_000
ANN, BEN = tones.tone(ANN_HZ, 1.0), tones.tone(BEN_HZ, 1.0)
LOST_UP, LOST_DOWN = 10, 20  # every so manieth packet


def state(**changes: float) -> LineState:
    """A line that has lost nothing."""
    usual = {"received": 0, "lost": 0, "jitter_ms": 3.0, "rtt_ms": 40.0, "remote_highest": 0}
    usual |= {"remote_lost": 0, "concealed": 0, "depth_ms": 40.0}
    return LineState(**(usual | changes))  # type: ignore[arg-type]


def talk(seed: int, *, level_dbfs: float = -20.0, ticks: int = TICKS) -> Frame:
    """The levels of speech: syllables of 80 to 300 ms, pauses of 40 to 400 ms."""
    dice = np.random.default_rng(seed)
    levels: list[float] = []
    while len(levels) < ticks:
        levels += [level_dbfs + dice.uniform(-8, 0)] * int(dice.integers(4, 16))
        levels += [-62.0 + dice.uniform(-1, 1)] * int(dice.integers(2, 20))
    return np.array(levels[:ticks], np.float32)


def returned(said: Frame, *, lag: int, gain_db: float, room_dbfs: float = -60.0) -> Frame:
    """What a microphone sends when the room gives back what was said."""
    quiet = np.full(lag, room_dbfs, np.float32)
    back = np.concatenate((quiet, said + np.float32(gain_db), quiet, quiet))[: TICKS + TAIL_TICKS]
    filled = np.full(TICKS + TAIL_TICKS, room_dbfs, np.float32)
    filled[: len(back)] = back
    powers: Frame = 10 * np.log10(10 ** (filled / 10) + 10 ** (room_dbfs / 10))
    return powers.astype(np.float32)


def run(trial: Trial, sound: tones.Sound) -> tones.Sound:
    """The whole of a trial; what the seat hears of itself. It is silent while it listens."""
    out = []
    for frame in tones.frames(sound)[:TICKS]:
        assert trial.report.state == "recording"
        levels = {"level_dbfs": rms_dbfs(frame), "peak_dbfs": peak_dbfs(frame)}
        assert trial.tick(frame, **levels) is None
    while trial.running:
        frame_back = trial.tick(None, level_dbfs=-100.0, peak_dbfs=-100.0)
        if frame_back is not None:
            out.append(frame_back)
    return np.concatenate(out)


def test_what_came_in_is_played_back_and_forgotten() -> None:
    said = tones.timecode(4.0)
    trial = Trial(state)
    back = run(trial, said)
    assert len(back) == TICKS * 960
    inner = slice(960, -960)
    assert np.array_equal(back[inner], said[: len(back)][inner])
    assert back[0] == 0.0
    assert back[-1] == 0.0
    report = trial.report
    assert (report.state, report.left_ms) == ("done", 0)
    assert trial.tick(said[:960], level_dbfs=-10.0, peak_dbfs=-7.0) is None
    assert trial._sound.size == 0


def test_levels_are_those_of_speech_and_room() -> None:
    loud = tones.tone(600, 1.5, -20.0)
    noise = np.random.default_rng(1).standard_normal(72_000).astype(np.float32)
    quiet = noise * np.float32(10 ** (-60 / 20))
    trial = Trial(state)
    run(trial, np.concatenate((loud, quiet)))
    figures = trial.report.figures
    assert figures is not None
    assert abs(figures.speech_dbfs - -23.0) < 0.3  # the power of a sine is 3 dB below its peak
    assert abs(figures.floor_dbfs - -60.0) < 1.0
    assert abs(figures.peak_dbfs - -20.0) < 0.3
    assert figures.clipped == 0.0
    assert figures.buffer_ms == 40.0


def test_clipping_is_seen() -> None:
    trial = Trial(state)
    run(trial, np.clip(tones.tone(600, 3.0, 6.0), -1, 1))
    figures = trial.report.figures
    assert figures is not None
    assert 0.5 < figures.clipped < 0.8  # a sine of twice the scale is cut for two thirds of it


def test_the_line_is_measured_while_it_lasts() -> None:
    states = iter((state(received=1_000, lost=90, remote_highest=4_000, remote_lost=70),))
    now = state(received=1_135, lost=105, concealed=9, remote_highest=4_300, remote_lost=85)
    trial = Trial(lambda: next(states, now))
    run(trial, tones.silence(3.0))
    figures = trial.report.figures
    assert figures is not None
    assert (figures.loss_up, figures.loss_down, figures.concealed) == (0.1, 0.05, 0.06)
    assert (figures.rtt_ms, figures.jitter_ms) == (40.0, 3.0)


def test_a_line_that_brings_nothing_has_lost_all() -> None:
    trial = Trial(lambda: state(rtt_ms=None, remote_highest=None))  # type: ignore[arg-type]
    run(trial, tones.silence(3.0))
    figures = trial.report.figures
    assert figures is not None
    assert (figures.loss_up, figures.loss_down, figures.rtt_ms) == (1.0, None, None)
    assert figures.peak_dbfs == -100.0


def test_one_that_is_stopped_plays_no_more_and_tells_nothing() -> None:
    trial = Trial(state)
    for _ in range(TICKS + 10):
        trial.tick(ANN[:960], level_dbfs=-15.0, peak_dbfs=-12.0)
    assert trial.report.state == "playing"
    trial.stop()
    assert trial.tick(ANN[:960], level_dbfs=-15.0, peak_dbfs=-12.0) is None
    assert trial.report == signal.TrialReport(state="stopped")


def test_an_echo_is_known_by_its_ups_and_downs() -> None:
    for seed in range(30):
        said = talk(seed)
        found = echo_db(said, returned(said, lag=5 + seed, gain_db=-18.0))
        assert found is not None
        assert abs(found - -18.0) < 3.0


def test_what_is_no_echo_is_not_taken_for_one() -> None:
    for seed in range(60):
        said, other = talk(seed), talk(1_000 + seed, ticks=TICKS + TAIL_TICKS)
        assert echo_db(said, other) is None  # who goes on talking
        quiet = np.full(TICKS + TAIL_TICKS, -60.0, np.float32)
        assert echo_db(said, quiet) is None  # headphones
        assert echo_db(said, returned(said, lag=8, gain_db=-60.0)) is None  # below the room's noise
        even = np.full(TICKS, -15.0, np.float32)
        assert echo_db(even, returned(even, lag=8, gain_db=-10.0)) is None  # not to be told


class Loss:
    """A path that loses every so manieth packet of sound, in either direction, once it is told."""

    def __init__(self) -> None:
        self.on = False
        self._counts = {True: 0, False: 0}

    def verdict(self, up: bool, index: int, datagram: bytes) -> list[bytes]:
        media = 128 <= datagram[0] <= 191 and not 64 <= (datagram[1] & 0x7F) <= 95
        if not (media and self.on):
            return [datagram]
        self._counts[up] += 1
        return [] if self._counts[up] % (LOST_UP if up else LOST_DOWN) == 0 else [datagram]


@contextlib.asynccontextmanager
async def two(hall: Hall, stage: StageProcess, loss: Loss) -> AsyncIterator[tuple[Peer, Peer, str]]:
    """Ann on a path that may lose, Ben on a good one; and Ann's session."""
    sessions = []
    port = stage.context.settings.media_port
    async with Relay.before(port, loss.verdict) as (_, relay):

        async def exchange(sdp: str) -> str:
            answer = await hall.request("ann", sdp)
            sessions.append(answer.session)
            return through(answer.sdp, port=port, relay=relay)

        async with Peer(ANN, exchange) as ann, Peer(BEN, hall.exchange("ben")) as ben:
            await until(lambda: ben.connected and hears(ben, ANN_HZ) and hears(ann, BEN_HZ))
            yield ann, ben, sessions[0]


def hears(peer: Peer, hz: float, seconds: float = 0.3) -> bool:
    """Whether the peer has heard a tone just now."""
    return tones.tone_level_dbfs(peer.last(seconds), hz) > -30


async def trial(hall: Hall, session: str, act: str, *, seat: str = "ann") -> signal.Answer:
    """Ask as the gate does."""
    asked = signal.decode_trial(
        b'{"act":"%s","session":"%s","ticket":{"space":"%s","seat":"%s","name":"","role":"",'
        b'"scope":"speak","exp":0}}'
        % (act.encode(), session.encode(), hall.space.encode(), seat.encode())
    )
    return await hall.ask("trial", signal.encode(asked))


async def until_state(hall: Hall, session: str, wanted: str) -> signal.TrialReport:
    """Ask until it is so."""
    async with hall.patience():
        while True:
            report = (await trial(hall, session, "look")).trial
            if report is not None and report.state == wanted:
                return report


async def test_one_hears_oneself_over_a_poor_line_and_the_figures_say_how_poor(hall: Hall) -> None:
    stage = await hall.stage()
    await hall.scheduled("ann", "ben")
    loss = Loss()
    async with two(hall, stage, loss) as (ann, ben, session):
        assert (await trial(hall, session, "look")).code == "trial"
        assert (await trial(hall, "0" * 16, "start")).code == "session"
        assert (await trial(hall, session, "start", seat="ben")).code == "session"
        loss.on = True
        # The speaker's reports come once a second: the first one after the loss began.
        await until(lambda: len(ann.heard) > 150)
        begun = await trial(hall, session, "start")
        assert begun.status == 202
        assert begun.trial is not None
        assert begun.trial.state == "recording"
        assert (await trial(hall, session, "start")).trial is not None  # once more changes nothing
        await until(lambda: not hears(ben, ANN_HZ))
        mark = len(ben.sound)
        await until_state(hall, session, "playing")
        assert tones.tone_level_dbfs(ann.last(0.5), ANN_HZ) < -60
        await until(lambda: hears(ann, ANN_HZ, 1.0))
        assert hears(ann, BEN_HZ)  # the others go on meanwhile
        report = await until_state(hall, session, "done")
        await until(lambda: hears(ben, ANN_HZ))
        alone = tones.tone_presence(ben.sound[mark:], ANN_HZ)
        assert alone[0][0] > 6.0  # to others there was nothing, from the first word to the last
        figures = report.figures
        assert figures is not None
        assert abs(figures.loss_up - 1 / LOST_UP) < 0.015
        assert figures.loss_down is not None
        assert abs(figures.loss_down - 1 / LOST_DOWN) < 0.025
        assert 0 < figures.concealed < 0.2
        assert figures.rtt_ms is not None
        assert 0 <= figures.rtt_ms < 100
        # A sine's power is 3 dB below its peak, and aiortc spreads one channel over two: 3 dB more.
        assert abs(figures.speech_dbfs - -18.0) < 1.0


async def test_nothing_of_it_is_mixed_or_logged_and_going_on_air_ends_it(hall: Hall) -> None:
    stage = await hall.stage()
    await hall.scheduled("ann", "ben")
    await hall.doors()
    async with two(hall, stage, Loss()) as (_, ben, session):
        assert (await trial(hall, session, "start")).status == 202
        await hall.go_live()
        assert (await trial(hall, session, "look")).trial == signal.TrialReport(state="stopped")
        await until(lambda: hears(ben, ANN_HZ))
        on_air = await trial(hall, session, "start")
        assert (on_air.status, on_air.code) == (409, "on_air")
        await hall.decide(c.MuteSeat(by="ann", role=Role.HOST, seat="ann"))
        await until(lambda: not hears(ben, ANN_HZ))
        first, chunks = len(await hall.stems()), len(hall.chunks)
        assert (await trial(hall, session, "start")).status == 202
        await until_state(hall, session, "playing")
        assert not hears(ben, ANN_HZ, 2.0)
        await hall.decide(c.UnmuteSeat(by="ann", role=Role.SPEAKER, seat="ann"))
        await until_state(hall, session, "stopped")
        meanwhile = hall.chunks[chunks + 1 : -1]
        assert len(meanwhile) > 6
        assert tones.tone_level_dbfs(opus_sound(meanwhile), BEN_HZ) > -30
        assert tones.tone_level_dbfs(opus_sound(meanwhile[:-1]), ANN_HZ) < -60
        said = (await hall.stems())[first:]
        begins = said[0].sample
        assert not [p for p in said if p.seat == "ann" and p.sample < begins + 3 * 48_000]
