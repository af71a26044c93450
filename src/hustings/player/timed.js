/**
 * The events that ride with the sound, handed to the door when their sound is heard: boxes of type
 * `emsg` (ISO/IEC 14496-12, 23009-1 section 5.10.3.3), version 1.
 *
 * @typedef {{atS: number, items: object[]}} Timed  events due at `atS`, seconds of programme
 */

export const EVENTS = "urn:hustings:events:2026";

const CHUNK_S = 0.32;
const LATE_S = 3; // an event waits for its sound at most this much longer than expected

const text = new TextDecoder();

export class Events {
  #ear;
  #door;
  #due = [];

  /**
   * @param {import("./ear.js").Ear} ear
   * @param {import("./door.js").Door} door
   */
  constructor(ear, door) {
    this.#ear = ear;
    this.#door = door;
    ear.addEventListener("facts", () => this.#tick());
    door.addEventListener("snapshot", (event) => {
      const { n } = event.detail;
      if (!ear.hearing || n === null) {
        this.#flush(Infinity); // what waits is older than this
        return;
      }
      event.preventDefault();
      this.#later((n + 1) * CHUNK_S, [{ type: "door", state: event.detail }]);
    });
  }

  #tick() {
    for (const box of this.#ear.boxes.splice(0)) {
      const event = readEvent(box);
      if (!event) continue;
      for (const item of event.items) {
        // This is news about the line, not about the sound.
        if (item.type === "move") this.#ear.move(Math.min(item.within_ms ?? 0, 10_000));
      }
      this.#later(event.atS, event.items);
    }
    this.#flush(this.#ear.hearing ? this.#ear.head.second + 0.02 : Infinity);
  }

  /** Keep `items` until the sound of programme second `atS` is heard. */
  #later(atS, items) {
    const { placed, second } = this.#ear.head;
    const waitS = (placed ? Math.max(0, atS - second) : 1) + LATE_S;
    this.#due.push({ atS, items, latestMs: performance.now() + 1000 * waitS });
    this.#due.sort((a, b) => a.atS - b.atS);
  }

  /** Hand out what is due at programme second `untilS`. */
  #flush(untilS) {
    const nowMs = performance.now();
    const isDue = (one) => one.atS <= untilS || one.latestMs <= nowMs;
    const items = this.#due.filter(isDue).flatMap((one) => one.items);
    if (!items.length) return;
    this.#due = this.#due.filter((one) => !isDue(one));
    this.#door.merge(items);
  }
}

/**
 * The events of one box, or null when it is not ours or not readable.
 * @param {Uint8Array} bytes
 * @returns {Timed | null}
 */
export function readEvent(bytes) {
  if (bytes.length < 34 || bytes[8] !== 1) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const scale = view.getUint32(12);
  const ticks = Number(view.getBigUint64(16));
  const scheme = bytes.indexOf(0, 32);
  const value = bytes.indexOf(0, scheme + 1);
  if (!scale || scheme < 0 || value < 0) return null;
  if (text.decode(bytes.subarray(32, scheme)) !== EVENTS) return null;
  try {
    const items = JSON.parse(text.decode(bytes.subarray(value + 1)));
    return Array.isArray(items) ? { atS: ticks / scale, items } : null;
  } catch {
    return null; // the next event heals a broken one
  }
}
