/**
 * Who asks: two random keys by which an edge counts a listener once, and the ticket of a private
 * space.
 *
 * `v` stays with the browser, one for each space, so that it tells nothing between spaces; `t` is
 * this page's. The listen origin has no cookies: what an edge must know stands in the request.
 */

export const visitor = { v: "", t: key(6), ticket: "" };

/** @param {string} space */
export function identify(space) {
  const name = `visitor.${space}`;
  try {
    visitor.v = localStorage.getItem(name) ?? "";
    if (!/^[\w-]{16,64}$/.test(visitor.v)) localStorage.setItem(name, (visitor.v = key(16)));
  } catch {
    visitor.v ||= key(16); // storing is forbidden here: known for as long as the page stands
  }
}

/**
 * An address with the visitor's keys, and `more`, in its query. Media elements send no fields:
 * for them, `ticket: visitor.ticket` may be part of `more`.
 */
export function signed(address, more = {}) {
  const url = new URL(address, location.href);
  const { v, t } = visitor;
  for (const [name, value] of Object.entries({ v, t, ...more })) {
    if (value || value === 0) url.searchParams.set(name, value);
  }
  return url.href;
}

/**
 * `fetch` as this visitor. `json` is sent by POST, with the keys in it.
 * @param {string} url
 * @param {RequestInit & {json?: object}} [options]
 */
export function ask(url, { json, ...options } = {}) {
  const headers = /** @type {Record<string, string>} */ ({});
  if (visitor.ticket) headers.Authorization = `Bearer ${visitor.ticket}`;
  if (json) {
    headers["Content-Type"] = "application/json";
    const { v, t } = visitor;
    Object.assign(options, { method: "POST", body: JSON.stringify({ v, t, ...json }) });
  }
  return fetch(url, { credentials: "omit", ...options, headers });
}

function key(bytes) {
  const hex = (byte) => byte.toString(16).padStart(2, "0");
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), hex).join("");
}
