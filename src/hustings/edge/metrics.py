"""The edge's metrics, in Prometheus' text format 0.0.4; docs/metrics.md describes every one."""

from __future__ import annotations

from typing import Final

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

# name -> kind and meaning. Only what stands here can be counted.
METRICS: Final[dict[str, tuple[str, str]]] = {
    "hustings_edge_accepted_total": ("counter", "Connections accepted."),
    "hustings_edge_busy_ratio": ("gauge", "Share of a core spent sending, of late."),
    "hustings_edge_address_refused_total": (
        "counter",
        "Connections refused because their network has too many.",
    ),
    "hustings_edge_bytes_total": ("counter", "Bytes of programme and events given to listeners."),
    "hustings_edge_called_total": ("counter", "Numbers of the line called to a place."),
    "hustings_edge_chat_carried_total": ("counter", "Messages that rode with the sound."),
    "hustings_edge_chat_left_out_total": ("counter", "Messages that were too many for that."),
    "hustings_edge_chunks_filled_total": ("counter", "Chunks of silence that stood in for one."),
    "hustings_edge_chunks_late_total": ("counter", "Chunks that came after they were filled."),
    "hustings_edge_chunks_refused_total": ("counter", "Chunks of a stage that was replaced."),
    "hustings_edge_cut_total": ("counter", "Frames of which a socket took a part at first."),
    "hustings_edge_descriptors": ("gauge", "Connections open."),
    "hustings_edge_descriptors_max": ("gauge", "Sockets that may be open."),
    "hustings_edge_errors_total": ("counter", "Requests answered with 500."),
    "hustings_edge_frames_total": ("counter", "Chunks and event messages taken whole."),
    "hustings_edge_late_seconds": ("gauge", "From a chunk's arrival to its last listener, newest."),
    "hustings_edge_listeners": ("gauge", "Listeners connected now."),
    "hustings_edge_listeners_dropped_total": ("counter", "Listeners dropped because they stalled."),
    "hustings_edge_listeners_refused_total": ("counter", "Listeners refused for lack of room."),
    "hustings_edge_no_shows_total": ("counter", "Numbers called whose visitor did not come."),
    "hustings_edge_overrun_total": ("counter", "Chunks given up because the edge was too slow."),
    "hustings_edge_put_out_total": (
        "counter",
        "Connections closed that only held a place: half a request, or long at rest.",
    ),
    "hustings_edge_readers": ("gauge", "Readers of event streams connected now."),
    "hustings_edge_requests_at_hand_total": (
        "counter",
        "Requests of them that were answered without being read anew.",
    ),
    "hustings_edge_requests_total": ("counter", "Requests answered or being answered."),
    "hustings_edge_rooms": ("gauge", "Spaces followed."),
    "hustings_edge_rung": ("gauge", "Rung of newcomers, 0 (live) to 6 (wait)."),
    "hustings_edge_rung_changes_total": ("counter", "Changes of the rung of newcomers."),
    "hustings_edge_skipped_total": ("counter", "Chunks that a slow listener was not given."),
    "hustings_edge_spool_bytes": ("gauge", "Bytes in the spool."),
    "hustings_edge_turned_away_total": ("counter", "Connections closed for lack of descriptors."),
    "hustings_edge_votes_total": ("counter", "Votes taken."),
    "hustings_edge_votes_waiting": ("gauge", "Votes that the archive does not have yet."),
    "hustings_edge_waiting": ("gauge", "Visitors who wait for a place."),
}


class Metrics:
    """Counts of one process. Plain numbers, because one thread writes them."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[str, float] = dict.fromkeys(METRICS, 0)

    def add(self, name: str, count: float = 1) -> None:
        """Count up."""
        self._values[name] += count

    def set(self, name: str, value: float) -> None:
        """Say how much it is now."""
        self._values[name] = value

    def get(self, name: str) -> float:
        """How much it is."""
        return self._values[name]

    def render(self) -> bytes:
        """The page that Prometheus reads."""
        lines = []
        for name, (kind, meaning) in METRICS.items():
            lines += [
                f"# HELP {name} {meaning}",
                f"# TYPE {name} {kind}",
                f"{name} {_number(self._values[name])}",
            ]
        return ("\n".join(lines) + "\n").encode()


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(round(value, 6))
