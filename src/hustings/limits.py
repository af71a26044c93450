"""A limit on everything: its unit is in the name, its reason beside it. `docs/limits.md` lists all.

The names end in their unit: `_S` seconds, `_MS` milliseconds, `_BYTES`, `_COUNT`.
"""

from __future__ import annotations

from typing import Final

# --- text that people write -------------------------------------------------------------------
TITLE_CHARS: Final = 120  # fits a preview card on every network
DESCRIPTION_CHARS: Final = 4_000  # two screens on a telephone
NAME_CHARS: Final = 60  # a person's name, shown on a seat
REASON_CHARS: Final = 280  # why a space is held or delayed: one sentence or two
PASSWORD_CHARS_MIN: Final = 10  # NIST SP 800-63B asks for 8; a host's account is worth 10
PASSWORD_CHARS_MAX: Final = 256  # argon2 is slow on purpose: bounds what a stranger may make it do

# --- a space ----------------------------------------------------------------------------------
SEATS_COUNT: Final = 50  # seats granted in one space; how many talk at once is `speakers_max`
SPACE_ID_CHARS: Final = 10  # 50 bits: not guessable by trying, short enough to read out

# --- tickets ----------------------------------------------------------------------------------
TICKET_BYTES: Final = 2_048  # a signed right is a few hundred bytes
TICKET_SPEAK_S: Final = 12 * 3600  # a seat outlives the web role for a whole evening
INVITE_S: Final = 14 * 24 * 3600  # an invitation is sent well before the evening

# --- log --------------------------------------------------------------------------------------
LOG_BUFFER_S: Final = 60  # the stage holds this much while the log is away (design: disk full)
LOG_BUFFER_BYTES: Final = 16 * 1024 * 1024  # 60 s of mix and 50 stems stay well below
LOG_ACK_S: Final = 2.0  # an append unanswered this long is repeated with the same id
LOG_MESSAGE_BYTES: Final = 1024 * 1024  # NATS' own default for one message
LOG_DUPLICATE_WINDOW_S: Final = 120  # twice the buffer: a repeated append is always recognised
LOG_BALLAST_BYTES: Final = 32 * 1024 * 1024  # freed when the disk is full, so the log can restart
REQUEST_S: Final = 2.0  # a station's answer to another station's request
RESTART_BACKOFF_S: Final = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0)  # pauses before restarts 1, 2, 3 ...
RESTART_FORGET_S: Final = 30.0  # a child that lived this long starts again at the first pause
STOP_GRACE_S: Final = 10.0  # from SIGTERM to SIGKILL

# --- stage ------------------------------------------------------------------------------------
DATAGRAM_BYTES: Final = 2_048  # larger than any path MTU that WebRTC uses
SDP_BYTES: Final = 64 * 1024  # browsers send 2-6 kB
STAGE_SESSIONS_COUNT: Final = 128  # transports of one stage process, seats being replaced included
HANDSHAKE_S: Final = 15.0  # from the offer to SRTP keys; a poor mobile line takes 3
CONSENT_S: Final = 10.0  # silence on a transport (no STUN, no RTP) before its seat counts as empty
JITTER_TARGET_MS_MIN: Final = 20  # one frame
JITTER_TARGET_MS_MAX: Final = 240  # beyond this, conversation suffers more than from a gap
JITTER_PACKETS_COUNT: Final = 100  # 2 s of 20 ms packets: a flood is cut here
OPUS_PACKET_BYTES: Final = 1_275  # RFC 6716 section 3.2.1, one frame
TICKS_CATCH_UP_COUNT: Final = 3  # later than this many ticks, they are skipped, never burst
CHUNKS_SKIP_MAX: Final = 1_875  # a takeover advances the programme by at most 10 minutes
STAGE_BEAT_MS: Final = 250  # heartbeat of a stage
STAGE_BEATS_MISSED_COUNT: Final = 3  # then its spaces may be taken over

# --- edge -------------------------------------------------------------------------------------
HEAD_BYTES: Final = 16 * 1024  # a request's head; browsers send 0.5-4 kB
HEAD_S: Final = 5.0  # from accept to the end of the head: slowloris ends here
BODY_BYTES: Final = 16 * 1024  # what a listener may post
LISTENERS_COUNT: Final = 50_000  # parked sockets of one edge process
COHORT_COUNT: Final = 500  # sockets written to between two rounds of accepting
RING_CHUNKS: Final = 60  # 19.2 s in memory: what a resume and a segment need
SPOOL_BYTES: Final = 2 * 1024**3  # local copies on one edge
NOTSENT_LOWAT_BYTES: Final = 16 * 1024  # a stalled listener holds 3 s at 32 kbit/s, not minutes
BURST_CHUNKS: Final = 3  # what a new listener gets at once: 960 ms
LAG_CHUNKS: Final = 30  # a listener that missed this many in a row is dropped, to resume by `from`
FILL_AFTER_MS: Final = 1_000  # a chunk that is this late is filled with silence
SEGMENT_WAIT_S: Final = 6.0  # a request for the next segment is held this long
EVENTS_EVERY_MS: Final = 1_000  # SSE is coalesced to this

# --- archive ----------------------------------------------------------------------------------
POST_S: Final = 5.0  # from the end to a playable replay
RANGE_READ_BYTES: Final = 256 * 1024  # one read from the store while serving a replay

# --- web --------------------------------------------------------------------------------------
FORM_BYTES: Final = 64 * 1024  # a form or JSON body
SIGN_IN_TRIES_COUNT: Final = 10  # per account and per address in SIGN_IN_WINDOW_S
SIGN_IN_WINDOW_S: Final = 300
SESSION_S: Final = 30 * 24 * 3600  # a sign-in on a browser
FIRST_LINK_S: Final = 24 * 3600  # the one-time link that makes the first account
