// A list of messages that grows at its end: drawn a few times a second, held where one reads.

import { copyOf, element, part } from "./page.js";
import { locale, t } from "./t.js";

const DRAW_MS = 200;
const NEAR_PX = 60;
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
/** @type {Record<string, string>} */
const ROLES = { host: t("Host"), cohost: t("Co-host"), speaker: t("Speaker") };

/** @typedef {{id: string, name: string, text: string, role?: string, at_ms: number}} Message */

/** Draws messages into a list. */
export class Feed {
  #list;
  #scroll;
  #none;
  #newest;
  #key;
  #kept;
  /** @type {Message[]} */
  #waiting = [];
  /** @type {Map<string, Message>} those in the list */
  #shown = new Map();
  #drawing = false;

  /**
   * @param {{list: string, scroll: string, none: string, newest?: string, key: string, kept: number}} names
   *   elements by id; `key` is the data attribute of a row
   */
  constructor({ list, scroll, none, newest, key, kept }) {
    this.#list = element(list);
    this.#scroll = element(scroll);
    this.#none = element(none);
    this.#newest = newest ? element(newest) : null;
    this.#key = key;
    this.#kept = kept;
    this.#newest?.addEventListener("click", () => this.toEnd());
    this.#scroll.addEventListener("scroll", () => {
      if (!this.#newest || !this.#atEnd) return;
      this.#newest.hidden = !this.#waiting.length;
      if (this.#waiting.length) this.#soon();
    });
    this.#list.addEventListener("focusout", () => this.#soon());
    this.#list.addEventListener("keydown", (event) => this.#move(event));
  }

  /** @param {Message[]} messages */
  add(messages) {
    this.#waiting.push(...messages);
    this.#waiting.splice(0, this.#waiting.length - this.#kept);
    this.#soon();
  }

  /**
   * @param {string} id
   * @returns {Message | undefined} a message in the list
   */
  message(id) {
    return this.#shown.get(id);
  }

  #soon() {
    if (this.#drawing) return;
    this.#drawing = true;
    setTimeout(() => this.#draw(), DRAW_MS);
  }

  /** @returns {Iterable<HTMLElement>} */
  get rows() {
    return /** @type {Iterable<HTMLElement>} */ (this.#list.children);
  }

  /** Go to the newest. */
  toEnd() {
    this.#append(this.#waiting.splice(0));
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
    if (this.#newest) this.#newest.hidden = true;
  }

  get #atEnd() {
    return this.#scroll.scrollHeight - this.#scroll.scrollTop - this.#scroll.clientHeight < NEAR_PX;
  }

  #draw() {
    this.#drawing = false;
    if (!this.#waiting.length) return;
    const hidden = !this.#scroll.clientHeight;
    if (hidden || !this.#read) return this.toEnd();
    // Nothing goes away where somebody reads, however fast the others write: what is new waits.
    const room = this.#newest ? this.#kept - this.#list.children.length : this.#kept;
    this.#append(this.#waiting.splice(0, Math.max(0, room)));
    this.#newest?.removeAttribute("hidden");
  }

  /** Whether somebody reads further up, or does something about a message. */
  get #read() {
    return !this.#atEnd || this.#list.contains(document.activeElement) || document.querySelector("dialog[open]");
  }

  /** @param {Message[]} messages */
  #append(messages) {
    this.#list.append(...messages.map((one) => this.#row(one)));
    while (this.#list.children.length > this.#kept) {
      const row = /** @type {HTMLElement} */ (this.#list.firstElementChild);
      this.#shown.delete(row.dataset[this.#key] ?? "");
      row.remove();
    }
    this.#none.hidden = this.#list.children.length > 0;
    this.#onlyOneStop();
    this.#list.dispatchEvent(new Event("drawn"));
  }

  /** @param {Message} message */
  #row(message) {
    const row = copyOf("message-template");
    row.dataset[this.#key] = message.id;
    this.#shown.set(message.id, message);
    part(row, ".message-name").textContent = message.name;
    part(row, ".message-text").textContent = message.text;
    const role = ROLES[message.role ?? ""];
    part(row, ".message-role").hidden = !role;
    part(row, ".message-role").textContent = role ?? "";
    const time = /** @type {HTMLTimeElement} */ (part(row, ".message-time"));
    time.textContent = clock.format(message.at_ms);
    time.dateTime = new Date(message.at_ms).toISOString();
    const more = part(row, '[data-act="more"]');
    more.ariaLabel = t("More for the message of {name}: {text}", { name: message.name, text: message.text });
    return row;
  }

  /** Of hundreds of buttons the Tab key stops at one; the arrows lead to the others. */
  #onlyOneStop() {
    const buttons = this.#buttons;
    const chosen = buttons.find((one) => one === document.activeElement) ?? buttons.at(-1);
    for (const one of buttons) one.tabIndex = one === chosen ? 0 : -1;
  }

  get #buttons() {
    return /** @type {HTMLButtonElement[]} */ ([...this.#list.querySelectorAll("button")]).filter(
      (one) => one.checkVisibility(),
    );
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    const buttons = this.#buttons;
    const to = buttons[buttons.indexOf(/** @type {any} */ (document.activeElement)) + step];
    if (!to) return;
    event.preventDefault();
    to.focus();
    this.#onlyOneStop();
  }
}
