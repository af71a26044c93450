// The stretch that is chosen: shown in two fields, and what is made of it in whole steps.

import { element, write } from "../page.js";
import { locale, t } from "../t.js";
import { parse, shown } from "./timecode.js";

const HUNDREDTHS = { minimumFractionDigits: 2, maximumFractionDigits: 2 };

/** A length in seconds, as the reader writes it. @param {number} ms */
export const seconds = (ms) => (ms / 1000).toLocaleString(locale, HUNDREDTHS);

/** A stretch of what is published, or none; says "changed". */
export class Selection extends EventTarget {
  /** @type {number | null} */
  from = null;
  /** @type {number | null} */
  to = null;
  #lasts = 0;
  #step = 320;
  #start = /** @type {HTMLInputElement} */ (element("start"));
  #end = /** @type {HTMLInputElement} */ (element("end"));

  constructor() {
    super();
    for (const field of [this.#start, this.#end]) {
      field.addEventListener("change", () => this.#typed());
    }
  }

  /**
   * @param {number} lasts how long the recording is, ms
   * @param {number} step ms
   */
  within(lasts, step) {
    [this.#lasts, this.#step] = [lasts, step];
    if (this.from !== null) this.choose(this.from, this.to);
    else if (this.#start.value || this.#end.value) this.#typed(); // as a form without the script has it
  }

  /**
   * @param {number | null} from
   * @param {number | null} to
   */
  choose(from, to) {
    const inside = (/** @type {number | null} */ ms) => (ms === null ? null : Math.min(Math.max(0, ms), this.#lasts));
    [this.from, this.to] = [inside(from), inside(to)];
    if (this.from !== null && this.to !== null && this.from > this.to) [this.from, this.to] = [this.to, this.from];
    this.#start.value = this.from === null ? "" : shown(this.from);
    this.#end.value = this.to === null ? "" : shown(this.to);
    this.#tell();
  }

  clear() {
    this.choose(null, null);
  }

  /** Whether there is a stretch with a beginning and an end. */
  get whole() {
    return this.from !== null && this.to !== null && this.to > this.from;
  }

  /** The same in whole steps, as it is cut. @returns {[number, number] | null} */
  get widened() {
    if (!this.whole) return null;
    const first = Math.floor(/** @type {number} */ (this.from) / this.#step) * this.#step;
    return [first, Math.min(Math.ceil(/** @type {number} */ (this.to) / this.#step) * this.#step, this.#lasts)];
  }

  #typed() {
    const [from, to] = [parse(this.#start.value), parse(this.#end.value)];
    // What cannot be read stays as it was typed; the form says so.
    [this.from, this.to] = [from, to];
    if (from !== null && to !== null) return this.choose(from, to);
    this.#tell();
  }

  #tell() {
    const span = this.widened;
    const words = span
      ? t("In whole steps: {from} – {to}, {length} s long.", {
        from: shown(span[0]), to: shown(span[1]), length: seconds(span[1] - span[0]),
      })
      : t("Choose a stretch: drag over the waveform, choose sentences, or write two moments.");
    write(element("widened"), words);
    this.dispatchEvent(new Event("changed"));
  }
}
