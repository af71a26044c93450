/**
 * Listening without Media Source Extensions: HLS where the browser plays it by itself, else the
 * plain stream.
 *
 * Such an element is some seconds late, does not say how many, and stays silent for good after the
 * server restarted: its position is watched, and the stream taken up anew when it stands still.
 */

import { signed, visitor } from "./visitor.js";

const STILL_MS = 6000;
const HLS = "application/vnd.apple.mpegurl";

export class Plain {
  #audio;
  #address;
  #open = false;
  #position = 0;
  #movedMs = 0;

  /**
   * @param {HTMLAudioElement} audio
   * @param {string} base
   */
  constructor(audio, base) {
    this.#audio = audio;
    // Chromium says that it plays HLS, and is eight seconds late with it.
    const chromium = "userAgentData" in navigator || "chrome" in globalThis;
    const hls = !chromium && audio.canPlayType(HLS);
    this.#address = `${base}/${hls ? "index.m3u8" : "listen.aac"}`;
  }

  /** The same shape as a buffer that is empty. @returns {[number, number][]} */
  get ranges() {
    return [];
  }

  open() {
    if (this.#open) return;
    this.#open = true;
    this.#take();
  }

  /** To be called regularly. @returns {boolean} whether sound is coming */
  watch(wanted) {
    const { currentTime } = this.#audio;
    if (currentTime !== this.#position || !wanted || !this.#open) {
      this.#position = currentTime;
      this.#movedMs = performance.now();
    } else if (performance.now() - this.#movedMs > STILL_MS) {
      this.#take();
    }
    return this.#open && this.#position > 0;
  }

  append() {}

  clear() {}

  trim() {}

  close() {
    this.#audio.removeAttribute("src");
    this.#audio.load();
  }

  #take() {
    this.#movedMs = performance.now();
    this.#audio.src = signed(this.#address, { ticket: visitor.ticket, at: Date.now() });
    this.#audio.play().catch(() => {});
  }
}
