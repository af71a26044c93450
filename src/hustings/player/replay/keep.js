/** The files of a recording, to keep, with their sizes; and all of them as one. */

import { make, on } from "../page.js";
import { locale, t } from "../t.js";
import { address } from "./facts.js";

const UNITS = [["byte", 1], ["kilobyte", 1e3], ["megabyte", 1e6], ["gigabyte", 1e9]];
const NOT_IN_NAMES = /[<>:"/\\|?*\u0000-\u001f]+/g;

/** Their place in the page, above the foot. */
export function furnishKeep() {
  const heading = make("h2", "", t("To keep"));
  heading.id = "fileshead";
  const links = make("ul");
  links.id = "links";
  const key = make("a", "", t("The server's public key"));
  key.href = "/receipt.pub.pem";
  const about = make("details", "", make("summary", "", t("What is the receipt?")), make("p", "soft", t("It lists every file with its fingerprint, every gap and every edit, and is signed by this server: so anybody can check, even years later, that a file is what was recorded. The command is “hustings verify”.")), key);
  const files = make("section", "files", heading, links, about);
  files.id = "files";
  files.setAttribute("aria-labelledby", heading.id);
  on.foot.before(files);
  return (state) => show(links, state);
}

function show(links, { title, space, seats, replay }) {
  const { files = {} } = replay;
  const base = `/live/${space}/`;
  const called = (text) => text.replace(NOT_IN_NAMES, " ").replace(/\s+/g, " ").trim().slice(0, 80);
  const name = called(title) || space;
  const listed = [
    ["replay.m4a", t("Recording, M4A (AAC)"), `${name}.m4a`],
    ["master.m4a", t("Recording, with even loudness (M4A)"), `${name} - mastered.m4a`],
    ["replay.opus", t("Recording, Opus"), `${name}.opus`],
    ...seats.map((seat) => [
      `stems/${seat.id}.opus`, t("{name}, own track (Opus)", { name: seat.name }), `${name} - ${called(seat.name)}.opus`,
    ]),
    ["transcript.txt", t("Transcript, to read"), `${name}.txt`],
    ["transcript.vtt", t("Transcript, as subtitles (WebVTT)"), `${name}.vtt`],
    ["transcript.json", t("Transcript, with the time of each word (JSON)"), `${name} - transcript.json`],
    ["timeline.json", t("Timeline: what happened when"), `${name} - timeline.json`],
    ["receipt.json", t("Receipt: what was recorded, signed"), `${name} - receipt.json`],
  ].filter(([file]) => file in files);
  const all = listed.reduce((sum, [file]) => sum + files[file], 0);
  const rows = listed.map(([file, label, download]) => row(base + file, label, files[file], download));
  links.replaceChildren(...(all ? [row(`${base}all.zip`, t("Everything in one file (ZIP)"), all, `${name}.zip`)] : []), ...rows);
  links.firstChild?.classList.add("all");
}

function row(url, label, bytes, download) {
  const link = make("a", "", make("span", "", label), make("span", "soft", size(bytes)));
  link.href = address(url);
  link.download = download;
  return make("li", "", link);
}

/** A size as people read it. @param {number} bytes */
export function size(bytes) {
  const [unit, per] = /** @type {[string, number]} */ (UNITS.findLast(([, least]) => bytes >= Number(least)) ?? UNITS[0]);
  const digits = bytes / per < 10 && per > 1 ? 1 : 0;
  const options = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits };
  return new Intl.NumberFormat(locale, /** @type {any} */ (options)).format(bytes / per);
}
