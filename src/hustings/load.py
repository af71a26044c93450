"""The load of one stage process, as it tells it on the live path for the operator's page."""

from __future__ import annotations

import msgspec

from hustings.errors import BadInput


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How much a stage process carries and how well it keeps time.

    `busy` is the share of a core that its loop uses; `room`: whether it takes another space;
    `waiting` counts spaces that found none. `realtime`: whether it has its priority. `ticks` and
    `skipped` count since its start; 99 of 100 ticks come less than `late_p99_ms` late.
    """

    spaces: int
    spaces_max: int
    seats: int
    busy: float
    room: bool
    waiting: int
    realtime: bool
    ticks: int
    skipped: int
    late_p99_ms: float


def encode(load: Load) -> bytes:
    """The load as it travels."""
    return msgspec.json.encode(load)


def decode(data: bytes) -> Load:
    """The load in `data`; `BadInput` when it is not one."""
    try:
        return msgspec.json.decode(data, type=Load)
    except msgspec.MsgspecError as error:
        raise BadInput("load", expected="a stage's load in JSON", got=str(error)) from error
