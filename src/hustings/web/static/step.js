// The one big button that is always the right next step, the end and its undo.

import { ask } from "./confirm.js";
import { command } from "./command.js";
import { waiting } from "./cut.js";
import { moment } from "./local_time.js";
import { tell } from "./news.js";
import { element, write } from "./page.js";
import { t, tn } from "./t.js";

const SETTLE_MS = 700; // longer than a double click
const END_MS = 10_000; // in which the end can be undone

const GREEN_ROOM = t("The green room: those with a seat hear each other, nobody else does, nothing is recorded.");
const ON_AIR = t("On air: whoever is on stage and not muted is heard, and it is being recorded.");

/** @type {Record<string, {verb: string, label: string, words: string, ask: string}>} */
const STEPS = {
  scheduled: {
    verb: "doors", label: t("Open the doors"), words: GREEN_ROOM,
    ask: t("Listeners come in and hear the hold sound. What is said here is not on air yet."),
  },
  doors: {
    verb: "live", label: t("Go live"),
    words: t("Listeners are coming in and hear the hold sound. What is said here is not on air yet."),
    ask: t("Whoever is on stage and not muted is heard from now on, and it is being recorded."),
  },
  live: {
    verb: "hold", label: t("Hold"), words: ON_AIR,
    ask: t("Listeners hear the hold sound, nothing is recorded."),
  },
  held: {
    verb: "resume", label: t("Resume"),
    words: t("Off air: listeners hear the hold sound, nothing is recorded."), ask: ON_AIR,
  },
  ending: {
    verb: "keep-going", label: t("Undo the end"),
    words: t("This ends for everybody in a moment. Any host can still undo it."),
    ask: t("The conversation goes on."),
  },
  review: {
    verb: "publish", label: t("Publish the recording"),
    words: t("It is over. The recording is ready, and waits for you to publish it."),
    ask: t("Everybody with the link can hear it."),
  },
};

/** @type {Record<string, string>} */
const SPEAKER_WORDS = {
  scheduled: GREEN_ROOM,
  doors: t("Listeners are coming in. What is said here is not on air yet; the host goes live."),
  live: ON_AIR,
  held: t("Off air for the moment: listeners hear the hold sound, nothing is recorded."),
  ending: t("This ends for everybody in a moment, unless a host undoes it."),
};

/** @type {Record<string, string>} */
const OVER_WORDS = {
  ended: t("It is over. The recording is being finished."),
  posted: t("The recording is posted, at the same address."),
  withheld: t("It is over. The recording is not published."),
  cancelled: t("This space was cancelled."),
};

// A speaker's page has them only once they were in charge (charge.js).
let next = /** @type {HTMLButtonElement | null} */ (element("next-step"));
let end = /** @type {HTMLButtonElement | null} */ (element("end"));

/** Shows what comes next, and does it. */
export class Step {
  /** @type {any} */
  #space;
  #hosts;
  #busy = false;
  #readyAt = 0;

  /** @param {boolean} hosts */
  constructor(hosts) {
    this.#hosts = hosts;
    this.#listen();
  }

  #listen() {
    next?.addEventListener("click", () => void this.#next());
    end?.addEventListener("click", () => this.end());
  }

  /** @param {boolean} hosts whether we run the space now; the buttons are there if so */
  set hosts(hosts) {
    this.#hosts = hosts;
    if (!hosts || next) return;
    next = /** @type {HTMLButtonElement} */ (element("next-step"));
    end = /** @type {HTMLButtonElement} */ (element("end"));
    this.#listen();
  }

