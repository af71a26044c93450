/**
 * The position bar with steps and speed, over whatever plays: the recording, or a programme that is
 * still going on.
 *
 * @typedef {{live: boolean, behind: boolean, playing: boolean, second: number, seconds: number,
 *   speed: number, fastest: number, seek: (second: number) => void,
 *   step: (seconds: number) => void, toggle: () => void}} Player
 */

import { clock, spoken } from "./clock.js";
import { make, write } from "./page.js";
import { t } from "./t.js";

const STEPS = [["back30", -30], ["back", -15], ["ahead", 15]];
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3];

export class Tape {
  /** @type {Player | null} */
  #player = null;
  #dragging = false;
  #root;
  #seek = make("input");
  #at = make("span");
  #total = make("span");
  #speed = make("select");

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    const ids = { seek: this.#seek, at: this.#at, total: this.#total, speed: this.#speed };
    for (const [id, element] of Object.entries(ids)) element.id = id;
    Object.assign(this.#seek, { type: "range", min: "0", max: "1", step: "1", value: "0" });
    this.#seek.setAttribute("aria-label", t("Position"));
    const steps = STEPS.map(([id, seconds]) => this.#step(String(id), Number(seconds)));
    const speed = make("label", "speed", make("span", "", t("Speed")), this.#speed);
    root.append(
      this.#seek,
      make("div", "times", this.#at, this.#total),
      make("div", "row", ...steps, speed),
    );
    this.#wire();
  }

  /** Show another player, or none. @param {Player | null} player */
  use(player) {
    if (player && player !== this.#player) {
      const offered = SPEEDS.filter((speed) => speed <= player.fastest);
      this.#speed.replaceChildren(...offered.map((speed) => new Option(`${speed}×`, String(speed))));
    }
    this.#player = player;
    this.#root.hidden = !player;
    this.show();
  }

  show() {
    const player = this.#player;
    if (!player) return;
    const seconds = Math.max(1, Math.ceil(player.seconds));
    const live = player.live && !player.behind && !this.#dragging;
    const stands = live ? seconds : Math.min(player.second, seconds);
    const second = this.#dragging ? Number(this.#seek.value) : stands;
    this.#seek.max = String(seconds);
    if (!this.#dragging) this.#seek.value = String(second);
    this.#seek.style.setProperty("--done", `${(100 * second) / seconds}%`);
    const told = live
      ? t("Live")
      : t("{at} of {whole}", { at: spoken(second), whole: spoken(player.seconds) });
    this.#seek.setAttribute("aria-valuetext", told);
    write(this.#at, clock(second));
    write(this.#total, live ? t("Live") : clock(player.seconds));
    if (document.activeElement !== this.#speed) this.#speed.value = String(player.speed);
  }

  #step(id, seconds) {
    const button = make("button", "", `${seconds < 0 ? "−" : "+"}${Math.abs(seconds)} s`);
    const step = { n: Math.abs(seconds) };
    Object.assign(button, { id, type: "button" });
    button.setAttribute("aria-label", seconds < 0 ? t("Back {n} seconds", step) : t("Forward {n} seconds", step));
    button.addEventListener("click", () => this.#player?.step(seconds));
    return button;
  }

  #wire() {
    this.#speed.addEventListener("change", () => {
      if (this.#player) this.#player.speed = Number(this.#speed.value);
      this.#speed.value = String(this.#player?.speed);
    });
    this.#seek.addEventListener("input", () => {
      this.#dragging = true;
      this.show();
    });
    this.#seek.addEventListener("change", () => {
      this.#dragging = false;
      this.#player?.seek(Number(this.#seek.value));
      this.show();
    });
  }
}
