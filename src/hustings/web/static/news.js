// What changed, read out to those who do not see it: a few sentences at a time, never a flood.

import { element } from "./page.js";

const GATHER_MS = 1500;
const PAUSE_MS = 5000;
const REST_MS = 30_000; // of a topic that was summed up: a busy chat is not counted aloud all evening
const MOST = 3; // of one topic; beyond it only how many

/** @type {Map<string, {last: string[], count: number, sum?: (count: number) => string}>} by topic */
const unsaid = new Map();
/** @type {Map<string, number>} until when a topic rests */
const rests = new Map();
let saidAt = -PAUSE_MS;
let waiting = false;

/**
 * Have something said soon, together with what else changes.
 * @param {string} topic what belongs together: news of one topic are summed up
 * @param {string} words
 * @param {(count: number) => string} [sum] how many news of this topic are said at once
 */
export function tell(topic, words, sum) {
  const { last, count } = unsaid.get(topic) ?? { last: [], count: 0 };
  unsaid.set(topic, { last: [...last, words].slice(-MOST), count: count + 1, sum });
  wait();
}

function wait() {
  if (waiting || !unsaid.size) return;
  waiting = true;
  setTimeout(say, Math.max(GATHER_MS, saidAt + PAUSE_MS - performance.now()));
}

function say() {
  waiting = false;
  const now = performance.now();
  const sentences = [];
  for (const [topic, { last, count, sum }] of unsaid) {
    if ((rests.get(topic) ?? 0) > now) continue; // it is counted on meanwhile
    unsaid.delete(topic);
    if (sum && count > MOST) {
      rests.set(topic, now + REST_MS);
      sentences.push(sum(count));
    } else {
      sentences.push(...last);
    }
  }
  if (sentences.length) {
    saidAt = now;
    element("news").textContent = sentences.join(" ");
  }
  wait();
}
