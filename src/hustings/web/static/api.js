// Calls to the studio's API; what goes wrong is a Problem with a sentence.

import { t } from "./t.js";

/** A request that was refused, or that did not arrive (status 0). */
export class Problem extends Error {
  /**
   * @param {number} status HTTP status, 0 when there was no answer
   * @param {string} code stable, for programs
   * @param {string} detail a sentence, for people
   */
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

const AWAY = t("The studio does not answer right now.");
const WAIT_MS = 8000;
/** What to do about a 401 without leaving a page on which one may be talking. */
export const SIGNED_OUT = t(
  "You are signed out. Your microphone keeps working. Sign in again in another tab, then go on here.",
);

/**
 * Call the API.
 * @param {string} method
 * @param {string} path
 * @param {object} [body] sent as JSON
 * @returns {Promise<any>} the answer's JSON
 */
export async function call(method, path, body) {
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body ? JSON.stringify(body) : undefined,
      signal: AbortSignal.timeout(WAIT_MS),
    });
  } catch {
    throw new Problem(0, "away", AWAY);
  }
  const said = await answer.json().catch(() => null);
  if (answer.ok) return said;
  const detail = said?.errors?.[0]?.detail ?? said?.detail ?? AWAY;
  throw new Problem(answer.status, said?.code ?? "unknown", detail);
}
