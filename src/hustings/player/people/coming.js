/**
 * Conversations that this visitor means to hear, with their times, kept in this browser only: what
 * the page without a network shows.
 *
 * @typedef {{space: string, title: string, host: string, starts_at_ms: number}} Coming
 */

import { kept } from "./parts.js";

const COUNT = 20;
const OVER_MS = 24 * 3600_000; // after its beginning it is forgotten

/** @param {Coming} state */
export function remember({ space, title, host, starts_at_ms }) {
  const others = coming().filter((one) => one.space !== space);
  kept.set("coming", [...others, { space, title, host, starts_at_ms }].slice(-COUNT));
}

/** It does not take place, or is over. @param {string} space */
export function forget(space) {
  const all = coming();
  const others = all.filter((one) => one.space !== space);
  if (others.length < all.length) kept.set("coming", others);
}

/** In the order of their times. @returns {Coming[]} */
export function coming() {
  const all = /** @type {Coming[]} */ (kept.get("coming", []));
  return all
    .filter(({ starts_at_ms: ms }) => ms > Date.now() - OVER_MS)
    .sort((a, b) => a.starts_at_ms - b.starts_at_ms);
}

/** What is remembered of a space stays true when it is delayed or called off. @param {any} state */
export function follow(state) {
  if (!coming().some(({ space }) => space === state.space)) return;
  if (["scheduled", "doors", "live", "held"].includes(state.status)) remember(state);
  else forget(state.space);
}
