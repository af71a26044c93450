// The transcript in step with the sound: press a sentence to choose it, its time to hear it.

import { copyOf, element, keep, part, write } from "../page.js";
import { t, tn } from "../t.js";
import { shown } from "./timecode.js";

/**
 * @typedef {{by: string, at_ms: number, before: string, text: string}} Change
 * @typedef {{id: string, at_ms: number, end_ms: number, seat: string, name: string, text: string,
 *   published: string, making: boolean, changes: Change[]}} Sentence
 */

/** Shows the sentences, and lets somebody choose some of them. */
export class Sentences {
  /** @type {Sentence[]} */
  all = [];
  #list = element("sentences");
  #sound;
  #selection;
  #first = -1; // the sentence from which on others are chosen
  #now = -1;
  /** @type {(seat: string) => number} */
  #colour = () => 0;

  /**
   * @param {import("./sound.js").Sound} sound
   * @param {import("./selection.js").Selection} selection
   */
  constructor(sound, selection) {
    [this.#sound, this.#selection] = [sound, selection];
    this.#list.addEventListener("click", (event) => this.#press(event));
    this.#list.addEventListener("keydown", (event) => this.#key(event));
    sound.addEventListener("moved", () => this.#moved());
    selection.addEventListener("changed", () => this.#mark());
  }

  /**
   * @param {Sentence[]} all
   * @param {(seat: string) => number} colour
   */
  show(all, colour) {
    this.all = all;
    this.#colour = colour;
    this.#now = -1;
    keep(this.#list, all, "cue", () => copyOf("sentence-template"), (row, one, at) => this.#fill(row, one, at));
    this.#oneStop();
    this.#mark();
    this.#moved();
  }

  /** @param {Sentence} one whose words have changed */
  changed(one) {
    const at = this.all.findIndex(({ id }) => id === one.id);
    const row = /** @type {HTMLElement | undefined} */ (this.#list.children[at]);
    if (row) this.#fill(row, one, at);
  }

  /** @param {string} id */
  row(id) {
    return /** @type {HTMLElement | null} */ (this.#list.querySelector(`[data-cue="${CSS.escape(id)}"]`));
  }

  /** @param {HTMLElement} row @param {Sentence} one @param {number} at */
  #fill(row, one, at) {
    if (row.dataset.writing === "true") return;
    const before = this.all[at - 1];
    part(row, ".cue-name").hidden = before?.seat === one.seat;
    write(part(row, ".cue-name"), one.name || one.seat);
    part(row, ".cue-name").className = `cue-name swatch s${this.#colour(one.seat)}`;
    write(part(row, ".cue-at"), shown(one.at_ms).replace(/\.\d+$/, ""));
    part(row, ".cue-at").ariaLabel = t("Play from {time}", { time: shown(one.at_ms) });
    write(part(row, ".cue-text"), one.text);
    part(row, ".cue-text").dir = "auto";
    const count = one.changes.length;
    const state = one.making ? t("being published") : count ? tn("corrected once", "corrected {n} times", count) : "";
    write(part(row, ".cue-state"), state);
    part(row, ".cue-state").hidden = !state;
    part(row, ".cue-edit").ariaLabel = t("Correct: {text}", { text: one.text });
  }

  /** @param {MouseEvent} event */
  #press(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const at = [...this.#list.children].indexOf(/** @type {Element} */ (target.closest("li")));
    const one = this.all[at];
    if (!one) return;
    if (target.closest(".cue-at")) this.#sound.play(one.at_ms);
    else if (target.closest(".cue-text")) this.#choose(at, event.shiftKey);
  }

  /** @param {number} at @param {boolean} more from the one that was chosen first */
  #choose(at, more) {
    if (!more || this.#first < 0) this.#first = at;
    const [low, high] = [Math.min(this.#first, at), Math.max(this.#first, at)];
    const ends = this.all.slice(low, high + 1).map((one) => one.end_ms);
    this.#selection.choose(this.all[low].at_ms, Math.max(...ends));
    this.#oneStop(at);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const text = /** @type {HTMLElement} */ (event.target).closest(".cue-text");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!text || !step) return;
    const rows = [...this.#list.children];
    const at = rows.indexOf(/** @type {Element} */ (text.closest("li"))) + step;
    if (!rows[at]) return;
    event.preventDefault();
    if (event.shiftKey) {
      if (this.#first < 0) this.#first = at - step;
      this.#choose(at, true);
    } else {
      this.#first = -1;
      this.#oneStop(at);
    }
    part(rows[at], ".cue-text").focus();
  }

  /** Of hundreds of buttons the Tab key stops at those of one sentence; arrows lead to others. */
  #oneStop(at = Math.max(0, this.#now)) {
    [...this.#list.children].forEach((row, n) => {
      const stop = n === at ? 0 : -1;
      for (const button of row.querySelectorAll("button")) if (button.tabIndex !== stop) button.tabIndex = stop;
    });
  }

  #mark() {
    const { from, to, whole } = this.#selection;
    [...this.#list.children].forEach((row, at) => {
      const one = this.all[at];
      if (!one) return;
      const middle = (one.at_ms + one.end_ms) / 2;
      const chosen = whole && middle >= /** @type {number} */ (from) && middle <= /** @type {number} */ (to);
      part(row, ".cue-text").ariaPressed = String(Boolean(chosen));
    });
  }

  #moved() {
    const now = this.all.findLastIndex((one) => one.at_ms <= this.#sound.ms);
    if (now === this.#now) return;
    this.#list.children[this.#now]?.removeAttribute("aria-current");
    this.#now = now;
    const row = /** @type {HTMLElement | undefined} */ (this.#list.children[now]);
    row?.setAttribute("aria-current", "true");
    if (row && this.#sound.playing && !this.#list.contains(document.activeElement)) follow(row);
  }
}

/** Scroll the list, and not the page, to a row. @param {HTMLElement} row */
function follow(row) {
  const list = /** @type {HTMLElement} */ (row.parentElement);
  const away = row.getBoundingClientRect().top - list.getBoundingClientRect().top;
  if (away < 0 || away > list.clientHeight * 0.7) list.scrollBy({ top: away - list.clientHeight * 0.3 });
}

