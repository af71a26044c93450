/**
 * Fragmented MP4 as it arrives over the network, cut into pieces that a SourceBuffer takes whole.
 * The boxes with events (`emsg`) are put aside unread, so that no browser needs to know them.
 *
 * @typedef {{bytes: Uint8Array, head: boolean, events: Uint8Array[]}} Piece
 *   `head`: the initialisation segment; otherwise one fragment. `events`: its `emsg` boxes.
 */

/** A chunk is a few kilobytes: a longer box is not ours. */
const BOX_BYTES = 1 << 20;

/** Cuts a byte stream into pieces. One for each connection. */
export class Pieces {
  #rest = new Uint8Array(0);
  /** @type {Uint8Array[]} */
  #boxes = [];
  /** @type {Uint8Array[]} */
  #events = [];

  /**
   * Take the next bytes; give the pieces that are complete by now.
   * @param {Uint8Array} bytes
   * @returns {Piece[]}
   */
  push(bytes) {
    let data = join([this.#rest, bytes]);
    const pieces = [];
    for (let box = first(data); box; box = first(data)) {
      data = data.subarray(box.length);
      const type = String.fromCharCode(...box.subarray(4, 8));
      (type === "emsg" ? this.#events : this.#boxes).push(box);
      if (type !== "moov" && type !== "mdat") continue;
      pieces.push({ bytes: join(this.#boxes), head: type === "moov", events: this.#events });
      this.#boxes = [];
      this.#events = [];
    }
    this.#rest = data.slice();
    return pieces;
  }
}

/** The first whole box of `data`, or null; throws when this cannot be an MP4 stream. */
function first(data) {
  if (data.length < 8) return null;
  const size = new DataView(data.buffer, data.byteOffset).getUint32(0);
  if (size < 8 || size > BOX_BYTES) throw new RangeError(`box of ${size} bytes`);
  return data.length < size ? null : data.subarray(0, size);
}

/** @param {Uint8Array[]} parts */
export function join(parts) {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
