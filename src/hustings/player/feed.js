/**
 * The endless connection to an edge: reads, cuts, notices silence, and comes back by itself.
 *
 * A drop is repaired within the player's buffer: the first try follows at once (with a little
 * jitter, so that a room does not return as one), later ones back off. `?from=` asks for exactly
 * what is missing. Ends only by `close()`.
 *
 * @typedef {import("./boxes.js").Piece} Piece
 * @typedef {{
 *   url: (fromMs: number | null) => string,
 *   from: () => number | null,
 *   pieces: (pieces: Piece[]) => void,
 *   refused: (status: number) => void,
 * }} Ports  `pieces`: the first of a connection is its head; `refused`: the edge said no, or ended
 *   the stream in good order (a line that breaks does neither)
 */

import { Pieces } from "./boxes.js";
import { backOff, patience } from "./time.js";

const ANSWER_MS = 6000; // from the request to the head of the answer
const SILENCE_MS = 2000; // without bytes for this long beyond what just came: the line is dead
const CHUNK_MS = 320;

export class Feed {
  #ports;
  #closed = false;
  #tries = 0;
  #abort = new AbortController();
  #wake = () => {};

  /** @param {Ports} ports */
  constructor(ports) {
    this.#ports = ports;
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
      await this.#pause(Math.max(waitMs, backOff(this.#tries++, { firstMs: 120, mostMs: 5000 })));
    }
  }

  /** One connection; gives how long the edge asks to wait, in milliseconds. */
  async #connect() {
    this.#abort = new AbortController();
    let timer = setTimeout(() => this.#abort.abort(), ANSWER_MS);
    try {
      const options = { cache: "no-store", credentials: "omit", signal: this.#abort.signal };
      const answer = await fetch(this.#ports.url(this.#ports.from()), options);
      if (!answer.ok || !answer.body) {
        this.#ports.refused(answer.status);
        return patience(answer.headers.get("Retry-After"));
      }
      const reader = answer.body.getReader();
      const cut = new Pieces();
      for (;;) {
        const { done, value } = await reader.read();
        if (this.#closed) return 0;
        if (done) {
          this.#ports.refused(answer.status);
          return 0;
        }
        clearTimeout(timer);
        const pieces = cut.push(value);
        const chunks = pieces.filter((piece) => !piece.head).length;
        const quietMs = SILENCE_MS + CHUNK_MS * Math.max(0, chunks - 1);
        timer = setTimeout(() => this.#abort.abort(), quietMs);
        if (!pieces.length) continue;
        if (chunks) this.#tries = 0;
        this.connected = true;
        this.#ports.pieces(pieces);
      }
    } finally {
      clearTimeout(timer);
      this.#abort.abort(); // a connection that is given up is also closed
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
