/**
 * The media source: fragments in, a buffer that an audio element plays out of.
 *
 * MediaSource, or ManagedMediaSource where that is all there is (iPhone). Appends wait in line;
 * what was heard is thrown away; a full buffer is emptied behind the ear and tried again.
 */

import { join } from "./boxes.js";

/** Codec as the edge names it, and the type as browsers do: Safari wants a capital O. */
const KINDS = [
  ["opus", 'audio/mp4; codecs="opus"'],
  ["opus", 'audio/mp4; codecs="Opus"'],
  ["aac", 'audio/mp4; codecs="mp4a.40.2"'],
];
const KEEP_S = 20; // heard sound that stays in the buffer
const WAITING_COUNT = 400; // pieces in line before the source counts as broken: two minutes

const { MediaSource: Plain, ManagedMediaSource: Managed } = globalThis;
const Maker = Plain ?? Managed;

/** Playing faster sounds bad where only ManagedMediaSource exists: there one jumps instead. */
export const bends = Boolean(Plain);

/**
 * The best codec that this browser plays from a buffer, or null.
 * @param {string} [not] a codec that has failed before
 */
export function pick(not) {
  if (!Maker) return null;
  const kind = KINDS.find(([codec, type]) => codec !== not && Maker.isTypeSupported(type));
  return kind ? { codec: kind[0], type: kind[1] } : null;
}

export class Source {
  #audio;
  #media = new Maker();
  #address;
  /** @type {SourceBuffer | null} */
  #buffer = null;
  /** @type {Uint8Array[]} */
  #line = [];
  #wipe = false;
  #grown;
  #broken;

  /**
   * @param {HTMLAudioElement} audio
   * @param {string} type
   * @param {{grown: (endS: number) => void, broken: () => void}} ports
   *   `grown`: the buffer's end moved; `broken`: this source can take no more
   */
  constructor(audio, type, { grown, broken }) {
    this.#audio = audio;
    this.#grown = grown;
    this.#broken = broken;
    this.#media.addEventListener("sourceopen", () => this.#open(type), { once: true });
    audio.disableRemotePlayback = !Plain; // ManagedMediaSource does not open without it
    this.#address = URL.createObjectURL(this.#media);
    audio.src = this.#address;
  }

  /** @param {Uint8Array} bytes */
  append(bytes) {
    this.#line.push(bytes);
    if (this.#line.length > WAITING_COUNT) this.#broken();
    else this.#pump();
  }

  /** Buffered spans in seconds of programme, rising. @returns {[number, number][]} */
  get ranges() {
    const spans = this.#buffer && this.#media.readyState !== "closed" ? this.#buffer.buffered : [];
    return Array.from({ length: spans.length }, (_, i) => [spans.start(i), spans.end(i)]);
  }

  /** Throw away what was heard. */
  trim() {
    const first = this.ranges[0];
    const until = this.#audio.currentTime - KEEP_S;
    if (first && until - first[0] > KEEP_S) this.#remove(until);
  }

  /** Throw everything away: what is appended from here on lies elsewhere in the programme. */
  clear() {
    this.#line = [];
    this.#wipe = true;
    this.#pump();
  }

  close() {
    this.#line = [];
    URL.revokeObjectURL(this.#address);
    this.#audio.removeAttribute("src");
    this.#audio.load();
  }

  #open(type) {
    this.#buffer = this.#media.addSourceBuffer(type);
    this.#buffer.addEventListener("updateend", () => {
      const last = this.ranges.at(-1);
      if (last && !this.#wipe) this.#grown(last[1]);
      this.#pump();
    });
    this.#buffer.addEventListener("error", () => this.#broken());
    this.#pump();
  }

  #pump() {
    if (!this.#buffer || this.#buffer.updating) return;
    if (this.#media.readyState !== "open" || this.#audio.error) return;
    if (this.#wipe) {
      this.#wipe = false;
      if (this.#remove(Infinity)) return;
    }
    if (!this.#line.length) return;
    const bytes = join(this.#line);
    try {
      this.#buffer.appendBuffer(bytes);
      this.#line = [];
    } catch (error) {
      this.#line = [bytes];
      if (error.name !== "QuotaExceededError" || !this.#remove(this.#audio.currentTime - 1)) {
        this.#broken();
      }
    }
  }

  /** Removes what lies before `untilS`; its end pumps again. False when there is nothing. */
  #remove(untilS) {
    const first = this.ranges[0];
    if (!this.#buffer || this.#buffer.updating || !first || untilS <= first[0]) return false;
    this.#buffer.remove(0, untilS);
    return true;
  }
}
