/**
 * Sound by segments with computed numbers: segment k covers the programme from k x 1.92 s on.
 *
 * The same bytes for everybody and for ever, so they may come from any cache, and every second
 * there has been can be had. A server holds the request for the next segment until it exists; one
 * that lies too far ahead, or does not exist yet at a cache's end, is 404 and asked for again.
 * Shaped like the push connection (feed.js).
 */

import { Pieces } from "./boxes.js";
import { PAUSES } from "./feed.js";
import { backOff, patience } from "./time.js";
import { ask } from "./visitor.js";

const SEGMENT_MS = 1920;
const ANSWER_MS = 10_000; // a held answer comes within six seconds
const AHEAD_S = 30; // more than this is not read ahead
const MISSING_MS = 2000; // between two questions for what is not there yet
const MISSING_COUNT = 4; // in a row: perhaps there is no more

export class Segments {
  #base;
  #ports;
  #newest;
  #aheadS;
  #closed = false;
  #abort = new AbortController();
  #wake = () => {};
  #headed = false;
  #missing = 0;
  /** @type {number | null} */
  #k = null;

  /** Bytes are flowing. */
  connected = false;

  /**
   * @param {string} base  address of the space, with a slash at its end
   * @param {import("./feed.js").Ports} ports
   * @param {{newest?: () => number, aheadS?: () => number}} [where]
   *   `newest`: the newest segment there is; `aheadS`: what is buffered after the playing position
   */
  constructor(base, ports, { newest = () => 0, aheadS = () => 0 } = {}) {
    this.#base = base;
    this.#ports = ports;
    this.#newest = newest;
    this.#aheadS = aheadS;
    this.#run();
  }

  close() {
    this.#closed = true;
    this.connected = false;
    this.#abort.abort();
    this.#wake();
  }

  /** Do not wait out a pause. */
  hurry() {
    this.#wake();
  }

  async #run() {
    let tries = 0;
    this.#ports.opened(SEGMENT_MS);
    while (!this.#closed) {
      if (this.#aheadS() > AHEAD_S) {
        await this.#pause(500);
        continue;
      }
      let waitMs = -1;
      try {
        waitMs = await this.#next();
      } catch {
        // a line that broke: what is missing is found out anew
      }
      if (this.#closed) return;
      if (waitMs === 0) {
        tries = 0;
        continue;
      }
      this.connected = false;
      this.#k = null;
      this.#ports.lost(tries);
      const spread = this.#missing ? backOff(0, { firstMs: MISSING_MS, mostMs: MISSING_MS }) : 0;
      await this.#pause(Math.max(waitMs, 0) + (spread || backOff(tries++, PAUSES)));
    }
  }

  /** One segment; gives how long to wait before the next question, 0 when there is no need. */
  async #next() {
    const { codec, pieces } = this.#ports;
    if (!this.#headed) {
      const head = await this.#get(`${codec}/init.mp4`);
      if (!head.ok) return this.#refused(head);
      const bytes = new Uint8Array(await head.arrayBuffer());
      pieces([{ bytes, head: true, events: [] }]);
      this.#headed = true;
    }
    this.#k ??= this.#first();
    const answer = await this.#get(`${codec}/${this.#k}.m4s`);
    if (!answer.ok) return this.#refused(answer);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (this.#closed) return 0;
    this.#missing = 0;
    this.#k += 1;
    this.connected = true;
    pieces(new Pieces().push(bytes));
    return 0;
  }

  /** Where to begin: at what is missing, or two segments before the newest, to have some at hand. */
  #first() {
    const fromMs = this.#ports.from();
    return fromMs === null ? Math.max(0, this.#newest() - 1) : Math.floor(fromMs / SEGMENT_MS);
  }

  #refused(answer) {
    const missing = answer.status === 404;
    this.#missing = missing ? this.#missing + 1 : 0;
    if (!missing || this.#missing % MISSING_COUNT === 0) this.#ports.refused(answer.status, "");
    return Math.max(1, patience(answer.headers.get("Retry-After")));
  }

  async #get(name) {
    this.#abort = new AbortController();
    const timer = setTimeout(() => this.#abort.abort(), ANSWER_MS);
    try {
      return await ask(this.#base + name, { signal: this.#abort.signal });
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {number} ms */
  #pause(ms) {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.#wake = () => {
        clearTimeout(timer);
        done(undefined);
      };
    });
  }
}
