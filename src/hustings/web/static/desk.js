// The host's desk: the next step, the seats' buttons, invitations, a later start.

import { call, Problem, SIGNED_OUT } from "./api.js";
import { moment } from "./local_time.js";
import { ask } from "./question.js";

/** @param {string} id */
const element = (id) => document.getElementById(id);
const next = /** @type {HTMLButtonElement | null} */ (element("next-step"));
const end = /** @type {HTMLButtonElement | null} */ (element("end"));
const notice = /** @type {HTMLElement} */ (element("notice"));
const nextWords = /** @type {HTMLElement} */ (element("next-words"));

const SETTLE_MS = 700; // longer than a double click

/** @type {Record<string, {verb: string, label: string, words: string}>} */
const HOST_STEPS = {
  scheduled: {
    verb: "doors",
    label: "Open the doors",
    words: "The green room: those with a seat hear each other, nobody else does, nothing is recorded.",
  },
  doors: {
    verb: "live",
    label: "Go live",
    words: "Listeners are coming in and hear the hold sound. What is said here is not on air yet.",
  },
  live: {
    verb: "hold",
    label: "Hold",
    words: "On air: whoever is on stage and not muted is heard, and it is being recorded.",
  },
  held: {
    verb: "resume",
    label: "Resume",
    words: "Off air: listeners hear the hold sound, nothing is recorded.",
  },
};

/** @type {Record<string, string>} */
const SPEAKER_WORDS = {
  scheduled: "The green room: those with a seat hear each other, nobody else does, nothing is recorded.",
  doors: "Listeners are coming in. What is said here is not on air yet; the host goes live.",
  live: "On air: whoever is on stage and not muted is heard, and it is being recorded.",
  held: "Off air for the moment: listeners hear the hold sound, nothing is recorded.",
};

/** @type {Record<string, string>} */
const OVER_WORDS = {
  ended: "It is over. The recording is being posted at the same address.",
  posted: "The recording is posted, at the same address.",
  withheld: "It is over. The recording is not published.",
  cancelled: "This space was cancelled.",
};

/** Shows the step that comes next and carries commands out. */
export class Desk {
  /** @type {any} */
  #space;
  #hosts;
  #api;
  #busy = false;
  #readyAt = 0;

