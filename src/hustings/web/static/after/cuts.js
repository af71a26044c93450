// From the clock of what is published to that of the original, and back. Pure.

/** @typedef {{from_ms: number, to_ms: number}} Stretch */

/**
 * Where a published moment is in the original.
 * @param {Stretch[]} kept what of the original is published, in order
 * @param {number} ms
 * @param {boolean} [ends] of a moment at which two stretches meet, the end of the first
 */
export function original(kept, ms, ends = false) {
  let before = 0;
  for (const { from_ms: from, to_ms: to } of kept) {
    const length = to - from;
    if (ms < before + length || (ends && ms === before + length)) return from + ms - before;
    before += length;
  }
  return kept.at(-1)?.to_ms ?? 0;
}

/**
 * Where a moment of the original is published, or else the next one that is.
 * @param {Stretch[]} kept
 * @param {number} ms
 */
export function nearest(kept, ms) {
  let before = 0;
  for (const { from_ms: from, to_ms: to } of kept) {
    if (ms < to) return before + Math.max(0, ms - from);
    before += to - from;
  }
  return before;
}
