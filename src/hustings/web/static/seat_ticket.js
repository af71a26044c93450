// The ticket of one's own seat: kept in memory, so that the studio may be down.

import { call } from "./api.js";

const RENEW_BEFORE_MS = 30 * 60_000;

/** @typedef {import("./line.js").Ticket} Ticket */

/** Gets tickets and keeps the newest. */
export class SeatTicket {
  /** What this page is called when the other pages of this seat are told to let go. */
  page = Math.random().toString(36).slice(2, 14);
  /** @type {Ticket | null} */
  #ticket = null;
  #api;
  #sitsDown = false;

  /** @param {string} api the space's address in the API */
  constructor(api) {
    this.#api = api;
  }

  /** Somebody pressed Join: the other pages of this seat are to be told. */
  sitDown() {
    this.#sitsDown = true;
  }

  /**
   * @param {boolean} must a kept one will not do
   * @returns {Promise<Ticket>}
   */
  async renew(must) {
    const left = (this.#ticket?.expires_at_ms ?? 0) - Date.now();
    if (this.#ticket && !must && !this.#sitsDown && left > RENEW_BEFORE_MS) return this.#ticket;
    // A page that comes back by itself does not send the others away.
    const body = this.#sitsDown ? { page: this.page } : {};
    this.#sitsDown = false;
    try {
      this.#ticket = { ...(await call("POST", `${this.#api}/ticket`, body)), page: this.page };
    } catch (error) {
      // The ticket in memory is good while the studio is away. Whether it has expired is the gate's to
      // say: this computer's clock may be wrong.
      if (!this.#ticket || must) throw error;
    }
    return /** @type {Ticket} */ (this.#ticket);
  }
}
