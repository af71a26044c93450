"""One seat's sound: from the packets of its transport to a frame for the mix, every 20 ms.

Real-time contract: `push` is called for each packet, `pull` in each tick; neither blocks, logs or
allocates without bound.

A frame goes through noise suppression (if wanted), the gate for the room's noise, the slow gain and
a limiter of its own. A seat closes when it is muted, and when nothing worth hearing has come for
half a second: then it can share the encoded mix of all who are silent, because that holds nothing
of its own voice. Closing fades over one frame, and so does opening, but for a word that begins in a
quiet room: there the gate opens just before it. What was said while muted is not heard after
unmuting, whether it lies in the jitter buffer by then or is still on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.audio.denoise import Denoiser
from hustings.audio.denoise import library as denoising
from hustings.audio.expander import Expander
from hustings.audio.gain import SpeakerGain
from hustings.audio.level import SILENCE_DBFS, VoiceActivity, peak_dbfs, rms_dbfs
from hustings.audio.limiter import VOICE_CEILING_DBFS, Limiter
from hustings.chunk import PROGRAMME_DELAY_SAMPLES
from hustings.clock import TICK_MS, TICK_SAMPLES
from hustings.stage.jitter import JitterBuffer
from hustings.stage.jitter_stats import JitterStats
from hustings.stage.rtp import MediaPacket
from hustings.stage.transport import TransportStats
from hustings.stage.trial import LineState, Trial
from hustings.stem import StemPacket

Frame = NDArray[np.float32]

QUIET_TICKS: Final = 25  # 0.5 s
QUIET_DBFS: Final = -55.0  # below a whisper and above a quiet room's noise
FADE_IN: Final = np.linspace(0.0, 1.0, TICK_SAMPLES, dtype=np.float32)
FADE_OUT: Final = FADE_IN[::-1].copy()


class Seat:
    """The sound of one seat. It survives reconnects; each transport is a new `join`.

    After `pull`: `raw` is the frame as it came, with `level_dbfs` and `peak_dbfs`; `speaking` is
    the voice activity's word, `pause_ticks` how long ago it last heard speech; `open` says whether
    the last frame went into the mix, `played` is what the seat alone is to hear of itself. While it
    is in a trial nobody else hears it.
    """

    def __init__(self, name: str) -> None:
        self.id = name
        self.join = 0
        self.muted = False
        self.level_dbfs = SILENCE_DBFS
        self.peak_dbfs = SILENCE_DBFS
        self.speaking = False
        self.pause_ticks = 0
        self.raw: Frame | None = None
        self.open = False
        self.closed_ticks = QUIET_TICKS  # ticks since a frame of this seat went into the mix
        self.played: Frame | None = None
        self._trial: Trial | None = None
        self.stats = JitterStats()  # of all its transports
        self._jitter = JitterBuffer(stats=self.stats)
        self._denoiser: Denoiser | None = None
        self._denoise = False  # whether it is wanted
        self._gate = Expander()
        self._gain = SpeakerGain()
        self._limiter = Limiter(ceiling_dbfs=VOICE_CEILING_DBFS)
        self._voice = VoiceActivity()
        self._abrupt = True  # the next frame may begin in mid-word
        self._quiet_ticks = QUIET_TICKS
        self._last = 0.0
        self._voice_dbfs = SILENCE_DBFS  # without its noise

    def connect(self, *, join: int) -> None:
        """A new transport begins: RTP numbers start anew."""
        self.join = join
        self._trial = None
        self._jitter = JitterBuffer(stats=self.stats)

    def disconnect(self) -> None:
        """The transport is gone: what it still held is not played."""
        self._trial = self.played = None
        self._jitter = JitterBuffer(stats=self.stats)

    def mute(self, muted: bool, *, now_ns: int) -> None:
        """Take the seat off air, or let it on again. `now_ns` is on the clock of the packets."""
        if self.muted and not muted:
            self.mark(now_ns)
            self.play_from_mark()
        self.muted = muted

    def denoise(self, on: bool) -> None:
        """Suppress the noise behind the voice, or let it be. Nothing where the library is absent;
        the stems stay as they came."""
        self._denoise = on and denoising() is not None

    def mark(self, now_ns: int) -> None:
        """What has been said until now is not to be logged; it may still be played."""
        self._jitter.mark(now_ns)

    def play_from_mark(self) -> None:
        """What was said before the mark is not played any more."""
        self._jitter.play_from_mark()

    @property
    def trial(self) -> Trial | None:
        """The round trip of this transport, if there was one."""
        return self._trial

    @property
    def testing(self) -> bool:
        """Whether a round trip is on: nobody else hears the seat, and nothing of it is logged."""
        return self._trial is not None and self._trial.running

    def test(self, line: Callable[[], TransportStats]) -> Trial:
        """Begin a round trip on the transport whose statistics `line` gives."""
        jitter = self._jitter

        def state() -> LineState:
            now = line()
            return LineState(
                received=now.packets_received,
                lost=now.packets_lost,
                jitter_ms=now.jitter_ms,
                rtt_ms=now.rtt_ms,
                remote_highest=now.remote_highest,
                remote_lost=now.remote_lost,
                concealed=jitter.stats.concealed,
                depth_ms=jitter.depth_ms,
            )

        self._trial = Trial(state)
        return self._trial

    @property
    def depth_ms(self) -> float:
        """The sound held back against jitter now."""
        return self._jitter.depth_ms

    @property
    def target_ms(self) -> float:
        """The sound that should be held back."""
        return self._jitter.target_ms

    @property
    def depth_ticks(self) -> int:
        """How many ticks a packet that comes in now waits for its turn, rounded up."""
        return -int(-self._jitter.wait_ms // TICK_MS)

    @property
    def buffer_ms(self) -> float:
        """What the jitter buffer means to hold back."""
        return self._jitter.target_ms

    def push(self, packet: MediaPacket) -> int | None:
        """A packet came in. Returns in how many ticks it enters the mix, as far as is known now.

        None: it is of no use, or was said before the mark.
        """
        ahead = self.depth_ticks
        fresh = self._jitter.push(
            sequence=packet.sequence,
            timestamp=packet.timestamp,
            payload=packet.payload,
            now_ns=packet.arrived_ns,
        )
        return ahead if fresh else None

    def stem(self, packet: MediaPacket, *, enters: int) -> StemPacket:
        """The packet as it is logged, when it enters the mix in slot `enters`."""
        return StemPacket(
            self.id,
            self.join,
            packet.sequence,
            packet.timestamp,
            enters * TICK_SAMPLES + PROGRAMME_DELAY_SAMPLES,
            packet.payload,
        )

    def pull(self) -> Frame | None:
        """This tick's frame for the mix, or None when the seat adds nothing."""
        self.raw = raw = self._jitter.pull()
        frame = self._listen(raw)
        testing = self._try(raw)
        heard = raw is not None and self._quiet_ticks < QUIET_TICKS
        wanted = heard and not (self.muted or testing)
        was_open, self.open = self.open, wanted
        if not (wanted or was_open):
            self.closed_ticks += 1
            self._abrupt = raw is None or self.muted
            self._gate.close()
            return None
        self.closed_ticks = 0
        if frame is None:
            # The sound broke off: lead its last sample to zero instead of clicking.
            return np.float32(self._last) * FADE_OUT
        frame = self._gain.process(
            frame, level_dbfs=self._voice_dbfs, speaking=self.speaking and not self.muted
        )
        frame = self._limiter.process(frame)
        if not wanted:
            frame = frame * FADE_OUT
        elif not was_open and self._abrupt:
            frame = frame * FADE_IN
        self._last = float(frame[-1])
        return frame

    def _try(self, raw: Frame | None) -> bool:
        """Whether a round trip takes the frame."""
        self.played = None
        if self._trial is None or not self._trial.running:
            return False
        self.speaking = False  # whatever is said in a test is nobody's turn
        self.played = self._trial.tick(raw, level_dbfs=self.level_dbfs, peak_dbfs=self.peak_dbfs)
        return True

    def _listen(self, raw: Frame | None) -> Frame | None:
        """Measure the frame as it came, and take its noise down. Muted seats are measured too: the
        host is told who speaks into a muted seat."""
        if raw is None:
            self.level_dbfs = self.peak_dbfs = SILENCE_DBFS
            self.speaking = self._voice.update(SILENCE_DBFS)
            self.pause_ticks = self._voice.pause_frames
            self._quiet_ticks += 1
            return None
        self.level_dbfs = level_dbfs = rms_dbfs(raw)
        self.peak_dbfs = peak_dbfs(raw)
        clean = raw
        if self._denoise or self._denoiser is not None:
            clean = self._clean(raw)
            level_dbfs = rms_dbfs(clean)
        self._voice_dbfs = level_dbfs
        self.speaking = self._voice.update(level_dbfs)
        self.pause_ticks = self._voice.pause_frames
        idle = self._quiet_ticks >= QUIET_TICKS and not (self.open or self.speaking)
        if idle and level_dbfs <= QUIET_DBFS:
            self._gate.rest(clean, level_dbfs=level_dbfs)
            self._quiet_ticks += 1
            return None
        frame = self._gate.process(clean, level_dbfs=level_dbfs)
        heard = self.speaking or (level_dbfs > QUIET_DBFS and not self._gate.shut)
        self._quiet_ticks = 0 if heard else self._quiet_ticks + 1
        return frame

    def _clean(self, raw: Frame) -> Frame:
        """The frame without noise; beginning and ending it crossfade with what came."""
        if self._denoiser is None:
            self._denoiser = Denoiser()
            return raw * FADE_OUT + self._denoiser.process(raw) * FADE_IN
        clean = self._denoiser.process(raw)
        if self._denoise:
            return clean
        self._denoiser = None
        return clean * FADE_OUT + raw * FADE_IN
