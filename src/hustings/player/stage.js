/** Who is on stage: a tile for each seat, and whether its voice is heard. */

import { make, on, write } from "./page.js";
import { t } from "./t.js";
import { SENDING, shown } from "./words.js";

/** @param {import("./door.js").State} state */
export function showStage(state) {
  const { seats } = state;
  const status = shown(state);
  on.stage.hidden = !seats.length || status === "cancelled";
  const live = SENDING.includes(status) && status !== "doors";
  const was = ["ended", "posted", "withheld"].includes(status);
  write(on.stagehead, was ? t("Who was on stage") : live ? t("On stage") : t("Who you will hear"));
  const text = JSON.stringify([seats, live]);
  if (on.seats.dataset.text === text) return;
  on.seats.dataset.text = text;
  const old = new Map([...on.seats.children].map((tile) => [tile.dataset.seat, tile]));
  on.seats.replaceChildren(...seats.map((seat) => tile(seat, live, old.get(seat.id))));
}

function tile(seat, live, old) {
  const face = make("span", "face", initials(seat.name));
  face.setAttribute("aria-hidden", "true");
  const made = old ?? make("li", "", face, make("b", "name", make("bdi")), make("span", "place"));
  made.dataset.seat = seat.id;
  const speaking = live && seat.speaking;
  const marks = [speaking && "speaking", live && !seat.connected && "away"];
  made.className = marks.filter(Boolean).join(" ");
  const [shownFace, name, under] = made.children;
  write(shownFace, initials(seat.name));
  write(name.firstChild, seat.name);
  write(under, place({ ...seat, speaking }, live));
  return made;
}

const ROLES = { host: t("Host"), cohost: t("Co-host"), speaker: t("Speaker") };

/** What stands under a name. @param {import("./door.js").Seat} seat */
function place(seat, live) {
  if (seat.speaking) return t("Speaking");
  const role = ROLES[seat.role] ?? t("Speaker");
  if (!live) return role;
  if (!seat.connected) return t("{role} · away", { role });
  if (seat.hand) return t("{role} · wants to speak", { role });
  return seat.muted ? t("{role} · muted", { role }) : role;
}

/** One or two letters that stand for a name. */
function initials(name) {
  const parts = name.trim().split(/\s+/u).filter(Boolean);
  const ends = [parts[0], parts.length > 1 ? parts.at(-1) : ""];
  const letters = ends.map((part) => [...(part ?? "")][0] ?? "");
  return letters.join("").toLocaleUpperCase() || "·";
}
