// The cut: off air at once, in mid-word, with all that waits in the broadcast delay. It asks nothing.

import { command } from "./command.js";
import { tell } from "./news.js";
import { element } from "./page.js";
import { t } from "./t.js";

const MARGIN_MS = 1000; // the studio's own, until the delay holds nothing

/** Shows the cut while there is something to cut. */
export class Cut {
  /** @type {any} */
  #space;
  #seated = false;
  #busy = false;
  /** @type {HTMLButtonElement | null} */
  #button = null;

  /**
   * @param {any} space
   * @param {boolean} seated whether we still belong here
   */
  show(space, seated) {
    this.#space = space;
    this.#seated = seated;
    this.tick(space.now_ms);
  }

  /** @param {number} now_ms the studio's clock */
  tick(now_ms) {
    const button = this.#find();
    if (!button || !this.#space) return;
    const gone = !this.#seated || !(this.#space.status === "live" || waiting(this.#space, now_ms));
    if (gone && document.activeElement === button) element("next-step").focus();
    button.hidden = gone;
  }

  /** The button: a deputy's page gets one while the deputy is in charge. */
  #find() {
    if (!this.#button) {
      this.#button = /** @type {HTMLButtonElement | null} */ (element("cut"));
      this.#button?.addEventListener("click", () => void this.press());
    }
    return this.#button;
  }

  /** Cut. */
  async press() {
    const button = this.#find();
    if (!button || button.hidden || this.#busy) return;
    this.#busy = true;
    try {
      const reason = /** @type {HTMLInputElement | null} */ (element("hold-reason"));
      if (await command("POST", "/hold", { reason: reason?.value ?? "", cut: true })) {
        if (reason) reason.value = "";
        tell("cut", t("Cut. Listeners hear the hold sound."));
      }
    } finally {
      this.#busy = false;
    }
  }
}

/**
 * How long, in milliseconds, what was said before it was held is still on its way to listeners.
 * @param {any} space
 * @param {number} now_ms the studio's clock
 */
export function waiting(space, now_ms) {
  if (space.status !== "held" || space.cut || space.held_by_system || !space.delay_ms) return 0;
  return Math.max(0, space.held_at_ms + space.delay_ms + MARGIN_MS - now_ms);
}
