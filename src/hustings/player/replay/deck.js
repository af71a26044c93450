/** The buttons under the waveform: steps, chapters, speed, skipping of silence, captions. */

import { clock } from "../clock.js";
import { make, on, write } from "../page.js";
import { icon, kept, press, tell } from "../people/parts.js";
import { t } from "../t.js";

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3];
export const STEP_S = 10;

export class Deck {
  root = make("div", "row replaydeck");
  speed = make("select");
  silence = press("quiet", () => this.skip(), make("span", "", t("Skip silence")), make("span", "soft"));
  #player;
  #skipper = null;
  #before;
  #after;

  /**
   * @param {any} player
   * @param {(step: number) => void} chapter  goes on by so many chapters
   */
  constructor(player, chapter) {
    this.#player = player;
    this.#before = round("before", t("Previous chapter"), () => chapter(-1), icon("before"));
    this.#after = round("next", t("Next chapter"), () => chapter(1), icon("next"));
    const back = round("back", t("Back {n} seconds", { n: STEP_S }), () => player.step(-STEP_S), `−${STEP_S} s`);
    const ahead = round("ahead", t("Forward {n} seconds", { n: STEP_S }), () => player.step(STEP_S), `+${STEP_S} s`);
    this.speed.id = "replayspeed";
    this.speed.append(...SPEEDS.map((speed) => new Option(`${speed}×`, String(speed))));
    this.speed.addEventListener("change", () => this.hasten(Number(this.speed.value)));
    this.silence.id = "silence";
    const label = make("label", "speed", make("span", "", t("Speed")), this.speed);
    this.root.append(make("div", "steps", this.#before, back, ahead, this.#after), this.silence, label);
    this.hasten(kept.get("speed", 1));
  }

  /** @param {number} speed */
  hasten(speed) {
    const chosen = SPEEDS.includes(speed) ? speed : 1;
    this.#player.speed = chosen;
    this.speed.value = String(chosen);
    kept.set("speed", chosen === 1 ? null : chosen);
  }

  /** The next faster or slower speed. @param {number} step */
  change(step) {
    const at = SPEEDS.indexOf(this.#player.speed) + step;
    if (!SPEEDS[at]) return;
    this.hasten(SPEEDS[at]);
    tell(t("Speed {speed}", { speed: `${SPEEDS[at]}×` }));
  }

  /** What there is to skip and to go to. */
  show(skipper, chapters) {
    this.#skipper = skipper;
    skipper.wanted = Boolean(kept.get("silence", false)) && skipper.all_ms > 0;
    this.#before.hidden = this.#after.hidden = chapters.length < 2;
    this.at();
  }

  /** Skip silence, or not any more. */
  skip() {
    const skipper = this.#skipper;
    if (!skipper?.all_ms) return;
    skipper.wanted = !skipper.wanted;
    kept.set("silence", skipper.wanted || null);
    this.at();
    tell(skipper.wanted ? t("Silence is skipped") : t("Silence is not skipped"));
  }

  at() {
    const skipper = this.#skipper;
    if (!skipper) return;
    this.silence.hidden = !skipper.all_ms;
    this.silence.setAttribute("aria-pressed", String(skipper.wanted));
    const done = skipper.wanted && skipper.skipped_ms > 0;
    const length = clock((done ? skipper.skipped_ms : skipper.all_ms) / 1000);
    write(this.silence.lastChild, done ? t("{length} skipped", { length }) : length);
  }
}

/** One goes on where one stopped; and the way to the start. */
export function goesOn(second, text, again) {
  const note = make("p", "notice goeson", make("span", "", text), press("link", () => {
    note.remove();
    on.play.focus();
    again();
  }, t("From the start")));
  note.dataset.second = String(second);
  return note;
}

function round(id, label, action, inside) {
  const button = press("step", action, inside);
  button.id = id;
  button.title = label;
  button.setAttribute("aria-label", label);
  return button;
}
