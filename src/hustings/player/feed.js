/**
 * The endless connection to an edge: reads, cuts, notices silence, and comes back by itself.
 *
 * A drop is repaired within the player's buffer: the first try follows within a quarter of a
 * second, at a random time, so that a room does not return as one; later ones wait any time up to
 * a bound that doubles. `?from=` asks for exactly what is missing. Ends only by `close()`.
 *
 * @typedef {import("./boxes.js").Piece} Piece
 * @typedef {{
 *   codec: string,
 *   from: () => number | null,
 *   opened: (stepMs: number) => void,
 *   pieces: (pieces: Piece[]) => void,
 *   refused: (status: number, code: string) => void,
 *   lost: (tries: number) => void,
 *   aheadS: () => number,
 * }} Ports  what every feed is given. `from`: where to begin, in milliseconds of programme, null
 *   for the newest; `opened`: sound is about to come, in steps of this length; `refused`: the
 *   server said no, or ended the stream in good order (a line that breaks does neither); `lost`:
 *   how many tries have failed in a row; `aheadS`: what is buffered after the playing position
 */

import { Pieces } from "./boxes.js";
import { backOff, patience } from "./time.js";
import { ask, signed } from "./visitor.js";

const ANSWER_MS = 6000; // from the request to the head of the answer
const SILENCE_MS = 2000; // without bytes for this long beyond a step: the line is dead
const CHUNK_MS = 320;
export const PAUSES = { firstMs: 250, mostMs: 8000 };

export class Feed {
  #ports;
  #address;
  #stepMs;
  #closed = false;
  #tries = 0;
  #abort = new AbortController();
  #wake = () => {};

  /**
   * @param {string} address  of the stream, without codec and place
   * @param {Ports} ports
   * @param {number} [stepMs]  its steps, for an edge whose answer does not show them
   */
  constructor(address, ports, stepMs = CHUNK_MS) {
    this.#address = address;
    this.#ports = ports;
    this.#stepMs = stepMs;
    this.#run();
  }

  /** Bytes are flowing. */
  connected = false;

  close() {
    this.#closed = true;
    this.connected = false;
    this.#abort.abort();
    this.#wake();
  }

  /** Do not wait out a pause: the network is back, or somebody looks at the page again. */
  hurry() {
    this.#tries = Math.min(this.#tries, 1);
    this.#wake();
  }

  async #run() {
    while (!this.#closed) {
      let waitMs = 0;
      try {
        waitMs = await this.#connect();
      } catch {
        // a dropped line, a dead one, or bytes that are no MP4: all are answered by coming back
      }
      this.connected = false;
      if (this.#closed) return;
      this.#ports.lost(this.#tries);
      await this.#pause(waitMs + backOff(this.#tries++, PAUSES));
    }
  }

  /** One connection; gives how long the edge asks to wait, in milliseconds. */
  async #connect() {
    const { codec, from, opened, pieces, refused } = this.#ports;
    const abort = (this.#abort = new AbortController());
    let timer = setTimeout(() => abort.abort(), ANSWER_MS);
    try {
      const url = signed(this.#address, { codec, from: from() });
      const answer = await ask(url, { cache: "no-store", signal: abort.signal });
      if (!answer.ok || !answer.body) {
        const { code } = await answer.json().catch(() => ({}));
        if (!this.#closed) refused(answer.status, code);
        return patience(answer.headers.get("Retry-After"));
      }
      const stepMs = Number(answer.headers.get("X-Cadence-Ms")) || this.#stepMs;
      opened(stepMs);
      const reader = answer.body.getReader();
      const cut = new Pieces();
      for (;;) {
        const { done, value } = await reader.read();
        if (this.#closed) return 0;
        if (done) {
          refused(answer.status, "");
          return 0;
        }
        const made = cut.push(value);
        const chunks = made.filter((piece) => !piece.head).length;
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(), SILENCE_MS + Math.max(stepMs, CHUNK_MS * chunks));
        if (!made.length) continue;
        if (chunks) this.#tries = 0;
        this.connected = true;
        pieces(made);
      }
    } finally {
      clearTimeout(timer);
      abort.abort(); // a connection that is given up is also closed
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
