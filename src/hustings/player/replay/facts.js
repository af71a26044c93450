/**
 * What there is to know of a recording: the files that the edge keeps beside its sound.
 *
 * What is missing (an older recording, a transcript that is not made yet) is null, and what cannot
 * be fetched now as well: the page shows what it has. With every new receipt they are asked for
 * anew.
 *
 * @typedef {{at_ms: number, end_ms?: number, wall_ms?: number, type: string, seat?: string,
 *   reason?: string}} Happened
 * @typedef {{longest_ms: number, interruptions: number, interrupted: number}} Counted
 * @typedef {{duration_ms: number, seats: {id: string, name: string, role: string}[],
 *   chapters: {at_ms: number, title: string}[], events: Happened[],
 *   floor?: {silence_ms: number, overlap_ms: number, seats: Record<string, Counted>}}} Timeline
 * @typedef {{id: string, at_ms: number, end_ms: number, seat: string, text: string,
 *   words?: [number, number, string][]}} Cue
 * @typedef {{language: string, seats: Record<string, string>, cues: Cue[]}} Transcript
 */

import { ask, signed, visitor } from "../visitor.js";

const ANSWER_MS = 6000;
const NAMES = ["timeline", "waveform", "transcript", "crowd", "receipt", "talk"];

export class Facts {
  /** @type {Timeline | null} */
  timeline = null;
  /** @type {{step_ms: number, peaks: number[]} | null} */
  waveform = null;
  /** @type {Transcript | null} */
  transcript = null;
  /** @type {any} */
  crowd = null;
  /** @type {any} */
  receipt = null;
  /** @type {any} */
  talk = null;
  #base;
  #known = "";

  /** @param {string} base  of the space's live addresses */
  constructor(base) {
    this.#base = base;
  }

  /**
   * Fetch what there is.
   * @param {any} replay  as the door tells it
   * @returns {Promise<boolean>} whether anything may be new
   */
  async load({ revision = 0, files = {} }) {
    const known = `${revision} ${Object.keys(files)}`;
    if (known === this.#known) return false;
    this.#known = known;
    const listed = (name) => name === "talk" || !Object.keys(files).length || `${name}.json` in files;
    const found = await Promise.all(
      NAMES.map((name) => (listed(name) ? read(`${this.#base}/${name}.json?r=${revision}`) : null)),
    );
    NAMES.forEach((name, at) => (this[name] = found[at] ?? this[name]));
    return true;
  }
}

async function read(url) {
  try {
    const answer = await ask(url, { signal: AbortSignal.timeout?.(ANSWER_MS) });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** The address of a file for an element or a link, which send no fields. @param {string} url */
export function address(url) {
  return visitor.ticket ? signed(url, { ticket: visitor.ticket }) : url;
}
