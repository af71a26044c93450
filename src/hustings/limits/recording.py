"""Limits of the archive and of captions."""

from __future__ import annotations

from typing import Final

# --- archive ----------------------------------------------------------------------------------
POST_S: Final = 5.0  # from the end to a playable replay
RANGE_READ_BYTES: Final = 64 * 1024  # one read from the store while serving a replay: 8 s
RECORDING_TEXT_BYTES: Final = 16 * 1024**2  # of a transcript that becomes a page: a day's talk
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
EXPIRY_WARNING_S: Final = 14 * 24 * 3600  # before a recording goes: a host's holiday
EXPIRY_TOLD_S: Final = 6 * 3600  # it is said again so often, should no studio have heard it
KEEPING_LOOK_S: Final = 5.0  # how soon what was decided of a recording stands in the store as well
REVISING_RETRY_S: Final = 600.0  # at most between attempts to revise a recording that failed
WORK_LEAST_S: Final = 1_800.0  # heavy work is given up after it, and after as long again as below
WORK_RATIO: Final = 4.0  # times the length of the sound: niced, it waits for all that is live
WORK_TOLD_S: Final = 0.5  # between two words of how far the archive is: a bar that moves
KEEPING_AGAIN_S: Final = 30.0  # after the store has refused something of a recording
KEEPING_LOST_S: Final = 3600.0  # between two looks for spaces of the store that have no log
PARCEL_FILES_COUNT: Final = 100_000  # of an exported space: a day of sound is 1,500 packs
PARCEL_MANIFEST_BYTES: Final = 32 * 1024**2  # of it, 300 bytes a file
UNLIKE_TOLD_COUNT: Final = 5  # differences between log and store that are named: one is too many
LINK_S: Final = 366 * 24 * 3600  # a link to a private recording: podcast apps keep what they have
LINKS_COUNT: Final = 100  # of one recording
LINK_FRESH_S: Final = 10.0  # how long a link may work after it was ended
LINKS_KEPT_COUNT: Final = 10_000  # of which an edge remembers whether they work: 2 MB
STORE_READ_BYTES: Final = 4 * 1024**2  # one read while a whole file is copied or compared
STORE_PART_BYTES: Final = 8 * 1024**2  # of an upload in parts: 10,000 of them are 80 GB
STORE_PARTS_COUNT: Final = 4  # sent side by side: 32 MB of memory
STORE_CONNECT_S: Final = 3.0  # a store that takes longer to answer a knock is away
STORE_REQUEST_S: Final = 60.0  # one request: a part of 8 MB on a line of 1 Mbit/s
STORE_RETRIES_COUNT: Final = 3  # of one request, within a second; who can wait asks again later
CROWD_KEEP_S: Final = 5.0  # a crowd's figures are written down this often: what a crash costs
CURVE_STEP_S: Final = 10.0  # between two points of the posted curve, at least
CURVE_POINTS_COUNT: Final = 1_000  # of it: 100 kB
RUNG_CHANGES_COUNT: Final = 1_000  # of all edges in one space's record: beyond it they flap
ARCHIVE_BEHIND_COUNT: Final = 2_000  # entries that wait for a recording's thread: some 5 MB
REMIX_HISTORY_SLOTS: Final = 6  # 1.9 s of stems, by which a speaker's level is known at a gap
CHAPTER_APART_MS: Final = 300_000  # automatic chapters are 5 minutes long or longer
CHAPTER_PAUSE_MS: Final = 4_000  # nobody speaks: a pause for breath or a thought is shorter
CHAPTER_NEAR_MS: Final = 10_000  # a marker this soon after a hold names the part that begins there
CHAT_POSTED_COUNT: Final = 20_000  # newest messages posted with a recording: 6 MB

# --- captions ---------------------------------------------------------------------------------
CAPTION_INTERVALS_S: Final = (0.5, 1.0, 2.0)  # between two looks at one sentence, by rung
CAPTION_LATE_S: Final = 0.7  # work that waits longer for its turn: the machine is too slow
CAPTION_CALM_S: Final = 10.0  # without such work, before captions come more often again
CAPTION_FINAL_WAIT_S: Final = 15.0  # a sentence not heard by then is left out of the live captions
CAPTION_FINALS_COUNT: Final = 64  # sentences that wait to be heard: 64 x 12 s of sound are 50 MB
CAPTION_PAUSE_MS: Final = 450  # without voice, and a sentence that is heard live has ended
CAPTION_LONG_MS: Final = 6_000  # a sentence this long ends at a breath
CAPTION_BREATH_MS: Final = 180  # a breath
CAPTION_MOST_MS: Final = 12_000  # a sentence this long ends where it is quietest: it costs 0.2 s
CAPTION_SPACES_COUNT: Final = 20  # live spaces heard by one process: 20 who talk are four cores
CAPTION_BACK_COUNT: Final = 300  # entries of the log heard again after a crash: some 20 s
CAPTION_BEHIND_S: Final = 15.0  # sound read so long after it was logged is left out, and counted
CAPTION_WAITING_COUNT: Final = 500  # captions that wait for the log: an hour of one seat
CAPTION_IDLE_S: Final = 120.0  # the weights leave memory so long after the last live space
TRANSCRIPT_PAUSE_MS: Final = 700  # without voice, and a stretch of a recording has ended
TRANSCRIPT_LONG_MS: Final = 15_000  # a stretch this long ends at a breath
TRANSCRIPT_BREATH_MS: Final = 250  # a breath
TRANSCRIPT_MOST_MS: Final = 27_000  # heard at once: an engine's window is 30 s
TRANSCRIPT_SEAM_MS: Final = 300  # of silence between two stretches that are heard together
TRANSCRIPT_AGAIN_S: Final = 60.0  # between two tries at a transcript that failed
TRANSCRIPT_TRIES_COUNT: Final = 3  # after so many it is left until the next start
TRANSCRIPT_READ_BYTES: Final = 1024**2  # one read of a stem from the store
