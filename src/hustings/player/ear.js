/**
 * Live listening: one audio element that follows the programme about 0.9 s behind its edge.
 *
 * The element is unlocked by the press that calls `play()`, which may come before the doors open:
 * it then waits, armed. A listener who pauses comes back where the pause began and is not hurried
 * until "Go live"; one whose line failed is brought back to live by itself.
 *
 * Events: "due" (detail: items whose programme time is now heard), "ask" (the door should be
 * asked: the edge refused, or the programme has run out), "facts" (several times a second).
 *
 * @typedef {"idle" | "armed" | "joining" | "playing" | "stalled" | "paused"} Phase
 */

import { Feed } from "./feed.js";
import { beginning, beyondHole, LiveEdge, steer } from "./latency.js";
import { Plain } from "./plain.js";
import { bends, pick, Source } from "./source.js";

const TICK_MS = 100;
const BURST_S = 0.3; // what arrives this soon after connecting says nothing about the cadence
const RESUME_S = 15; // an edge keeps some 19 s at hand: who missed more rejoins at live
const PAUSE_S = 60; // after a pause of this length, nothing is kept and nothing is fetched
const LATE_S = 3; // an event waits for its sound at most this much longer than expected
const WELL_S = 20; // a codec that played this long works
const DRY_S = 0.25; // the position stands still for this long: the listener hears nothing

export class Ear extends EventTarget {
  #audio;
  #base;
  #edge = new LiveEdge();
  /** @type {Feed | null} */
  #feed = null;
  /** @type {Source | Plain | null} */
  #source = null;
  #kind = pick();
  #due = [];
  #wanted = false;
  #open = false;
  #placed = false; // the element stands at a position of the programme
  #shifted = false; // behind by the listener's own choice
  #joinedS = 0;
  #lastEndS = 0;
  #pausedS = 0;
  #moved = { positionS: 0, nowS: 0, dry: false };
  #faults = 0;
  #away = false; // the page is kept for "back": whatever pauses the element now is no wish

