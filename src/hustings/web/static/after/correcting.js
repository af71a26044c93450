// Putting sentences right where they stand: saved one by one, sent together, every wording kept.

import { call, Problem } from "../api.js";
import { moment } from "../local_time.js";
import { copyOf, element, part, write } from "../page.js";
import { t } from "../t.js";

const GATHER_MS = 700; // corrections that follow each other are one decision

/** @typedef {import("./sentences.js").Sentence} Sentence */

/** Edits in the list of sentences. */
export class Correcting {
  #space;
  #sentences;
  #complain;
  /** @type {Map<string, {id: string, text: string, before: string}>} */
  #unsent = new Map();
  #timer = 0;

  /**
   * @param {string} space its address in the API
   * @param {import("./sentences.js").Sentences} sentences
   * @param {(words: string) => void} complain
   */
  constructor(space, sentences, complain) {
    [this.#space, this.#sentences, this.#complain] = [space, sentences, complain];
    element("sentences").addEventListener("click", (event) => {
      const row = /** @type {Element} */ (event.target).closest(".cue-edit")?.closest("li");
      const one = this.#of(/** @type {HTMLElement | null} */ (row)?.dataset.cue);
      if (row && one) this.#open(row, one);
    });
    element("left-out").addEventListener("click", (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest("button");
      if (button) this.#save({ id: button.dataset.cue ?? "", text: button.dataset.text ?? "", before: "" });
    });
    addEventListener("pagehide", () => void this.#send());
  }

  /** Sentences that are left out, with the way back. @param {Sentence[]} all */
  showLeftOut(all) {
    element("left-out").hidden = !all.length;
    element("left-out-list").replaceChildren(...all.map((one) => {
      const row = copyOf("left-out-template");
      const text = one.changes.find((change) => change.before)?.before ?? "";
      write(part(row, "p"), `${one.name}: ${text}`);
      const button = part(row, "button");
      [button.dataset.cue, button.dataset.text] = [one.id, text];
      button.ariaLabel = t("Put back: {text}", { text });
      return row;
    }));
  }

  /** @param {string | undefined} id */
  #of(id) {
    return this.#sentences.all.find((one) => one.id === id);
  }

  /** @param {Element} row @param {Sentence} one */
  #open(row, one) {
    const place = /** @type {HTMLElement} */ (row);
    if (place.dataset.writing === "true") return;
    place.dataset.writing = "true";
    const form = /** @type {HTMLFormElement} */ (copyOf("correct-template"));
    const field = /** @type {HTMLTextAreaElement} */ (part(form, "textarea"));
    field.value = one.text;
    field.ariaLabel = t("What was said");
    field.dir = "auto";
    const close = () => {
      form.remove();
      delete place.dataset.writing;
      this.#sentences.changed(one);
      part(place, ".cue-edit").focus();
    };
    const save = (/** @type {string} */ text) => {
      const before = one.text;
      one.text = text.trim().replaceAll(/\s+/g, " ");
      close();
      if (one.text !== before) this.#save({ id: one.id, text: one.text, before });
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      save(field.value);
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
      else if (event.key === "Enter" && !event.shiftKey && event.target === field) save(field.value);
      else return;
      event.preventDefault();
    });
    part(form, "[data-act=cancel]").addEventListener("click", close);
    part(form, "[data-act=leave-out]").addEventListener("click", () => save(""));
    this.#history(part(form, ".cue-history"), one, save);
    place.append(form);
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }

  /**
   * @param {HTMLElement} list
   * @param {Sentence} one
   * @param {(text: string) => void} save
   */
  #history(list, one, save) {
    list.hidden = !one.changes.length;
    list.replaceChildren(...one.changes.map((change) => {
      const row = copyOf("change-template");
      write(part(row, ".change-who"), t("{name}, {when}", { name: change.by || t("Somebody"), when: moment(change.at_ms) }));
      write(part(row, "del"), change.before);
      write(part(row, "ins"), change.text);
      const button = part(row, "button");
      button.addEventListener("click", () => save(change.before));
      button.ariaLabel = t("Go back to: {text}", { text: change.before });
      return row;
    }));
  }

  /** @param {{id: string, text: string, before: string}} change */
  #save(change) {
    const waiting = this.#unsent.get(change.id);
    this.#unsent.set(change.id, { ...change, before: waiting?.before ?? change.before });
    write(element("saving"), t("Saving…"));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#send(), GATHER_MS);
  }

  async #send() {
    const corrections = [...this.#unsent.values()];
    if (!corrections.length) return;
    this.#unsent.clear();
    try {
      await call("PATCH", `${this.#space}/recording/transcript`, { corrections });
      write(element("saving"), t("Saved."));
    } catch (error) {
      const known = error instanceof Problem;
      if (known && error.code === "done") return write(element("saving"), t("Saved."));
      write(element("saving"), t("Not saved."));
      if (known && error.status === 0) for (const one of corrections) this.#unsent.set(one.id, this.#unsent.get(one.id) ?? one);
      this.#complain(known ? error.message : t("Something went wrong on this page."));
    }
  }
}
