"""Limits of tickets, the log, the stage and the gate."""

from __future__ import annotations

from typing import Final

# --- tickets ----------------------------------------------------------------------------------
TICKET_BYTES: Final = 2_048  # a signed right is a few hundred bytes
TICKET_SPEAK_S: Final = 12 * 3600  # a seat outlives the web role for a whole evening
TICKET_PROGRAM_S: Final = 14 * 24 * 3600  # OBS is set up when the invitation comes
TICKET_LISTEN_S: Final = 3600  # a page renews it at half time; one that leaks is soon worthless
TICKET_TALK_S: Final = 6 * 3600  # who said their name once says it once an evening
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
FOLDS_COUNT: Final = 256  # spaces whose state one process keeps to decide on: some MB
PROPOSE_TRIES_COUNT: Final = 20  # decisions on one space lose a race this often, then give up
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
CANDIDATES_COUNT: Final = 64  # of a speaker in one fragment; a laptop with VPNs has a dozen
STUN_BYTES: Final = 768  # a check is 100 bytes; its longest user name 513 (RFC 8839 section 5.4)
PATHS_COUNT: Final = 8  # addresses of one speaker that passed a check: Wi-Fi, mobile, IPv4, IPv6
TCP_CONNECTIONS_COUNT: Final = 256  # of one process: each of its transports, old way and new
TCP_NETWORK_COUNT: Final = 32  # of an IPv4 address or IPv6 /64: an office that blocks UDP, twice
TCP_UNCHECKED_S: Final = 5.0  # a speaker's first check comes a round trip after connecting
TCP_UNCHECKED_COUNT: Final = 32  # frames until then: a browser sends a check every 50 ms
TCP_ACCEPTS_COUNT: Final = 16  # at one wake, so that the tick is never kept waiting
TCP_SEND_BYTES: Final = 16 * 1024  # the kernel doubles it: some 25 frames, half a second of sound
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
PACKETS_PER_S: Final = 500  # of one speaker, all kinds: frames of 2.5 ms are 400; more is a flood
PACKETS_BURST_COUNT: Final = 250  # at once: what a line held back for 5 s
PATH_HELD_S: Final = 5.0  # an address that a speaker was heard from is nobody else's so long
REPORTS_PER_S: Final = 60  # RTCP of one speaker: a request for each frame, and reports
RESENDS_PER_S: Final = 100  # packets sent again to one speaker: twice what it is sent at all
RTCP_EVERY_S: Final = 1.0  # reports: loss and round trip on the desk are a second old at most
TRANSPORT_TIMER_S: Final = 0.05  # resolution of a transport's time-outs
SOCKET_BUFFER_BYTES: Final = 2 * 1024 * 1024  # 50 speakers through 2 s of a stalled process
DATAGRAMS_BATCH_COUNT: Final = 256  # read at one wake, so that the tick is never kept waiting
PORT_REST_S: Final = 0.008  # a port that was read gathers so long: less than half a tick
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
STAGE_BUSY_MAX: Final = 0.7  # of a core: above, ticks begin to wait for each other
STAGE_WAITING_COUNT: Final = 64  # spaces without a stage that one process remembers
STAGE_WAITING_S: Final = 20.0  # a page asks every 3 s: who asks no more may need no room
STAGE_LOAD_S: Final = 1.0  # how often a stage looks how busy it is, and tells it
STAGE_METRICS_S: Final = 5.0  # between two writings of its figures; Prometheus looks every 15 s
METRIC_SERIES_COUNT: Final = 200  # of one process: a code that nobody foresaw cannot fill memory
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
TRIAL_S: Final = 3.0  # of one's own sound, recorded and played back: a sentence; 576 kB a seat
TRIAL_TAIL_S: Final = 0.5  # after the playing: an echo of its end is back by then
SEAT_GONE_S: Final = 2  # nothing came from a seat for so long: its page was lost and tries again
LINE_WINDOW_S: Final = 5  # of packets that a line is judged by: one gust is no bad line
DEAD_AIR_S: Final = 3.0  # of silence on air, then the host is told
BROADCAST_DELAY_S_MAX: Final = 30  # of the programme behind the stage: 5.8 MB of sound for a space
DELAY_MARGIN_MS: Final = 1_000  # until the delay is empty after a hold: a chunk, and the way
STEMS_HELD_COUNT: Final = 80_000  # packets in the delay: 50 seats for 30 s send 75,000; 12 MB
HOLD_SOUNDS_BYTES: Final = 256 * 1024**2  # hosts' hold sounds in one stage process: four longest
HOLD_FETCH_S: Final = 30.0  # for fetching one from the store; then it is tried again after
HOLD_READ_BYTES: Final = 256 * 1024  # of it at once: copied in 30 us, between two ticks
HOLD_AGAIN_S: Final = 15.0  # this time, and the built-in one is heard meanwhile

# --- gate -------------------------------------------------------------------------------------
GATE_PATIENCE_S: Final = 4.0  # a stage that is taking over a space answers within this
GATE_RETRY_MS: Final = (50, 100, 200, 400)  # pauses between questions to it; the last one repeats
STAGES_TOLD_COUNT: Final = 256  # stage processes, and spaces without room, a studio remembers
NO_ROOM_TOLD_S: Final = 15.0  # a desk is told again after this, while there is no room
GATE_NO_ROOM_S: Final = 1.0  # from a stage's refusal: by then another has taken the space
GATE_REFUSALS_COUNT: Final = 256  # spaces whose newest refusal a gate remembers
GATE_CONNECTIONS_COUNT: Final = 1_000  # at once: 50 speakers of 20 spaces all returning
SIGNALS_WINDOW_S: Final = 10  # the time in which signalling is counted
SIGNALS_SEAT_COUNT: Final = 100  # of one seat in it: a page without a stage asks 7 a second
SIGNALS_ADDRESS_COUNT: Final = 4_000  # of one address in it: a hall of 50 seats, or a proxy
