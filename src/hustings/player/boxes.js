/**
 * Fragmented MP4 as it arrives over the network, cut into pieces that a SourceBuffer takes whole,
 * with the events of its `emsg` boxes read out (ISO/IEC 14496-12, 23009-1 section 5.10.3.3).
 *
 * @typedef {{atS: number, items: object[]}} Timed  events due at `atS`, seconds of programme
 * @typedef {{bytes: Uint8Array, head: boolean, events: Timed[]}} Piece
 *   `head`: the initialisation segment; otherwise one fragment. Event boxes are not in `bytes`:
 *   they are read here, so that no browser needs to know them.
 */

export const EVENTS = "urn:hustings:events:2026";

/** A chunk is a few kilobytes: a longer box is not ours. */
const BOX_BYTES = 1 << 20;

const text = new TextDecoder();

/** Cuts a byte stream into pieces. One for each connection. */
export class Pieces {
  #rest = new Uint8Array(0);
  /** @type {Uint8Array[]} */
  #boxes = [];
  /** @type {Timed[]} */
  #events = [];

  /**
   * Take the next bytes; give the pieces that are complete by now.
   * @param {Uint8Array} bytes
   * @returns {Piece[]}
   */
  push(bytes) {
    let data = join([this.#rest, bytes]);
    const pieces = [];
    for (;;) {
      const box = first(data);
      if (!box) break;
      data = data.subarray(box.bytes.length);
      const piece = this.#take(box);
      if (piece) pieces.push(piece);
    }
    this.#rest = data.slice();
    return pieces;
  }

  #take({ type, bytes }) {
    if (type === "emsg") {
      const event = readEvent(bytes);
      if (event) this.#events.push(event);
      return null;
    }
    this.#boxes.push(bytes);
    if (type !== "moov" && type !== "mdat") return null;
    const piece = { bytes: join(this.#boxes), head: type === "moov", events: this.#events };
    this.#boxes = [];
    this.#events = [];
    return piece;
  }
}

/**
 * The events of one `emsg` box of version 1, or null when it is not ours or not readable.
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

/** The first whole box of `data`, or null; throws when this cannot be an MP4 stream. */
function first(data) {
  if (data.length < 8) return null;
  const size = new DataView(data.buffer, data.byteOffset).getUint32(0);
  if (size < 8 || size > BOX_BYTES) throw new RangeError(`box of ${size} bytes`);
  if (data.length < size) return null;
  const type = String.fromCharCode(...data.subarray(4, 8));
  return { type, bytes: data.subarray(0, size) };
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
