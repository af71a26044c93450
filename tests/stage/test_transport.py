"""A transport with a real browser: Chromium speaks, hears, reports, and asks for what was lost."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from playwright.async_api import Page, async_playwright

from hustings import web
from hustings.stage.rtp import MediaPacket
from tests import tones
from tests.conftest import CHROMIUM
from tests.stage.peers import WAIT_S, Relay, Session, running, through, until

pytestmark = pytest.mark.browser

FLAGS = [
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--autoplay-policy=no-user-gesture-required",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NACK = (Path(web.__file__).parent / "static" / "nack.js").read_text()  # as the studio's page asks
PAGE = "<!doctype html><title>speaker</title><audio autoplay></audio>"
OFFER = """async (nack) => {
    const quiet = {echoCancellation: false, noiseSuppression: false, autoGainControl: false};
    const stream = await navigator.mediaDevices.getUserMedia({audio: quiet});
    const pc = window.pc = new RTCPeerConnection({iceServers: []});
    pc.ontrack = (e) => {
        document.querySelector("audio").srcObject = new MediaStream([e.track]);
    };
    pc.addTransceiver(stream.getTracks()[0], {direction: "sendrecv"});
    if (nack) await (await import("/nack.js")).offer(pc);
    else await pc.setLocalDescription();
    if (pc.iceGatheringState !== "complete") {
        await new Promise((done) => {
            pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && done();
        });
    }
    return pc.localDescription.sdp;
}"""
ANSWER = "(sdp) => window.pc.setRemoteDescription({type: 'answer', sdp})"
STATS = """async () => Object.fromEntries(
    [...(await window.pc.getStats()).values()].map((stat) => [stat.type, stat]))"""


@contextlib.asynccontextmanager
async def browser(folder: Path, sound: tones.Sound) -> AsyncIterator[Page]:
    """A page in a fresh Chromium whose microphone hears `sound`, again and again."""
    wav = tones.write_wav(folder / "microphone.wav", sound)
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            folder / "profile",
            executable_path=CHROMIUM,
            args=[*FLAGS, f"--use-file-for-fake-audio-capture={wav}"],
            ignore_default_args=["--mute-audio"],
        )
        page = await context.new_page()
        await page.route(
            "https://studio.test/", lambda r: r.fulfill(body=PAGE, content_type="text/html")
        )
        await page.route(
            "https://studio.test/nack.js",
            lambda r: r.fulfill(body=NACK, content_type="text/javascript"),
        )
        await page.goto("https://studio.test/")
        yield page
        await context.close()


async def stats(page: Page) -> dict[str, Any]:
    """The browser's statistics by type."""
    return dict(await page.evaluate(STATS))


def decoded(packets: list[MediaPacket]) -> tones.Sound:
    """The sound in Opus packets, through an independent decoder."""
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    frames = [frame for p in packets for frame in decoder.decode(av.Packet(p.payload))]
    mono = [f.to_ndarray().reshape(-1, len(f.layout.channels))[:, 0] for f in frames]
    sound: tones.Sound = np.concatenate(mono).astype(np.float32) / np.float32(32768)
    return sound


async def test_a_browser_speaks_and_hears(tmp_path: Path) -> None:
    async with browser(tmp_path, tones.tone(600, 5.0)) as page, running() as endpoint:
        session = Session(endpoint, await page.evaluate(OFFER, False))
        await page.evaluate(ANSWER, session.answer)
        await until(lambda: len(session.packets) > 100)
        assert session.states == ["connected"]

        sound = decoded(session.packets[-50:])
        assert tones.tone_level_dbfs(sound, 600) > -14
        assert tones.level_dbfs(sound) < -10
        # A sine of -12 dBFS amplitude has -15 dBov of power, as RFC 6464 counts.
        assert session.packets[-1].level in (14, 15, 16)

        async with asyncio.timeout(WAIT_S):
            heard = await stats(page)
            while heard["inbound-rtp"]["packetsReceived"] < 100 or (
                "remote-inbound-rtp" not in heard
            ):
                heard = await stats(page)
        assert heard["inbound-rtp"]["audioLevel"] > 0.2  # an amplitude of -12 dBFS is 0.25
        assert heard["remote-inbound-rtp"]["packetsLost"] == 0
        await until(lambda: session.transport.stats.rtt_ms is not None)

        await page.evaluate("window.pc.close()")
        await until(lambda: session.states[1:] == ["closed:bye"])


async def test_lost_packets_are_sent_again_both_ways(tmp_path: Path) -> None:
    dice = random.Random(3)

    def verdict(up: bool, index: int, datagram: bytes) -> list[bytes]:
        return [datagram] * (not (128 <= datagram[0] <= 191 and dice.random() < 0.1))

    async with browser(tmp_path, tones.tone(600, 5.0)) as page, running() as endpoint:
        session = Session(endpoint, await page.evaluate(OFFER, True))
        assert "a=rtcp-fb:111 nack" in session.answer
        async with Relay.before(endpoint.port, verdict) as (_, port):
            await page.evaluate(ANSWER, through(session.answer, port=endpoint.port, relay=port))
            await until(lambda: len(session.packets) > 200)
            seen = await stats(page)
            assert seen["outbound-rtp"]["retransmittedPacketsSent"] > 5  # we asked
            assert seen["inbound-rtp"]["nackCount"] > 0  # the browser asked
            assert session.transport.lossy
            first, last = session.packets[0].sequence, session.packets[-1].sequence
            sent = ((last - first) & 0xFFFF) + 1
            assert len({p.sequence for p in session.packets}) > 0.95 * sent
            received = seen["inbound-rtp"]["packetsReceived"]
            assert seen["inbound-rtp"]["packetsLost"] < 0.05 * received
            await page.evaluate("window.pc.close()")
