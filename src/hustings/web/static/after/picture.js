// What is seen of a recording's waveform through a window: the player's own drawing, of a part.

import { bars, Paint } from "../replay/paint.js";
import { Floor } from "../replay/who.js";

/**
 * @typedef {{duration_ms: number, seats: any[], chapters: any[], events: any[]}} Timeline
 * @typedef {{step_ms: number, peaks: number[]}} Waveform
 */

/** Draws into a canvas. */
export class Picture {
  #paint;
  /** @type {Floor} who speaks when, in all of it */
  floor = new Floor(null, 1);
  /** @type {Timeline | null} */
  #timeline = null;
  /** @type {Waveform | null} */
  #waveform = null;
  /** @type {any[]} */
  #bars = [];

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#paint = new Paint(canvas);
  }

  /**
   * @param {Timeline | null} timeline
   * @param {Waveform | null} waveform
   * @param {number} lasts ms
   */
  take(timeline, waveform, lasts) {
    [this.#timeline, this.#waveform] = [timeline, waveform];
    this.floor = new Floor(timeline, lasts);
    this.floor.lasts_ms = lasts;
  }

  measure() {
    this.#paint.measure();
  }

  /** Prepare what is seen through a window. @param {import("./window.js").Window} window */
  look(window) {
    const { from, to, length } = window;
    const inside = (/** @type {number} */ ms) => Math.min(Math.max(0, ms - from), length);
    const events = (this.#timeline?.events ?? [])
      .filter((one) => one.type === "spoke" && one.end_ms > from && one.at_ms < to)
      .map((one) => ({ ...one, at_ms: inside(one.at_ms), end_ms: inside(one.end_ms) }));
    const part = new Floor(this.#timeline && { ...this.#timeline, duration_ms: length, events }, length);
    for (const one of part.speakers) one.colour = this.floor.of(one.id)?.colour ?? 0;
    const step = this.#waveform?.step_ms ?? 320;
    const peaks = this.#waveform?.peaks.slice(Math.floor(from / step), Math.ceil(to / step)) ?? [];
    this.#bars = bars(this.#paint.width, { step_ms: step, peaks }, part);
  }

  /**
   * @param {import("./window.js").Window} window
   * @param {{ms: number, chapters: number[], notes: {at_ms: number, length_ms: number}[], rtl: boolean}} how
   */
  draw(window, { ms, chapters, notes, rtl }) {
    const { from, to, length } = window;
    const seen = (/** @type {number} */ at) => at > from && at < to;
    this.#paint.draw(this.#bars, {
      lasts: length,
      ms: Math.min(Math.max(0, ms - from), length),
      hover: null,
      loaded: [],
      chapters: chapters.filter(seen).map((at) => at - from),
      hits: [],
      notes: notes
        .filter((one) => one.at_ms + one.length_ms >= from && one.at_ms <= to)
        .map((one) => ({ ...one, at_ms: one.at_ms - from })),
      rtl,
    });
  }
}