  /**
   * @param {any} space
   * @param {boolean} seated whether we still belong here
   */
  show(space, seated) {
    this.#space = space;
    const at = moments(space);
    document.body.dataset.ending = String(at === "ending");
    const step = this.#hosts ? STEPS[at] : undefined;
    const words = step?.words ?? SPEAKER_WORDS[at] ?? OVER_WORDS[space.status] ?? "";
    const doors = space.status === "scheduled" && space.doors_at_ms;
    const opens = doors ? t("Doors open by themselves: {time}.", { time: moment(space.doors_at_ms) }) : "";
    write(element("next-words"), opens ? `${words} ${opens}` : words + delayed(space, at));
    const over = ["ended", "posted", "withheld", "cancelled"].includes(space.status);
    const replay = element("replay");
    replay.hidden = !over || space.status === "cancelled" || at === "review";
    if (!next || !end) return;
    const focused = document.activeElement;
    const runs = Boolean(step) && seated;
    next.hidden = !runs;
    if (step && next.dataset.verb !== step.verb) {
      if (next.dataset.verb) this.#settle();
      next.dataset.verb = step.verb;
      next.textContent = step.label;
    }
    end.hidden = !runs || !["live", "held"].includes(at);
    element("next-buttons").hidden = !runs;
    element("hold-field")?.toggleAttribute("hidden", !runs || at !== "live");
    if ((focused === next || focused === end) && /** @type {HTMLElement} */ (focused).hidden) {
      (next.hidden ? replay : next).focus();
    }
  }

  /**
   * Count down to an announced end.
   * @param {number} now_ms the studio's clock
   */
  tick(now_ms) {
    if (!next || next.dataset.verb !== "keep-going" || !this.#space.ends_at_ms) return;
    const left = Math.max(0, Math.ceil((this.#space.ends_at_ms - now_ms) / 1000));
    // The name stays, for those who hear it; the number is for those who see it.
    next.ariaLabel = t("Undo the end");
    write(next, t("Undo the end: {seconds}", { seconds: left }));
  }

  /** The next step by keyboard: asks, because a key is pressed by mistake more easily. */
  async asked() {
    const step = this.#hosts ? STEPS[moments(this.#space)] : undefined;
    if (!step || !next || next.hidden) return;
    const sure = await ask({ title: `${step.label}?`, words: step.ask, yes: step.label, ready: true });
    // While it was asked, another host may have taken the step: the next one was not meant.
    if (sure && next.dataset.verb === step.verb) await this.#next();
  }

  /** The end, by key or button: asks. */
  end() {
    if (end && !end.hidden) void this.#end();
  }

  /** Another step stands on the button: a press meant for the one before must not carry it out. */
  #settle() {
    this.#readyAt = performance.now() + SETTLE_MS;
    setTimeout(() => this.#enable(), SETTLE_MS);
    if (next) next.ariaLabel = null;
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
        title: t("Nobody is on stage yet"),
        words: t("No microphone is connected. Listeners would hear silence."),
        yes: t("Go live anyway"),
      });
      if (!sure) return;
    }
    const reason = /** @type {HTMLInputElement | null} */ (element("hold-reason"));
    await this.#once(async () => {
      const body = verb === "hold" ? { reason: reason?.value ?? "" } : undefined;
      if ((await command("POST", `/${verb}`, body)) && verb === "hold" && reason) reason.value = "";
    });
  }

  async #end() {
    const sure = await ask({
      title: t("End for everyone?"),
      words: t("It ends in ten seconds; until then any host can undo it. After that it is over for good."),
      yes: t("End it"),
      grave: true,
    });
    if (!sure) return;
    await this.#once(async () => {
      if (await command("POST", "/end", { in_ms: END_MS })) tell("end", t("It ends in ten seconds. Undo is the next step."));
    });
    if (next && !next.hidden) next.focus();
  }

  /** @param {() => Promise<void>} work one at a time */
  async #once(work) {
    if (this.#busy) return;
    this.#busy = true;
    this.#enable();
    try {
      await work();
    } finally {
      this.#busy = false;
      this.#enable();
    }
  }
}

/**
 * What a broadcast delay adds to the words; a cut says itself.
 * @param {any} space
 * @param {string} at
 */
function delayed(space, at) {
  if (space.cut && at === "held") return ` ${t("It was cut: nothing of what was said before is on its way.")}`;
  if (space.delay_s && ["doors", "live"].includes(at)) {
    return ` ${tn("Listeners hear you {n} second later.", "Listeners hear you {n} seconds later.", space.delay_s)}`;
  }
  if (!waiting(space, space.now_ms)) return "";
  return ` ${t("What was said before still goes out; a cut stops it.")}`;
}

/**
 * Where the evening stands, as the button sees it.
 * @param {any} space
 */
function moments(space) {
  if (["live", "held", "doors"].includes(space.status) && space.ends_at_ms) return "ending";
  if (space.status === "withheld" && space.recording_ready && space.publishing !== "never") return "review";
  return space.status;
}
