/**
 * Moments of a recording as addresses, and what this browser remembers of it: where one stopped,
 * and how fast one listens. `?t=` takes seconds or a clock; `#t=` is from older links.
 */

import { kept } from "../people/parts.js";

const BEGUN_S = 10; // who has heard less has heard nothing
const OVER_S = 15; // from the end: it was heard
const REMEMBERED = 40; // recordings

/** The second that this page's address points to. @returns {number | null} */
export function pointed() {
  const given = new URLSearchParams(location.search).get("t") ?? /^#t=([\d:.]+)/.exec(location.hash)?.[1];
  const parts = /^(?:(\d+):)?(?:(\d+):)?(\d+(?:\.\d+)?)s?$/.exec(given ?? "");
  if (!parts) return null;
  const [hours, minutes] = parts[2] === undefined ? [0, parts[1]] : [parts[1], parts[2]];
  return Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(parts[3]);
}

/** The address of this page at a moment. @param {number} second */
export function at(second) {
  return `${location.origin}${location.pathname.replace(/\/embed$/, "")}?t=${Math.floor(second)}`;
}

/** Where one stopped; 0: to be heard from the start. @param {string} space */
export function stopped(space) {
  return kept.get("heard", {})[space]?.[0] ?? 0;
}

/** One is at `second` of `seconds`. @param {string} space */
export function remember(space, second, seconds) {
  const all = Object.entries(kept.get("heard", {})).filter(([id]) => id !== space);
  all.sort((a, b) => b[1][1] - a[1][1]);
  const heard = second < BEGUN_S || second > seconds - OVER_S;
  if (!heard) all.unshift([space, [Math.floor(second), Date.now()]]);
  kept.set("heard", Object.fromEntries(all.slice(0, REMEMBERED)));
}
