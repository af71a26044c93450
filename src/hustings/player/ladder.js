/**
 * The ladder: what to do where an edge has no room. Asks it for a way and goes that way: slower
 * steps, another edge, segments through a cache, live text, or a place in the line; and back up
 * when room frees. Whoever leaves the line does so by pressing the button again.
 *
 * @typedef {{rung: string, cadence_ms: number | null, push: string | null, edge: string | null,
 *   segments: {base: string, k: number | null} | null, events: string | null, number: number | null,
 *   place: number | null, estimate_s: number | null, line: string | null, again_ms: number}} Offer
 */

import { Feed } from "./feed.js";
import { Reader } from "./reader.js";
import { Segments } from "./segments.js";
import { number, t } from "./t.js";
import { backOff, count, patience } from "./time.js";
import { ask } from "./visitor.js";

const ANSWER_MS = 8000;
const HURRY_MS = 250; // those who are called, or refused, come spread over this
const FREE_S = 12; // for how long it is said that a place became free
const KEPT_S = 60; // and where the sound has to be pressed for
const LOST_COUNT = 3; // failed tries after which another edge is given up
const SEGMENT_MS = 1920;
const SEGMENT_CHUNKS = 6;

const LATE = ["slow", "slower", "segments"];
const LATER = t("Many are listening: the sound comes some seconds later.");

export class Ladder {
  #ear;
  #door;
  /** @type {Offer | null} */
  #offer = null;
  #reader = null;
  #timer = 0;
  #tries = 0;
  #token = null;
  #place = null;
  #freeMs = -Infinity;
  #idle = false;
  #base = ""; // of the segments that are being played

