// The crowd on the host's desk: figures that stand side by side, because none may be added to another.

/** @typedef {{rung: string, listening: number, rungs: Record<string, number>, waiting: number, turned_away: number,
 *   peak: number | null, distinct: number | null, listener_minutes: number | null}} Figures */

const RUNGS = [
  ["live", "live"], ["slow", "a second behind"], ["slower", "two seconds behind"],
  ["segments", "through caches"], ["text", "reading along"],
];

/**
 * The figures as label and value, what is nothing left out.
 * @param {Figures} now
 * @returns {[string, string][]}
 */
export function lines(now) {
  /** @type {[string, string][]} */
  const out = [];
  const put = (/** @type {string} */ label, /** @type {number | null | undefined} */ count, mark = "") => {
    if (count) out.push([label, mark + count.toLocaleString()]);
  };
  for (const [rung, words] of RUNGS) put(words, now.rungs[rung]);
  put("waiting in line", now.waiting);
  put("turned away", now.turned_away);
  put("most at one time", now.peak);
  put("different visitors", now.distinct, "about ");
  return out;
}

/** @type {Record<string, string>} */
const NEWCOMERS = {
  slow: "New listeners now get sound every second",
  slower: "New listeners now get sound every two seconds",
  edge: "New listeners are sent to another server",
  segments: "New listeners now listen through caches, some seconds later",
  text: "New listeners read along and wait for a place",
  wait: "New listeners wait for a place",
};

/**
 * How newcomers are let in, as a sentence; empty while they get the best there is.
 * @param {Figures} now
 */
export function door(now) {
  const words = NEWCOMERS[now.rung];
  if (!words) return "";
  return now.waiting ? `${words}: ${now.waiting.toLocaleString()} waiting.` : `${words}.`;
}

/**
 * @param {HTMLElement} list a `dl`
 * @param {Figures} now
 */
export function show(list, now) {
  const items = lines(now).flatMap(([label, value]) => {
    const term = document.createElement("dt");
    term.textContent = label;
    const count = document.createElement("dd");
    count.textContent = value;
    return [term, count];
  });
  list.replaceChildren(...items);
  list.hidden = !items.length;
}
