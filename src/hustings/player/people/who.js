/**
 * Who the visitor is here: the ticket to talk, which the studio gives to whoever has signed in or
 * left a name.
 *
 * The studio's page opens in a window of its own, so that the sound goes on. It comes back to this
 * origin with the ticket behind the `#`, where no server reads it; that page hands it to the one
 * that waits and closes. The ticket is kept for this space until it runs out, and renewed before.
 *
 * Events: "change" (another person, or nobody), "back" (detail: what the visitor wanted to do).
 */

import { make, on, write } from "../page.js";
import { t } from "../t.js";
import { backOff } from "../time.js";
import { visitor } from "../visitor.js";
import { kept } from "./parts.js";

const PART = 0.6; // of its life, after which a ticket is renewed
const ANSWER_MS = 8000;
const TAKEN_MS = 1500; // for a waiting page to take the ticket
const WINDOW = "popup,width=480,height=720";

export class Who extends EventTarget {
  #space;
  #studio;
  #timer = 0;
  #waiting = false;
  #channel;
  /** @type {{ticket: string, exp: number, person: string, name: string} | null} */
  #pass = null;

  /** @param {string} space @param {string} studio  the studio's address */
  constructor(space, studio) {
    super();
    this.#space = space;
    this.#studio = studio;
    this.#channel = new BroadcastChannel(`talk.${space}`);
    this.#channel.addEventListener("message", ({ data }) => this.#heard(data));
    addEventListener("hashchange", () => this.#take());
    if (!this.#take()) this.#use(kept.get(`talk.${space}`)?.ticket ?? "");
  }

  /** The ticket as it is sent; empty for nobody. */
  get ticket() {
    return this.#pass?.ticket ?? "";
  }

  get person() {
    return this.#pass?.person ?? "";
  }

  get name() {
    return this.#pass?.name ?? "";
  }

  /** The studio's page for this person's seat. */
  get stage() {
    return `${this.#studio}/s/${this.#space}/take?ticket=${encodeURIComponent(this.ticket)}`;
  }

  /** Ask for a name or a sign-in. @param {"chat" | "hand" | "question"} what  is to be done then */
  join(what) {
    this.#waiting = true;
    const url = new URL(`${this.#studio}/s/${this.#space}/join?for=${what}`);
    if (visitor.ticket) url.searchParams.set("ticket", visitor.ticket); // of a private space
    if (!window.open(url.href, `join-${this.#space}`, WINDOW)) location.href = url.href;
  }

  /** Be nobody again, on every page of this browser. */
  leave() {
    this.#use("");
    this.#channel.postMessage({ ticket: "" });
  }

  /** Takes the ticket out of the address, where it must not stay. */
  #take() {
    const given = new URLSearchParams(location.hash.slice(1));
    const ticket = given.get("talk");
    if (ticket === null) return false;
    history.replaceState(history.state, "", location.pathname + location.search);
    const what = given.get("for") ?? "";
    this.#use(ticket);
    const from = Math.random();
    this.#channel.postMessage({ ticket, what, from });
    const back = () => this.dispatchEvent(new CustomEvent("back", { detail: what }));
    const timer = setTimeout(back, TAKEN_MS); // nobody waits: this page goes on itself
    this.#channel.addEventListener("message", ({ data }) => {
      if (data.taken !== from) return;
      clearTimeout(timer);
      this.#close();
    });
    return true;
  }

  /** Another page has taken over. Not every browser lets a window close itself. */
  #close() {
    window.close();
    const text = t("You are in. Close this window: you go on in the other one.");
    on.notice.before(make("p", "notice", text));
    write(on.announce, text);
  }

  #heard({ ticket, what, from }) {
    if (ticket === undefined) return;
    this.#use(ticket);
    if (!ticket || !this.#waiting) return;
    this.#waiting = false;
    this.#channel.postMessage({ taken: from });
    this.dispatchEvent(new CustomEvent("back", { detail: what }));
  }

  #use(ticket) {
    clearTimeout(this.#timer);
    const pass = read(ticket);
    this.#pass = pass && pass.exp * 1000 > Date.now() ? { ...pass, ticket } : null;
    kept.set(`talk.${this.#space}`, this.#pass && { ticket });
    if (this.#pass) this.#plan(PART * (this.#pass.exp * 1000 - Date.now()), 0);
    this.dispatchEvent(new Event("change"));
  }

  #plan(ms, tries) {
    this.#timer = setTimeout(() => this.#renew(tries), Math.min(ms, 2 ** 31 - 1));
  }

  async #renew(tries) {
    const headers = { Authorization: `Bearer ${this.ticket}` };
    try {
      const signal = AbortSignal.timeout?.(ANSWER_MS);
      const options = { method: "POST", headers, signal, credentials: /** @type {any} */ ("omit") };
      const answer = await fetch(`${this.#studio}/api/talk-tickets/renew`, options);
      if (answer.ok) return this.#use((await answer.json()).ticket);
      if ([401, 403, 410].includes(answer.status)) return this.#use("");
    } catch {
      // the studio is away: the ticket lasts a while yet
    }
    const left = (this.#pass?.exp ?? 0) * 1000 - Date.now();
    if (left <= 0) return this.#use("");
    this.#plan(Math.min(left, 1000 + backOff(tries, { firstMs: 2000, mostMs: 60_000 })), tries + 1);
  }
}

/** What a ticket says (RFC 7519); null for none. Only the studio can tell whether it is true. */
function read(ticket) {
  try {
    const part = ticket.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(part), (sign) => sign.charCodeAt(0));
    const { exp, person, name } = JSON.parse(new TextDecoder().decode(bytes));
    return person && exp ? { exp, person, name } : null;
  } catch {
    return null;
  }
}
