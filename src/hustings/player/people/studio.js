/** Requests to the studio from this origin: by ticket, and without cookies. */

import { t } from "../t.js";
import { patience } from "../time.js";

const ANSWER_MS = 10_000;

/** A request that was refused; its message is a sentence for people. */
export class Refused extends Error {
  /** @param {string} sentence @param {number} status @param {number} waitMs  before it may be tried again */
  constructor(sentence, status, waitMs) {
    super(sentence);
    this.status = status;
    this.waitMs = waitMs;
  }
}

export class Studio {
  #root;
  #who;

  /**
   * @param {string} address
   * @param {string} space
   * @param {import("./who.js").Who} who
   */
  constructor(address, space, who) {
    this.address = address;
    this.#root = `${address}/api/spaces/${space}`;
    this.#who = who;
  }

  /**
   * Ask for something to be done in this space.
   * @param {string} method
   * @param {string} path  behind the space's address
   * @param {object} [json]
   * @returns {Promise<any>} the answer, null for none; throws `Refused`
   */
  async ask(method, path, json) {
    const headers = /** @type {Record<string, string>} */ ({});
    const { ticket } = this.#who;
    if (ticket) headers.Authorization = `Bearer ${ticket}`;
    const body = json && JSON.stringify(json);
    if (body) headers["Content-Type"] = "application/json";
    const answer = await sent(`${this.#root}/${path}`, { method, headers, body });
    if (answer.status === 401 && ticket) this.#who.leave();
    return answer.status === 204 ? null : answer.json().catch(() => null);
  }
}

/** The answer to a request; what is no success is thrown as `Refused`. */
export async function sent(url, options) {
  let answer;
  try {
    const signal = AbortSignal.timeout?.(ANSWER_MS);
    const headers = { "Accept-Language": document.documentElement.lang, ...options.headers };
    answer = await fetch(url, { credentials: "omit", signal, ...options, headers });
  } catch {
    throw new Refused(t("The server does not answer at the moment. Try again."), 0, 0);
  }
  if (answer.ok) return answer;
  const { detail, errors } = await answer.json().catch(() => ({}));
  const sentence = errors?.[0]?.detail ?? detail ?? t("That did not work. Try again.");
  throw new Refused(sentence, answer.status, patience(answer.headers.get("Retry-After")));
}
