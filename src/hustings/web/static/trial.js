// The sound test: three seconds, to the stage and back once we have joined, else kept on this device;
// played back, and judged in words.

import { microphoneProblem } from "./mic.js";
import { element, part, write } from "./page.js";
import { NoTrip, roundTrip } from "./round_trip.js";
import { number, t } from "./t.js";
import { measure, soundVerdict, tripVerdict } from "./verdict.js";

const LASTS_S = 3;
const button = /** @type {HTMLButtonElement} */ (element("trial"));
const words = element("trial-words");
const player = /** @type {HTMLAudioElement} */ (element("trial-sound"));

/** Offers the test. */
export class Trial {
  #mic;
  #line;
  #allowed = true;
  #running = false;

  /**
   * @param {import("./mic.js").Microphone} mic
   * @param {import("./line.js").Line} line
   */
  constructor(mic, line) {
    this.#mic = mic;
    this.#line = line;
    button.addEventListener("click", () => void this.#run());
    player.addEventListener("ended", () => this.#forget());
  }

  /** @param {boolean} allowed not on air: what is played back could be heard by all */
  allow(allowed) {
    this.#allowed = allowed;
    button.ariaDisabled = String(!allowed || this.#running);
  }

  async #run() {
    if (button.ariaDisabled === "true") return;
    if (!this.#mic.on) {
      try {
        await this.#mic.open();
      } catch (error) {
        return write(words, microphoneProblem(error));
      }
    }
    const track = this.#mic.copy();
    if (!track) return;
    this.#running = true;
    this.allow(this.#allowed);
    delete words.dataset.verdict;
    delete words.dataset.by;
    figures({});
    try {
      if (this.#line.condition !== "connected" || !(await this.#travel(track))) await this.#judge(track);
    } catch {
      write(words, t("The test did not work in this browser."));
    } finally {
      track.stop();
      part(button, "span").textContent = t("Test the sound");
      this.#running = false;
      this.allow(this.#allowed);
    }
  }

  /**
   * Over the stage. While we are muted our line sends nothing: it carries a copy for as long as it is
   * recorded, and the stage lets nobody else hear that.
   * @param {MediaStreamTrack} track
   * @returns {Promise<boolean>} false when the stage does not answer
   */
  async #travel(track) {
    const muted = this.#mic.muted;
    const back = async () => {
      if (this.#mic.track) await this.#line.replace(this.#mic.track);
    };
    try {
      const found = await roundTrip(this.#line, ({ state, left_ms }) => {
        const recording = state === "recording";
        if (muted) void (recording && this.#mic.muted ? this.#line.replace(track) : back());
        write(words, recording ? t("Speak now, as you will on stage…") : t("This is how others hear you."));
        const seconds = Math.ceil(left_ms / 1000);
        part(button, "span").textContent = recording ? t("Recording: {seconds}", { seconds }) : t("Playing back");
      });
      if (!found) write(words, t("The test was broken off: you are on air."));
      else this.#tell("stage", tripVerdict(found), found);
    } catch (error) {
      if (!(error instanceof NoTrip)) throw error;
      if (error.status !== 409) return false;
      write(words, error.message);
    } finally {
      if (muted) await back();
    }
    return true;
  }

  /**
   * On this device alone.
   * @param {MediaStreamTrack} track
   */
  async #judge(track) {
    write(words, t("Speak now, as you will on stage…"));
    const recorder = new MediaRecorder(new MediaStream([track]));
    /** @type {Blob[]} */
    const parts = [];
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    const stopped = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
    recorder.start();
    for (let left = LASTS_S; left > 0; left -= 1) {
      part(button, "span").textContent = t("Recording: {seconds}", { seconds: left });
      await new Promise((go) => setTimeout(go, 1000));
    }
    recorder.stop();
    await stopped;
    const sound = new Blob(parts, { type: recorder.mimeType });
    const context = new AudioContext();
    const decoded = await context.decodeAudioData(await sound.arrayBuffer());
    void context.close();
    const found = measure(decoded.getChannelData(0), decoded.sampleRate);
    const { verdict, words: said } = soundVerdict(found);
    const only = t("Tested on this device only: once you have joined, your line is tested as well.");
    this.#tell("device", { verdict, words: `${said} ${only}` }, found);
    this.#forget();
    if (!this.#allowed) return;
    player.src = URL.createObjectURL(sound);
    await player.play().catch(() => {});
  }

  /**
   * @param {"stage" | "device"} by
   * @param {{verdict: string, words: string}} judged
   * @param {import("./verdict.js").Measured & Partial<import("./round_trip.js").Measured>} found
   */
  #tell(by, judged, found) {
    words.dataset.by = by;
    words.dataset.verdict = judged.verdict;
    write(words, judged.words);
    figures(found);
  }

  #forget() {
    if (player.src) URL.revokeObjectURL(player.src);
    player.removeAttribute("src");
  }
}

/** @param {Partial<import("./round_trip.js").Measured>} found what is not known has a dash */
function figures({ speech_dbfs, floor_dbfs, loss_up, loss_down, delay_ms, jitter_ms }) {
  const decibels = (/** @type {number} */ value) => t("{level} dBFS", { level: number(Math.round(value)) });
  const share = (/** @type {number} */ value) => t("{share} %", { share: (100 * value).toFixed(1) });
  const ms = (/** @type {number} */ value) => t("{time} ms", { time: number(Math.round(value)) });
  show("trial-speech", speech_dbfs, decibels);
  show("trial-floor", floor_dbfs, decibels);
  show("trial-up", loss_up, share);
  show("trial-down", loss_down, share);
  show("trial-delay", delay_ms, ms);
  show("trial-jitter", jitter_ms, ms);
}

/**
 * @param {string} id
 * @param {number | null | undefined} value
 * @param {(value: number) => string} said
 */
function show(id, value, said) {
  write(element(id), value === null || value === undefined ? "–" : said(value));
}
