/** From the clock on the wall to that of the recording, which stands still while it is held. Pure. */

/**
 * @param {import("./facts.js").Timeline | null} timeline
 * @returns {(ms: number) => number} from Unix milliseconds to those of the recording
 */
export function clockOf(timeline) {
  const known = (timeline?.events ?? [])
    .filter(({ wall_ms: wall }) => typeof wall === "number")
    .map(({ wall_ms: wall, at_ms: at }) => [Number(wall), at])
    .sort((a, b) => a[0] - b[0]);
  return (ms) => {
    let low = 0;
    let high = known.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (known[middle][0] <= ms) low = middle + 1;
      else high = middle;
    }
    const [wall, at] = known[low - 1] ?? known[0] ?? [0, 0];
    const next = known[low]?.[1] ?? Infinity;
    return Math.min(next, at + (ms - wall));
  };
}