  /** @param {{space: string, hosts: boolean}} where */
  constructor({ space, hosts }) {
    this.#hosts = hosts;
    this.#api = `/api/spaces/${space}`;
    next?.addEventListener("click", () => void this.#next());
    end?.addEventListener("click", () => void this.#end());
    element("cancel")?.addEventListener("click", () => void this.#cancel());
    element("delay")?.addEventListener("submit", (event) => void this.#delay(event));
    element("invite")?.addEventListener("submit", (event) => void this.#invite(event));
  }

  /**
   * @param {any} space
   * @param {boolean} seated whether we still belong here
   */
  show(space, seated) {
    this.#space = space;
    const step = HOST_STEPS[space.status];
    const words = (this.#hosts ? step?.words : SPEAKER_WORDS[space.status]) ?? OVER_WORDS[space.status];
    const doors = space.status === "scheduled" && space.doors_at_ms;
    set(nextWords, doors ? `${words} Doors open by themselves: ${moment(space.doors_at_ms)}.` : words);
    const over = !step;
    const replay = /** @type {HTMLElement} */ (element("replay"));
    replay.hidden = !over || space.status === "cancelled";
    if (!next || !end) return;
    const focused = document.activeElement;
    const runs = !over && seated;
    next.hidden = !runs;
    if (step && next.dataset.verb !== step.verb) {
      if (next.dataset.verb) this.#settle();
      next.dataset.verb = step.verb;
      set(next, step.label);
    }
    end.hidden = !runs || (space.status !== "live" && space.status !== "held");
    /** @type {HTMLElement} */ (element("next-buttons")).hidden = !runs;
    /** @type {HTMLElement} */ (element("hold-field")).hidden = !runs || space.status !== "live";
    /** @type {HTMLElement} */ (element("later")).hidden = !runs || !["scheduled", "doors"].includes(space.status);
    /** @type {HTMLElement} */ (element("invite")).hidden = !runs;
    if (!runs) /** @type {HTMLElement} */ (element("invite-made")).hidden = true;
    if ((focused === next || focused === end) && over) replay.focus();
  }

  /**
   * A host's press on a seat's button.
   * @param {string} act
   * @param {import("./seats.js").Seat} seat
   */
  async seat(act, seat) {
    const path = `${this.#api}/seats/${seat.id}`;
    if (act === "mute") await this.#try(() => call("POST", `${path}/mute`));
    if (act === "link") {
      const made = await this.#try(() => call("POST", `${path}/link`));
      if (made) this.#showLink(seat.name, made.link);
    }
    if (act === "remove") {
      const sure = await ask({
        title: `Remove ${seat.name}?`,
        words: "They leave the stage at once, and their link stops working.",
        yes: "Remove",
        grave: true,
      });
      if (sure) await this.#try(() => call("DELETE", path));
    }
  }

  /** Another step stands on the button: a press meant for the one before must not carry it out. */
  #settle() {
    this.#readyAt = performance.now() + SETTLE_MS;
    setTimeout(() => this.#enable(), SETTLE_MS);
    this.#enable();
  }

  #enable() {
    // Not `disabled`, which would take the focus away.
    if (next) next.ariaDisabled = String(this.#busy || performance.now() < this.#readyAt);
  }

  async #next() {
    if (next?.ariaDisabled === "true") return;
    const verb = next?.dataset.verb ?? "";
    if (verb === "live" && !this.#space.seats.some((/** @type {any} */ seat) => seat.connected)) {
      const sure = await ask({
        title: "Nobody is on stage yet",
        words: "No microphone is connected. Listeners would hear silence.",
        yes: "Go live anyway",
      });
      if (!sure) return;
    }
    const reason = /** @type {HTMLInputElement | null} */ (element("hold-reason"));
    const body = verb === "hold" && reason ? { reason: reason.value } : undefined;
    const space = await this.#try(() => call("POST", `${this.#api}/${verb}`, body));
    if (space && verb === "hold" && reason) reason.value = "";
  }

  async #end() {
    const sure = await ask({
      title: "End for everyone?",
      words: "The conversation is over for good, and the recording is posted at once.",
      yes: "End now",
      grave: true,
    });
    if (sure) await this.#try(() => call("POST", `${this.#api}/end`));
  }

  async #cancel() {
    const reason = /** @type {HTMLInputElement} */ (element("delay-reason")).value;
    const sure = await ask({
      title: "Cancel this space?",
      words: "It will not take place. The link stays, and says so.",
      yes: "Cancel the space",
      grave: true,
    });
    if (sure) await this.#try(() => call("POST", `${this.#api}/cancel`, { reason }));
  }

  /** @param {Event} event */
  async #delay(event) {
    event.preventDefault();
    const start = /** @type {HTMLInputElement} */ (element("delay-start"));
    const reason = /** @type {HTMLInputElement} */ (element("delay-reason"));
    const body = { starts_at_ms: Date.parse(start.value), reason: reason.value };
    const space = await this.#try(() => call("POST", `${this.#api}/delay`, body));
    if (!space) return;
    start.value = reason.value = "";
    /** @type {HTMLDetailsElement} */ (element("later")).open = false;
  }

  /** @param {Event} event */
  async #invite(event) {
    event.preventDefault();
    const name = /** @type {HTMLInputElement} */ (element("invite-name"));
    const role = /** @type {HTMLSelectElement} */ (element("invite-role"));
    const body = { name: name.value, role: role.value };
    const made = await this.#try(() => call("POST", `${this.#api}/seats`, body));
    if (!made) return;
    this.#showLink(name.value, made.link);
    name.value = "";
  }

  /**
   * @param {string} name
   * @param {string} link
   */
  #showLink(name, link) {
    const field = /** @type {HTMLInputElement} */ (element("invite-link"));
    field.value = link;
    set(/** @type {HTMLElement} */ (element("invite-made-words")), `Link for ${name}`);
    /** @type {HTMLElement} */ (element("invite-made")).hidden = false;
    field.focus();
    field.select();
  }

  /**
   * Carry a command out; what goes wrong is shown in a sentence.
   * @param {() => Promise<any>} command
   */
  async #try(command) {
    if (this.#busy) return null;
    this.#busy = true;
    this.#enable();
    notice.hidden = true;
    try {
      const answer = await command();
      if (answer?.status) document.dispatchEvent(new CustomEvent("space", { detail: answer }));
      return answer ?? true;
    } catch (error) {
      set(notice, sentence(error));
      notice.hidden = false;
      return null;
    } finally {
      this.#busy = false;
      this.#enable();
    }
  }
}

/** @param {unknown} error */
function sentence(error) {
  if (!(error instanceof Problem)) return "Something went wrong on this page.";
  return error.status === 401 ? SIGNED_OUT : error.message;
}

/**
 * Write only what differs, so that live regions speak once.
 * @param {HTMLElement} where
 * @param {string} text
 */
function set(where, text) {
  if (where.textContent !== text) where.textContent = text;
}
