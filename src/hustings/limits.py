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
TICKET_LISTEN_S: Final = 3600  # a page renews it at half time; one that leaks is soon worthless
INVITE_S: Final = 14 * 24 * 3600  # an invitation is sent well before the evening

# --- log --------------------------------------------------------------------------------------
LOG_BUFFER_S: Final = 60  # the stage holds this much while the log is away (design: disk full)
LOG_BUFFER_BYTES: Final = 16 * 1024 * 1024  # 60 s of mix and 50 stems stay well below
LOG_ACK_S: Final = 2.0  # an append unanswered this long is repeated with the same id
LOG_AWAY_S: Final = 1.0  # an append unanswered this long is an outage; p99 is 10 ms
LOG_MESSAGE_BYTES: Final = 1024 * 1024  # NATS' own default for one message
LOG_DUPLICATE_WINDOW_S: Final = 120  # twice the buffer: a repeated append is always recognised
LOG_BALLAST_BYTES: Final = 32 * 1024 * 1024  # freed when the disk is full, so the log can restart
DISK_LOOK_S: Final = 2.0  # how often free space is looked at: told within 5 s
LOG_STORE_BYTES: Final = 1024**4  # JetStream's own bound; the disk ends first
LOG_START_S: Final = 30.0  # a server that reads a large store; 450 MB take 0.4 s
LOG_LOCK_S: Final = 2.0  # the server of a killed supervisor has ended by then
LOG_TAIL_IDLE_S: Final = 5.0  # a consumer whose reader is gone is dropped by the server
LOG_HEARTBEAT_S: Final = 0.5  # of a tail; NATS' default leaves 17 s of silence after a restart
NATS_LOG_FILE_BYTES: Final = 1024 * 1024  # of the servers' own log files, three of them kept
NATS_RECONNECT_S: Final = 0.05  # NATS' default of 2 s would be heard
LIVE_BUFFER_BYTES: Final = 256 * 1024  # sound not yet sent to the live server; older is worthless
PROPOSE_TRIES_COUNT: Final = 8  # decisions on one space lose a race this often, then give up
REQUEST_S: Final = 2.0  # a station's answer to another station's request
RESTART_BACKOFF_S: Final = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0)  # pauses before restarts 1, 2, 3 ...
RESTART_FORGET_S: Final = 30.0  # a child that lived this long starts again at the first pause
START_TRIES_COUNT: Final = 3  # deaths of a role that was never ready: it will not come up
STOP_GRACE_S: Final = 10.0  # from SIGTERM to SIGKILL

