/**
 * The replay: the recording with a seek bar, steps of 15 seconds and speed.
 *
 * The recording is one file with byte ranges: the browser's own audio element does the rest. Where
 * that gives up (the edge was restarted, or has no room at the moment), it is begun anew at the same
 * second. An address that ends in `#t=754` begins at that second.
 */

import { backOff, clock, spoken } from "./time.js";

const STEP_S = 15;

/** Element ids of the controls in page.html. */
const CONTROLS = ["seek", "at", "total", "back", "ahead", "speed"];

export class Replay {
  #audio;
  #seconds = 0;
  #dragging = false;
  #wanted = false; // it plays, or would
  #faults = 0; // since it could last be played
  /** @type {Record<string, any>} */
  #on = {};
  #changed;

  /**
   * @param {HTMLAudioElement} audio
   * @param {() => void} changed  called when playing begins or stops, and as time passes
   */
  constructor(audio, changed) {
    this.#audio = audio;
    this.#changed = changed;
    for (const id of CONTROLS) this.#on[id] = document.getElementById(id);
    this.#wire();
  }

  get playing() {
    return !this.#audio.paused && !this.#audio.ended;
  }

  /** Length in seconds: the element's once it knows, else what the door said. */
  get seconds() {
    const { duration } = this.#audio;
    return Number.isFinite(duration) && duration > 0 ? duration : this.#seconds;
  }

  /** @param {{seconds: number, m4a: string, opus: string}} recording */
  open(recording) {
    if (this.#audio.getAttribute("src") === recording.m4a) return;
    this.#seconds = recording.seconds;
    this.#audio.preload = "metadata";
    this.#audio.src = recording.m4a;
    const start = /^#t=(\d+)/.exec(location.hash);
    if (start) this.#audio.currentTime = Number(start[1]);
    this.#show();
  }

  toggle() {
    if (this.playing) this.#audio.pause();
    else this.#play();
  }

  pause() {
    this.#audio.pause();
  }

  /** Step by `seconds`, staying inside the recording. */
  step(seconds) {
    this.seek(this.#audio.currentTime + seconds);
  }

  seek(second) {
    this.#audio.currentTime = Math.min(Math.max(0, second), this.seconds);
    this.#show();
  }

  #wire() {
    const { seek, back, ahead, speed } = this.#on;
    back.addEventListener("click", () => this.step(-STEP_S));
    ahead.addEventListener("click", () => this.step(STEP_S));
    speed.addEventListener("change", () => {
      this.#audio.defaultPlaybackRate = this.#audio.playbackRate = Number(speed.value);
    });
    seek.addEventListener("input", () => {
      this.#dragging = true;
      this.#show();
    });
    seek.addEventListener("change", () => {
      this.#dragging = false;
      this.seek(Number(seek.value));
    });
    for (const name of ["pause", "ended"]) {
      this.#audio.addEventListener(name, () => (this.#wanted = false));
    }
    this.#audio.addEventListener("error", () => this.#again());
    this.#audio.addEventListener("canplay", () => (this.#faults = 0));
    for (const name of ["timeupdate", "durationchange", "seeked", "play", "pause", "ended"]) {
      this.#audio.addEventListener(name, () => this.#show());
    }
  }

  #play() {
    this.#wanted = true;
    this.#audio.play().catch(() => {});
  }

  /** The element has given up. */
  #again() {
    const audio = this.#audio;
    if (!audio.getAttribute("src")) return;
    setTimeout(() => {
      const second = audio.currentTime;
      audio.load();
      audio.currentTime = second;
      if (this.#wanted) this.#play();
    }, backOff(this.#faults++, { firstMs: 1000, mostMs: 30_000 }));
  }

  #show() {
    const { seek, at, total } = this.#on;
    const second = this.#dragging ? Number(seek.value) : this.#audio.currentTime;
    seek.max = String(Math.max(1, Math.ceil(this.seconds)));
    if (!this.#dragging) seek.value = String(second);
    seek.style.setProperty("--done", `${(100 * second) / Math.max(1, this.seconds)}%`);
    seek.setAttribute("aria-valuetext", `${spoken(second)} of ${spoken(this.seconds)}`);
    at.textContent = clock(second);
    total.textContent = clock(this.seconds);
    this.#position();
    this.#changed();
  }

  /** Tell the lock screen where we are. */
  #position() {
    const { currentTime, playbackRate } = this.#audio;
    const session = navigator.mediaSession;
    if (!session?.setPositionState || !this.playing || currentTime > this.seconds) return;
    session.setPositionState({ duration: this.seconds, playbackRate, position: currentTime });
  }
}
