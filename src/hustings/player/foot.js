/** The foot of the page: how to share and to embed it, and what its numbers mean. */

import { make, on, write } from "./page.js";

const NUMBERS = [
  ["Listening", "counts those who are receiving sound at this moment, on all servers together. Visitors who have not pressed Listen, who wait in line, or who play the recording are not in it."],
  ["Behind live", "is the time from a sound leaving the stage's encoder to your player, without your device's own output delay."],
];

/** @param {HTMLElement} root */
export function furnishFoot(root) {
  const address = location.href.split(/[?#]/)[0];
  const title = document.getElementById("title")?.textContent ?? "";
  const said = make("span");
  said.id = "shared";
  said.setAttribute("role", "status");
  const share = press("Share this page", () => shared({ title, url: address }, said));
  share.id = "share";
  const code = make("code", "", embedCode(address, title));
  const copy = press("Copy", () => copied(code.textContent, "Code copied", said));
  root.append(
    make("div", "row", share, said),
    folded("Show this on your own page", make("div", "row", code, copy)),
    folded(
      "About the numbers on this page",
      ...NUMBERS.map(([name, text]) => make("p", "", make("b", "", name), ` ${text}`)),
    ),
  );
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

async function shared(link, said) {
  try {
    if (navigator.share) await navigator.share(link);
    else await copied(link.url, "Link copied", said);
  } catch {
    // the visitor thought better of it
  }
  on.share.focus();
}

async function copied(text, words, said) {
  try {
    await navigator.clipboard.writeText(text);
    write(said, words);
  } catch {
    write(said, text); // no right to the clipboard: shown, to be copied by hand
  }
}
