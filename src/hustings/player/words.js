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

import { count, day, moment } from "./time.js";

/** Where the status is one of these, sound is being sent. */
export const SENDING = ["doors", "live", "held"];

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
  if (ear.free && SENDING.includes(status)) {
    made.headline = "Your place is free";
    made.note = pressed ? "You are in." : "Press the button now: the place is kept for a moment.";
  }
  return made;
}

/** The status as it is shown: a recording that cannot be played yet is still being posted. */
export function shown({ status, replay }) {
  if (status === "posted" && !replay) return "ended";
  return status in STATES ? status : "scheduled";
}

const STATES = {
  scheduled(state, ear, nowMs) {
    const due = state.starts_at_ms <= nowMs;
    const at = due ? "" : `${moment(state.starts_at_ms)}, your time. `;
    const armed = ear.phase === "armed";
    return {
      pill: state.reason ? "Delayed" : "Scheduled",
      mood: state.reason ? "held" : "",
      headline: due ? "Starting soon" : "Starts in",
      note: `${at}It starts here: this page will let you in by itself.`,
      notice: state.reason && `It begins later than planned: ${state.reason}`,
      button: armed ? "Waiting for the start" : "Listen when it starts",
    };
  },
  doors(state, ear) {
    return {
      pill: "Doors open",
      headline: "Doors are open · starts soon",
      note: ear.phase === "playing"
        ? "You are in. What you hear is the hold sound; the conversation follows by itself."
        : line(ear, "Come in: you will hear a hold sound until the conversation begins."),
      notice: state.reason && `It begins later than planned: ${state.reason}`,
      button: button(ear, "Listen"),
    };
  },
  live(state, ear, nowMs) {
    const minutes = state.live_at_ms ? Math.floor((nowMs - state.live_at_ms) / 60_000) : 0;
    const since = minutes > 0 ? `Began ${ago(minutes)} ago.` : "It has just begun.";
    const waiting = state.line?.waiting;
    const full = waiting ? ` All places are taken; ${waiting.toLocaleString("en")} waiting in line.` : "";
    return {
      pill: "Live",
      mood: "live",
      headline: "Live now",
      note: line(ear, since + full),
      button: button(ear, "Listen live"),
    };
  },
  held(state, ear) {
    return {
      pill: "On hold",
      mood: "held",
      headline: "A short pause",
      note: line(ear, "The conversation goes on here, at the same address."),
      notice: state.reason ? `On hold: ${state.reason}` : "",
      button: button(ear, "Listen"),
    };
  },
  ended() {
    return {
      pill: "Ended",
      headline: "The conversation has ended",
      note: "The recording is being posted. This page turns into the replay by itself.",
    };
  },
  posted(state, ear) {
    return {
      pill: "Replay",
      headline: "Listen to the recording",
      note: state.live_at_ms ? `Recorded live on ${day(state.live_at_ms)}.` : "Recorded live.",
      button: ear.phase === "playing" ? "Pause" : "Play the recording",
    };
  },
  withheld(state) {
    return {
      pill: "Ended",
      headline: "The conversation has ended",
      note: "Its recording is not published.",
      notice: state.reason,
    };
  },
  cancelled(state) {
    return {
      pill: "Cancelled",
      mood: "held",
      headline: "This conversation will not take place",
      note: "Thank you for coming.",
      notice: state.reason,
    };
  },
};

/** What the line does, where that matters more than `otherwise`. */
function line({ phase, shifted, told }, otherwise) {
  if (phase === "waiting" && told) return told;
  if (phase === "joining" || phase === "waiting") return "Connecting…";
  if (phase === "stalled") return "The line is interrupted. Reconnecting by itself…";
  if (phase === "paused") return "Paused. Press to go on where you stopped.";
  if (phase === "playing" && shifted) return "You are listening with a delay.";
  return told || otherwise;
}

function button({ phase }, first) {
  if (phase === "idle" || phase === "armed") return first;
  if (phase === "waiting") return "Waiting for a place";
  return phase === "paused" ? "Continue" : "Pause";
}

function ago(minutes) {
  const hours = Math.floor(minutes / 60);
  return hours ? `${count(hours, "hour")} ${count(minutes % 60, "minute")}`.trim() : count(minutes, "minute");
}

/** How many are listening, as a phrase; empty for nobody. */
export function crowd(listening) {
  return listening > 0 ? `${listening.toLocaleString("en")} listening` : "";
}
