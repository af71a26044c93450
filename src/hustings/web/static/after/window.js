// Which part of a recording is looked at: all of it, or some seconds of two hours. Pure.

const LEAST_MS = 4000;

/** From `from` on, `length` long; both in milliseconds. */
export class Window {
  from = 0;
  length = 1;
  #lasts = 1;

  /** @param {number} lasts how long the recording is */
  within(lasts) {
    const all = this.length >= this.#lasts;
    this.#lasts = Math.max(1, lasts);
    if (all) this.length = this.#lasts;
    this.#settle();
  }

  /** Whether everything is seen. */
  get all() {
    return this.length >= this.#lasts;
  }

  get to() {
    return this.from + this.length;
  }

  /** Whether it can be looked at any closer. */
  get closest() {
    return this.length <= Math.min(LEAST_MS, this.#lasts);
  }

  /**
   * Look closer (`by` above 1) or less close, around a moment that stays where it is.
   * @param {number} by
   * @param {number} around
   */
  zoom(by, around) {
    const part = (Math.min(Math.max(around, this.from), this.to) - this.from) / this.length;
    const length = Math.min(Math.max(this.length / by, LEAST_MS), this.#lasts);
    this.from += part * (this.length - length);
    this.length = length;
    this.#settle();
  }

  whole() {
    this.length = this.#lasts;
    this.#settle();
  }

  /** @param {number} ms */
  move(ms) {
    this.from += ms;
    this.#settle();
  }

  /**
   * Have a moment in sight. @param {number} ms
   * @returns {boolean} whether anything moved
   */
  reveal(ms) {
    if (ms >= this.from && ms <= this.to) return false;
    this.from = ms - this.length * 0.1;
    this.#settle();
    return true;
  }

  #settle() {
    this.length = Math.min(this.length, this.#lasts);
    this.from = Math.min(Math.max(0, this.from), this.#lasts - this.length);
  }
}
