/** Small pieces that the panels are made of: buttons, icons, fields, and times. */

import { make, on } from "../page.js";
import { locale, number } from "../t.js";

const NOW_MS = 250; // a second text within this would cut the first one off
const ICONS = {
  hand: "M7 12V6.500a1.500 1.500 0 0 1 3 0V11M10 10.500v-6a1.500 1.500 0 0 1 3 0v6M13 10.500v-4a1.500 1.500 0 0 1 3 0V12M16 9.500a1.500 1.500 0 0 1 3 0V15a6 6 0 0 1-11 3.300L4.500 14a1.500 1.500 0 0 1 2.500-1.600",
  up: "M12 19V6M6 11.500 12 5.500l6 6",
  down: "M12 5v13M6 12.500l6 6 6-6",
  check: "M5 12.500 10 17.500 19 7",
  flag: "M6 21V4M6 4.500h11l-2 4 2 4H6",
  bin: "M5 7h14M9.500 7V4.500h5V7M7 7l1 13h8l1-13",
  pin: "M9 4h6l-1 6 3 3H7l3-3zM12 13v7",
  poll: "M5 20V11M12 20V4M19 20v-6",
  share: "M12 15V4M8 7.500 12 3.500l4 4M5 12v8h14v-8",
  text: "M3 18 8 6l5 12M4.800 14h6.400M15 18l3-7.500 3 7.500M16 15.500h4",
  captions: "M4 6h16v12H4zM10.500 10.500a2 2 0 1 0 0 3M16.500 10.500a2 2 0 1 0 0 3",
  before: "M7 5v14M18 5.500v13L9 12z",
  next: "M17 5v14M6 5.500v13l9-6.500z",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  keys: "M3 7h18v11H3zM7 11h.01M11 11h.01M15 11h.01M8 15h8",
  bell: "M6 16.500V11a6 6 0 0 1 12 0v5.500l1.500 1.500h-15zM10 21h4",
};

/** A drawing on a field of 24, for the eye only. @param {keyof ICONS} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button; `action` is given the event. */
export function press(className, action, ...inside) {
  const button = make("button", className, ...inside);
  button.type = "button";
  button.addEventListener("click", action);
  return button;
}

/** A link that leaves the page, and its sound, alone. */
export function away(label, url) {
  const link = make("a", "", label);
  Object.assign(link, { href: url, target: "_blank", rel: "noopener nofollow ugc" });
  return link;
}

let counted = 0;

/** A field with its label; `error` is where a refusal is shown. */
export function field(tag, label, { hidden = false, ...properties } = {}) {
  const input = make(tag);
  input.id = `field-${(counted += 1)}`;
  Object.assign(input, properties);
  const name = make("label", hidden ? "visually-hidden" : "", label);
  name.htmlFor = input.id;
  const error = make("p", "refused");
  error.id = `${input.id}-error`;
  error.hidden = true;
  return { input, name, error };
}

/** Show what was refused, beside its field, and say it; nothing takes it away. */
export function refuse({ input, error }, text) {
  error.hidden = !text;
  error.textContent = text;
  input.setAttribute("aria-invalid", String(Boolean(text)));
  if (text) {
    input.setAttribute("aria-describedby", error.id);
    input.focus();
    tell(text);
  } else input.removeAttribute("aria-describedby");
}

/** Say it to those who hear the page read out. */
export function tell(text) {
  setTimeout(() => (on.announce.textContent = text), NOW_MS);
}

/** A number as people of the page's language write it. */
export const figure = number;

/** A time of day, in the visitor's time zone. @param {number} ms */
export function time(ms) {
  const when = new Date(ms);
  const text = when.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
  const made = make("time", "", text);
  made.dateTime = when.toISOString();
  return made;
}

/** What is kept in this browser; storing may be forbidden. */
export const kept = {
  /** @param {string} name */
  get(name, otherwise = /** @type {any} */ (null)) {
    try {
      return JSON.parse(localStorage.getItem(name) ?? "null") ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  set(name, value) {
    try {
      if (value === null) localStorage.removeItem(name);
      else localStorage.setItem(name, JSON.stringify(value));
    } catch {
      // known for as long as the page stands
    }
  },
};
