// WHIP signalling (RFC 9725): an offer is posted, the answer and the session's address come back.

import { t } from "./t.js";

const WAIT_MS = 6000;
const PATCH_WAIT_MS = 3000; // whoever is missed meanwhile posts anew

/** The gate's refusal. `final`: posting again cannot help. */
export class Refused extends Error {
  /**
   * @param {number} status HTTP status, 0 when there was no answer
   * @param {string} detail
   * @param {string} [code] stable, for programs
   */
  constructor(status, detail, code = "") {
    super(detail);
    this.status = status;
    this.elsewhere = code === "elsewhere";
    this.full = code === "full" || code === "no_room"; // until somebody leaves
    this.final = status === 403 || status === 404 || status === 410 || this.elsewhere;
  }
}

const SENTENCES = new Map([
  [403, t("Your seat was taken away. Ask the host for a new invitation.")],
  [404, t("This space is not there any more.")],
  [410, t("This space has ended.")],
]);

/**
 * Post an offer. The stage is ICE-lite and has one address: no candidate of ours is needed, so the
 * offer goes out at once.
 * @param {string} url
 * @param {string} ticket
 * @param {string} sdp
 * @param {{page: string, again: boolean}} who what this page calls itself, and whether it comes back by
 *   itself, which takes the seat from no other page
 * @returns {Promise<{sdp: string, session: string}>} the answer, and the session's address or ""
 */
export async function post(url, ticket, sdp, { page, again }) {
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(`${url}?page=${page}${again ? "&again=1" : ""}`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${ticket}`,
        "Content-Type": "application/sdp",
        "Accept-Language": document.documentElement.lang,
      },
      body: sdp,
      signal: AbortSignal.timeout(WAIT_MS),
    });
  } catch {
    throw new Refused(0, t("The stage does not answer."));
  }
  if (answer.status !== 201) {
    const said = await answer.json().catch(() => null);
    const detail = SENTENCES.get(answer.status) ?? said?.detail ?? t("The stage is not ready.");
    throw new Refused(answer.status, detail, said?.code);
  }
  const place = answer.headers.get("Location");
  return { sdp: await answer.text(), session: place ? new URL(place, url).href : "" };
}

/**
 * Ask for an ICE restart.
 * @param {string} session
 * @param {string} ticket
 * @param {string} fragment ours (RFC 8840)
 * @returns {Promise<string>} the stage's fragment
 */
export async function patch(session, ticket, fragment) {
  const answer = await fetch(session, {
    method: "PATCH",
    headers: {
      Authorization: `Bearer ${ticket}`,
      "Content-Type": "application/trickle-ice-sdpfrag",
      "If-Match": "*",
    },
    body: fragment,
    signal: AbortSignal.timeout(PATCH_WAIT_MS),
  });
  if (answer.status !== 200) throw new Refused(answer.status, "");
  return answer.text();
}

/**
 * End a session. Also works while the page is being left.
 * @param {string} session
 * @param {string} ticket
 */
export function bye(session, ticket) {
  if (!session) return;
  const headers = { Authorization: `Bearer ${ticket}` };
  fetch(session, { method: "DELETE", headers, keepalive: true }).catch(() => {});
}
