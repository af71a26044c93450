/**
 * What the audience wrote and voted, at the moments when it did: the list goes along with the sound
 * as the chat did while it was live. What is still to come is paler.
 */

import { clock } from "../clock.js";
import { make } from "../page.js";
import { away, figure, icon, press } from "../people/parts.js";
import { t } from "../t.js";
import { REACTIONS } from "../reactions.js";
import { Follower } from "./follow.js";
import { at } from "./moment.js";

const STRETCH_MS = 30_000; // reactions of so long are one row
const LOUD = 0.25; // of the loudest stretch: what is less is no event

export class Meanwhile {
  root = make("section", "meanwhile card");
  #list = make("ol");
  #follower = new Follower(t("What the audience wrote"), t("Back to now"));
  #player;
  #report;
  #rows = [];
  #times = [];
  #now = 0;

  /** @param {any} player  @param {(about: string, one: any) => void} report */
  constructor(player, report) {
    this.#player = player;
    this.#report = report;
    const heading = make("h2", "", t("In the audience"));
    heading.id = "meanwhilehead";
    this.root.id = "meanwhile";
    this.root.setAttribute("aria-labelledby", heading.id);
    this.#follower.box.append(this.#list);
    this.root.append(heading, this.#follower.root);
    this.#list.addEventListener("click", (event) => this.#press(event));
  }

  /** Whether there is anything. */
  get any() {
    return this.#rows.length > 0;
  }

  /**
   * @param {any} talk  talk.json
   * @param {(ms: number) => number} placed  from Unix time to the replay's
   */
  show(talk, placed) {
    const when = (one) => one.replay_ms ?? one.from_ms ?? (one.at_ms === undefined ? null : placed(one.at_ms));
    const staged = (talk?.questions ?? []).filter((one) => typeof one.on_stage_ms === "number");
    const found = [
      ...(talk?.chat ?? []).map((one) => [when(one), () => this.#message(one)]),
      ...(talk?.questions ?? []).map((one) => [when(one), () => this.#question(one)]),
      ...staged.map((one) => [one.on_stage_ms, () => asked(one)]),
      ...(talk?.polls ?? []).map((one) => [when(one), () => poll(one)]),
      ...(talk?.pins ?? talk?.room?.pins ?? []).map((one) => [when(one), () => pin(one)]),
      ...reactions(talk?.reactions ?? []),
    ];
    found.sort(([one], [other]) => (one ?? Infinity) - (other ?? Infinity));
    this.#times = found.map(([ms]) => ms ?? Infinity);
    this.#rows = found.map(([ms, made]) => this.#row(ms, made()));
    this.#list.replaceChildren(...this.#rows);
    this.root.hidden = !this.#rows.length;
    this.#now = 0;
  }

  at(ms) {
    if (!this.any) return;
    let now = this.#now;
    while (now < this.#times.length && this.#times[now] <= ms) now += 1;
    while (now > 0 && this.#times[now - 1] > ms) now -= 1;
    const timed = this.#times.findIndex((one) => one === Infinity);
    const end = timed < 0 ? this.#rows.length : timed;
    if (now === this.#now && this.#rows[0].dataset.set) return;
    this.#rows.forEach((row, index) => row.classList.toggle("later", index >= now && index < end));
    this.#rows[0].dataset.set = "true";
    this.#now = now;
    this.#follower.to(this.#rows[Math.max(0, now - 1)] ?? null);
  }

  #row(ms, inside) {
    const link = make("a", "time", ms === null ? "" : clock(ms / 1000));
    if (ms !== null) link.href = at(ms / 1000);
    const row = make("li", "told", link, ...inside);
    row.dataset.ms = ms === null ? "" : String(ms);
    return row;
  }

  #message(one) {
    const text = make("p", "text", one.text);
    text.dir = "auto";
    return [make("b", "", make("bdi", "", one.name)), text, this.#tool("message", one)];
  }

  #question(one) {
    const text = make("p", "text", one.text);
    text.dir = "auto";
    const votes = one.votes ? t("{n} votes", { n: figure(one.votes) }) : "";
    const said = [t("A question"), votes, one.answered ? t("answered") : ""].filter(Boolean).join(" · ");
    return [make("b", "", make("bdi", "", one.name)), make("span", "soft", said), text, this.#tool("question", one)];
  }

  #tool(about, one) {
    const button = press("tool", () => this.#report(about, one), icon("flag"));
    button.setAttribute("aria-label", t("Report what {name} wrote", { name: one.name }));
    return button;
  }

  #press(event) {
    const link = event.target.closest("a.time");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.#player.seek(Number(link.parentNode.dataset.ms) / 1000);
  }
}

function poll({ question, options, counts, voters }) {
  const title = make("p", "text", question);
  title.dir = "auto";
  const rows = options.map((option, index) => {
    const part = voters ? (counts?.[index] ?? 0) / voters : 0;
    const words = make("span", "words", option);
    words.dir = "auto";
    const fill = make("span", "fill");
    fill.style.inlineSize = `${100 * part}%`;
    const share = make("span", "share", `${figure(counts?.[index] ?? 0)} · ${Math.round(100 * part)} %`);
    return make("li", "", words, share, make("span", "bar", fill));
  });
  const voted = t("{n} voted", { n: figure(voters ?? 0) });
  return [make("b", "", t("A poll")), make("span", "soft", voted), title, make("ul", "bars", ...rows)];
}

function pin({ text, url }) {
  const link = /^https?:\/\//.test(url ?? "") ? away(text || url, url) : make("span", "", text);
  const line = make("p", "text", link);
  line.dir = "auto";
  return [make("b", "", t("Pinned")), line];
}

/** A question comes to the stage. */
function asked({ name, text }) {
  const line = make("p", "text", text);
  line.dir = "auto";
  return [make("b", "", t("On stage now: the question of {name}", { name })), line];
}

/** What was said without words: one row for each stretch in which much of it was said. */
function reactions(told) {
  /** @type {Map<number, Record<string, number>>} */
  const stretches = new Map();
  for (const { replay_ms: ms, said } of told) {
    const from = ms - (ms % STRETCH_MS);
    const sums = stretches.get(from) ?? {};
    for (const [what, n] of Object.entries(said ?? {})) sums[what] = (sums[what] ?? 0) + n;
    stretches.set(from, sums);
  }
  const all = (sums) => Object.values(sums).reduce((sum, n) => sum + n, 0);
  const most = Math.max(0, ...[...stretches.values()].map(all));
  const loud = [...stretches].filter(([, sums]) => all(sums) >= most * LOUD);
  return loud.map(([from, sums]) => [from, () => {
    const known = Object.entries(sums).filter(([what]) => what in REACTIONS).sort((a, b) => b[1] - a[1]);
    return [make("span", "soft", known.map(([what, n]) => `${REACTIONS[what]} ${figure(n)}`).join(" · "))];
  }]);
}
