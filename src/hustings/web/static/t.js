// The words of the page's language: every text that a person reads goes through here.

const { lang } = document.documentElement;

/** The reader's own kind of the page's language, for dates and numbers. */
export const locale = navigator.languages.find((tag) => tag.startsWith(lang)) ?? lang;

/** A number as the reader writes it. @param {number} n */
export const number = (n) => n.toLocaleString(locale);

/**
 * A text in the reader's language.
 * @param {string} text in English, as it stands in the catalogue; `{name}` is filled in
 * @param {Record<string, string | number>} [values]
 */
export function t(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
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
