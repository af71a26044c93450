/**
 * The event stream, read by `fetch` so that a ticket can go along: server-sent events (WHATWG HTML
 * section 9.2), of which edges send `data` lines only. Comes back by itself until it is closed.
 */

import { PAUSES } from "./feed.js";
import { backOff, patience } from "./time.js";
import { ask, signed } from "./visitor.js";

const SILENCE_MS = 40_000; // an edge without news says so every 15 s

export class Reader {
  #closed = false;
  #abort = new AbortController();

  /** Events are coming. */
  connected = false;

  /**
   * @param {string} address
   * @param {{items: (items: object[]) => void, refused: () => void}} ports
   *   `refused`: the edge will not have another reader
   */
  constructor(address, ports) {
    this.#run(address, ports);
  }

  close() {
    this.#closed = true;
    this.#abort.abort();
  }

  async #run(address, ports) {
    for (let tries = 0; !this.#closed; tries += 1) {
      let waitMs = 0;
      try {
        waitMs = await this.#read(address, ports, () => (tries = 0));
      } catch {
        // a dropped line: the whole state comes with the next connection
      }
      this.connected = false;
      await new Promise((done) => setTimeout(done, waitMs + backOff(tries, PAUSES)));
    }
  }

  async #read(address, { items, refused }, well) {
    const abort = (this.#abort = new AbortController());
    let timer = setTimeout(() => abort.abort(), SILENCE_MS);
    try {
      const answer = await ask(signed(address), { cache: "no-store", signal: abort.signal });
      if (!answer.ok || !answer.body) {
        if (!this.#closed) refused();
        return patience(answer.headers.get("Retry-After"));
      }
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.#closed) return 0;
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(), SILENCE_MS);
        const lines = (rest + value).split("\n");
        rest = lines.pop() ?? "";
        this.connected = true;
        well();
        const told = lines.filter((line) => line.startsWith("data: "));
        items(told.flatMap((line) => JSON.parse(line.slice(6))));
      }
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }
}
