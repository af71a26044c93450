/**
 * What the crowd says: the room's rules, polls, chat and questions, as they stand now.
 *
 * The news comes with the sound, at the moment that it is heard. Where there is no sound, or the
 * listener is behind, the edge's talk.json is asked every few seconds, by those who look.
 *
 * Events: "room", "polls", "questions" (they are new), "chat" (detail: `more`, how many messages
 * the edge has left out before those that are new now).
 *
 * @typedef {{id: string, number?: number, person: string, name: string, text: string, role: string,
 *   at_ms: number, removed?: boolean}} Said  `number`: its place among all; one's own has none yet
 * @typedef {{id: string, name: string, text: string, votes: number, answered: boolean,
 *   person?: string}} Asked
 * @typedef {{id: string, question: string, options: string[], multiple: boolean,
 *   show: "live" | "after", closed: boolean, counts: number[] | null, voters: number}} Poll
 * @typedef {{chat_open: boolean, hands_open: boolean, guests: boolean, slow_s: number,
 *   hands: number, invited: string[], pins: {id: string, text: string, url: string}[],
 *   asking: {id: string, name: string, text: string} | null, removed: string[],
 *   restored: string[]}} Room
 */

import { ask } from "../visitor.js";

const KEPT_COUNT = 200; // messages
const ANSWER_MS = 8000;
const PACE_MS = 5000; // where no sound brings the news
const CALM_MS = 20_000; // after the end
const AGAIN_MS = 4000; // at least, between two looks at changed questions

/** @type {Room} */
const QUIET = {
  chat_open: true, hands_open: true, guests: true, slow_s: 0, hands: 0, invited: [], pins: [],
  asking: null, removed: [], restored: [],
};

export class Talk extends EventTarget {
  room = QUIET;
  /** @type {Poll[]} */
  polls = [];
  /** Oldest first. @type {Said[]} */
  chat = [];
  /** @type {Asked[]} */
  questions = [];
  /** It is known how things stand. */
  known = false;
  /** Somebody looks at the questions, so that their votes are kept current. */
  watched = false;
  #url;
  #rides;
  #rode = false;
  #stale = false;
  #doubt = false; // something may be shown again
  #gone = new Set(); // ids of what was removed; a list that rides with sound is short
  #askedMs = -Infinity;
  #asking = false;

  /**
   * @param {string} base  of the space's live addresses
   * @param {import("../door.js").Door} door
   * @param {() => boolean} rides  whether the news comes by itself at the moment
   */
  constructor(base, door, rides) {
    super();
    this.#url = `${base}/talk.json`;
    this.#rides = rides;
    this.door = door;
    door.addEventListener("talk", ({ detail }) => this.#take(detail));
    setInterval(() => this.#look(), 1000);
    setTimeout(() => this.refresh(), Math.random() * 300);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.refresh();
    });
  }

  /** Ask how things stand. */
  async refresh() {
    if (this.#asking) return;
    this.#asking = true;
    this.#askedMs = performance.now();
    try {
      const signal = AbortSignal.timeout?.(ANSWER_MS);
      const answer = await ask(this.#url, { signal });
      if (answer.ok) this.#whole(await answer.json());
    } catch {
      // no answer: asked again in a while
    }
    this.#asking = false;
  }

  /** A message of this visitor has been taken. @param {Said} said */
  add(said) {
    this.#chat([said], 0);
  }

  /** What one knows oneself before the news says so. @param {string} id */
  remove(id) {
    const { removed, restored } = this.room;
    this.#room({ ...this.room, removed: [...removed, id], restored: restored.filter((one) => one !== id) });
  }

  /** Asks where nothing brings the news, each visitor at its own time. */
  #look() {
    const { status } = this.door.state;
    const rides = this.#rides();
    const begins = rides && !this.#rode; // what was said in between is not known
    this.#rode = rides;
    if (document.visibilityState !== "visible") return;
    const sinceMs = performance.now() - this.#askedMs - Math.random() * 2000;
    const over = !["doors", "live", "held"].includes(status);
    if (over && this.known && ["posted", "withheld", "cancelled"].includes(status)) return;
    const dueMs = rides && !begins ? Infinity : over ? CALM_MS : PACE_MS;
    const wanted = (this.#doubt || (this.#stale && this.watched)) && sinceMs > AGAIN_MS;
    if (begins || wanted || sinceMs > dueMs) this.refresh();
  }

  #whole({ room, polls, chat, questions }) {
    this.#stale = this.#doubt = false;
    // What is listed is not removed any more, if it ever was.
    for (const { id } of [...(chat ?? []), ...(questions ?? [])]) this.#gone.delete(id);
    this.#mark();
    if (room) this.#room(room);
    this.#doubt = false;
    this.#polls(polls ?? []);
    this.questions = questions ?? [];
    this.dispatchEvent(new Event("questions"));
    this.#chat(chat ?? [], 0);
    this.known = true;
    this.dispatchEvent(new CustomEvent("chat", { detail: 0 }));
  }

  #take(item) {
    if (item.type === "room") this.#room(item);
    else if (item.type === "polls") this.#polls(item.polls);
    else if (item.type === "chat") this.#chat(item.messages, item.more ?? 0);
    else this.#stale = true;
  }

  #room(room) {
    const { removed } = this.room;
    this.room = { ...QUIET, ...room };
    const told = new Set(this.room.removed);
    if (removed.some((id) => !told.has(id))) this.#doubt = true; // shown again, or a shorter list
    const again = this.room.restored.filter((id) => this.#gone.delete(id));
    const fresh = this.room.removed.filter((id) => !this.#gone.has(id));
    for (const id of fresh) this.#gone.add(id);
    this.questions = this.questions.filter(({ id }) => !this.#gone.has(id));
    this.dispatchEvent(new Event("room"));
    if (!fresh.length && !again.length) return;
    this.#mark();
    this.dispatchEvent(new Event("questions"));
    this.dispatchEvent(new CustomEvent("chat", { detail: 0 }));
  }

  #mark() {
    for (const said of this.chat) said.removed = this.#gone.has(said.id);
  }

  #polls(polls) {
    this.polls = polls;
    this.dispatchEvent(new Event("polls"));
  }

  #chat(messages, more) {
    const known = new Map(this.chat.map((said) => [said.id, said]));
    const fresh = messages.filter(({ id }) => !known.has(id) && !this.#gone.has(id));
    let placed = false; // the news of one's own message says where it stands
    for (const { id, number } of messages) {
      const said = known.get(id);
      if (!said || said.number === number) continue;
      said.number = number;
      placed = true;
    }
    if (!fresh.length && !more && !placed) return;
    // By the log's numbers, not by the clocks of the studios that took them.
    const after = ({ number }) => number ?? Number.MAX_SAFE_INTEGER;
    const all = [...this.chat, ...fresh].sort((a, b) => after(a) - after(b));
    this.chat = all.slice(-KEPT_COUNT);
    this.dispatchEvent(new CustomEvent("chat", { detail: more }));
  }
}
