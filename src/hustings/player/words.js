/**
 * What the page says in each state. Pure: from the door's state, the ear's facts and the edge's
 * clock to plain text. It says what is so and what happens next; it never says "not available".
 *
 * @typedef {import("./ear.js").Facts & {told: string, free: boolean}} Facts  `told`: what the
 *   ladder has to say; `free`: a place has become free for this listener
 * @typedef {{pill: string, mood: "" | "live" | "held", headline: string, note: string,
 *   notice: string, button: string, pressed: boolean}} Words
 *   `button`: empty when there is nothing to press; `pressed`: sound is wanted.
 */

import { number, t } from "./t.js";
import { count, day, moment } from "./time.js";

/** Where the status is one of these, sound is being sent. */
export const SENDING = ["doors", "live", "held"];
const LOST = ["joining", "waiting", "stalled"];

/**
 * @param {import("./door.js").State} state
 * @param {Facts} ear
 * @param {number} nowMs
 * @returns {Words}
 */
export function words(state, ear, nowMs) {
  const made = { pill: "", mood: "", headline: "", note: "", notice: "", button: "" };
  const status = shown(state);
  const pressed = !["idle", "paused"].includes(ear.phase);
  Object.assign(made, { pressed }, STATES[status](state, ear, nowMs));
  if (state.ends_at_ms && SENDING.includes(status)) {
    made.headline = t("Ending soon");
    // Who hears it later hears the end later.
    const leftMs = state.ends_at_ms - nowMs + 1000 * (ear.behindS ?? 0);
    if (!LOST.includes(ear.phase)) made.note = ending(leftMs);
  }
  if (ear.free && SENDING.includes(status)) {
    made.headline = t("Your place is free");
    made.note = pressed
      ? t("You are in.")
      : t("Press the button now: the place is kept for a moment.");
  }
  return made;
}

/** The status as it is shown: a recording that cannot be played yet is still being posted. */
export function shown({ status, replay, gone }) {
  if (status === "posted" && !replay) return gone ? "gone" : "ended";
  return status in STATES ? status : "scheduled";
}

const AFTER = {
  auto: t("The recording is being posted. This page turns into the replay by itself."),
  review: t("Thank you for listening. The hosts decide whether the recording is posted here."),
};

const STATES = {
  scheduled(state, ear, nowMs) {
    const due = state.starts_at_ms <= nowMs;
    const at = due ? "" : `${t("{moment}, your time.", { moment: moment(state.starts_at_ms) })} `;
    const armed = ear.phase === "armed";
    return {
      pill: state.reason ? t("Delayed") : t("Scheduled"),
      mood: state.reason ? "held" : "",
      headline: due ? t("Starting soon") : t("Starts in"),
      note: at + t("It starts here: this page will let you in by itself."),
      notice: later(state),
      button: armed ? t("Waiting for the start") : t("Listen when it starts"),
    };
  },
  doors(state, ear) {
    return {
      pill: t("Doors open"),
      headline: t("Doors are open · starts soon"),
      note: ear.phase === "playing"
        ? t("You are in. What you hear is the hold sound; the conversation follows by itself.")
        : line(ear, t("Come in: you will hear a hold sound until the conversation begins.")),
      notice: later(state),
      button: button(ear, t("Listen")),
    };
  },
  live(state, ear, nowMs) {
    const minutes = state.live_at_ms ? Math.floor((nowMs - state.live_at_ms) / 60_000) : 0;
    const since = minutes > 0 ? t("Began {time} ago.", { time: ago(minutes) }) : t("It has just begun.");
    const waiting = state.line?.waiting;
    const full = waiting
      ? ` ${t("All places are taken; {n} waiting in line.", { n: number(waiting) })}`
      : "";
    return {
      pill: t("Live"),
      mood: "live",
      headline: t("Live now"),
      note: line(ear, since + full),
      button: button(ear, t("Listen live")),
    };
  },
  held(state, ear) {
    return {
      pill: t("On hold"),
      mood: "held",
      headline: t("A short pause"),
      note: line(ear, t("The conversation goes on here, at the same address.")),
      notice: state.reason && t("On hold: {reason}", { reason: state.reason }),
      button: button(ear, t("Listen")),
    };
  },
  ended({ publishing = "auto" }) {
    return {
      pill: t("Ended"),
      headline: t("The conversation has ended"),
      note: AFTER[publishing] ?? t("Thank you for listening."),
    };
  },
  posted(state, ear) {
    return {
      pill: t("Replay"),
      headline: t("Listen to the recording"),
      note: state.live_at_ms
        ? t("Recorded live on {day}.", { day: day(state.live_at_ms) })
        : t("Recorded live."),
      button: ear.phase === "playing" ? t("Pause") : t("Play the recording"),
    };
  },
  gone() {
    return {
      pill: t("Ended"),
      headline: t("The conversation has ended"),
      note: t("Its recording was deleted, because its time was over."),
    };
  },
  withheld(state) {
    return {
      pill: t("Ended"),
      headline: t("The conversation has ended"),
      note: t("Its recording is not published."),
      // the archive's own reason; others are their hosts' words
      notice: state.reason === "Nothing was said on air." ? t("Nothing was said on air.") : state.reason,
    };
  },
  cancelled(state) {
    return {
      pill: t("Cancelled"),
      mood: "held",
      headline: t("This conversation will not take place"),
      note: t("Its hosts have called it off."),
      notice: state.reason,
    };
  },
};

function later({ reason }) {
  return reason && t("It begins later than planned: {reason}", { reason });
}

/** How long it goes on. */
function ending(leftMs) {
  const leftS = Math.ceil(leftMs / 1000);
  if (leftS <= 0) return t("Ends now.");
  const time = leftS > 90 ? count(Math.ceil(leftS / 60), "minute") : t("{n} s", { n: leftS });
  return t("Ends in {time}.", { time });
}

/** What the line does, where that matters more than `otherwise`. */
function line({ phase, shifted, told }, otherwise) {
  if (phase === "waiting" && told) return told;
  if (phase === "joining" || phase === "waiting") return t("Connecting…");
  if (phase === "stalled") return t("The line is interrupted. Reconnecting by itself…");
  if (phase === "paused") return t("Paused. Press to go on where you stopped.");
  if (phase === "playing" && shifted) return t("You are listening with a delay.");
  return told || otherwise;
}

function button({ phase }, first) {
  if (phase === "idle" || phase === "armed") return first;
  if (phase === "waiting") return t("Waiting for a place");
  return phase === "paused" ? t("Continue") : t("Pause");
}

function ago(minutes) {
  const hours = Math.floor(minutes / 60);
  return hours ? `${count(hours, "hour")} ${count(minutes % 60, "minute")}`.trim() : count(minutes, "minute");
}

/** How many are listening, as a phrase; empty for nobody. */
export function crowd(listening) {
  return listening > 0 ? t("{n} listening", { n: number(listening) }) : "";
}
