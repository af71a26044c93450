/**
 * Who spoke, how long, and when, as a table with a strip for each on the replay's clock; and how
 * many listened then, on the same clock.
 */

import { clock } from "../clock.js";
import { make } from "../page.js";
import { figure } from "../people/parts.js";
import { apart, t } from "../t.js";
import { lasting } from "./notes.js";

const NS = "http://www.w3.org/2000/svg";
const WIDE = 1000; // units of a strip
const TALL = 60; // units of the curve

export class FloorTime {
  root = make("section", "floor card");
  #at = [];
  #lasts = 1;

  constructor() {
    this.root.id = "floor";
  }

  /**
   * @param {import("./who.js").Floor} floor
   * @param {any} crowd  crowd.json
   * @param {(ms: number) => number} placed  from Unix time to the replay's
   */
  show(floor, crowd, placed) {
    this.#lasts = floor.lasts_ms || 1;
    const spoke = floor.speakers.filter(({ talk_ms: ms }) => ms > 0);
    const curve = listened(crowd, placed, this.#lasts);
    this.root.hidden = !spoke.length && !curve;
    this.root.replaceChildren(...(spoke.length ? table(floor, spoke) : []), ...(curve ? [curve] : []));
    this.#at = [...this.root.querySelectorAll("line.at")];
  }

  at(ms) {
    const x = String(Math.round((WIDE * ms) / this.#lasts));
    for (const line of this.#at) {
      if (line.getAttribute("x1") === x) return;
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
    }
  }
}

function table(floor, spoke) {
  const all = floor.talk_ms;
  const counted = spoke.some((who) => who.counted);
  const titles = [t("Speaker"), t("Time"), t("Share of the talk time"), ...(counted ? [t("Turns")] : [])];
  const head = make("tr", "visually-hidden", ...titles.map((text) => {
    const cell = make("th", "", text);
    cell.scope = "col";
    return cell;
  }));
  const rows = spoke.map((who) => {
    const name = make("th", `swatch s${who.colour}`, apart(who.name));
    name.scope = "row";
    const share = t("{n} %", { n: Math.round((100 * who.talk_ms) / all) });
    const strip = drawn(12, ...who.spans.map(([from, to]) => box(from, to, floor.lasts_ms, 12)));
    strip.classList.add(`s${who.colour}`);
    const turns = counted ? [make("td", "turns soft small", turned(who.counted))] : [];
    return make("tr", "", name, make("td", "", lasting(who.talk_ms)), make("td", "strip", share, strip), ...turns);
  });
  const caption = make("caption", "", t("Who spoke, and when"));
  const table = make("table", "", caption, make("thead", "", head), make("tbody", "", ...rows));
  if (!floor.whole) return [table];
  const part = (ms) => Math.round((100 * ms) / (floor.lasts_ms || 1));
  const whole = { silence: part(floor.whole.silence_ms), overlap: part(floor.whole.overlap_ms) };
  return [table, make("p", "soft", t("Nobody spoke for {silence} % of the time, several at once for {overlap} %.", whole))];
}

/** Turns in words. @param {import("./facts.js").Counted | null} counted */
function turned(counted) {
  if (!counted?.longest_ms) return t("no long turn");
  return [
    t("longest turn {time}", { time: lasting(counted.longest_ms) }),
    ...(counted.interruptions ? [t("interrupted others: {n}", { n: counted.interruptions })] : []),
    ...(counted.interrupted ? [t("was interrupted: {n}", { n: counted.interrupted })] : []),
  ].join(" · ");
}

/** The curve of the crowd, where there was one. */
function listened(crowd, placed, lasts) {
  const points = (crowd?.curve?.points ?? [])
    .map(({ at_ms: at, listening }) => [placed(at), listening])
    .filter(([ms]) => ms >= 0 && ms <= lasts);
  const most = Math.max(0, ...points.map(([, count]) => count));
  if (points.length < 2 || !most) return null;
  const place = ([ms, count]) => `${Math.round((WIDE * ms) / lasts)} ${(TALL - (TALL - 4) * (count / most)).toFixed(1)}`;
  const line = `M${points.map(place).join("L")}`;
  const ends = [points[0][0], points.at(-1)[0]].map((ms) => Math.round((WIDE * ms) / lasts));
  const picture = drawn(TALL, shape(`${line}L${ends[1]} ${TALL}L${ends[0]} ${TALL}Z`, "area"), shape(line, "edge"));
  picture.classList.add("curve");
  const peak = points.reduce((one, other) => (other[1] > one[1] ? other : one));
  const values = { n: figure(crowd.peak?.listening ?? most), at: clock(peak[0] / 1000) };
  const distinct = crowd.distinct?.estimate ? t("about {n} different visitors in all", { n: figure(crowd.distinct.estimate) }) : "";
  const told = [t("{n} at most, at {at}", values), distinct].filter(Boolean).join("; ");
  const how = make("p", "soft", t("Connections that received the sound live, counted every second on all servers together. Who hears the recording is not among them."));
  const title = make("h3", "", t("Who listened live"));
  return make("figure", "", title, make("p", "", told), picture, how);
}

function drawn(tall, ...inside) {
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDE} ${tall}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const at = document.createElementNS(NS, "line");
  at.setAttribute("class", "at");
  at.setAttribute("y1", "0");
  at.setAttribute("y2", String(tall));
  at.setAttribute("x1", "-9");
  at.setAttribute("x2", "-9");
  svg.append(...inside, at);
  return svg;
}

function box(from, to, lasts, tall) {
  const made = document.createElementNS(NS, "rect");
  made.setAttribute("x", ((WIDE * from) / lasts).toFixed(1));
  made.setAttribute("width", Math.max(1.2, (WIDE * (to - from)) / lasts).toFixed(1));
  made.setAttribute("height", String(tall));
  return made;
}

function shape(d, name) {
  const made = document.createElementNS(NS, "path");
  made.setAttribute("d", d);
  made.setAttribute("class", name);
  return made;
}
