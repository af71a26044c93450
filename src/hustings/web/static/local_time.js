// Shows every <time> in the reader's own time zone.

import { locale } from "./t.js";

const format = new Intl.DateTimeFormat(locale, {
  weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
});

/**
 * A moment in words, in the reader's zone.
 * @param {number} ms Unix milliseconds
 */
export function moment(ms) {
  return format.format(new Date(ms));
}

for (const element of document.querySelectorAll("time[datetime]")) {
  const ms = Date.parse(/** @type {HTMLTimeElement} */ (element).dateTime);
  if (!Number.isNaN(ms)) element.textContent = moment(ms);
}
