/** Where nothing is heard, by the waveform's peaks, and stepping over it while it plays. */

const LEAST_SLOTS = 4; // of 320 ms: a shorter pause belongs to speech
const KEPT_MS = 400; // left at each end, so that no word is cut
const QUIET = 3; // of 255: -39 dBFS
const PART = 0.06; // of the level that speech has

/**
 * The silences of a recording, in milliseconds, without what is kept at their ends.
 * @param {{step_ms: number, peaks: number[]} | null} waveform
 * @returns {[number, number][]}
 */
export function silences(waveform) {
  const { peaks = [], step_ms: step = 320 } = waveform ?? {};
  const sorted = [...peaks].sort((a, b) => a - b);
  const speech = sorted[Math.floor(sorted.length * 0.8)] ?? 0;
  const quiet = Math.max(QUIET, speech * PART);
  /** @type {[number, number][]} */
  const found = [];
  let begin = -1;
  for (let at = 0; at <= peaks.length; at += 1) {
    if (at < peaks.length && peaks[at] <= quiet) {
      if (begin < 0) begin = at;
    } else if (begin >= 0) {
      if (at - begin >= LEAST_SLOTS) found.push([begin * step + KEPT_MS, at * step - KEPT_MS]);
      begin = -1;
    }
  }
  return found;
}

export class Skipper {
  wanted = false;
  /** What was stepped over so far, in milliseconds. */
  skipped_ms = 0;
  #spans;

  /** @param {[number, number][]} spans */
  constructor(spans) {
    this.#spans = spans;
  }

  /** All that there is to step over, in milliseconds. */
  get all_ms() {
    return this.#spans.reduce((sum, [from, to]) => sum + to - from, 0);
  }

  /** Where to go on from `ms`; null: just there. @returns {number | null} */
  next(ms) {
    if (!this.wanted) return null;
    const span = this.#spans.find(([from, to]) => ms >= from && ms < to - 150);
    if (!span) return null;
    this.skipped_ms += span[1] - ms;
    return span[1];
  }
}
