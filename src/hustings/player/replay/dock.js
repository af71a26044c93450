/** A narrow player at the window's foot, while the great one is out of sight. */

import { clock } from "../clock.js";
import { make, write } from "../page.js";
import { press } from "../people/parts.js";
import { apart, t } from "../t.js";
import { STEP_S } from "./deck.js";

export class Dock {
  root = make("div", "dock");
  #play;
  #at = make("span", "at");
  #words = make("span", "words");
  #player;

  /** @param {any} player  @param {HTMLElement} great */
  constructor(player, great) {
    this.#player = player;
    this.#play = press("primary", () => player.toggle(), picture());
    const back = press("", () => player.step(-STEP_S), `−${STEP_S} s`);
    back.setAttribute("aria-label", t("Back {n} seconds", { n: STEP_S }));
    this.root.setAttribute("role", "region");
    this.root.setAttribute("aria-label", t("Player"));
    this.root.hidden = true;
    this.#words.dir = "auto";
    this.root.append(this.#play, back, this.#at, this.#words);
    new IntersectionObserver(([seen]) => {
      const away = !seen.isIntersecting && seen.boundingClientRect.bottom < 0;
      this.root.hidden = !away;
      document.documentElement.classList.toggle("docked", away);
    }).observe(great);
    document.body.append(this.root);
  }

  at(ms, who, sentence) {
    if (this.root.hidden) return;
    this.#play.classList.toggle("on", this.#player.playing);
    this.#play.setAttribute("aria-label", this.#player.playing ? t("Pause") : t("Play the recording"));
    write(this.#at, clock(ms / 1000));
    write(this.#words, [who ? `${apart(who.name)}:` : "", sentence].filter(Boolean).join(" "));
  }
}

/** The same drawing as on the great button. */
function picture() {
  return document.querySelector("#play svg")?.cloneNode(true) ?? "";
}
