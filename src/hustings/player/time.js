/** Times for people, and waiting times for machines. Pure but for the dice. */

/** "1 hour", "3 hours"; nothing for none. */
export function count(number, noun) {
  if (!number) return "";
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** A moment in the visitor's own time zone and manner of writing. */
export function moment(ms, zone) {
  const two = "2-digit";
  return new Intl.DateTimeFormat(undefined, {
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
  return new Intl.DateTimeFormat(undefined, { dateStyle: "long" }).format(ms);
}

/** Seconds behind live, to one decimal below ten. */
export function behind(seconds) {
  return seconds < 9.95 ? seconds.toFixed(1) : String(Math.round(seconds));
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
