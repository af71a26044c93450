"""Limits of what people write, and of a space."""

from __future__ import annotations

from typing import Final

# --- text that people write -------------------------------------------------------------------
TITLE_CHARS: Final = 120  # fits a preview card on every network
DESCRIPTION_CHARS: Final = 4_000  # two screens on a telephone
MARKUPS_COUNT: Final = 64  # descriptions and biographies kept rendered: half a megabyte at most
NAME_CHARS: Final = 60  # a person's name, shown on a seat
MARKS_COUNT: Final = 4  # on one letter of a name or title: languages need three, piles need more
REASON_CHARS: Final = 280  # why a space is held or delayed: one sentence or two
PASSWORD_CHARS_MIN: Final = 10  # NIST SP 800-63B asks for 8; a host's account is worth 10
PASSWORD_CHARS_MAX: Final = 256  # argon2 is slow on purpose: bounds what a stranger may make it do

# --- a space ----------------------------------------------------------------------------------
SEATS_COUNT: Final = 50  # seats granted in one space; how many talk at once is `speakers_max`
SPACE_ID_CHARS: Final = 10  # 50 bits: not guessable by trying, short enough to read out

PERSON_CHARS: Final = 24  # `a-` or `g-` and an id: an account or a guest with a name
LISTENERS_CHOSEN_COUNT: Final = 10_000_000  # of a space's own listener limit: beyond it, none
HANDS_COUNT: Final = 200  # raised at once in one space: nobody hears more in one evening
NOTE_CHARS: Final = 140  # what one would say, beside a raised hand: read at a glance
POLLS_COUNT: Final = 20  # of one space, closed ones included: votes of each are kept
POLL_QUESTION_CHARS: Final = 200  # read aloud in one breath
POLL_OPTIONS_COUNT: Final = 10  # of one poll: what fits a telephone's screen
POLL_OPTION_CHARS: Final = 100  # one line, two on a telephone
PINS_COUNT: Final = 5  # links and posts above the chat: more hide it
PIN_CHARS: Final = 280  # of a pinned post
LINK_CHARS: Final = 2_048  # an address: what every browser takes
REMOVED_COUNT: Final = 5_000  # messages and questions taken down in one space
REMOVED_OWN_COUNT: Final = 2_500  # of them taken back by authors: the rest is kept for hosts
REMOVED_SHOWN_COUNT: Final = 50  # the newest of them, told to pages that show them still
BLOCKED_COUNT: Final = 1_000  # persons blocked from one space
HOST_AWAY_S: Final = 10.0  # off the stage, then a deputy is in charge; a page that reloads takes 3
SEATS_REMOVED_COUNT: Final = 20  # the newest removed seats, which a host can give back
CHAPTERS_COUNT: Final = 200  # of one recording: one a minute for three hours
EDITS_COUNT: Final = 500  # made in one recording, those taken back included
ERASURES_COUNT: Final = 100  # of one recording
CLIPS_COUNT: Final = 100  # of one recording
CLIP_MS: Final = 600_000  # of one clip: ten minutes; more is the replay
FONTS_COUNT: Final = 2_000  # of the machine that are looked at for a letter that ours have not
CUE_CHARS: Final = 1_000  # of one sentence of a transcript
CORRECTIONS_COUNT: Final = 20_000  # of one transcript: each sentence of a long day several times
CORRECTIONS_SENT_COUNT: Final = 200  # in one request: what a fast reader puts right in an hour
CHANGES_SHOWN_COUNT: Final = 20  # newest corrections of one sentence that are shown
KEEP_DAYS_MAX: Final = 36_500  # of a recording: a century
SLOW_S_MAX: Final = 600  # slow mode: ten minutes between two messages of one person
SPEAKER_S_MAX: Final = 6 * 3600  # one speaker's time in equal-time mode: longer than any evening
END_COUNTDOWN_MS: Final = 600_000  # an end is announced at most ten minutes ahead
CHAT_CHARS: Final = 280  # of one message: read while somebody speaks
BACKSTAGE_KEPT_COUNT: Final = 50  # newest lines between those on stage: two screens
BACKSTAGE_SPACES_COUNT: Final = 200  # spaces whose lines are kept: 200 x 50 lines are some 4 MB
CHAT_KEPT_COUNT: Final = 200  # newest messages in memory: what a page opened late shows
QUESTION_CHARS: Final = 280  # of one question
QUESTIONS_COUNT: Final = 500  # of one space: votes of each are kept
TALK_BATCH_COUNT: Final = 500  # pieces of one entry of what the crowd writes: 750 kB at most
TALK_EVERY_S: Final = 0.1  # what a space's crowd writes is gathered so long: ten entries a second
TALK_WAITING_COUNT: Final = 2_000  # pieces of one space waiting for its log: ten seconds of 200/s
CHAT_BURST_COUNT: Final = 5  # messages of one person within
CHAT_BURST_S: Final = 10  # this time, whatever slow mode says: faster is no conversation
QUESTION_BURST_COUNT: Final = 3  # questions of one person within
QUESTION_BURST_S: Final = 60  # this time
HAND_BURST_COUNT: Final = 4  # hands of one person within
HAND_BURST_S: Final = 60  # this time: each stands in the log of the space for ever
TALKERS_COUNT: Final = 20_000  # persons of one space whose pace is known: 10 MB
JOINS_COUNT: Final = 120  # new guests of one address within
JOINS_S: Final = 60  # this time: a lecture hall behind one address, and no flood of names
JOIN_ADDRESSES_COUNT: Final = 10_000  # addresses whose new guests, and reminders, are counted
TALK_TICKETS_COUNT: Final = 20_000  # checked tickets the studio remembers: about 10 MB
ROOM_KEPT_S: Final = 60.0  # a space is followed so long after the last that was written there
ROOMS_KEPT_COUNT: Final = 200  # spaces followed for what is written there: 100 kB each
CHAT_SHOWN_PER_S: Final = 8  # messages that ride with the sound: more nobody can read
CHAT_WAITING_COUNT: Final = 24  # of them that wait for one chunk: the burst of a whole segment
CHAT_LISTED_COUNT: Final = 100  # newest messages in talk.json: two screens to scroll back
QUESTIONS_LISTED_COUNT: Final = 50  # in talk.json, most votes first: what a host can look through
QUESTIONS_TOLD_S: Final = 5.0  # between two "questions have changed": each makes every page ask
POLLS_TOLD_COUNT: Final = 3  # that ride with the sound: the open ones, else the newest closed ones
PINS_TOLD_BYTES: Final = 1_500  # of them to a newcomer: a burst is 8 kB, talk.json has all
VOTES_COUNT: Final = 100_000  # kept by an edge while the archive is away: 30 MB
VOTES_BATCH_COUNT: Final = 2_000  # handed to the archive at once: 250 kB, 10 ms of its time
VOTES_EVERY_S: Final = 0.25  # an edge gathers votes this long
VOTES_WAIT_S: Final = 3_600  # for an archive that counts them: longer than any outage of one
VOTES_LEFT_S: Final = 1.0  # an edge that is being stopped hands over so long
VOTES_ADDRESS_PER_S: Final = 50.0  # of one address, over time: invented voters cost addresses
VOTES_ADDRESS_BURST_COUNT: Final = 5_000  # of them at once: a hall behind one router
VOTES_KEPT_COUNT: Final = 1_000_000  # of one space, counted by the archive: 200 MB
VOTES_LATE_MS: Final = 2_000  # after a poll was closed, edges that did not know took votes still
TALLY_EVERY_S: Final = 1.0  # results are told this often while they change
TALLY_AGAIN_S: Final = 5.0  # and this often anyway, for whoever has just begun to listen
TALK_AGAIN_S: Final = 5.0  # between two looks for the talk of a space that has none yet
FULL_AGAIN_S: Final = 10.0  # a page asks so often whether a full space has a place again
PICTURES_BYTES: Final = 16 * 1024**2  # of pictures that an edge keeps in memory: some 150
PICTURE_MISSING_S: Final = 10.0  # the store is not asked again for a picture that it had not
