/** Votes: what this visitor has chosen, kept in this browser, and sent to the edge. */

import { t } from "../t.js";
import { ask } from "../visitor.js";
import { kept } from "./parts.js";

/** The choices of this visitor in a ballot; null for none yet. @returns {number[] | null} */
export function mine(space, ballot) {
  return kept.get(`votes.${space}`, {})[ballot] ?? null;
}

/**
 * Vote, or vote otherwise. What was chosen is shown at once, and taken back when it is refused.
 * @param {string} space
 * @param {string} base  of its live addresses
 * @param {string} ballot
 * @param {number[]} choices  empty: the vote is taken back
 * @returns {Promise<string>} why it did not work; empty when it did
 */
export async function cast(space, base, ballot, choices) {
  const before = mine(space, ballot);
  keep(space, ballot, choices);
  try {
    const answer = await ask(`${base}/say?lang=${document.documentElement.lang}`, { json: { kind: "vote", ballot, choices } });
    if (answer.ok) return "";
    const { detail } = await answer.json().catch(() => ({}));
    keep(space, ballot, before);
    return detail ?? t("Your vote was not taken. Try again.");
  } catch {
    keep(space, ballot, before);
    return t("The server does not answer at the moment. Try again.");
  }
}

function keep(space, ballot, choices) {
  const all = kept.get(`votes.${space}`, {});
  if (choices) all[ballot] = choices;
  else delete all[ballot];
  kept.set(`votes.${space}`, all);
}
