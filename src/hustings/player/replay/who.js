/**
 * Who speaks when, and for how long. Pure.
 *
 * Colours go to the speakers in order of how long they spoke, so that those who are seen most are
 * told apart best; a name always stands beside a colour.
 *
 * @typedef {{id: string, name: string, role: string, colour: number, talk_ms: number,
 *   spans: [number, number][], counted: import("./facts.js").Counted | null}} Speaker
 */

const COLOURS = 8;

export class Floor {
  /** By how long they spoke. @type {Speaker[]} */
  speakers;
  lasts_ms;
  /** Of the whole, where the recording tells. @type {{silence_ms: number, overlap_ms: number} | null} */
  whole;
  #turns; // of all, in order of their beginning

  /** @param {import("./facts.js").Timeline | null} timeline @param {number} lastsMs */
  constructor(timeline, lastsMs) {
    this.lasts_ms = timeline?.duration_ms || lastsMs;
    this.whole = timeline?.floor ?? null;
    const found = new Map();
    for (const { id, name, role } of timeline?.seats ?? []) {
      found.set(id, { id, name, role, colour: 0, talk_ms: 0, spans: [], counted: timeline?.floor?.seats[id] ?? null });
    }
    for (const { type, seat, at_ms: from, end_ms: to } of timeline?.events ?? []) {
      const one = type === "spoke" ? found.get(seat) : null;
      if (!one || !(to > from)) continue;
      one.talk_ms += to - from;
      const last = one.spans.at(-1);
      if (last && from <= last[1]) last[1] = Math.max(last[1], to);
      else one.spans.push([from, to]);
    }
    this.speakers = [...found.values()].sort((a, b) => b.talk_ms - a.talk_ms);
    this.speakers.forEach((one, at) => (one.colour = (at % COLOURS) + 1));
    this.#turns = this.speakers
      .flatMap((who) => who.spans.map(([from, to]) => ({ from, to, who })))
      .sort((a, b) => a.from - b.from);
  }

  /** All who spoke, together. */
  get talk_ms() {
    return this.speakers.reduce((sum, one) => sum + one.talk_ms, 0);
  }

  /** @param {string} seat @returns {Speaker | undefined} */
  of(seat) {
    return this.speakers.find(({ id }) => id === seat);
  }

  /** Who speaks at a moment: whoever began last. @param {number} ms @returns {Speaker | null} */
  at(ms) {
    let low = 0;
    let high = this.#turns.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#turns[middle].from <= ms) low = middle + 1;
      else high = middle;
    }
    for (let at = low - 1; at >= Math.max(0, low - 12); at -= 1) {
      if (this.#turns[at].to > ms) return this.#turns[at].who;
    }
    return null;
  }

  /** Who speaks most of a stretch. @returns {Speaker | null} */
  most(from, to) {
    let most = null;
    let longest = 0;
    for (const who of this.speakers) {
      const spoke = within(who.spans, from, to);
      if (spoke > longest) [most, longest] = [who, spoke];
    }
    return most;
  }
}

/** How much of a stretch these spans cover, in milliseconds; they are in order. */
function within(spans, from, to) {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle][1] <= from) low = middle + 1;
    else high = middle;
  }
  let sum = 0;
  for (let at = low; at < spans.length && spans[at][0] < to; at += 1) {
    sum += Math.min(to, spans[at][1]) - Math.max(from, spans[at][0]);
  }
  return sum;
}
