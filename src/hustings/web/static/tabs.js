// The parts of the page: what a narrow screen shows, which chat is in front, what is unread there.

import { element } from "./page.js";

/** @type {Record<string, number>} */
const counts = { audience: 0, backstage: 0 };
const tabs = /** @type {HTMLButtonElement[]} */ ([...element("tabs").querySelectorAll("button")]);
const talks = /** @type {HTMLButtonElement[]} */ ([...document.querySelectorAll("button[data-talk]")]);
let talk = talks.length ? "audience" : "backstage";

for (const button of tabs) button.addEventListener("click", () => show(button.dataset.tab ?? ""));
for (const button of talks) button.addEventListener("click", () => showTalk(button.dataset.talk ?? ""));

/**
 * Bring a part to the front.
 * @param {string} tab stage, hands, chat or more
 */
export function show(tab) {
  document.body.dataset.tab = tab;
  for (const button of tabs) {
    if (button.dataset.tab === tab) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  scrollTo(0, 0);
  seen();
}

/** @param {string} which audience or backstage */
export function showTalk(which) {
  talk = which;
  for (const button of talks) button.ariaPressed = String(button.dataset.talk === which);
  for (const one of ["audience", "backstage"]) {
    const side = element(`talk-${one}`);
    if (side && talks.length) side.hidden = one !== which;
  }
  seen();
}

/**
 * Whether somebody can be reading this chat now.
 * @param {string} which
 */
export function chosen(which) {
  return talk === which && element("panel-chat").checkVisibility() && !document.hidden;
}

/**
 * @param {string} which audience or backstage
 * @param {number} more how many messages came that are not seen
 */
export function unread(which, more) {
  counts[which] += more;
  badges();
}

/**
 * @param {HTMLElement | null} where
 * @param {number} count
 */
export function badge(where, count) {
  if (!where) return;
  where.hidden = !count;
  where.textContent = count > 99 ? "99+" : String(count);
}

function seen() {
  if (chosen(talk)) counts[talk] = 0;
  badges();
}

function badges() {
  badge(element("backstage-badge"), counts.backstage);
  badge(element("chat-badge"), counts.audience + counts.backstage);
}

document.addEventListener("visibilitychange", seen);
