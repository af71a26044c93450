/**
 * The page without a network, and of the installed program: which conversations this visitor means
 * to hear, and when. Shown in place of a space's page, it goes there once an edge answers.
 */

import { locale, t } from "./t.js";

const AGAIN_MS = 10_000;
const OVER_MS = 24 * 3600_000;
const space = /^\/s\/([^/]+)/.exec(location.pathname)?.[1];

const on = (id) => /** @type {any} */ (document.getElementById(id));

list();
state();
on("retry").addEventListener("click", () => tried(true));
addEventListener("online", () => tried(false));
addEventListener("offline", state);
if (space) setInterval(() => tried(false), AGAIN_MS);

function list() {
  let all = [];
  try {
    all = JSON.parse(localStorage.getItem("coming") ?? "[]");
  } catch {
    // storing is forbidden here, or nothing was kept
  }
  const soon = all
    .filter((one) => one.starts_at_ms > Date.now() - OVER_MS)
    .sort((a, b) => a.starts_at_ms - b.starts_at_ms);
  on("none").hidden = soon.length > 0;
  on("coming").replaceChildren(...soon.map(row));
}

function row({ space: id, title, host, starts_at_ms: ms }) {
  const link = document.createElement("a");
  link.href = `/s/${encodeURIComponent(id)}`;
  const when = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" }).format(ms);
  const lines = [["b", title || t("A live conversation")], ["span", when], ["small", host && t("Hosted by {name}", { name: host })]];
  for (const [tag, text] of lines) {
    if (!text) continue;
    const line = document.createElement(tag);
    line.textContent = text;
    line.dir = "auto";
    link.append(line);
  }
  const item = document.createElement("li");
  item.append(link);
  return item;
}

function state() {
  const lost = Boolean(space) || !navigator.onLine;
  on("state").hidden = on("again").hidden = !lost;
  on("heading").textContent = space ? t("No connection") : t("Your conversations");
  const here = t("This page opens by itself as soon as the server can be reached.");
  on("state").textContent = space ? here : t("There is no network at the moment.");
}

/** Go on if there is an answer again. */
async function tried(pressed) {
  if (!space) {
    state();
    return;
  }
  try {
    await fetch(`/live/${space}/door.json`, { cache: "no-store" });
    location.reload();
  } catch {
    if (pressed) on("state").textContent = t("Still no answer. It is tried again every few seconds.");
  }
}
