// What this browser remembers of a seat that it sits on: a page that was reloaded, or whose browser
// died, goes back to it by itself; and of two tabs one has it.

// Later, whoever opens the page presses Join: much may have happened.
const LEFT_MS = 60_000; // after a page was left: a reload, a wrong button
const DIED_MS = 180_000; // after the last word of one that died: to start a browser, or a telephone, anew
const BEAT_MS = 60_000; // Chromium writes what it keeps no more often

/** The memory of one seat. It needs neither studio nor stage. */
export class SeatMemory {
  #name;
  #beat = 0;
  #sits = new AbortController();
  /** @type {(() => void) | null} */
  #free = null;

  /**
   * @param {string} space
   * @param {string} seat
   */
  constructor(space, seat) {
    this.#name = `hustings-seat-${space}-${seat}`;
  }

  /**
   * Whether a page of this browser sat here a moment ago, left neither the seat nor another tab in it,
   * and what it called itself; "" otherwise.
   * @returns {Promise<string>}
   */
  async kept() {
    const { page, until_ms } = read(this.#name);
    if (!page || Date.now() > until_ms || until_ms > Date.now() + DIED_MS || !navigator.locks) return "";
    const { held } = await navigator.locks.query();
    return held?.some(({ name }) => name === this.#name) ? "" : page;
  }

  /**
   * Sit here, until `release`.
   * @param {string} page what this page calls itself
   * @param {() => void} onTaken another tab of this browser sat down
   */
  claim(page, onTaken) {
    this.release(false);
    const write = (/** @type {number} */ lasts_ms) => {
      keep(this.#name, { page, until_ms: Date.now() + lasts_ms });
    };
    write(DIED_MS);
    this.#beat = setInterval(() => write(DIED_MS), BEAT_MS);
    addEventListener("pagehide", () => write(LEFT_MS), { signal: this.#sits.signal });
    const held = navigator.locks?.request(this.#name, { steal: true }, () => {
      return new Promise((free) => (this.#free = () => free(undefined)));
    });
    held?.catch(() => {
      this.release(false);
      onTaken();
    });
  }

  /** @param {boolean} forget the seat was left; else it may be come back to */
  release(forget) {
    this.#sits.abort();
    this.#sits = new AbortController();
    clearInterval(this.#beat);
    this.#free?.();
    this.#free = null;
    if (forget) keep(this.#name, null);
  }
}

/**
 * @param {string} name
 * @returns {{page: string, until_ms: number}}
 */
function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null") ?? { page: "", until_ms: 0 };
  } catch {
    return { page: "", until_ms: 0 }; // private windows may keep nothing
  }
}

/**
 * @param {string} name
 * @param {object | null} value
 */
function keep(name, value) {
  try {
    if (value) localStorage.setItem(name, JSON.stringify(value));
    else localStorage.removeItem(name);
  } catch {
    // As above.
  }
}
