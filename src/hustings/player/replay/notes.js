/** What a receipt says of a recording that is not as it was spoken: gaps, holds, edits, erasures. */

import { clock } from "../clock.js";
import { day, span } from "../time.js";
import { make, write } from "../page.js";
import { t, tn } from "../t.js";

const REPLACED = ["takeover", "restart", "opened"];

/**
 * In order of their place; those without one stand last.
 * @param {any} signed  receipt.json
 * @returns {{at_ms: number | null, length_ms: number, kind: string, text: string}[]}
 */
export function notes(signed) {
  const receipt = signed?.receipt ?? {};
  const found = [
    ...(receipt.gaps ?? []).map(gap),
    ...(receipt.holds ?? []).map(held),
    ...(receipt.edits ?? []).map(edited),
    ...(receipt.erased ?? []).map(erased),
  ];
  return found.sort((a, b) => (a.at_ms ?? Infinity) - (b.at_ms ?? Infinity));
}

function gap({ at_ms: at, length_ms: length, cause, remixed }) {
  const values = { at: clock(at / 1000), length: lasting(length) };
  const why = REPLACED.includes(cause)
    ? t("the server that mixed the sound was replaced.")
    : cause === "unknown" ? t("nobody noted why.") : t("the server warned of “{cause}”.", { cause });
  const text = remixed
    ? t("{at}: {length} were mixed anew from the speakers' own tracks, because there was a gap:", values)
    : t("{at}: {length} are missing, and silent here:", values);
  return { at_ms: at, length_ms: length, kind: remixed ? "remixed" : "gap", text: `${text} ${why}` };
}

function held({ at_ms: at, length_ms: length, reason }) {
  const values = { at: clock(at / 1000), length: lasting(length) };
  const text = t("{at}: the conversation paused for {length}, which is not in the recording.", values);
  return { at_ms: at, length_ms: 0, kind: "held", text: reason ? `${text} ${t("“{reason}”", { reason })}` : text };
}

function edited({ kind, at_ms: at, length_ms: length, reason }) {
  const values = { at: clock(at / 1000), length: lasting(length) };
  const text = {
    silence: t("{at}: the hosts have silenced {length}.", values),
    trim: t("{at}: the hosts have cut off {length}.", values),
  }[kind] ?? t("{at}: the hosts have cut out {length}.", values);
  const silenced = kind === "silence" ? length : 0;
  return { at_ms: at, length_ms: silenced, kind: "edited", text: reason ? `${text} ${t("“{reason}”", { reason })}` : text };
}

function erased({ at_ms: when, kind, length_ms: length }) {
  const values = { day: day(when), length: lasting(length) };
  const text = kind === "seat"
    ? t("What one speaker said was erased for good on {day}.", values)
    : t("{length} were erased for good on {day}.", values);
  return { at_ms: null, length_ms: 0, kind: "erased", text };
}

/** "1.3 seconds", "2 minutes". @param {number} ms */
export function lasting(ms) {
  const seconds = ms / 1000;
  if (seconds < 9.95) return span("second").format(Number(seconds.toFixed(1)));
  return seconds < 90 ? span("second").format(Math.round(seconds)) : span("minute").format(Math.round(seconds / 60));
}

/** The notes below the waveform, folded up: there is nothing to read where nothing is missing. */
export class Notes {
  root = make("details", "notes");
  #summary = make("summary");
  #list = make("ul");

  constructor() {
    this.root.id = "notes";
    this.root.append(this.#summary, this.#list);
  }

  /** @param {{text: string}[]} found */
  show(found) {
    this.root.hidden = !found.length;
    write(this.#summary, tn("{n} note on this recording", "{n} notes on this recording", found.length));
    this.#list.replaceChildren(...found.map(({ text }) => {
      const row = make("li", "", text);
      row.dir = "auto";
      return row;
    }));
  }
}
