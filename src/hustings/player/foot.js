/** The foot of the page: how to embed it, to report something, and what its numbers mean. */

import { make, write } from "./page.js";
import { t } from "./t.js";

const NUMBERS = () => [
  [t("Listening"), t("counts those who are receiving sound at this moment, on all servers together. Visitors who have not pressed Listen, who wait in line, or who play the recording are not in it.")],
  [t("Behind live"), t("is the time from a sound leaving the stage's encoder to your player, without your device's own output delay.")],
  [t("Votes"), t("count once for each browser, on all servers together; the newest one holds. The figures are a second old.")],
];

/**
 * @param {HTMLElement} root
 * @param {import("./people/studio.js").Studio} studio
 * @param {() => import("./door.js").State} state
 */
export function furnishFoot(root, studio, state) {
  const address = location.href.split(/[?#]/)[0];
  const title = document.getElementById("title")?.textContent ?? "";
  const said = make("span");
  said.id = "shared";
  said.setAttribute("role", "status");
  const code = make("code", "", embedCode(address, title));
  const copy = press(t("Copy"), () => copied(code.textContent, t("Code copied"), said));
  root.append(
    folded(t("Show this on your own page"), make("div", "row", code, copy, said)),
    folded(
      t("About the numbers on this page"),
      ...NUMBERS().map(([name, text]) => make("p", "", make("b", "", name), ` ${text}`)),
    ),
    press(t("Report something"), () => reported(studio, state())),
    languages(),
  );
}

/** This page in other words. Nothing is kept on this origin: the address says which. */
function languages() {
  const row = make("p", "row");
  for (const [lang, name] of Object.entries(JSON.parse('{{languages}}'))) {
    const link = make("a", "button", name);
    Object.assign(link, { href: `?lang=${lang}`, hreflang: lang, lang });
    if (lang === document.documentElement.lang) link.setAttribute("aria-current", "true");
    row.append(link);
  }
  return row;
}

async function reported(studio, { space, seats }) {
  const { report } = await import("./people/dialogs.js");
  const people = seats.map(({ id, name }) => ["seat", id, t("Speaker: {name}", { name })]);
  report(studio, [["space", space, t("The whole conversation")], ...people]);
}

/** What goes into another page to show the small player there. */
function embedCode(address, title) {
  const escaped = title.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const shape = 'width="100%" height="220" style="border:0" allow="autoplay"';
  return `<iframe src="${address}/embed" title="${escaped}" ${shape}></iframe>`;
}

function folded(summary, ...inside) {
  return make("details", "", make("summary", "", summary), ...inside);
}

function press(label, action) {
  const button = make("button", "", label);
  button.type = "button";
  button.addEventListener("click", action);
  return button;
}

async function copied(text, words, said) {
  try {
    await navigator.clipboard.writeText(text);
    write(said, words);
  } catch {
    write(said, t("Mark the code and copy it")); // no right to the clipboard
  }
}
