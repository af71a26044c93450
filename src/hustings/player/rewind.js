/**
 * Any second of a programme that is still going on: what is buffered is gone to, the rest comes by
 * segments until it meets the live edge. Position and length count from the moment it went live.
 */

import { Segments } from "./segments.js";

const CHUNK_S = 0.32;
const NEAR_S = 8; // what is buffered up to here goes on by the live way

export class Rewind {
  live = true;
  fastest = 2;
  #ear;
  #door;

  /**
   * @param {import("./ear.js").Ear} ear
   * @param {import("./door.js").Door} door
   */
  constructor(ear, door) {
    this.#ear = ear;
    this.#door = door;
    ear.cue = (second) => this.#go(second);
    ear.addEventListener("facts", () => this.#meet());
    ear.addEventListener("full", () => this.#stay());
  }

  get playing() {
    return this.#ear.facts.phase === "playing";
  }

  /** Whether the listener is behind by choice. */
  get behind() {
    return this.#ear.head.shifted;
  }

  /** Seconds since it went live. */
  get seconds() {
    return Math.max(0, this.#edgeS - this.#goS);
  }

  /** What is heard now, in the same measure. */
  get second() {
    const { second, shifted } = this.#ear.head;
    return second === null || !shifted ? this.seconds : Math.max(0, second - this.#goS);
  }

  get speed() {
    return this.#ear.head.speed;
  }

  set speed(speed) {
    const { head } = this.#ear;
    if (speed < 1 && head.placed) head.shifted = true;
    head.speed = head.shifted ? speed : 1; // live has but one speed
  }

  toggle() {
    if (["idle", "paused"].includes(this.#ear.facts.phase)) this.#ear.play();
    else this.#ear.pause();
  }

  /** Go there; beyond the end is live. */
  seek(second) {
    if (second >= this.seconds - 2) this.#ear.goLive();
    else this.#go(this.#goS + Math.max(0, second));
  }

  /** Step by `seconds` from what is heard now. */
  step(seconds) {
    const { placed, second } = this.#ear.head;
    this.seek((placed ? second - this.#goS : this.second) + seconds);
  }

  get #goS() {
    return (this.#door.state.live_n ?? 0) * CHUNK_S;
  }

  get #edgeS() {
    const { n, now_ms: thenMs } = this.#door.state;
    return this.#ear.head.edgeS ?? ((n ?? 0) + 1) * CHUNK_S + (this.#door.nowMs - thenMs) / 1000;
  }

  /** @param {number} second  of the programme */
  #go(second) {
    const ear = this.#ear;
    const { head } = ear;
    const [nowS, endS] = [performance.now() / 1000, this.#edgeS];
    if (head.edgeS === null) head.edge?.arrived({ nowS, endS, stepS: 0 });
    const known = ([start, end]) => second >= start && second < end - 0.1;
    if (head.placed && ear.ranges.some(known)) head.seek(second);
    else {
      ear.empty(second);
      this.#stay();
    }
    head.shifted = true;
    ear.play();
  }

  #stay() {
    const ear = this.#ear;
    const { head } = ear;
    if (!head.shifted && head.aimS === null) return;
    const aheadS = () => (head.placed ? head.endS - head.second : 0);
    ear.past = (ports) => new Segments(`${ear.base}/`, ports, { aheadS });
    ear.connect();
  }

  /** What was rewound has caught up with the programme: on by the live way, if there is one. */
  #meet() {
    const ear = this.#ear;
    const { edgeS, endS, placed } = ear.head;
    if (!ear.past || !ear.way || !placed || edgeS === null || edgeS - endS > NEAR_S) return;
    ear.past = null;
    ear.reconnect();
  }
}
