// Time codes as the editor shows and reads them: 0:12.16, 1:02:03.5. Pure.

const PARTS = /^(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,6})(?:[.,](\d{1,3}))?$/;

/**
 * Milliseconds as `0:12.16`.
 * @param {number} ms
 */
export function shown(ms) {
  const hundredths = Math.max(0, Math.floor(ms / 10));
  const seconds = Math.floor(hundredths / 100);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const head = hours ? `${hours}:${two(minutes)}` : String(minutes);
  return `${head}:${two(seconds % 60)}.${two(hundredths % 100)}`;
}

/**
 * Milliseconds of a time code; null when it is none.
 * @param {string} text
 */
export function parse(text) {
  const found = PARTS.exec(text.trim());
  if (!found) return null;
  const [hours, minutes, seconds] = [found[1], found[2], found[3]].map((part) => Number(part ?? 0));
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + Number((found[4] ?? "").padEnd(3, "0"));
}
