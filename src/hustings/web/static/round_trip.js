// The round trip: three seconds to the stage and back, measured there and here. Nobody else hears it.

const LOOK_MS = 1000;
const SLACK_MS = 40;
const WAIT_MS = 3000;
const FRAME_MS = 20; // what a packet waits for while it is filled

/**
 * @typedef {{state: "recording" | "playing" | "done" | "stopped", left_ms: number,
 *   figures: Figures | null}} Report
 * @typedef {{speech_dbfs: number, floor_dbfs: number, peak_dbfs: number, clipped: number,
 *   concealed: number, loss_up: number, jitter_ms: number, buffer_ms: number, rtt_ms: number | null,
 *   loss_down: number | null, echo_db: number | null}} Figures what the stage measured
 * @typedef {Figures & {delay_ms: number | null, heard_dbfs: number | null}} Measured and what we did
 */

/** The stage does not make the trip. `status` 0: there was no answer. */
export class NoTrip extends Error {
  /** @param {number} status @param {string} [detail] */
  constructor(status, detail = "") {
    super(detail);
    this.status = status;
  }
}

/**
 * Make the trip.
 * @param {import("./line.js").Line} line connected
 * @param {(report: Report) => void} say called with every state, and every second
 * @returns {Promise<Measured | null>} null when it was broken off: by going on air, by unmuting
 */
export async function roundTrip(line, say) {
  const { address, ticket } = line.session;
  const ask = (/** @type {string} */ method) => fetched(`${address}/trial`, ticket, method);
  const before = await count(line);
  let report = await ask("POST");
  let playing = null;
  while (report.state === "recording" || report.state === "playing") {
    say(report);
    if (report.state === "playing") playing ??= await count(line);
    await new Promise((go) => setTimeout(go, Math.min(LOOK_MS, report.left_ms + SLACK_MS)));
    report = await ask("GET");
  }
  if (report.state !== "done" || !report.figures) return null;
  return own(report.figures, before, playing, await count(line));
}

/**
 * @param {string} address
 * @param {string} ticket
 * @param {string} method
 * @returns {Promise<Report>}
 */
async function fetched(address, ticket, method) {
  const headers = { Authorization: `Bearer ${ticket}`, "Accept-Language": document.documentElement.lang };
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(address, { method, headers, signal: AbortSignal.timeout(WAIT_MS) });
  } catch {
    throw new NoTrip(0);
  }
  const said = await answer.json().catch(() => null);
  if (!answer.ok || !said) throw new NoTrip(answer.status, said?.detail);
  return said;
}

/**
 * What has come in so far (W3C webrtc-stats, inbound-rtp); null without a connection.
 * @param {import("./line.js").Line} line
 */
async function count(line) {
  for (const report of (await line.stats())?.values() ?? []) {
    if (report.type !== "inbound-rtp") continue;
    return {
      received: report.packetsReceived ?? 0, lost: report.packetsLost ?? 0,
      waited_s: report.jitterBufferDelay ?? 0, emitted: report.jitterBufferEmittedCount ?? 0,
      energy: report.totalAudioEnergy ?? 0, lasted_s: report.totalSamplesDuration ?? 0,
    };
  }
  return null;
}

/** @typedef {NonNullable<Awaited<ReturnType<typeof count>>>} Count */

/**
 * The stage's figures with ours: what we missed we know better than it does.
 * @param {Figures} figures
 * @param {Count | null} before
 * @param {Count | null} playing
 * @param {Count | null} after
 * @returns {Measured}
 */
function own(figures, before, playing, after) {
  if (!before || !after) return { ...figures, delay_ms: null, heard_dbfs: null };
  const lost = Math.max(0, after.lost - before.lost);
  const all = lost + after.received - before.received;
  const emitted = after.emitted - before.emitted;
  const held_ms = emitted > 0 ? (1000 * (after.waited_s - before.waited_s)) / emitted : 0;
  const { rtt_ms, buffer_ms } = figures;
  const lasted_s = playing ? after.lasted_s - playing.lasted_s : 0;
  const power = playing && lasted_s > 0 ? (after.energy - playing.energy) / lasted_s : 0;
  return {
    ...figures,
    loss_down: all > 0 ? lost / all : figures.loss_down,
    delay_ms: rtt_ms === null ? null : rtt_ms + buffer_ms + held_ms + FRAME_MS,
    heard_dbfs: playing ? (power > 0 ? Math.max(-120, 10 * Math.log10(power)) : -120) : null,
  };
}
