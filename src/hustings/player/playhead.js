/**
 * Where in the programme the element plays, and how it is steered: about 0.9 s behind the live
 * edge, or wherever the listener wants to be.
 *
 * Events: "dry" (the position stands still: the listener hears nothing).
 */

import { bends } from "./source.js";

/** What must remain in the buffer just before a step arrives, in seconds. */
export const CUSHION_S = 0.58;

const BURST_S = 0.3; // what arrives this soon after connecting says nothing about the cadence
const DRY_S = 0.25; // the position stands still for this long

/** Seconds on the page's clock. */
export const now = () => performance.now() / 1000;

export class Playhead extends EventTarget {
  /** Latency control (latency.js), once it is there: until then nothing is steered. */
  #law = null;
  /** The line of the live edge. @type {import("./latency.js").LiveEdge | null} */
  edge = null;
  /** How much arrives at once. */
  stepS = 0.32;
  /** The element stands at a position of the programme. */
  placed = false;
  /** Behind by the listener's own choice: not hurried. */
  shifted = false;
  /** How fast to play what is not live. */
  speed = 1;
  /** Where to begin; null: at live. @type {number | null} */
  aimS = null;
  /** Where the buffer ends. */
  endS = 0;
  /** When it grew, on the wall, which goes on while a laptop sleeps. */
  grownMs = 0;
  dry = false;
  #audio;
  #moved = { positionS: 0, nowS: 0 };

  /** @param {HTMLAudioElement} audio */
  constructor(audio) {
    super();
    this.#audio = audio;
  }

  /** From here on, hold the distance to the edge. @param {any} law  the module latency.js */
  steerBy(law) {
    this.#law = law;
    this.edge = new law.LiveEdge();
  }

  /** Second of the programme that is heard now, or is to be. @returns {number | null} */
  get second() {
    return this.placed ? this.#audio.currentTime : this.aimS;
  }

  /** The newest second of the programme. @returns {number | null} */
  get edgeS() {
    return this.edge?.at(now()) ?? null;
  }

  /** @returns {number | null} null also where that is not known */
  get behindS() {
    const { placed, edgeS } = this;
    return placed && edgeS !== null ? Math.max(0, edgeS - this.#audio.currentTime) : null;
  }

  /** The usual distance from the edge. */
  get targetS() {
    return this.edge?.targetS(now(), this.stepS) ?? CUSHION_S + this.stepS;
  }

  /** Nothing is buffered; the next sound begins at `aimS`, or at live. */
  lift(aimS) {
    this.aimS = aimS;
    this.placed = this.dry = false;
    this.endS = 0;
  }

  /** Go near the end of a buffered span, but past its first 80 ms, which Opus needs to settle. */
  begin([start, end]) {
    this.seek(Math.min(Math.max(start + 0.08, end - this.targetS), Math.max(start, end - 0.05)));
  }

  /** Go to a second that is buffered. */
  seek(second) {
    this.#audio.currentTime = second;
    this.#moved = { positionS: this.#audio.currentTime, nowS: now() };
    this.dry = false;
  }

  /**
   * The buffer now ends at `endS`.
   * @param {number} joinedS  when the connection was made
   * @param {boolean} live  whether that says where the live edge is
   */
  grown(endS, joinedS, live) {
    const nowS = now();
    if (endS <= this.endS) return;
    const steady = this.endS && nowS - joinedS > BURST_S;
    if (live) this.edge?.arrived({ nowS, endS, stepS: steady ? endS - this.endS : 0 });
    this.endS = endS;
    this.grownMs = Date.now();
  }

  /**
   * To be called often, while sound is wanted.
   * @param {[number, number][]} ranges  what is buffered
   * @param {number} joinedS
   * @param {boolean} live  not on the way to sound of long ago
   */
  follow(ranges, joinedS, live) {
    const last = ranges.at(-1);
    if (!last || !this.endS) return;
    if (!this.placed && !this.#place(last, now() - joinedS)) return;
    const audio = this.#audio;
    const law = this.#law;
    if (audio.paused) return;
    this.#notice();
    if (!law) return;
    const hole = law.beyondHole(ranges, audio.currentTime, this.dry);
    if (hole !== null) audio.currentTime = hole;
    const { targetS, behindS } = this;
    const aheadS = last[1] - audio.currentTime;
    if (behindS === null) return;
    const { rate, jumpS } = law.steer({ behindS, aheadS, targetS, bend: bends });
    if (live && this.speed >= 1 && behindS < targetS + 0.3) this.live();
    audio.playbackRate = this.shifted ? this.speed : rate;
    if (jumpS && !this.shifted) audio.currentTime += jumpS;
  }

  /** From here on, keep up. */
  live() {
    this.shifted = false;
    this.speed = 1;
  }

  /** Puts the element where it is to begin, once that is buffered. */
  #place(span, waitedS) {
    const [start, end] = span;
    const { aimS, targetS } = this;
    if (aimS === null) {
      if (end - start < targetS && waitedS < 1) return false;
      this.begin(span);
    } else {
      if (end < aimS + 0.2) return false;
      this.seek(Math.max(aimS, start + 0.01));
    }
    this.aimS = null;
    return (this.placed = true);
  }

  /** Whether the position stands still. */
  #notice() {
    const positionS = this.#audio.currentTime;
    const nowS = now();
    if (positionS !== this.#moved.positionS) {
      this.#moved = { positionS, nowS };
      this.dry = false;
    } else if (!this.dry && nowS - this.#moved.nowS > DRY_S) {
      this.dry = true;
      if (!this.shifted) this.edge?.stalled(nowS);
      this.dispatchEvent(new Event("dry"));
    }
  }
}
