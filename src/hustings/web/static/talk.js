// What the audience wrote, as this page knows it: messages, questions, results. Hosts only.

import { call } from "./api.js";
import { SPACE } from "./command.js";

const KEPT = 200; // messages
const AGAIN_MS = 3000;
const REMOVED = 50; // so many ids the space names at most: limits.REMOVED_SHOWN_COUNT

/**
 * @typedef {{id: string, person: string, name: string, text: string, role: string, at_ms: number}} Said
 * @typedef {{id: string, person: string, name: string, text: string, at_ms: number}} Asked
 * @typedef {{counts: number[], voters: number}} Tally
 */

/** Events: "said" with new messages, "change" when anything else is another. */
export class Talk extends EventTarget {
  /** @type {Map<string, Said>} in the order said */
  chat = new Map();
  /** @type {Map<string, Asked>} in the order asked */
  questions = new Map();
  /** @type {Map<string, Tally>} by ballot: a poll's id, or `q-` and a question's */
  tallies = new Map();
  /** @type {Set<string>} ids of what was taken down */
  removed = new Set();
  #loading = false;
  /** @type {{said?: Said[], asked?: Asked[]}[]} what came while older messages were loaded */
  #early = [];

  /** Load what was written before this page followed. */
  async load() {
    if (this.#loading) return;
    this.#loading = true;
    try {
      const whole = await call("GET", `${SPACE}/talk`);
      for (const one of [...whole.chat, ...whole.questions]) if (one.removed) this.removed.add(one.id);
      for (const one of whole.questions) this.#count(`q-${one.id}`, { counts: [one.votes], voters: one.votes });
      for (const { id, tally } of whole.polls) if (tally) this.#count(id, tally);
      this.#take({ said: whole.chat, asked: whole.questions });
      this.#changed();
    } catch {
      setTimeout(() => void this.load(), AGAIN_MS);
    } finally {
      this.#loading = false;
      for (const news of this.#early.splice(0)) this.#take(news);
    }
  }

  /** @param {{said?: Said[], asked?: Asked[]}} news */
  add(news) {
    if (this.#loading) this.#early.push(news);
    else this.#take(news);
  }

  /** @param {{said?: Said[], asked?: Asked[]}} news */
  #take({ said = [], asked = [] }) {
    const fresh = said.filter((one) => !this.chat.has(one.id));
    for (const one of fresh) this.chat.set(one.id, one);
    for (const id of [...this.chat.keys()].slice(0, Math.max(0, this.chat.size - KEPT))) this.chat.delete(id);
    for (const one of asked) this.questions.set(one.id, one);
    if (fresh.length) this.dispatchEvent(new CustomEvent("said", { detail: fresh }));
    if (asked.length) this.#changed();
  }

  /** @param {Record<string, Tally>} ballots */
  tally(ballots) {
    for (const [id, tally] of Object.entries(ballots)) this.#count(id, tally);
    this.#changed();
  }

  /**
   * What the space says of it: newly taken down, or put back.
   * @param {string[]} removed the newest ids, all of those on screen among them
   */
  follow(removed) {
    const now = new Set(removed);
    const before = [...this.removed].sort().join();
    for (const id of now) this.removed.add(id);
    const last = [...this.#shownLast];
    // What newer ones have pushed off a full list is removed still; what is missing else is back.
    const stays = last.findIndex((id) => now.has(id));
    const pushed = removed.length < REMOVED ? 0 : stays < 0 ? last.length : stays;
    for (const id of last.slice(pushed)) if (!now.has(id)) this.removed.delete(id);
    this.#shownLast = now;
    if (before !== [...this.removed].sort().join()) this.#changed();
  }

  /** @type {Set<string>} */
  #shownLast = new Set();

  /**
   * We put it back ourselves: the list of the newest may not have had it.
   * @param {string} id
   */
  restored(id) {
    this.removed.delete(id);
    this.#changed();
  }

  /** @param {string} id @param {Tally} tally */
  #count(id, tally) {
    this.tallies.set(id, tally);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
