"""SDP: real offers are understood, answers fit them, everything else is refused with a reason."""

from __future__ import annotations

import dataclasses
import re

import pytest
from aiortc import RTCPeerConnection
from hypothesis import example, given
from hypothesis import strategies as st

from hustings import limits
from hustings.errors import BadInput
from hustings.stage import sdp
from hustings.stage.candidate import Candidate
from hustings.stage.sdp import Fingerprint, Refused
from tests.stage.peers import Tone, unhurried

DIGEST = ":".join(f"{byte:02X}" for byte in range(32))
# What Chromium 156 offers for a microphone, shortened by codecs and candidates.
CHROMIUM = f"""v=0
o=- 5382723932417143807 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS
m=audio 41096 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 127.0.0.1
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1851018257 1 udp 2122194687 127.0.0.1 41096 typ host generation 0 network-id 3
a=ice-ufrag:u19c
a=ice-pwd:G6CWnAR9KxCAvdNBdLqMnsvw
a=ice-options:trickle
a=fingerprint:sha-256 {DIGEST}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=sendrecv
a=msid:- a5a8f047-b121-46bb-9b88-34ae375d452c
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=rtpmap:126 telephone-event/8000
a=ssrc:705837322 cname:cYYRF8ZkaWN4joSe
""".replace("\n", "\r\n")
VIDEO = f"""m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:1
a=rtcp-mux
a=ice-ufrag:u19c
a=ice-pwd:G6CWnAR9KxCAvdNBdLqMnsvw
a=fingerprint:sha-256 {DIGEST}
a=setup:actpass
a=rtpmap:96 VP8/90000
""".replace("\n", "\r\n")
OURS = Fingerprint("sha-256", bytes(32))


def answer(offer: sdp.Offer, *candidates: tuple[str, int]) -> str:
    """An answer with made-up credentials."""
    return sdp.answer(
        offer,
        ufrag="ours",
        pwd="our-password-of-22-chars",
        fingerprint=OURS,
        candidates=[Candidate(*one) for one in candidates or [("192.0.2.7", 8100)]],
        ssrc=77,
        session=5,
    )


def test_the_offer_of_a_browser() -> None:
    offer = sdp.parse(CHROMIUM)
    assert offer == sdp.Offer(
        mid="0",
        opus=111,
        fingerprints=(Fingerprint("sha-256", bytes(range(32))),),
        ufrag="u19c",
        pwd="G6CWnAR9KxCAvdNBdLqMnsvw",
        setup="actpass",
        direction="sendrecv",
        level_id=1,
        nack=False,
        bundled=True,
        has_candidates=True,
        sections=(None,),
    )
    assert not offer.active
    assert offer.hears


async def test_the_offer_of_another_client() -> None:
    connection = RTCPeerConnection()
    connection.addTrack(Tone(600))
    offer = sdp.parse((await connection.createOffer()).sdp)
    assert {f.algorithm for f in offer.fingerprints} == {"sha-256", "sha-384", "sha-512"}
    assert offer.level_id is not None
    await connection.close()


def test_stereo_sources_are_taken_and_told_that_one_channel_is_enough() -> None:
    stereo = "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1"
    offer = sdp.parse(CHROMIUM.replace("minptime=10;useinbandfec=1", stereo))
    assert offer.opus == 111
    assert "stereo=0" in answer(offer)


def test_the_answer() -> None:
    lines = answer(sdp.parse(CHROMIUM), ("192.0.2.7", 8100), ("2001:db8::7", 8100)).split("\r\n")
    assert lines[-1] == ""
    assert "a=ice-lite" in lines[: lines.index("m=audio 8100 UDP/TLS/RTP/SAVPF 111")]
    assert "a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=40000;stereo=0" in lines
    assert "a=setup:passive" in lines
    assert "a=sendrecv" in lines
    assert "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level" in lines
    assert "a=rtcp-fb:111 nack" not in lines
    assert "a=candidate:0 1 udp 2130706431 192.0.2.7 8100 typ host" in lines
    assert "a=candidate:1 1 udp 2130706175 2001:db8::7 8100 typ host" in lines
    assert "a=fingerprint:sha-256 " + ":".join(["00"] * 32) in lines


@pytest.mark.parametrize(
    ("offered", "answered"),
    [("sendrecv", "sendrecv"), ("sendonly", "recvonly"), ("recvonly", "sendonly")],
)
def test_directions_are_mirrored(offered: str, answered: str) -> None:
    offer = sdp.parse(CHROMIUM.replace("a=sendrecv", f"a={offered}"))
    assert f"a={answered}\r\n" in answer(offer)
    assert ("a=msid:" in answer(offer)) is (offered != "sendonly")


def test_no_direction_means_both() -> None:
    assert sdp.parse(CHROMIUM.replace("a=sendrecv\r\n", "")).direction == "sendrecv"


def test_the_active_role_is_taken_when_the_speaker_waits() -> None:
    offer = sdp.parse(CHROMIUM.replace("actpass", "passive"))
    assert offer.active
    assert "a=setup:active\r\n" in answer(offer)


def test_lost_packets_may_be_asked_for_again_if_that_is_offered() -> None:
    offer = sdp.parse(CHROMIUM.replace("transport-cc\r\n", "nack\r\n"))
    assert offer.nack
    assert "a=rtcp-fb:111 nack\r\n" in answer(offer)


