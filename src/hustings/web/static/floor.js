// Who has spoken on air for how long and in what way, as the studio counts it from the space's log.

import { copyOf, element, keep, part, span, write } from "./page.js";
import { tell } from "./news.js";
import { t } from "./t.js";

/**
 * @typedef {{id: string, name: string, talk_ms: number, share: number, speaking: boolean,
 *   turns: number, longest_ms: number, interruptions: number, interrupted: number,
 *   overlap_ms: number, allowance_ms: number, used: number, level: "" | "near" | "over"}} SeatTime
 * @typedef {{on_air_ms: number, silence_ms: number, overlap_ms: number, seats: SeatTime[]}} FloorTime
 */

const card = element("floor"); // hosts only
const clock = element("own-clock");

/** The newest figures, and where they are shown. */
export class Floor {
  /** @type {FloorTime} */
  #now = { on_air_ms: 0, silence_ms: 0, overlap_ms: 0, seats: [] };
  #own;
  #equal = false;
  #fixed = false;
  /** @type {string} what was said of the own clock last */
  #told = "";

  /** @param {string} own seat */
  constructor(own) {
    this.#own = own;
  }

  /** @param {{equal_time: boolean, speaker_s: number}} space */
  follow({ equal_time, speaker_s }) {
    this.#equal = equal_time;
    this.#fixed = speaker_s > 0;
    if (!equal_time) this.#told = "";
    this.#showClock();
  }

  /** @param {FloorTime} now */
  take(now) {
    this.#now = now;
    this.#showClock();
    if (card) this.#showCard();
  }

  /**
   * Time on the floor and the share of all speech, in words; empty for who has not spoken.
   * @param {string} seat
   */
  words(seat) {
    const one = this.#of(seat);
    if (!one || (one.talk_ms < 1000 && !this.level(seat))) return "";
    if (one.allowance_ms && this.#fixed) return t("spoke {time} of {all}", { time: span(one.talk_ms), all: span(one.allowance_ms) });
    return t("spoke {time}, {share} %", { time: span(one.talk_ms), share: Math.round(100 * one.share) });
  }

  /** How far a seat's clock is: "near" its end, "over", or neither. @param {string} seat */
  level(seat) {
    return (this.#equal && this.#of(seat)?.level) || "";
  }

  /** @param {string} seat */
  #of(seat) {
    return this.#now.seats.find(({ id }) => id === seat);
  }

  #showClock() {
    if (!clock) return;
    const own = this.#of(this.#own);
    clock.hidden = !this.#equal || !this.#own;
    if (clock.hidden) return;
    const used = own?.used ?? 0;
    const level = own?.level ?? "";
    const percent = Math.round(100 * used);
    clock.dataset.level = level;
    fill(part(clock, ".bar"), used);
    write(part(clock, ".clock-time"), this.#fixed && own?.allowance_ms
      ? t("{time} of {all}", { time: span(own.talk_ms), all: span(own.allowance_ms) })
      : t("{time}, {n} % of an equal share", { time: span(own?.talk_ms ?? 0), n: percent }));
    if (level && level !== this.#told) tell("clock", clockWords(level, this.#fixed));
    if (level || used < 0.7) this.#told = level; // it is not said again at each word around the mark
  }

  #showCard() {
    const { seats, silence_ms, overlap_ms, on_air_ms } = this.#now;
    const talkers = seats.filter(({ talk_ms }) => talk_ms > 0);
    card.hidden = !talkers.length;
    if (card.hidden) return;
    const most = Math.max(...talkers.map(({ talk_ms }) => talk_ms));
    keep(element("floor-rows"), talkers, "floor", () => copyOf("floor-template"), (row, one) => {
      row.dataset.level = this.#equal ? one.level : "";
      write(part(row, ".floor-name"), one.name);
      write(part(row, ".floor-time"), span(one.talk_ms));
      write(part(row, ".floor-share"), t("{n} %", { n: Math.round(100 * one.share) }));
      write(part(row, ".floor-longest b"), span(one.longest_ms));
      write(part(row, ".floor-made b"), String(one.interruptions));
      write(part(row, ".floor-suffered b"), String(one.interrupted));
      fill(part(row, ".bar"), one.talk_ms / most);
    });
    const share = (/** @type {number} */ ms) => Math.round((100 * ms) / Math.max(1, on_air_ms));
    write(element("floor-whole"), t("Of {time} on air, {silence} % were silent, and {overlap} % had several voices.", {
      time: span(on_air_ms), silence: share(silence_ms), overlap: share(overlap_ms),
    }));
  }
}

/**
 * @param {"near" | "over"} level
 * @param {boolean} fixed
 */
function clockWords(level, fixed) {
  if (level === "near") return fixed ? t("80 % of your time is used.") : t("You are near an equal share of the time.");
  return fixed ? t("Your time is used up.") : t("You have spoken longer than an equal share.");
}

/** @param {HTMLElement} bar @param {number} share */
function fill(bar, share) {
  bar.style.setProperty("--level", Math.min(1, share).toFixed(3));
}
