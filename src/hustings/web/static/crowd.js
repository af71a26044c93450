// The crowd on the host's desk: figures that stand side by side, because none may be added to another.

import { tell } from "./news.js";
import { element, write } from "./page.js";
import { number, t } from "./t.js";

/** @typedef {{rung: string, listening: number, rungs: Record<string, number>, waiting: number, turned_away: number,
 *   peak: number | null, distinct: number | null, listener_minutes: number | null}} Figures */

const RUNGS = [
  ["live", t("live")], ["slow", t("a second behind")], ["slower", t("two seconds behind")],
  ["segments", t("through caches")], ["text", t("reading along")],
];

/**
 * The figures as label and value, what is nothing left out.
 * @param {Figures} now
 * @returns {[string, string][]}
 */
export function lines(now) {
  /** @type {[string, string][]} */
  const out = [];
  const put = (/** @type {string} */ label, /** @type {number | null | undefined} */ count) => {
    if (count) out.push([label, number(count)]);
  };
  for (const [rung, words] of RUNGS) put(words, now.rungs[rung]);
  put(t("waiting in line"), now.waiting);
  put(t("turned away"), now.turned_away);
  put(t("most at one time"), now.peak);
  if (now.distinct) out.push([t("different visitors"), t("about {count}", { count: number(now.distinct) })]);
  return out;
}

/** @type {Record<string, string>} */
const NEWCOMERS = {
  slow: t("New listeners now get sound every second"),
  slower: t("New listeners now get sound every two seconds"),
  edge: t("New listeners are sent to another server"),
  segments: t("New listeners now listen through caches, some seconds later"),
  text: t("New listeners read along and wait for a place"),
  wait: t("New listeners wait for a place"),
};

let rung = "";

/**
 * Say how newcomers are let in, unless they get the best there is. The number that waits is another
 * one every second: it is there to see, and not read out.
 * @param {Figures} now
 */
export function showDoor(now) {
  const words = NEWCOMERS[now.rung] ?? "";
  const waiting = now.waiting ? t("{words}: {count} waiting.", { words, count: number(now.waiting) }) : `${words}.`;
  write(element("door"), words && waiting);
  element("door").hidden = !words;
  if (words && now.rung !== rung) tell("door", `${words}.`);
  rung = now.rung;
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