  /**
   * @param {HTMLAudioElement} audio
   * @param {string} base  address of the space on the edge, "/live/<id>"
   */
  constructor(audio, base) {
    super();
    this.#audio = audio;
    this.#base = base;
    audio.addEventListener("error", () => this.#fault());
    audio.addEventListener("pause", () => this.#outside(false));
    audio.addEventListener("play", () => this.#outside(true));
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", () => this.#return());
    addEventListener("online", () => this.#return());
    document.addEventListener("visibilitychange", () => this.#return());
    setInterval(() => this.#tick(), TICK_MS);
  }

  /** @returns {{phase: Phase, behindS: number | null, shifted: boolean, codec: string}} */
  get facts() {
    const behindS = this.#placed ? this.#behindS() : null;
    const codec = this.#kind?.codec ?? "aac";
    return { phase: this.#phase(), behindS, shifted: this.#shifted, codec };
  }

  /** The listener hears the programme, so that events can wait for their sound. */
  get hearing() {
    return this.#placed && this.#wanted && !this.#audio.paused;
  }

  /** Whether a programme is being sent, as the door says. */
  set open(open) {
    if (open === this.#open) return;
    this.#open = open;
    if (open) this.#connect();
    else this.stop();
  }

  /** Call inside a press: browsers let sound begin only there. */
  play() {
    this.#wanted = true;
    if (!this.#source) this.#setUp();
    else if (this.#placed) this.#shifted = this.#behindS() > this.#edge.targetS(now()) + 0.7;
    this.#connect();
    this.#start();
  }

  pause() {
    this.#wanted = false;
    this.#pausedS = now();
    this.#audio.pause();
  }

  /** Skip what was missed. */
  goLive() {
    this.#shifted = false;
    const last = this.#source?.ranges.at(-1);
    const edgeS = this.#edge.at(now());
    if (!this.#feed || !last || edgeS === null || edgeS - last[1] > 2) this.#begin();
    else this.#audio.currentTime = beginning(last, this.#edge.targetS(now()));
    this.play();
  }

  /** The programme is over, or everything is to begin anew. */
  stop() {
    this.#disconnect();
    this.#edge.clear();
    this.#placed = this.#shifted = false;
    this.#lastEndS = 0;
    this.#source?.close();
    this.#source = null;
    if (!this.#open) this.#wanted = false;
    this.#flush(Infinity);
  }

  /** Keep `items` until the sound of programme second `atS` is heard. */
  later(atS, items) {
    const waitS = (this.#placed ? Math.max(0, atS - this.#audio.currentTime) : 1) + LATE_S;
    this.#due.push({ atS, items, latestS: now() + waitS });
    this.#due.sort((a, b) => a.atS - b.atS);
  }

  #setUp() {
    const ports = { grown: (endS) => this.#grown(endS), broken: () => this.#fault() };
    this.#source = this.#kind
      ? new Source(this.#audio, this.#kind.type, ports)
      : new Plain(this.#audio, `${this.#base}/listen.aac`);
  }

  #begin() {
    const wanted = this.#wanted;
    this.stop();
    this.#wanted = wanted;
    this.#setUp();
  }

  #start() {
    this.#audio.play().catch((error) => {
      if (error.name === "NotAllowedError") this.#wanted = false;
    });
  }

  #connect() {
    if (!this.#open || !this.#wanted || this.#feed || !this.#source) return;
    this.#joinedS = now();
    if (this.#source instanceof Plain) {
      this.#source.open();
      return;
    }
    this.#feed = new Feed({
      url: (fromMs) => {
        const from = fromMs === null ? "" : `&from=${fromMs}`;
        return `${this.#base}/push?codec=${this.#kind.codec}${from}`;
      },
      from: () => this.#from(),
      pieces: (pieces) => this.#pieces(pieces),
      refused: () => this.dispatchEvent(new Event("ask")),
    });
  }

  #disconnect() {
    this.#feed?.close();
    this.#feed = null;
  }

  #leave() {
    this.#away = true;
    this.#disconnect();
  }

  #return() {
    if (document.visibilityState === "hidden") return;
    this.#away = false;
    this.#feed?.hurry();
    this.#connect();
    if (this.#wanted && this.#audio.paused) this.#start();
  }

  /** Where the sound breaks off, in milliseconds of programme; null to join at live. */
  #from() {
    const last = this.#source?.ranges.at(-1);
    const edgeS = this.#edge.at(now());
    if (!this.#placed || !last || edgeS === null) return null;
    if (!this.#shifted && edgeS - last[1] > RESUME_S) return null;
    return Math.round(last[1] * 1000) + 2; // safely inside the chunk that is missing
  }

  #pieces(pieces) {
    for (const piece of pieces) {
      if (piece.head) this.#joinedS = now();
      for (const { atS, items } of piece.events) this.later(atS, items);
      this.#source?.append(piece.bytes);
    }
  }

  #grown(endS) {
    const nowS = now();
    if (endS <= this.#lastEndS) return;
    const steady = this.#lastEndS && nowS - this.#joinedS > BURST_S;
    this.#edge.arrived({ nowS, endS, stepS: steady ? endS - this.#lastEndS : 0 });
    this.#lastEndS = endS;
    if (nowS - this.#joinedS > WELL_S) this.#faults = 0;
  }

  #fault() {
    if (!this.#source) return;
    if (++this.#faults > 1) this.#kind = pick(this.#kind?.codec) ?? this.#kind;
    this.#begin();
    setTimeout(() => this.#wanted && (this.#connect(), this.#start()), 300 * this.#faults);
  }

  /** A headset, a lock screen or a telephone call pressed pause or play. */
  #outside(plays) {
    if (!this.#source || this.#away) return;
    if (plays === this.#wanted || this.#audio.paused === plays) return;
    if (plays) this.play();
    else this.pause();
  }

  #behindS() {
    return Math.max(0, (this.#edge.at(now()) ?? 0) - this.#audio.currentTime);
  }

  #phase() {
    if (!this.#wanted) return this.#placed ? "paused" : "idle";
    if (!this.#open) return "armed";
    if (!this.#placed) return "joining";
    return this.#moved.dry ? "stalled" : "playing";
  }

  #tick() {
    const nowS = now();
    if (this.#source instanceof Plain) this.#placed = this.#source.watch(this.#wanted);
    else if (this.#source) this.#follow(nowS, this.#source.ranges);
    if (this.#placed && !this.#wanted && nowS - this.#pausedS > PAUSE_S) this.stop();
    const drained = !this.#feed?.connected && this.#moved.dry;
    this.#flush(this.hearing && !drained ? this.#audio.currentTime + 0.02 : Infinity);
    this.dispatchEvent(new Event("facts"));
  }

  #follow(nowS, ranges) {
    const audio = this.#audio;
    const last = ranges.at(-1);
    if (!last) return;
    if (!this.#placed) {
      if (last[1] - last[0] < 0.9 && nowS - this.#joinedS < 1) return;
      audio.currentTime = beginning(last, this.#edge.targetS(nowS));
      this.#placed = true;
      this.#moved = { positionS: audio.currentTime, nowS, dry: false };
    }
    if (!this.#wanted || audio.paused) return;
    this.#notice(nowS);
    const hole = beyondHole(ranges, audio.currentTime, this.#moved.dry);
    if (hole !== null) audio.currentTime = hole;
    const targetS = this.#edge.targetS(nowS);
    const reading = { behindS: this.#behindS(), aheadS: last[1] - audio.currentTime, targetS };
    const { rate, jumpS } = steer({ ...reading, bend: bends });
    if (this.#shifted && reading.behindS < targetS + 0.3) this.#shifted = false;
    audio.playbackRate = this.#shifted ? 1 : rate;
    if (jumpS && !this.#shifted) audio.currentTime += jumpS;
    this.#source.trim();
  }

  /** Whether the position stands still. */
  #notice(nowS) {
    const positionS = this.#audio.currentTime;
    if (positionS !== this.#moved.positionS) this.#moved = { positionS, nowS, dry: false };
    else if (!this.#moved.dry && nowS - this.#moved.nowS > DRY_S) {
      this.#moved.dry = true;
      this.#edge.stalled(nowS);
      this.dispatchEvent(new Event("ask"));
    }
  }

  /** Hand out what is due at programme second `untilS`. */
  #flush(untilS) {
    const nowS = now();
    const isDue = (one) => one.atS <= untilS || one.latestS <= nowS;
    const items = this.#due.filter(isDue).flatMap((one) => one.items);
    if (!items.length) return;
    this.#due = this.#due.filter((one) => !isDue(one));
    this.dispatchEvent(new CustomEvent("due", { detail: items }));
  }
}

function now() {
  return performance.now() / 1000;
}
