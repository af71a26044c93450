"""What is wished of a recording, by what was decided in its log."""

from __future__ import annotations

from typing import Any

from hustings import space
from hustings.archive.revising.reviser import wanted
from hustings.archive.revising.wishes import Wishes, wishes
from hustings.space import Refusal, Space
from hustings.space import command as c
from hustings.space import replay_command as rc
from hustings.store import decided
from hustings.store.decided import Decision

NOW = 1_700_000_000_000
SPACE = "abcdefghij"
BY: dict[str, Any] = {"by": "host"}


class Evening:
    """A space that commands are given to, and its log of decisions."""

    def __init__(self, *commands: c.Command) -> None:
        self.decisions: list[Decision] = []
        for command in (
            c.Schedule(**BY, title="Talk"),
            c.OpenDoors(**BY),
            c.GoLive(**BY),
            c.End(**BY),
            c.Post(by="archive", recording_seconds=32.0, receipt_sha256="ab"),
            *commands,
        ):
            self.do(command)

    @property
    def state(self) -> Space:
        state = decided.fold(SPACE, self.decisions)
        assert state is not None
        return state

    def do(self, command: c.Command) -> None:
        before = decided.fold(SPACE, self.decisions)
        made = space.decide(before, command, now_ms=NOW)
        assert not isinstance(made, Refusal), made
        for event in made:
            seq = len(self.decisions) + 1
            self.decisions.append(decided.decision(seq, NOW, space.encode(event)))

    def done(self) -> None:
        replay = self.state.replay
        self.do(
            rc.Revise(
                by="archive",
                number=replay.revision + 1,
                sha256=f"{replay.revision:064x}",
                version=replay.version,
                through=replay.asked,
                recording_seconds=32.0,
                kept_bytes=1,
            )
        )

    @property
    def wished(self) -> Wishes:
        return wishes(self.state, self.decisions)


def cut(edit: str = "edit") -> rc.EditSpan:
    return rc.EditSpan(**BY, edit=edit, kind="cut", from_ms=0, to_ms=320, reason="No", revision=1)


def test_a_recording_that_was_just_posted_wants_what_nobody_asked_for() -> None:
    evening = Evening()
    assert wanted(evening.state)
    assert not evening.wished.any
    evening.done()
    assert not wanted(evening.state)


def test_only_what_is_not_done_is_wished() -> None:
    evening = Evening(cut())
    assert evening.wished.sound
    assert evening.wished.why == ("edited",)
    evening.done()
    assert not evening.wished.any
    evening.do(c.Edit(**BY, listed=False))
    assert not wanted(evening.state)
    evening.do(c.Edit(**BY, title="Another"))
    assert evening.wished.why == ("renamed",)
    assert evening.wished.sound


def test_words_leave_the_sound_as_it_is_and_all_corrections_count() -> None:
    evening = Evening(rc.NoteTranscript(**BY, sha256="ab", engine="e", language="en"))
    evening.do(rc.Correct(**BY, corrections=(("c1", "a", "b"),)))
    evening.done()
    evening.do(rc.Correct(**BY, corrections=(("c2", "a", "b"),)))
    wished = evening.wished
    assert wished.words
    assert not wished.sound
    assert wished.corrected == {"c2"}
    assert [one.cue for one in wished.corrections] == ["c1", "c2"]


def test_a_clip_that_was_made_and_removed_meanwhile_is_not_made() -> None:
    made = rc.MakeClip(**BY, clip="clip", from_ms=0, to_ms=900, title="Best", revision=1)
    evening = Evening(made, rc.RemoveClip(**BY, clip="clip"))
    assert evening.wished.clips == ()
    assert evening.wished.clips_gone == ("clip",)
    evening = Evening(made)
    assert evening.wished.clips == ("clip",)
    assert not evening.wished.sound
