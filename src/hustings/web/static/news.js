// What changed, read out to those who do not see it: a few sentences at a time, never a flood.

import { element } from "./page.js";

const GATHER_MS = 1500;
const PAUSE_MS = 5000;
/** @type {Map<string, string[]>} */
const unsaid = new Map();
const MOST = 3; // of one topic; beyond it only how many
let saidAt = -PAUSE_MS;
let waiting = false;

/**
 * Have something said soon, together with what else changes.
 * @param {string} topic what belongs together: news of one topic are summed up
 * @param {string} words
 * @param {(count: number) => string} [sum] how many news of this topic are said at once
 */
export function tell(topic, words, sum) {
  const list = unsaid.get(topic) ?? [];
  list.push(words);
  unsaid.set(topic, list);
  if (sum && list.length > MOST) sums.set(topic, sum);
  if (waiting) return;
  waiting = true;
  setTimeout(say, Math.max(GATHER_MS, saidAt + PAUSE_MS - performance.now()));
}

/** @type {Map<string, (count: number) => string>} */
const sums = new Map();

function say() {
  waiting = false;
  saidAt = performance.now();
  const sentences = [...unsaid].flatMap(([topic, list]) => {
    const sum = sums.get(topic);
    if (sum && list.length > MOST) return [sum(list.length)];
    return list.slice(-MOST);
  });
  unsaid.clear();
  sums.clear();
  element("news").textContent = sentences.join(" ");
}