# --- stage ------------------------------------------------------------------------------------
DATAGRAM_BYTES: Final = 2_048  # larger than any path MTU that WebRTC uses
SDP_BYTES: Final = 64 * 1024  # browsers send 2-6 kB
STAGE_SESSIONS_COUNT: Final = 128  # transports of one stage process, seats being replaced included
HANDSHAKE_S: Final = 15.0  # from the offer to SRTP keys; a poor mobile line takes 3
CONSENT_S: Final = 10.0  # silence on a transport (no STUN, no RTP) before its seat counts as empty
SDP_SECTIONS_COUNT: Final = 8  # a microphone needs one; some clients offer a camera beside it
STUN_BYTES: Final = 768  # a check is 100 bytes; its longest user name 513 (RFC 8839 section 5.4)
PATHS_COUNT: Final = 8  # addresses of one speaker that passed a check: Wi-Fi, mobile, IPv4, IPv6
HANDSHAKE_DATAGRAMS_COUNT: Final = 200  # of DTLS from a speaker until keys; a poor line needs 30
DTLS_DATAGRAM_BYTES: Final = 1_200  # fits every path of 1280 bytes with IPv6 and tunnels
FLIGHT_RESEND_S_MIN: Final = 0.1  # our lost handshake flight is sent again after this, doubling
FLIGHT_RESEND_S_MAX: Final = 1.6  # up to this
FLIGHT_REPEATS_COUNT: Final = 5  # of the last flight, to a peer that shows no sign of it: 3 s
SSRC_COUNT: Final = 4  # RTP sources of one speaker: a browser uses one, a restarted one another
REPLAY_PACKETS_COUNT: Final = 1_024  # a packet this late is still taken once: 20 s, all that helps
PORT_TRIES_COUNT: Final = 8  # any port: a number free on one address may be taken on another
NACK_COUNT: Final = 64  # packets asked for again at once: beyond, the gap is over before they come
RESEND_PACKETS_COUNT: Final = 50  # kept to be sent again: 1 s, longer than any jitter buffer waits
RTCP_EVERY_S: Final = 1.0  # reports: loss and round trip on the desk are a second old at most
TRANSPORT_TIMER_S: Final = 0.05  # resolution of a transport's time-outs
SOCKET_BUFFER_BYTES: Final = 2 * 1024 * 1024  # 50 speakers through 2 s of a stalled process
DATAGRAMS_BATCH_COUNT: Final = 256  # read at one wake, so that the tick is never kept waiting
JITTER_TARGET_MS_MIN: Final = 20  # one frame
JITTER_TARGET_MS_MAX: Final = 240  # beyond this, conversation suffers more than from a gap
JITTER_PACKETS_COUNT: Final = 100  # 2 s of 20 ms packets: a flood is cut here
OPUS_PACKET_BYTES: Final = 1_275  # RFC 6716 section 3.2.1, one frame
AAC_BEHIND_CHUNKS: Final = 6  # 1.9 s of sound that wait for the AAC thread; then silence
TICKS_CATCH_UP_COUNT: Final = 3  # later than this many ticks, they are skipped, never burst
CHUNKS_SKIP_MAX: Final = 1_875  # a takeover advances the programme by at most 10 minutes
STAGE_BEAT_MS: Final = 250  # heartbeat of a stage
STAGE_BEATS_MISSED_COUNT: Final = 3  # then its spaces may be taken over
STAGE_SPACES_COUNT: Final = 32  # spaces on one stage process: 3 % of a core each without speakers
STAGE_OUTBOX_COUNT: Final = 500  # messages waiting to be published: 2 s of 50 spaces, then dropped
STAGE_FAILURES_COUNT: Final = 3  # sessions of one space that may fail here within
STAGE_FAILURES_S: Final = 60.0  # this time; then another stage process has to try
STAGE_STOP_S: Final = 6.0  # for holding, draining and leaving; less than STOP_GRACE_S
STAGE_FAREWELL_S: Final = 30.0  # offers for a space that is over are answered 410 this long
LOG_AWAY_TOLD_S: Final = 3.0  # an append that waits this long is told to the host
STAGE_TAIL_S: Final = 2.0  # for the encoders and the log to finish a space that has ended
STEM_PACKETS_COUNT: Final = 500  # in one batch of 100 ms: 50 seats send 250; 640 kB at most
GREEN_ROOM_EMPTY_S: Final = 60.0  # an empty green room keeps its stage this long
SEAT_OFFERS_COUNT: Final = 3  # transports of one seat that may be connecting at once
SEAT_GRANT_WAIT_S: Final = 0.5  # an offer may overtake the grant of its seat by this much
SEAT_SILENT_S: Final = 3.0  # of digital silence from an open microphone, then the host is told
DEAD_AIR_S: Final = 3.0  # of silence on air, then the host is told

