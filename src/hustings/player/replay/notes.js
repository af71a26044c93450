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
  const kept = receipt.published?.kept;
  const found = [
    ...moved(receipt.gaps, kept).map(gap),
    ...moved(receipt.holds, kept, true).map(held),
    ...moved(receipt.edits, kept, true).map(edited),
    ...(receipt.erased ?? []).map(erased),
  ];
  return found.sort((a, b) => (a.at_ms ?? Infinity) - (b.at_ms ?? Infinity));
}

/**
 * Places on the clock of what is published; a receipt tells those of the original.
 * @param {any[] | undefined} entries
 * @param {{at_ms: number, length_ms: number}[] | undefined} kept what of the original is published
 * @param {boolean} [bare] also what nothing is left of
 */
function moved(entries = [], kept, bare = false) {
  if (!kept) return entries;
  return entries.flatMap((entry) => {
    const begin = nearest(kept, entry.at_ms);
    const length = nearest(kept, entry.at_ms + entry.length_ms) - begin;
    return bare ? [{ ...entry, at_ms: begin }] : length ? [{ ...entry, at_ms: begin, length_ms: length }] : [];
  });
}

/** Where a moment of the original is published, or the next one that is. */
function nearest(kept, ms) {
  let before = 0;
  for (const { at_ms: from, length_ms: length } of kept) {
    if (ms < from + length) return before + Math.max(0, ms - from);
    before += length;
  }
  return before;
}

function gap({ at_ms: at, length_ms: length, cause, remixed }) {
  const values = { at: clock(at / 1000), length: lasting(length) };
  const why = REPLACED.includes(cause)
    ? t("the server that mixed the sound was replaced.")
    : cause === "unknown" ? t("nobody noted why.") : t("the server warned of “{cause}”.", { cause });
  const text = remixed
    ? t("{at}: {length} mixed anew from the speakers' own tracks, because there was a gap:", values)
    : t("{at}: {length} missing, and silent here:", values);
  return { at_ms: at, length_ms: length, kind: remixed ? "remixed" : "gap", text: `${text} ${why}` };
}

function held({ at_ms: at, length_ms: length, reason, cut }) {
  const values = { at: clock(at / 1000), length: lasting(length) };
  let text = t("{at}: the conversation paused for {length}, which is not in the recording.", values);
  if (cut) {
    text = length
      ? t("{at}: the hosts cut the sound off for {length}. What was said is not in the recording.", values)
      : t("{at}: the hosts cut the sound off. What was said then is not in the recording.", values);
  }
  return { at_ms: at, length_ms: 0, kind: cut ? "cut" : "held", text: reason ? `${text} ${t("“{reason}”", { reason })}` : text };
}

function edited({ kind, at_ms: at, length_ms: length, reason }) {
  const values = { at: clock(at / 1000), length: lasting(length) };
  const text = {
    silence: t("{at}: the hosts have silenced {length}.", values),
    trim: t("The hosts have cut off what was before and after these {length}.", values),
  }[kind] ?? t("{at}: the hosts have cut out {length}.", values);
  const silenced = kind === "silence" ? length : 0;
  return { at_ms: at, length_ms: silenced, kind: "edited", text: reason ? `${text} ${t("“{reason}”", { reason })}` : text };
}

function erased({ at_ms: when, kind, length_ms: length }) {
  const values = { day: day(when), length: lasting(length) };
  const text = kind === "seat"
    ? t("What one speaker said was erased for good on {day}.", values)
    : t("Erased for good on {day}: {length}.", values);
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