def test_attributes_of_the_session_count_for_the_section() -> None:
    moved = re.findall(r"a=(?:fingerprint|ice-ufrag|ice-pwd|setup):.*\r\n", CHROMIUM)
    text = CHROMIUM
    for line in moved:
        text = text.replace(line, "")
    text = text.replace("t=0 0\r\n", "t=0 0\r\n" + "".join(moved))
    assert sdp.parse(text) == sdp.parse(CHROMIUM)


def test_other_sections_are_refused_in_place() -> None:
    head, audio = CHROMIUM.split("m=audio", 1)
    offer = sdp.parse(head + VIDEO + "m=audio" + audio)
    assert offer.sections == (Refused("video", "UDP/TLS/RTP/SAVPF", "96", "1"), None)
    text = answer(offer)
    assert re.findall(r"m=(\S+ \d+)", text) == ["video 0", "audio 8100"]
    assert "a=group:BUNDLE 0\r\n" in text


def test_the_strict_profile_and_old_line_ends_pass() -> None:
    text = CHROMIUM.replace("SAVPF", "SAVP").replace("\r\n", "\n")
    assert sdp.parse(text) == sdp.parse(CHROMIUM)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("m=audio", "m=video", "opus/48000/2"),
        ("opus/48000/2", "opus/48000", "opus/48000/2"),
        ("opus/48000/2", "speex/8000", "opus/48000/2"),
        ("UDP/TLS/RTP/SAVPF", "RTP/AVP", "opus/48000/2"),
        ("SAVPF 111 ", "SAVPF ", "opus/48000/2"),
        ("111", "72", "opus/48000/2"),
        (f"a=fingerprint:sha-256 {DIGEST}\r\n", "", "a=fingerprint"),
        ("sha-256", "md5", "sha-256, sha-384 or sha-512"),
        (DIGEST, "00:11", "32 bytes of sha-256"),
        (DIGEST, "zz", "hexadecimal"),
        ("a=setup:actpass\r\n", "", "a=setup"),
        ("a=setup:actpass", "a=setup:holdconn", "a=setup"),
        ("a=rtcp-mux\r\n", "", "a=rtcp-mux"),
        ("a=ice-ufrag:u19c\r\n", "", "a=ice-ufrag"),
        ("a=ice-ufrag:u19c", "a=ice-ufrag:u1", "a=ice-ufrag"),
        ("a=ice-pwd:G6CWnAR9KxCAvdNBdLqMnsvw", "a=ice-pwd:short", "a=ice-pwd"),
        ("a=sendrecv", "a=inactive", "sendrecv, sendonly or recvonly"),
        ("a=mid:0", "a=mid:0\ra=candidate", "a=mid"),
        ("v=0\r\n", "v=1\r\n", "v=0"),
        ("111 63 9 0 8 13 110 126", "", "m=<kind>"),
    ],
)
def test_what_cannot_be_used_is_named(old: str, new: str, expected: str) -> None:
    assert old in CHROMIUM
    with pytest.raises(BadInput, match=re.escape(expected)):
        sdp.parse(CHROMIUM.replace(old, new))


def test_offers_are_bounded() -> None:
    with pytest.raises(BadInput, match="bytes"):
        sdp.parse(CHROMIUM + "a=x\r\n" * limits.SDP_BYTES)
    with pytest.raises(BadInput, match="media sections"):
        sdp.parse(CHROMIUM + VIDEO * limits.SDP_SECTIONS_COUNT)


def test_an_extension_that_is_not_sent_to_us_is_not_answered() -> None:
    for text in (
        CHROMIUM.replace("extmap:1 ", "extmap:1/recvonly "),
        CHROMIUM.replace("extmap:1 ", "extmap:15 "),
    ):
        assert sdp.parse(text).level_id is None


@unhurried
@given(st.text())
@example("v=0\nm=audio 9 UDP/TLS/RTP/SAVPF \u0661\na=rtpmap:\u0661 opus/48000/2")
def test_any_text_is_an_offer_or_bad_input(text: str) -> None:
    for given_text in (text, "v=0\r\n" + text, CHROMIUM + text):
        try:
            offer = sdp.parse(given_text)
        except BadInput:
            continue
        assert answer(offer)


@unhurried
@given(st.data())
def test_changed_offers_are_offers_or_bad_input(data: st.DataObject) -> None:
    lines = (CHROMIUM + VIDEO).split("\r\n")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "repeat", "cut", "swap", "insert"])):
            case "drop":
                del lines[at]
            case "repeat":
                lines.insert(at, lines[at])
            case "cut":
                lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
            case "swap":
                lines[at], lines[-1] = lines[-1], lines[at]
            case _:
                place = data.draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:place] + data.draw(st.text(max_size=9)) + lines[at][place:]
        if not lines:
            break
    try:
        offer = sdp.parse("\r\n".join(lines))
    except BadInput:
        return
    text = answer(offer)
    # Nothing that was offered can smuggle a line into the answer.
    assert all(re.match(r"[vostcma]=", line) for line in text.split("\r\n")[:-1])
    assert text.isascii()
    assert text.count("a=candidate:") == 1


def test_offers_are_values() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        sdp.parse(CHROMIUM).opus = 1  # type: ignore[misc]
