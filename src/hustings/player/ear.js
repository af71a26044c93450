/**
 * Live listening: what the listener wants, and by which way the sound comes.
 *
 * The element is unlocked by the press that calls `play()`, which may come before the doors open:
 * it then waits, armed. A listener who pauses comes back where the pause began and is not hurried
 * until "Back to live"; one whose line failed is brought back to live by itself.
 *
 * A way is a function that makes a feed of its ports (feed.js). The first is the edge's push; the
 * ladder may set others, or none while the listener waits for a place. rewind.js sets `past`, the
 * way to sound of long ago.
 *
 * Events: "ask" (the door should be asked: the edge refused, or the programme has run out), "full"
 * (the edge has no room), "lost" (detail: how many tries have failed), "facts" (several times a
 * second).
 *
 * @typedef {"idle" | "armed" | "waiting" | "joining" | "playing" | "stalled" | "paused"} Phase
 * @typedef {{phase: Phase, behindS: number | null, shifted: boolean, codec: string}} Facts
 */

import { Feed } from "./feed.js";
import { now, Playhead } from "./playhead.js";
import { pick, Source } from "./source.js";

const TICK_MS = 100;
const RESUME_S = 15; // who missed more than this of the live programme is not brought through it
const PAUSE_S = 60; // after a pause of this length, nothing is kept and nothing is fetched
const WELL_S = 20; // a codec that played this long works
const BOXES_COUNT = 500; // with events, until somebody reads them