  /**
   * @param {import("./ear.js").Ear} ear
   * @param {import("./door.js").Door} door
   */
  constructor(ear, door) {
    this.#ear = ear;
    this.#door = door;
    ear.addEventListener("full", () => this.#plan(Math.random() * HURRY_MS));
    ear.addEventListener("lost", (event) => this.#lost(event.detail));
    ear.addEventListener("facts", () => this.#look());
    addEventListener("pagehide", () => this.#read(null));
    addEventListener("pageshow", ({ persisted }) => {
      if (persisted && !ear.way && !this.#gone()) this.#plan(Math.random() * HURRY_MS);
    });
    this.#plan(Math.random() * HURRY_MS);
  }

  /** News comes by the event stream. */
  get reading() {
    return Boolean(this.#reader?.connected);
  }

  /** A place has become free just now. */
  get free() {
    const { phase } = this.#ear.facts;
    const wellS = phase === "playing" ? FREE_S : KEPT_S;
    return performance.now() - this.#freeMs < 1000 * wellS;
  }

  /** What a listener should know of the way; empty when there is nothing to say. */
  get told() {
    const offer = this.#offer;
    if (this.#ear.facts.phase === "playing") {
      return offer && LATE.includes(offer.rung) && !this.free ? LATER : "";
    }
    if (!offer || this.#ear.way) return "";
    const posted = (this.#door.state.publishing ?? "auto") === "auto";
    const said = [
      t("All places are taken at the moment."),
      ...(this.#place === null ? [t("This page keeps asking by itself.")] : this.#next()),
      this.#reader && t("You can follow below who is speaking."),
      posted && t("The recording will be posted at this same address."),
    ];
    return said.filter(Boolean).join(" ");
  }

  /** When it is this listener's turn, in words. */
  #next() {
    const seconds = this.#offer?.estimate_s ?? null;
    return [
      this.#place
        ? t("You are number {n} in line.", { n: number((this.#place ?? 0) + 1) })
        : t("You are next."),
      seconds === null
        ? ""
        : seconds < 45
          ? t("It takes less than a minute.")
          : t("It takes about {time}.", { time: count(Math.round(seconds / 60) || 1, "minute") }),
      t("The sound begins by itself."),
    ];
  }

  async #enter() {
    if (this.#gone()) return;
    const { codec } = this.#ear.facts;
    let waitMs = 0;
    try {
      const answer = await ask(`${this.#ear.base}/enter`, {
        json: { codec, line: this.#token, rung: this.#offer?.rung ?? null },
        signal: AbortSignal.timeout?.(ANSWER_MS),
      });
      if (answer.ok) {
        this.#tries = 0;
        const offer = await answer.json();
        if (!this.#gone()) this.#obey(offer);
        return;
      }
      if (answer.status === 410) this.#door.soon(); // it is over
      waitMs = patience(answer.headers.get("Retry-After"));
    } catch {
      // no answer: asked again
    }
    this.#plan(waitMs + backOff(this.#tries++, { firstMs: 500, mostMs: 15_000 }));
  }

  /** @param {Offer} offer */
  #obey(offer) {
    const waited = this.#offer && !this.#ear.way;
    this.#offer = offer;
    this.#token = offer.line ?? this.#token;
    this.#place = offer.place;
    this.#read(offer.push || offer.segments ? null : offer.events);
    if (offer.push) this.#listen(offer, Boolean(waited));
    else if (offer.segments) this.#cached(offer.segments, Boolean(waited));
    else this.#wait();
    if (!offer.push) this.#plan(offer.again_ms * (0.75 + Math.random() / 2));
  }

  #listen(offer, waited) {
    clearTimeout(this.#timer);
    this.#base = "";
    const url = new URL(offer.push, offer.edge || location.href);
    if (this.#token) url.searchParams.set("line", this.#token);
    if (waited) this.#freeMs = performance.now();
    this.#ear.follow((ports) => new Feed(url.href, ports, offer.cadence_ms ?? undefined));
  }

  #cached({ base, k }, waited) {
    if (this.#base === base) return;
    this.#base = base;
    const thenMs = Date.now();
    const known = k ?? Math.floor((this.#door.state.n ?? 0) / SEGMENT_CHUNKS) - 1;
    const newest = () => known + Math.floor((Date.now() - thenMs) / SEGMENT_MS);
    if (waited) this.#freeMs = performance.now();
    this.#ear.follow((ports) => new Segments(base, ports, { newest }));
  }

  #wait() {
    this.#base = "";
    if (this.#ear.way) this.#ear.follow(null);
  }

  #read(address) {
    if (!address) {
      this.#reader?.close();
      this.#reader = null;
      return;
    }
    if (this.#reader) return;
    const url = new URL(address, location.href);
    if (this.#token) url.searchParams.set("line", this.#token);
    this.#reader = new Reader(url.href, {
      items: (items) => this.#news(items),
      refused: () => this.#read(null),
    });
  }

  #news(items) {
    for (const item of items) {
      if (item.type === "line") this.#called(item);
      if (item.type === "move") this.#plan(Math.random() * item.within_ms);
    }
    this.#door.merge(items);
  }

  /** Numbers up to `called` may come in. */
  #called({ called, edge }) {
    const number = this.#offer?.number ?? null;
    if (number === null || !this.#token?.startsWith(`${edge}.`)) return; // another edge's numbers
    if (number <= called) this.#plan(Math.random() * HURRY_MS);
    else this.#place = Math.min(this.#place ?? Infinity, number - called - 1);
  }

  /** The line to another edge fails: that edge may be gone. */
  #lost(tries) {
    if (tries < LOST_COUNT || !this.#offer?.edge || !this.#ear.way) return;
    this.#offer = null;
    this.#ear.follow(this.#ear.push);
  }

  /** The listener does not want sound any more, or there is none. */
  #gone() {
    return !this.#ear.wanted || this.#ear.facts.phase === "armed";
  }

  /** Pausing gives up the place in line, and ends asking; playing again begins it anew. */
  #look() {
    const gone = this.#gone();
    if (gone === this.#idle) return;
    this.#idle = gone;
    if (!gone) {
      if (this.#offer?.segments) this.#enter();
      return;
    }
    clearTimeout(this.#timer);
    this.#read(null);
    if (!this.#offer?.segments) this.#offer = this.#token = this.#place = null;
  }

  #plan(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#enter(), ms);
  }
}
