// What troubles the seats, as the stage's watch finds it: in words at the seat until it is over.

import { tell } from "./news.js";
import { part, write } from "./page.js";
import { t } from "./t.js";

/** @typedef {{seat: string, code: string, advice: string}} Warning */

/** The warnings that are not over, by seat. */
export class Troubles {
  /** @type {Map<string, Map<string, string>>} advice by code, by seat */
  #present = new Map();
  #own;

  /** @param {string} own seat */
  constructor(own) {
    this.#own = own;
  }

  /** @param {Warning} warning */
  add({ seat, code, advice }) {
    const codes = this.#present.get(seat) ?? new Map();
    this.#present.set(seat, codes);
    const lasts = codes.has(code); // it is told again, and was read out
    codes.delete(code);
    codes.set(code, seat === this.#own ? ownAdvice(code, advice) : advice);
    if (!lasts) tell("trouble", codes.get(code));
  }

  /** @param {string} seat @param {string} code */
  remove(seat, code) {
    this.#present.get(seat)?.delete(code);
  }

  /** Forget everything: all that lasts is told anew. */
  clear() {
    this.#present.clear();
  }

  /**
   * What is over by the look of the seat itself.
   * @param {{id: string, muted: boolean, connected: boolean}} seat
   */
  follow({ id, muted, connected }) {
    const codes = this.#present.get(id);
    if (!codes) return;
    if (!connected) for (const code of [...codes.keys()]) if (code !== "seat_gone") codes.delete(code);
    for (const code of muted ? ["seat_silent", "seat_echo"] : ["seat_muted"]) codes.delete(code);
  }

  /**
   * The newest at its seat; others stand behind it.
   * @param {string} seat
   * @param {HTMLElement} row
   */
  show(seat, row) {
    const [code, advice] = [...(this.#present.get(seat) ?? [])].at(-1) ?? ["", ""];
    const words = part(row, ".seat-trouble");
    words.hidden = !code;
    if (!code) return void delete row.dataset.trouble;
    row.dataset.trouble = code;
    write(words, advice);
  }
}

/**
 * What to do about one's own trouble.
 * @param {string} code
 * @param {string} advice what hosts read
 */
function ownAdvice(code, advice) {
  if (code === "seat_silent") return t("You cannot be heard: your microphone sends silence. Choose another one.");
  if (code === "seat_muted") return t("You are speaking, but you are muted.");
  if (code === "seat_clipping") return t("You are too loud: your microphone distorts. Move away from it a little.");
  if (code === "seat_echo") return t("Your loudspeaker comes back through your microphone: use headphones, or turn it down.");
  if (code === "line_loss") return t("Your connection loses packets: move closer to the router, or use a cable.");
  if (code === "line_late") return t("Your connection is slow: what you say comes late. Stop other downloads, or use a cable.");
  if (code === "seat_gone") return t("Your sound does not reach the stage. This page tries to connect again.");
  return advice;
}
