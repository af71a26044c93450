/** The files of a recording, to keep. */

import { make, on } from "./page.js";
import { t } from "./t.js";
import { signed, visitor } from "./visitor.js";

/** Their place in the page, above the foot. */
export function furnishFiles() {
  const heading = make("h2", "", t("To keep"));
  const links = make("ul");
  links.id = "links";
  const files = make("section", "files", heading, links);
  Object.assign(files, { id: "files", hidden: true });
  heading.id = "fileshead";
  files.setAttribute("aria-labelledby", heading.id);
  on.foot.before(files);
}

/** @param {import("./door.js").State | null} state  null: there are none */
export function showFiles(state) {
  on.files.hidden = !state;
  if (!state) return;
  const { seats } = state;
  const replay = /** @type {any} */ (state.replay);
  const text = JSON.stringify(replay) + visitor.ticket;
  if (on.files.dataset.text === text) return;
  on.files.dataset.text = text;
  const name = new Map(seats.map((seat) => [seat.id, seat.name]));
  const stems = Object.entries(replay.stems ?? {}).map(([seat, url]) => [
    t("{name}, own track (Opus)", { name: name.get(seat) ?? seat }), url, true,
  ]);
  const all = [
    [t("Recording, M4A (AAC)"), replay.m4a, true],
    [t("Recording, Opus"), replay.opus, true],
    ...stems,
    [t("Receipt: what was recorded, signed"), replay.receipt, false],
    [t("Timeline: what happened when"), replay.timeline, false],
  ];
  on.links.replaceChildren(...all.filter(([, url]) => url).map(([label, url, download]) => {
    const link = make("a", "", label);
    link.href = visitor.ticket ? signed(url, { ticket: visitor.ticket }) : url;
    if (download) link.download = "";
    return make("li", "", link);
  }));
}
