/**
 * The door: what a space's public state is now, kept current by asking the edge.
 *
 * Each question is spread by jitter, so that a waiting crowd does not ask in step; a failing edge
 * is asked ever more rarely, and never sooner than it said. Events that came with the sound are
 * merged into the same state.
 *
 * Events: "change" (the state is new), "snapshot" (detail: a whole state, before it is taken; who
 * prevents the default takes it later), "line" (reachable or not has changed), "said" (detail: how
 * often each reaction was given just now), "talk" (detail: an item of what the crowd says).
 *
 * @typedef {{id: string, name: string, role: string, muted: boolean, connected: boolean,
 *   speaking: boolean, hand?: boolean}} Seat
 * @typedef {{space: string, title: string, description: string, language: string, host: string,
 *   status: string, reason: string, starts_at_ms: number, now_ms: number, n: number | null,
 *   live_n: number | null, live_at_ms: number | null, seats: Seat[], listening: number,
 *   retry_ms: number, studio: string, replay: object | null, publishing?: string,
 *   picture?: {wide: string, square: string} | null, description_html?: string, captions?: boolean,
 *   ends_at_ms?: number | null, gone?: boolean,
 *   line?: {called: number, waiting: number}}} State
 */

import { backOff, patience } from "./time.js";
import { ask } from "./visitor.js";

const ANSWER_MS = 8000;
const FAR_MS = 15_000; // while the sound itself brings the news
const POSTING_MS = 2500; // the recording follows the end within seconds
const SOON_MS = 1500;
const CALM_MS = 60_000; // nothing more is expected
const TALK = ["room", "polls", "chat", "questions"];
const LOST_COUNT = 2; // unanswered questions after which the page says so

export class Door extends EventTarget {
  #url;
  #timer = 0;
  #asking = false;
  #hurried = false;
  #lost = 0;
  #skewMs = 0;

  /**
   * @param {State} state  as it stood in the page
   * @param {string} url  of door.json
   */
  constructor(state, url) {
    super();
    this.#url = url;
    this.state = state;
    this.#skewMs = state.now_ms - Date.now();
    /** News arrives with the sound: ask seldom. */
    this.far = false;
    addEventListener("pageshow", () => this.#return());
    addEventListener("online", () => this.#return());
    document.addEventListener("visibilitychange", () => this.#return());
    this.#plan(this.#paceMs());
  }

  /** The edge's clock, in Unix milliseconds. */
  get nowMs() {
    return Date.now() + this.#skewMs;
  }

  get reachable() {
    return this.#lost < LOST_COUNT;
  }

  /** Ask within moments, spread: what made us ask has happened to everybody. */
  soon() {
    if (this.#hurried || this.#asking) return;
    this.#hurried = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.ask(), Math.random() * SOON_MS);
  }

  /** Ask now (twice at once is once). */
  async ask() {
    if (this.#asking) return;
    this.#asking = true;
    this.#hurried = false;
    clearTimeout(this.#timer);
    let waitMs = 0;
    try {
      const signal = AbortSignal.timeout?.(ANSWER_MS);
      const answer = await ask(this.#url, { signal });
      if (answer.ok) this.#answered(await answer.json());
      else {
        this.#failed();
        waitMs = patience(answer.headers.get("Retry-After"));
      }
    } catch {
      this.#failed();
    }
    this.#asking = false;
    const paceMs = this.#lost
      ? 500 + backOff(this.#lost, { firstMs: 700, mostMs: 30_000 })
      : this.#paceMs();
    this.#plan(paceMs + waitMs);
  }

  /**
   * Merge what came with the sound.
   * @param {object[]} items
   */
  merge(items) {
    for (const item of items) {
      const { type, counts } = item;
      if (type === "reactions") this.dispatchEvent(new CustomEvent("said", { detail: counts }));
      if (TALK.includes(type)) this.dispatchEvent(new CustomEvent("talk", { detail: item }));
    }
    const next = items.reduce(merged, this.state);
    if (next === this.state) return;
    const turned = next.status !== this.state.status;
    this.state = next;
    if (turned && !this.#asking && !this.#hurried) this.#plan(this.#paceMs());
    this.dispatchEvent(new Event("change"));
    if (items.some((item) => item.type === "posted")) this.ask();
  }

  #answered(state) {
    const lost = !this.reachable;
    this.#lost = 0;
    this.#skewMs = state.now_ms - Date.now();
    const news = new CustomEvent("snapshot", { detail: state, cancelable: true });
    if (this.dispatchEvent(news)) this.merge([{ type: "door", state }]);
    if (lost) this.dispatchEvent(new Event("line"));
  }

  #failed() {
    this.#lost += 1;
    if (this.#lost === LOST_COUNT) this.dispatchEvent(new Event("line"));
  }

  #return() {
    if (document.visibilityState === "visible") this.ask();
  }

  #paceMs() {
    const { status, retry_ms: retryMs, replay } = this.state;
    if (status === "ended") return Math.min(retryMs, POSTING_MS);
    const settled = ["cancelled", "withheld"].includes(status) || (status === "posted" && replay);
    return Math.max(retryMs || 2000, settled ? CALM_MS : this.far ? FAR_MS : 500);
  }

  #plan(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.ask(), ms * (0.75 + Math.random() / 2));
  }
}

/** The state after one item; the same object when nothing changes. @returns {State} */
function merged(state, item) {
  switch (item.type) {
    case "door":
      return item.state;
    case "status":
      return { ...state, status: item.status, reason: item.reason ?? "", live_n: item.live_n };
    case "seats":
      return { ...state, seats: item.seats };
    case "speaking": {
      const ids = new Set(item.seats);
      const seats = state.seats.map((seat) => ({ ...seat, speaking: ids.has(seat.id) }));
      return { ...state, seats };
    }
    case "listening":
      return { ...state, listening: item.count };
    case "line":
      return { ...state, line: item };
    case "posted":
      return { ...state, status: "posted" };
    case "room": {
      const { ends_at_ms = null } = item;
      return (state.ends_at_ms ?? null) === ends_at_ms ? state : { ...state, ends_at_ms };
    }
    default:
      return state;
  }
}