# --- gate -------------------------------------------------------------------------------------
GATE_PATIENCE_S: Final = 4.0  # a stage that is taking over a space answers within this
GATE_RETRY_MS: Final = (50, 100, 200, 400)  # pauses between questions to it; the last one repeats
GATE_CONNECTIONS_COUNT: Final = 1_000  # at once: 50 speakers of 20 spaces all returning

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
PLAIN_BURST_BYTES: Final = 32 * 1024  # what a plain audio element gathers before it plays
BACKLOG_S: Final = 2.5  # a frame that has waited so long for the broadcasts before it is given up
LAG_CHUNKS: Final = 30  # a listener that missed this many in a row is dropped, to resume by `from`
FILL_AFTER_MS: Final = 1_000  # a chunk that is this late is filled with silence
SEGMENT_WAIT_S: Final = 6.0  # a request for the next segment is held this long
EVENTS_EVERY_MS: Final = 1_000  # SSE is coalesced to this
BLOCKS_COUNT: Final = 1_024  # heads remembered, 2 kB each at most: programs, not people, differ
ADDRESS_COUNT: Final = 2_000  # connections of one address: a company or a campus behind one
READY_COUNT: Final = 4_096  # answers at hand: a segment and its parts for each of 100 spaces
READY_BYTES: Final = 32 * 1024**2  # of them: 2,000 segments
READING_COUNT: Final = 10_000  # connections with half a request: a herd on its way
HEAD_FIELDS_COUNT: Final = 100  # fields of a head, and names of a query; browsers send 10-30
TARGET_BYTES: Final = 4_096  # a path and a query with a ticket in it
KEEP_ALIVE_S: Final = 15.0  # a connection may rest this long between two requests
WRITE_S: Final = 20.0  # an answer of which the visitor takes nothing for so long is given up
WRITE_BYTES: Final = 16 * 1024  # and of which it takes less than this meanwhile: 0.8 kB/s
LINGER_S: Final = 2.0  # what a refused visitor still sends is read for this long, so no RST
ARRIVED_COUNT: Final = 4_096  # taken from the system's queue, which is as long, and not let in yet
ACCEPTS_COUNT: Final = 64  # let in in one go: about 5 ms, before anything else has its turn
DESCRIPTORS_SPARE_COUNT: Final = 128  # kept for files, servers and log when sockets run out
DOWNLOADS_COUNT: Final = 1_024  # replays being read at once: 64 MiB of RANGE_READ_BYTES
RESUME_S: Final = 600  # `from` reaches back this far; a longer rewind belongs to segments
CHASE_S: Final = 60.0  # who has not caught up by then never will: the connection ends
CHASE_CHUNKS: Final = 25  # one read for a listener who catches up: 8 s of programme
ROOM_IDLE_S: Final = 60.0  # an edge forgets a space that nobody asked for, unless it is on stage
TICKETS_COUNT: Final = 20_000  # checked tickets an edge remembers: about 10 MiB
UNKNOWN_S: Final = 1.0  # "there is no such space" is believed this long
KEPT_S: Final = 0.3  # a state from the spool is used when the log does not answer within this
LOOKUPS_COUNT: Final = 64  # spaces being looked up at once: guessing ids cannot flood the log
SEGMENTS_COUNT: Final = 128  # segments in memory, one codec each: about 2 MiB
PARTS_COUNT: Final = 64  # chunks of one space in memory, for requests of parts: 20 s, 500 kB
PLAYLIST_SEGMENTS_COUNT: Final = 32  # of the live playlist: 61 s
PLAYLIST_CACHE_S: Final = 12  # a blocked playlist in caches, six target durations: it stays true
REELS_COUNT: Final = 64  # indexes of recordings in memory, some kB each
PACKS_COUNT: Final = 8  # of recordings in memory, a minute each: 6 MB
CROWD_STALE_S: Final = 4.0  # another edge's figure counts until it is this old
EDGES_COUNT: Final = 256  # edges of one installation whose gauges are kept
VISITOR_CHARS_MIN: Final = 16  # of a visitor's own random key: 96 bits
VISITOR_CHARS_MAX: Final = 64  # of it: longer ones only cost memory
TAB_CHARS_MIN: Final = 4  # of a tab's own key: tells a visitor's own tabs apart, no more
TAB_CHARS_MAX: Final = 16  # of it
SEEN_S: Final = 30.0  # a listener through caches counts this long after its last sign of life
SEEN_COUNT: Final = 1_000_000  # listeners through caches of one space counted by one edge: 200 MB
UNSALTED_COUNT: Final = 100_000  # visitors kept to be counted when the archive is back
REFUSED_COUNT: Final = 100_000  # visitors turned away of whom it is known which: 10 MB
CAME_COUNT: Final = 4_096  # visitors who came back, told to the other edges in one second: 44 kB
SALT_AGAIN_S: Final = 2.0  # between two requests for a salt that the archive has not given yet
SKETCH_EVERY_S: Final = 5.0  # a sketch that changed is sent this often: 15 kB
SKETCH_WHOLE_S: Final = 30.0  # and this often anyway, for an archive that was away
SKETCHES_BYTES: Final = 96 * 1024  # in one gauge, so that the live path takes it; the rest follow
SAID_PER_S: Final = 5.0  # reactions of one visitor: nobody taps faster for long
SAID_BURST_COUNT: Final = 10  # of them at once
SAYERS_COUNT: Final = 50_000  # visitors whose reactions are paced by one edge: 10 MB
QUIET_S: Final = 15.0  # an event stream without news says so, before a proxy cuts it
SILENT_PEER_S: Final = 60  # TCP asks a silent peer whether it is there; gone after twice this
DRAIN_S: Final = 8.0  # an edge that is stopped serves its listeners so long; STOP_GRACE_S is 10
FINISH_S: Final = 1.5  # for answers in hand, after the drain
MOVE_MS: Final = 3_000  # its listeners come back spread over this: 50,000 are 17 a millisecond
PARTING_S: Final = 5.0  # from the last chunk to the end of a connection that does not take it
READERS_COUNT: Final = 10_000  # event streams of one edge process: one write a second each
BUSY_SHARES: Final = (0.5, 0.65, 0.8)  # of a core spent sending: then slow, slower, nobody more
LATE_S: Final = (0.16, 0.32, 0.64)  # a broadcast's last write after its first: the same steps
EGRESS_SHARES: Final = (0.85, 0.92, 1.0)  # of `egress_bps_max`: the same steps
RUNG_EASE_SHARE: Final = 0.75  # load must fall to this share of a threshold before a rung is better
RUNG_WORSEN_S: Final = 1.0  # a rung holds this long before a worse one: one reading of the load
RUNG_IMPROVE_S: Final = 5.0  # load must stay low this long before a rung is better
MEMORY_SPARE_BYTES: Final = 64 * 1024**2  # less than this left on the machine: nobody more
DESCRIPTORS_DOOR_COUNT: Final = 1_000  # never given to listeners: the door answers through them
LINE_COUNT: Final = 100_000  # numbers waiting at one edge: 40 MB; later comers wait without one
CLAIM_S: Final = 10.0  # who is called comes within this, or the place goes on
CALLS_COUNT: Final = 500  # called in one second, so that the load's next reading can answer
HELD_S: Final = 5.0  # the place of a listener who left is kept: a network change is not leaving
HELD_COUNT: Final = 10_000  # places kept at once: more have left than could come back in order
LINE_SILENCE_COUNT: Final = 3  # pauses between two questions that one who waits may miss
LINE_AGAIN_S_MIN: Final = 2.0  # the pause at the line's head
LINE_AGAIN_S_MAX: Final = 60.0  # and at its end
LINE_PACE_COUNT: Final = 100  # places of the line per second of pause: 2,000 questions/s of 100,000
LINE_SWEEP_COUNT: Final = 10_000  # looked at in one second for who is gone: 2 ms
LINE_RATE_S: Final = 30.0  # the line's pace is that of about the last half minute
SEGMENTS_AGAIN_S: Final = 20.0  # who listens through a CDN says so this often, to be counted