export class Ear extends EventTarget {
  /** Boxes with events, as they came; for whoever reads them. @type {Uint8Array[]} */
  boxes = [];
  /** Goes to a second of the programme that is not buffered; null: that cannot be done. */
  cue = null;
  /** The way to sound of long ago, while the listener is there. */
  past = null;
  /** The way to live sound; null while the listener waits for one. */
  way;
  /** The listener wants to hear. */
  wanted = false;
  #audio;
  #feed = null;
  #leaving = null; // the feed that sends until its successor does
  /** @type {any} */
  #source = null;
  #kind = pick();
  rewinds = Boolean(this.#kind); // every second there has been can be gone to
  #Plain = null;
  #open = false;
  #joinedS = 0;
  #pausedS = 0;
  #faults = 0;
  #away = false; // the page is kept for "back": whatever pauses the element now is no wish

  /**
   * @param {HTMLAudioElement} audio
   * @param {string} base  address of the space on the edge, "/live/<id>"
   */
  constructor(audio, base) {
    super();
    this.#audio = audio;
    this.base = base;
    this.push = (ports) => new Feed(`${base}/push`, ports);
    this.way = this.push;
    this.head = new Playhead(audio);
    this.head.addEventListener("dry", () => this.dispatchEvent(new Event("ask")));
    if (!this.#kind) import("./plain.js").then(({ Plain }) => (this.#Plain = Plain));
    audio.addEventListener("error", () => this.#fault());
    audio.addEventListener("pause", () => this.#outside(false));
    audio.addEventListener("play", () => this.#outside(true));
    addEventListener("pagehide", () => this.#leave());
    for (const name of ["pageshow", "online"]) addEventListener(name, () => this.#return());
    document.addEventListener("visibilitychange", () => this.#return());
    setInterval(() => this.#tick(), TICK_MS);
  }

  /** @returns {Facts} */
  get facts() {
    const { behindS, shifted } = this.head;
    return { phase: this.#phase(), behindS, shifted, codec: this.#kind?.codec ?? "aac" };
  }

  /** The listener hears the programme as it comes, so that events can wait for their sound. */
  get hearing() {
    const { placed, dry } = this.head;
    const drained = dry && !this.#feed?.connected;
    return placed && this.wanted && !this.#audio.paused && !this.past && !drained;
  }

  /** What is buffered. */
  get ranges() {
    return this.#source?.ranges ?? [];
  }

  /** Whether a programme is being sent, as the door says. */
  set open(open) {
    if (open === this.#open) return;
    this.#open = open;
    open ? this.connect() : this.#stop();
  }

  /** Call inside a press: browsers let sound begin only there. */
  play() {
    const { head } = this;
    this.wanted = true;
    if (!this.#source) this.#setUp();
    if (head.aimS !== null && !this.past) this.cue(head.aimS);
    if (head.placed && head.behindS > head.targetS + 0.7) head.shifted = true;
    this.connect();
    this.#start();
  }

  pause() {
    this.wanted = false;
    this.way ??= this.push; // the place in line is given up
    this.#pausedS = now();
    this.#audio.pause();
  }

  /** Skip what was missed. */
  goLive() {
    const { head } = this;
    const last = this.ranges.at(-1);
    head.live();
    if (!this.#feed || this.past || !last || head.edgeS - last[1] > 2) this.empty(null);
    else head.begin(last);
    this.play();
  }

  /** Have sound come by another way; by none while the listener waits. */
  follow(way) {
    this.way = way;
    if (!this.past) this.reconnect(); // else it is taken on the way back to live
  }

  /** The edge leaves: go on at another connection, at some time within this. */
  move(withinMs) {
    setTimeout(() => {
      if (!this.#feed || this.past) return;
      const old = this.#feed; // sends until the new one does, so that nothing is missing
      this.#feed = null;
      this.connect();
      this.#leaving?.close();
      this.#leaving = old;
    }, Math.random() * withinMs);
  }

  /** Nothing is buffered, and nothing comes; the next sound begins at `aimS`, or at live. */
  empty(aimS) {
    this.#disconnect();
    this.past = null;
    this.head.lift(aimS);
    this.#source?.clear();
  }

  reconnect() {
    this.#disconnect();
    this.connect();
  }

  connect() {
    const way = this.past ?? (this.head.aimS === null ? this.way : null);
    if (!this.#open || !this.wanted || this.#feed || !this.#source || !way) return;
    this.#joinedS = now();
    if (this.#kind) this.#feed = way(this.#ports());
    else this.#source.open();
  }

  /** What a feed gets (feed.js). */
  #ports() {
    return {
      codec: this.#kind.codec,
      from: () => this.#from(),
      opened: (stepMs) => {
        if (!this.past) this.head.stepS = stepMs / 1000;
        this.#leaving?.close();
        this.#leaving = null;
      },
      pieces: (pieces) => this.#pieces(pieces),
      refused: (status, code) => this.#refused(status === 503 && code === "full"),
      lost: (tries) => this.dispatchEvent(new CustomEvent("lost", { detail: tries })),
    };
  }

  #stop() {
    this.empty(null);
    this.head.edge?.clear();
    this.head.live();
    this.#close();
    this.wanted = false;
  }

  #setUp() {
    const ports = { grown: (endS) => this.#grown(endS), broken: () => this.#fault() };
    if (this.#kind) this.#source = new Source(this.#audio, this.#kind.type, ports);
    else if (this.#Plain) this.#source = new this.#Plain(this.#audio, this.base);
  }

  #close() {
    this.#source?.close();
    this.#source = null;
  }

  #start() {
    this.#audio.play().catch((error) => {
      if (error.name === "NotAllowedError") this.wanted = false;
    });
  }

  #disconnect() {
    this.#feed?.close();
    this.#leaving?.close();
    this.#feed = this.#leaving = null;
  }

  #refused(full) {
    if (full) {
      this.#disconnect();
      this.way = null;
    }
    this.dispatchEvent(new Event(full ? "full" : "ask"));
  }

  #leave() {
    this.#away = true;
    this.#disconnect();
  }

  #return() {
    if (document.visibilityState === "hidden") return;
    this.#away = false;
    this.#feed?.hurry();
    this.connect();
    if (this.wanted && this.#audio.paused) this.#start();
  }

  /** Where the sound breaks off, in milliseconds of programme; null to join at live. */
  #from() {
    const { aimS, placed, shifted, edgeS, grownMs } = this.head;
    if (aimS !== null) return Math.round(aimS * 1000);
    const last = this.ranges.at(-1);
    if (!placed || !last) return null;
    const missedS = Math.max((edgeS ?? 0) - last[1], (Date.now() - grownMs) / 1000);
    if (!shifted && missedS > RESUME_S) return null;
    return Math.round(last[1] * 1000) + 2; // safely inside the chunk that is missing
  }

  #pieces(pieces) {
    for (const { head, events, bytes } of pieces) {
      if (head) this.#joinedS = now();
      this.boxes.push(...events);
      this.#source?.append(bytes);
    }
    if (this.boxes.length > BOXES_COUNT) this.boxes.shift();
  }

  #grown(endS) {
    this.head.grown(endS, this.#joinedS, !this.past);
    if (now() - this.#joinedS > WELL_S) this.#faults = 0;
  }

  #fault() {
    if (!this.#source) return;
    if (++this.#faults > 1) this.#kind = pick(this.#kind?.codec) ?? this.#kind;
    this.empty(this.head.shifted && this.cue ? this.head.second : null);
    this.#close();
    setTimeout(() => this.wanted && this.play(), 300 * this.#faults);
  }

  /** A headset, a lock screen or a telephone call pressed pause or play. */
  #outside(plays) {
    if (!this.#source || this.#away) return;
    if (plays !== this.wanted && this.#audio.paused !== plays) plays ? this.play() : this.pause();
  }

  #phase() {
    const { placed, aimS, dry } = this.head;
    const begun = placed || aimS !== null;
    if (!this.wanted) return begun ? "paused" : "idle";
    if (!this.#open) return "armed";
    if (!placed) return this.way || begun ? "joining" : "waiting";
    if (!dry) return "playing";
    return this.way || this.past ? "stalled" : "waiting";
  }

  #tick() {
    const { head } = this;
    if (this.#source && !this.#kind) head.placed = this.#source.watch(this.wanted);
    else if (this.#source && this.wanted) {
      head.follow(this.ranges, this.#joinedS, !this.past);
      this.#source.trim();
    }
    if (head.placed && !this.wanted && now() - this.#pausedS > PAUSE_S) {
      this.empty(this.cue && head.second);
      this.#close();
    }
    this.dispatchEvent(new Event("facts"));
  }
}
