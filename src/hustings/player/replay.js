/**
 * The replay: the recording, one file with byte ranges, in the browser's own audio element.
 *
 * Where that gives up (the edge was restarted, or has no room at the moment), it is begun anew at
 * the same second. An address with `?t=754` begins at that second.
 */

import { pointed } from "./replay/moment.js";
import { backOff } from "./time.js";
import { signed, visitor } from "./visitor.js";

export class Replay {
  live = false;
  behind = false;
  fastest = 3;
  #audio;
  #address = "";
  #seconds = 0;
  #wanted = false; // it plays, or would
  #faults = 0; // since it could last be played

  /**
   * @param {HTMLAudioElement} audio
   * @param {() => void} changed  called when playing begins or stops, and as time passes
   */
  constructor(audio, changed) {
    this.#audio = audio;
    for (const name of ["pause", "ended"]) {
      // Giving up pauses, too, and so does loading anew, which says so when it plays again.
      audio.addEventListener(name, () => (this.#wanted &&= this.playing || Boolean(audio.error)));
    }
    audio.addEventListener("error", () => this.#again());
    audio.addEventListener("canplay", () => (this.#faults = 0));
    for (const name of ["timeupdate", "durationchange", "seeked", "play", "pause", "ended"]) {
      audio.addEventListener(name, changed);
    }
  }

  get playing() {
    return !this.#audio.paused && !this.#audio.ended;
  }

  /** Length in seconds: the element's once it knows, else what the door said. */
  get seconds() {
    const { duration } = this.#audio;
    return Number.isFinite(duration) && duration > 0 ? duration : this.#seconds;
  }

  get second() {
    return this.#audio.currentTime;
  }

  get speed() {
    return this.#audio.playbackRate;
  }

  set speed(speed) {
    this.#audio.defaultPlaybackRate = this.#audio.playbackRate = speed;
  }

  /** @param {{seconds: number, m4a: string, version?: number}} recording */
  open({ seconds, m4a, version = 0 }) {
    const address = version ? `${m4a}?version=${version}` : m4a;
    this.#seconds = seconds;
    if (this.#address === address) return;
    // Another version of it was published: on at the same place.
    const again = this.#address ? this.#audio.currentTime : null;
    this.#address = address;
    this.#audio.preload = "metadata";
    this.#audio.src = this.#source;
    this.#audio.preservesPitch = true;
    const start = again ?? pointed();
    if (start !== null) this.#audio.currentTime = start;
  }

  toggle() {
    if (this.playing) this.#audio.pause();
    else this.#play();
  }

  /** Step by `seconds`, staying inside the recording. */
  step(seconds) {
    this.seek(this.#audio.currentTime + seconds);
  }

  seek(second) {
    this.#audio.currentTime = Math.min(Math.max(0, second), this.seconds);
  }

  /** An element sends no fields: a private space's ticket stands in the address. */
  get #source() {
    return visitor.ticket ? signed(this.#address, { ticket: visitor.ticket }) : this.#address;
  }

  #play() {
    this.#wanted = true;
    this.#audio.play().catch(() => {});
  }

  /** The element has given up. */
  #again() {
    const audio = this.#audio;
    if (!this.#address) return;
    setTimeout(() => {
      const second = audio.currentTime;
      audio.src = this.#source; // with today's ticket
      audio.currentTime = second;
      if (this.#wanted) this.#play();
    }, 250 + backOff(this.#faults++, { firstMs: 1000, mostMs: 10_000 }));
  }
}
