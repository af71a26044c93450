/** Words and numbers in the reader's language; the words are there when the file is loaded. */

const { lang, dir } = document.documentElement;
const rtl = dir === "rtl";
const OTHER_WAY = /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** The reader's own kind of this page's language, for dates and numbers. */
export const locale = navigator.languages.find((tag) => tag.startsWith(lang)) ?? lang;

/** A number as the reader writes it. @param {number} n */
export const number = (n) => n.toLocaleString(locale);

/**
 * A text in the reader's language.
 * @param {string} text in English, as it stands in the catalogue; `{name}` is filled in
 * @param {Record<string, string | number>} [values]
 */
export function t(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (_, name) => apart(String(values[name] ?? "")));
}

/**
 * A text that stands in ours, with signs around it (Unicode UAX #9, section 2.7) where it runs the
 * other way: so a name never turns the words beside it.
 */
export function apart(text) {
  return rtl || OTHER_WAY.test(text) ? `\u2068${text}\u2069` : text;
}

/**
 * The form of a text for `n` things.
 * @param {string} one
 * @param {string} many
 * @param {number} n filled in as `{n}`
 * @param {Record<string, string | number>} [values]
 */
export function tn(one, many, n, values = {}) {
  return t(n === 1 ? one : many, { n: number(n), ...values });
}
