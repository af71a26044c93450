/**
 * How far behind live to play, and how to get there: pure arithmetic, every time is an argument.
 *
 * Chunks arrive in steps, so the live edge is not the end of the buffer but a line: the newest
 * programme second that could have arrived by now. Being behind is measured against that line.
 * All values are in seconds.
 */

import { CUSHION_S } from "./playhead.js";

const WINDOW_S = 10; // arrivals that the line is drawn through
const TOGETHER_S = 0.1; // what comes so close together is one step
const CADENCE_S = 0.32; // one chunk, the usual step
const TARGET_S_MAX = 4;
const STALL_ADDS_S = 0.4; // a buffer that ran dry was too short for this line
const CALM_S = 60; // without a stall for this long, one such addition is taken back

/** The newest programme second that could be here, from when chunks arrived. */
export class LiveEdge {
  #arrivals = [];
  #stalls = 0;
  #calmSince = 0;

  /**
   * A step arrived: the buffer now ends at `endS`. `stepS` is how much came at once, 0 when it
   * came with a burst after connecting (which says nothing about the cadence).
   */
  arrived({ nowS, endS, stepS }) {
    const last = this.#arrivals.at(-1);
    const leadS = endS - nowS;
    if (last && nowS - last.nowS < TOGETHER_S) {
      Object.assign(last, { leadS: Math.max(leadS, last.leadS), stepS: last.stepS + stepS });
      return;
    }
    this.#arrivals = this.#arrivals.filter((one) => nowS - one.nowS < WINDOW_S);
    this.#arrivals.push({ nowS, stepS, leadS });
  }

  /** @returns {number | null} null until something has arrived */
  at(nowS) {
    if (!this.#arrivals.length) return null;
    return nowS + Math.max(...this.#arrivals.map((one) => one.leadS));
  }

  /** The buffer ran dry. */
  stalled(nowS) {
    this.#stalls += 1;
    this.#calmSince = nowS;
  }

  /**
   * How far behind the edge to play: enough for the cadence and for what this line needs.
   * @param {number} nowS
   * @param {number} [stepS]  how much the server says that it sends at once
   */
  targetS(nowS, stepS = CADENCE_S) {
    if (this.#stalls && nowS - this.#calmSince > CALM_S) {
      this.#stalls -= 1;
      this.#calmSince = nowS;
    }
    return Math.min(TARGET_S_MAX, CUSHION_S + this.#cadenceS(stepS) + this.#stalls * STALL_ADDS_S);
  }

  /** The usual step: the median, so that one late bundle is not taken for a slow cadence. */
  #cadenceS(stepS) {
    const steps = this.#arrivals.map((one) => one.stepS).filter(Boolean).sort((a, b) => a - b);
    return Math.max(stepS, steps[Math.floor((steps.length - 1) / 2)] ?? 0);
  }

  /** Forget everything: another programme clock, or a fresh start. */
  clear() {
    this.#arrivals = [];
  }
}

/**
 * What to do now.
 *
 * Near the target the rate bends by at most 3 %, which nobody hears; beyond 0.25 s it is 1.08,
 * beyond 1 s 1.15, beyond 3 s the player jumps. Where bending sounds bad (`bend: false`, iOS) it
 * only jumps, beyond 1 s. Nothing is hurried while the buffer is short: that would run it dry.
 *
 * @param {{behindS: number, aheadS: number, targetS: number, bend?: boolean}} reading
 *   `aheadS`: what the buffer holds after the playing position.
 * @returns {{rate: number, jumpS: number}} `jumpS`: how far to skip forward, 0 for no jump
 */
export function steer({ behindS, aheadS, targetS, bend = true }) {
  const over = behindS - targetS;
  if (over > (bend ? 3 : 1)) {
    const jumpS = Math.min(over, aheadS - 0.3);
    return { rate: 1, jumpS: jumpS > 0.5 ? jumpS : 0 };
  }
  if (!bend || Math.abs(over) < 0.04) return { rate: 1, jumpS: 0 };
  if (over > 0 && aheadS < 0.35) return { rate: 1, jumpS: 0 };
  if (over > 1) return { rate: 1.15, jumpS: 0 };
  if (over > 0.25) return { rate: 1.08, jumpS: 0 };
  return { rate: 1 + Math.max(-0.03, Math.min(0.03, over * 0.3)), jumpS: 0 };
}

/**
 * Where to go on when the playing position has no sound after it although a later range exists.
 * @param {[number, number][]} ranges  buffered spans, rising
 * @param {number} positionS
 * @param {boolean} dry  the position stands still: browsers stop some 0.1 s before a span's end
 * @returns {number | null}
 */
export function beyondHole(ranges, positionS, dry) {
  const restS = dry ? 0.5 : 0.05;
  for (const [start, end] of ranges) {
    if (positionS >= start - 0.001 && end - positionS > restS) return null;
    if (start > positionS) return start + 0.01;
  }
  return null;
}
