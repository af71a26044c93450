// How long each seat has spoken on air in this evening, as this page saw it.

import { span } from "./page.js";
import { t } from "./t.js";

/** Counts; a reload of the page goes on where it was. */
export class Floor {
  #key;
  /** @type {Record<string, number>} milliseconds by seat */
  #spent = {};
  /** @type {Map<string, number>} since when who speaks now, on this page's clock */
  #since = new Map();

  /** @param {string} space */
  constructor(space) {
    this.#key = `hustings-floor-${space}`;
    try {
      this.#spent = JSON.parse(sessionStorage.getItem(this.#key) ?? "{}");
    } catch {
      // Private windows may keep nothing: it counts from now on.
    }
  }

  /**
   * Follow who speaks.
   * @param {{status: string, seats: {id: string, speaking: boolean}[]}} space
   * @param {number} [now]
   */
  follow(space, now = performance.now()) {
    const speaks = new Set(
      space.status === "live" ? space.seats.filter((seat) => seat.speaking).map((seat) => seat.id) : [],
    );
    for (const [seat, since] of this.#since) {
      if (speaks.has(seat)) continue;
      this.#spent[seat] = (this.#spent[seat] ?? 0) + now - since;
      this.#since.delete(seat);
      this.#save();
    }
    for (const seat of speaks) if (!this.#since.has(seat)) this.#since.set(seat, now);
  }

  /**
   * Time on the floor and the share of all speech, in words; empty for who has not spoken.
   * @param {string} seat
   * @param {number} [now]
   */
  words(seat, now = performance.now()) {
    const own = this.#of(seat, now);
    if (own < 1000) return "";
    const seats = new Set([...Object.keys(this.#spent), ...this.#since.keys()]);
    const all = [...seats].reduce((sum, one) => sum + this.#of(one, now), 0);
    return t("spoke {time}, {share} %", { time: span(own), share: Math.round((100 * own) / all) });
  }

  /**
   * @param {string} seat
   * @param {number} now
   */
  #of(seat, now) {
    const since = this.#since.get(seat);
    return (this.#spent[seat] ?? 0) + (since === undefined ? 0 : now - since);
  }

  #save() {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(this.#spent));
    } catch {
      // As above.
    }
  }
}
