/** Times for people, and waiting times for machines. Pure. */

/** Seconds as a clock: 0:07, 12:03, 1:02:03. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Seconds as words, for a screen reader: "1 hour 2 minutes 3 seconds". */
export function spoken(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const parts = [
    count(Math.floor(whole / 3600), "hour"),
    count(Math.floor(whole / 60) % 60, "minute"),
    count(whole % 60, "second"),
  ].filter(Boolean);
  return parts.join(" ") || "0 seconds";
}

/** "1 hour", "3 hours"; nothing for none. */
export function count(number, noun) {
  if (!number) return "";
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * What is left until a moment, in the two or three units that matter.
 * @returns {{value: string, unit: string}[]} empty when the moment has come
 */
export function countdown(leftMs) {
  if (leftMs <= 0) return [];
  const whole = Math.ceil(leftMs / 1000);
  const all = [
    [Math.floor(whole / 86400), "day"],
    [Math.floor(whole / 3600) % 24, "hour"],
    [Math.floor(whole / 60) % 60, "minute"],
    [whole % 60, "second"],
  ];
  const from = Math.min(2, all.findIndex(([number]) => number > 0));
  const shown = all.slice(from, from === 0 ? 3 : 4);
  return shown.map(([number, unit], index) => ({
    value: index ? String(number).padStart(2, "0") : String(number),
    unit: number === 1 ? unit : `${unit}s`,
  }));
}

/** A moment in the visitor's own time zone and manner of writing. */
export function moment(ms, zone) {
  return new Intl.DateTimeFormat(undefined, {
    weekday: "long",
    day: "numeric",
    month: "long",
    hour: "2-digit",
    minute: "2-digit",
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
 * A pause before try number `tries`: doubles up to `mostMs`, and is spread over its upper half so
 * that many clients do not return together.
 */
export function backOff(tries, { firstMs, mostMs }) {
  const fullMs = Math.min(mostMs, firstMs * 2 ** Math.min(tries, 16));
  return fullMs * (0.5 + Math.random() / 2);
}

/** The header Retry-After (RFC 9110 section 10.2.3) in milliseconds, at most a minute; else 0. */
export function patience(value) {
  if (!value) return 0;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Math.min(60_000, Math.max(0, ms || 0));
}
