/**
 * The line at the end of a panel where one writes: for whoever has no name yet, the way to one; and
 * the pause that slow mode asks for.
 */

import { make, write } from "../page.js";
import { t } from "../t.js";
import { field, press, refuse } from "./parts.js";

/**
 * @typedef {{what: "chat" | "question", label: string, invite: string, send: string, most: number,
 *   post: (text: string) => Promise<void>}} Words  `post` may throw `Refused`
 */

export class Composer {
  root = make("div", "composer");
  slowS = 0;
  #people;
  #words;
  #form = make("form", "write");
  #send = make("button", "primary");
  #invite;
  #note = make("p", "rule");
  #field;
  #closed = "";
  #guests = true;
  #untilMs = 0;
  #busy = false;

  /**
   * @param {import("./people.js").People} people
   * @param {Words} words
   */
  constructor(people, words) {
    this.#people = people;
    this.#words = words;
    this.#field = field("input", words.label, {
      hidden: true, maxLength: words.most, placeholder: words.label, autocomplete: "off",
      enterKeyHint: "send",
    });
    this.#send.type = "submit";
    this.#invite = press("invite", () => people.who.join(words.what), words.invite);
    const { name, input, error } = this.#field;
    this.#form.append(name, input, this.#send);
    this.root.append(error, this.#form, this.#invite, this.#note);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    people.who.addEventListener("change", () => this.#show());
    setInterval(() => this.#wait(), 500);
    this.#show();
  }

  /** Why nobody may write at the moment; empty when one may. */
  set closed(why) {
    this.#closed = why;
    this.#show();
  }

  /** Whether a name is enough to write. */
  set guests(guests) {
    this.#guests = guests;
    this.#show();
  }

  focus() {
    (this.#form.hidden ? this.#invite : this.#field.input).focus();
  }

  /** @param {string} text */
  refuse(text) {
    refuse(this.#field, text);
  }

  async #submit() {
    const { input } = this.#field;
    const text = input.value.trim();
    if (!text || this.#busy || this.#untilMs > performance.now()) return;
    this.#busy = true;
    this.#wait();
    try {
      await this.#words.post(text);
      refuse(this.#field, "");
      input.value = "";
      this.#untilMs = performance.now() + 1000 * this.slowS;
    } catch (error) {
      refuse(this.#field, error.message);
      this.#untilMs = performance.now() + (error.waitMs ?? 0);
    }
    this.#busy = false;
    this.#wait();
  }

  #show() {
    const known = Boolean(this.#people.who.ticket);
    this.#form.hidden = !known || Boolean(this.#closed);
    this.#invite.hidden = known || Boolean(this.#closed);
    const way = this.#guests
      ? t("A name is enough. The sound goes on.")
      : t("You will be asked to sign in. The sound goes on.");
    const slow = t("Slow mode: one message every {n} s", { n: this.slowS });
    write(this.#note, this.#closed || (known ? (this.slowS ? slow : "") : way));
    this.#wait();
  }

  #wait() {
    const leftS = Math.ceil((this.#untilMs - performance.now()) / 1000);
    const waits = leftS > 0;
    write(this.#send, waits ? t("{n} s", { n: leftS }) : this.#words.send);
    this.#send.disabled = waits || this.#busy;
    if (waits) this.#send.setAttribute("aria-label", t("Send in {n} seconds", { n: leftS }));
    else this.#send.removeAttribute("aria-label");
  }
}
