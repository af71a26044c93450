/** Times for people, and waiting times for machines. Pure but for the dice. */

import { locale } from "./t.js";

/** "1 hour", "3 hours"; nothing for none. @param {string} unit  as ECMA-402 calls it */
export function count(amount, unit) {
  return amount ? span(unit).format(amount) : "";
}

/** How amounts of a unit of time are written. */
export function span(unit) {
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" });
}

/** A moment in the visitor's own time zone and manner of writing. */
export function moment(ms, zone) {
  const two = "2-digit";
  return new Intl.DateTimeFormat(locale, {
    weekday: "long",
    day: "numeric",
    month: "long",
    hour: two,
    minute: two,
    timeZoneName: "short",
    timeZone: zone,
  }).format(ms);
}

/** A day, with its year. */
export function day(ms) {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(ms);
}

/** Seconds behind live, to one decimal below ten. */
export function behind(seconds) {
  const digits = seconds < 9.95 ? 1 : 0;
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return seconds.toLocaleString(locale, options);
}

/**
 * A pause before try number `tries`, from 0: any time at all up to a bound that doubles to
 * `mostMs`. Spread over the whole span, because what made one client wait has met many.
 */
export function backOff(tries, { firstMs, mostMs }) {
  return Math.random() * Math.min(mostMs, firstMs * 2 ** Math.min(tries, 16));
}

/** The header Retry-After (RFC 9110 section 10.2.3) in milliseconds, at most a minute; else 0. */
export function patience(value) {
  if (!value) return 0;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Math.min(60_000, Math.max(0, ms || 0));
}
