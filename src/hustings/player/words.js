/**
 * What the page says in each state. Pure: from the door's state, the ear's facts and the edge's
 * clock to plain text. It says what is so and what happens next; it never says "not available".
 *
 * @typedef {{pill: string, mood: "" | "live" | "held", headline: string, note: string,
 *   notice: string, button: string, pressed: boolean}} Words
 *   `button`: empty when there is nothing to press; `pressed`: sound is wanted.
 */

import { count, day, moment } from "./time.js";

const SYSTEM_WAIT = "The conversation goes on here, at the same address.";

/**
 * @param {import("./door.js").State} state
 * @param {{phase: string, shifted: boolean}} ear
 * @param {number} nowMs
 * @returns {Words}
 */
export function words(state, ear, nowMs) {
  const made = { pill: "", mood: "", headline: "", note: "", notice: "", button: "" };
  const pressed = !["idle", "paused"].includes(ear.phase);
  Object.assign(made, { pressed }, STATES[shown(state)](state, ear, nowMs));
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
    return {
      pill: "Live",
      mood: "live",
      headline: "Live now",
      note: line(ear, since),
      button: button(ear, "Listen live"),
    };
  },
  held(state, ear) {
    return {
      pill: "On hold",
      mood: "held",
      headline: "A short pause",
      note: line(ear, SYSTEM_WAIT),
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
function line({ phase, shifted }, otherwise) {
  if (phase === "joining") return "Connecting…";
  if (phase === "stalled") return "The line is interrupted. Reconnecting by itself…";
  if (phase === "paused") return "Paused. Press to go on where you stopped.";
  if (phase === "playing" && shifted) return "You are listening with a delay.";
  return otherwise;
}

function button({ phase }, first) {
  if (phase === "idle" || phase === "armed") return first;
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

const ROLES = { host: "Host", cohost: "Co-host", speaker: "Speaker" };

/** What stands under a name. @param {import("./door.js").Seat} seat */
export function place(seat, live) {
  if (seat.speaking) return "Speaking";
  const role = ROLES[seat.role] ?? "Speaker";
  if (!live) return role;
  if (!seat.connected) return `${role} · away`;
  return seat.muted ? `${role} · muted` : role;
}

/** One or two letters that stand for a name. */
export function initials(name) {
  const parts = name.trim().split(/\s+/u).filter(Boolean);
  const letters = [parts[0], parts.length > 1 ? parts.at(-1) : ""].map((part) => [...(part ?? "")][0] ?? "");
  return letters.join("").toLocaleUpperCase() || "·";
}
