// The sound test: three seconds of the microphone, kept on this device, played back, judged in words.

import { microphoneProblem } from "./mic.js";
import { element, part, write } from "./page.js";
import { t } from "./t.js";
import { measure, soundVerdict } from "./verdict.js";

const LASTS_S = 3;
const button = /** @type {HTMLButtonElement} */ (element("trial"));
const words = element("trial-words");
const player = /** @type {HTMLAudioElement} */ (element("trial-sound"));

/** Offers the test. */
export class Trial {
  #mic;
  #allowed = true;
  #running = false;

  /** @param {import("./mic.js").Microphone} mic */
  constructor(mic) {
    this.#mic = mic;
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
    try {
      await this.#judge(track);
    } catch {
      write(words, t("The test did not work in this browser."));
    } finally {
      track.stop();
      this.#running = false;
      this.allow(this.#allowed);
    }
  }

  /** @param {MediaStreamTrack} track */
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
    part(button, "span").textContent = t("Test the sound");
    const sound = new Blob(parts, { type: recorder.mimeType });
    const context = new AudioContext();
    const decoded = await context.decodeAudioData(await sound.arrayBuffer());
    void context.close();
    const verdict = soundVerdict(measure(decoded.getChannelData(0), decoded.sampleRate));
    words.dataset.verdict = verdict.verdict;
    write(words, verdict.words);
    this.#forget();
    if (!this.#allowed) return;
    player.src = URL.createObjectURL(sound);
    await player.play().catch(() => {});
  }

  #forget() {
    if (player.src) URL.revokeObjectURL(player.src);
    player.removeAttribute("src");
  }
}
