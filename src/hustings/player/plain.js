/**
 * Listening without Media Source Extensions: the plain stream in the element itself.
 *
 * Such an element is some seconds late, does not say how many, and stays silent for good after the
 * server restarted: its position is watched, and the stream taken up anew when it stands still.
 */

const STILL_MS = 6000;

export class Plain {
  #audio;
  #address;
  #open = false;
  #position = 0;
  #movedMs = 0;

  /**
   * @param {HTMLAudioElement} audio
   * @param {string} address
   */
  constructor(audio, address) {
    this.#audio = audio;
    this.#address = address;
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

  trim() {}

  close() {
    this.#audio.removeAttribute("src");
    this.#audio.load();
  }

  #take() {
    this.#movedMs = performance.now();
    this.#audio.src = `${this.#address}?t=${Date.now()}`;
    this.#audio.play().catch(() => {});
  }
}
