// The page's parts: each form's answer, and each news from the studio, replaces those that changed.
// What is heard, what is chosen and what somebody is writing stay.

import { moment } from "../local_time.js";
import { comeBack, element } from "../page.js";
import { t } from "../t.js";

const WAIT_MS = 15_000;
const GATHER_MS = 250;

/** Keeps the page in step; says "fresh" after its parts were replaced, "sent" after a form went well. */
export class Parts extends EventTarget {
  /** @type {WeakMap<Element, string>} how the studio sent what a part shows */
  #shown = new WeakMap();
  #waiting = 0;
  #busy = false;

  constructor() {
    super();
    document.addEventListener("submit", (event) => void this.#submit(event));
    document.addEventListener("click", (event) => {
      if (!(event.target instanceof Element) || !event.target.closest("[data-again]")) return;
      event.preventDefault();
      void this.load(true);
    });
  }

  /** Something was decided or done: look soon, once for a handful of news. */
  soon() {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => void this.load(), GATHER_MS);
  }

  /** Bring the page up to date. @param {boolean} [again] somebody asked for it */
  async load(again = false) {
    if (this.#busy) return this.soon();
    const html = await this.#ask(location.pathname, {});
    if (html) this.#take(html, null, again);
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches("[data-sent]")) return;
    event.preventDefault();
    if (this.#busy) return;
    this.#busy = true;
    document.body.dataset.sending = "true";
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    const sent = new FormData(form, button);
    // What a form of plain text sends: the studio takes pictures otherwise.
    const body = new URLSearchParams([...sent].map(([name, value]) => [name, String(value)]));
    const html = await this.#ask(button?.getAttribute("formaction") ?? form.action, { method: "POST", body });
    this.#busy = false;
    delete document.body.dataset.sending;
    if (!html) return;
    const good = this.#take(html, form);
    if (good) this.dispatchEvent(new CustomEvent("sent", { detail: form }));
  }

  /**
   * @param {string} address
   * @param {RequestInit} how
   * @returns {Promise<string | null>} the page, null when there is none
   */
  async #ask(address, how) {
    try {
      const answer = await fetch(address, {
        ...how, headers: { Accept: "text/html" }, signal: AbortSignal.timeout(WAIT_MS),
      });
      const html = await answer.text();
      if (html.includes('data-part="said"')) return html;
      this.#complain(new DOMParser().parseFromString(html, "text/html").querySelector("main p:not(.status-number)")?.textContent);
    } catch {
      this.#complain(t("The studio does not answer right now. Nothing is lost: try again in a moment."));
    }
    return null;
  }

  /**
   * @param {string} html
   * @param {HTMLFormElement | null} sent the form that this answers
   * @param {boolean} [again] somebody asked for it
   * @returns {boolean} whether it says that all is well
   */
  #take(html, sent, again = false) {
    const next = new DOMParser().parseFromString(html, "text/html");
    const good = !next.querySelector("[data-part=said] [role=alert]");
    const back = comeBack();
    const id = document.activeElement?.id;
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-part]"))) {
      const fresh = next.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!fresh || fresh.innerHTML === this.#shown.get(part)) continue;
      if (!(sent && part.contains(sent) && good) && written(part)) continue; // somebody is at it
      // The answer to a form stands until the next, or until what was asked for is there.
      if (part.dataset.part === "said" && !sent && next.querySelector("[data-making]")) continue;
      if (part.dataset.part === "said" && !sent && part.querySelector("[role=alert]") && !again) continue;
      this.#shown.set(part, fresh.innerHTML);
      part.replaceChildren(...fresh.childNodes);
      delete part.dataset.changed;
    }
    for (const time of document.querySelectorAll("[data-part] time[datetime]")) {
      time.textContent = moment(Date.parse(/** @type {HTMLTimeElement} */ (time).dateTime));
    }
    if (id && document.activeElement === document.body) element(id)?.focus();
    back();
    this.dispatchEvent(new Event("fresh"));
    return good;
  }

  /** @param {string | null | undefined} words */
  #complain(words) {
    const told = document.createElement("p");
    told.className = "notice error";
    told.setAttribute("role", "alert");
    told.textContent = words || t("Something went wrong on this page.");
    document.querySelector("[data-part=said]")?.replaceChildren(told);
  }
}

/** Whether somebody has written in a part what is not sent yet. @param {HTMLElement} part */
function written(part) {
  const fields = /** @type {NodeListOf<HTMLInputElement>} */ (part.querySelectorAll("input:not([type=hidden])"));
  return part.dataset.changed === "true" || [...fields].some((field) => field.value !== field.defaultValue);
}
