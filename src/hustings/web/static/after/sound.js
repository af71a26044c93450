// The recording, to be heard: all of it, or a stretch that ends by itself.

/** Plays the page's audio element; says "moved" whenever the place or the state changes. */
export class Sound extends EventTarget {
  #audio;
  /** @type {number | null} where playing ends, ms */
  #until = null;

  /** @param {HTMLAudioElement} audio */
  constructor(audio) {
    super();
    this.#audio = audio;
    for (const name of ["timeupdate", "seeked", "play", "pause", "ended", "loadedmetadata"]) {
      audio.addEventListener(name, () => this.dispatchEvent(new Event("moved")));
    }
    audio.addEventListener("play", () => this.#frame());
  }

  get ms() {
    return this.#audio.currentTime * 1000;
  }

  get playing() {
    return !this.#audio.paused && !this.#audio.ended;
  }

  /** Which stretch is being played by itself: it ends here. */
  get until() {
    return this.#until;
  }

  toggle() {
    this.#until = null;
    if (this.playing) this.#audio.pause();
    else void this.#audio.play().catch(() => {});
  }

  /** @param {number} ms */
  seek(ms) {
    this.#until = null;
    this.#audio.currentTime = Math.max(0, ms) / 1000;
  }

  /**
   * Play a stretch; the same again stops it.
   * @param {number} from ms
   * @param {number} [to] ms
   */
  play(from, to) {
    const again = this.playing && to !== undefined && this.#until === to;
    this.#until = null;
    if (again) return this.#audio.pause();
    this.#audio.currentTime = from / 1000;
    this.#until = to ?? null;
    void this.#audio.play().catch(() => {});
  }

  /**
   * The file has changed: go on at the same sound.
   * @param {string} address
   * @param {number} ms where that is now
   */
  change(address, ms) {
    const played = this.playing;
    this.#until = null;
    this.#audio.src = address;
    this.#audio.currentTime = ms / 1000;
    if (played) void this.#audio.play().catch(() => {});
  }

  /** While it plays, as often as the screen is drawn: a stretch ends at its end. */
  #frame() {
    if (!this.playing) return;
    if (this.#until !== null && this.ms >= this.#until) {
      this.#audio.pause();
      this.#until = null;
    }
    this.dispatchEvent(new Event("moved"));
    requestAnimationFrame(() => this.#frame());
  }
}