# --- archive ----------------------------------------------------------------------------------
POST_S: Final = 5.0  # from the end to a playable replay
RANGE_READ_BYTES: Final = 64 * 1024  # one read from the store while serving a replay: 8 s
LOG_ORDER_CHUNKS: Final = 32  # 10 s: an append repeated five times still finds its place
GAP_CHUNKS: Final = 270_000  # a day without sound: beyond it a number is an error, not a gap
LAST_CHUNK_S: Final = 3.0  # after "ended", for the last chunk: a stage that died sends none
LOG_QUIET_S: Final = 0.25  # after the last chunk, for the stems of its last 100 ms
ARCHIVE_RETRY_S: Final = 3.0  # between attempts while the disk or the store refuses
RESCAN_S: Final = 3.0  # how soon a space is found whose announcement was missed
RESCAN_SPACES_COUNT: Final = 50  # scheduled spaces looked at again in one scan
STEMS_COUNT: Final = 200  # seats with a stem in one recording: each is an open file
STEM_DRIFT_MS: Final = 60  # a stem this far from the mix is anchored anew: an echo is heard from 50
STEM_DRIFT_PACKETS: Final = 5  # this many in a row: one late packet moves nothing
STEM_JUMP_MS: Final = 1_000  # a stem this far off is anchored anew at once
CROWD_KEEP_S: Final = 5.0  # a crowd's figures are written down this often: what a crash costs
CURVE_STEP_S: Final = 10.0  # between two points of the posted curve, at least
CURVE_POINTS_COUNT: Final = 1_000  # of it: 100 kB
RUNG_CHANGES_COUNT: Final = 1_000  # of all edges in one space's record: beyond it they flap

# --- web --------------------------------------------------------------------------------------
FORM_BYTES: Final = 64 * 1024  # a form or JSON body
SIGN_IN_TRIES_COUNT: Final = 10  # per account and per address in SIGN_IN_WINDOW_S
SIGN_IN_WINDOW_S: Final = 300  # ten guesses in five minutes are 2,880 a day: hopeless
SESSION_S: Final = 30 * 24 * 3600  # a sign-in on a browser
FIRST_LINK_S: Final = 24 * 3600  # the one-time link that makes the first account
EMAIL_CHARS: Final = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets
LANGUAGE_CHARS: Final = 35  # a language tag, RFC 5646 section 4.4.1
TIME_MS_MAX: Final = 4_102_444_800_000  # the year 2100: a later start is a slip of the finger
DOORS_LEAD_S_MAX: Final = 24 * 3600  # doors open at most a day before the start
PASSWORD_CHECKS_COUNT: Final = 2  # argon2 at once: 64 MiB each
DATABASE_WAIT_S: Final = 5.0  # for another process' write to SQLite
DOORS_CHECK_S: Final = 0.5  # how late doors may open by themselves
WATCH_PING_S: Final = 15.0  # a comment on a quiet event stream, so that proxies keep it open
WATCHERS_COUNT: Final = 200  # open event streams of one space's desk: 50 seats, some tabs each
CROWD_FRESH_S: Final = 3.5  # an edge that has not counted this long is not counted
TLS_LOOK_S: Final = 5.0  # how soon a renewed certificate is used
HOME_SPACES_COUNT: Final = 200  # spaces on one page
