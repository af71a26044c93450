"""The stem batch: the Opus packets that all seats sent within 100 ms, as the stage received them.

One append carries all seats, because one append per packet would cost a fifth of a core. Packets
are logged only while the space is live and their seat unmuted.
"""

from __future__ import annotations

from typing import Final

import msgspec

from hustings.errors import BadInput

BATCH_MS: Final = 100
WIRE_VERSION: Final = 1


class StemPacket(msgspec.Struct, frozen=True, array_like=True):
    """One RTP packet of a seat.

    `seat` is the seat's id, `join` counts its transports (RTP numbers start anew with each),
    `sequence` (16 bits) and `timestamp` (32 bits, 48 kHz) are RTP's own (RFC 3550 section 5.1),
    `sample` is the programme sample at which its sound enters the mix, as known when it arrived.
    """

    seat: str
    join: int
    sequence: int
    timestamp: int
    sample: int
    payload: bytes


class StemBatch(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What all seats sent within 100 ms. `number` counts the batches of one epoch."""

    version: int = WIRE_VERSION
    epoch: int
    number: int
    packets: tuple[StemPacket, ...]


def pack(batch: StemBatch) -> bytes:
    """The batch as it rests in the log."""
    return _encoder.encode(batch)


def unpack(data: bytes) -> StemBatch:
    """The batch in `data`; `BadInput` when it is not one."""
    try:
        batch = _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise BadInput("stem batch", expected="a MessagePack batch", got=str(error)) from error
    if batch.version != WIRE_VERSION:
        raise BadInput("stem batch", expected=f"version {WIRE_VERSION}", got=str(batch.version))
    return batch


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(StemBatch)
