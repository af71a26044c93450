/**
 * What was said, in step with the sound: sentence by sentence, the one that is heard and its word
 * marked. Each sentence is an address. All of it is in the page, so that the browser's own search
 * finds it; what is out of sight is not drawn (`content-visibility`).
 */

import { clock } from "../clock.js";
import { make, write } from "../page.js";
import { icon, press, tell } from "../people/parts.js";
import { t, tn } from "../t.js";
import { Follower } from "./follow.js";
import { at } from "./moment.js";
import { Search } from "./search.js";

const TYPED_MS = 150;
const marks = globalThis.CSS && "highlights" in CSS ? CSS.highlights : null;

export class Reading {
  root = make("section", "transcript card");
  #list = make("ol", "cues");
  #follower = new Follower(t("Sentence by sentence"), t("Back to now"));
  #field = make("input");
  #count = make("span", "soft");
  #tools = make("div", "finder");
  #note = make("p", "empty");
  #copy;
  #player;
  #found;
  /** @type {import("./facts.js").Cue[]} */
  #cues = [];
  #rows = [];
  #search = new Search([]);
  #hits = [];
  #hit = -1;
  #now = -1;
  #word = -1;
  #timer = 0;

  /**
   * @param {any} player
   * @param {(hits: number[]) => void} found  is told the moments of what was searched for
   */
  constructor(player, found) {
    this.#player = player;
    this.#found = found;
    const heading = make("h2", "", t("Transcript"));
    heading.id = "transcripthead";
    this.root.id = "transcript";
    this.root.setAttribute("aria-labelledby", heading.id);
    this.#copy = press("tool", () => this.#copied(), icon("link"));
    this.#copy.title = t("Copy a link to this sentence");
    this.#copy.setAttribute("aria-label", this.#copy.title);
    this.#furnishFinder();
    this.#follower.box.append(this.#note, this.#list);
    this.root.append(make("div", "head", heading, this.#tools), this.#follower.root);
    this.#list.addEventListener("click", (event) => this.#press(event));
    this.#list.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("pointerover", (event) => this.#near(event.target));
    this.#list.addEventListener("focusin", (event) => this.#near(event.target));
  }

  /**
   * @param {import("./facts.js").Transcript | null} transcript
   * @param {import("./who.js").Floor} floor
   * @param {boolean} follows  it is being made
   */
  show(transcript, floor, follows) {
    this.#cues = transcript?.cues ?? [];
    this.root.hidden = !this.#cues.length && !follows;
    this.root.classList.toggle("waiting", !this.#cues.length);
    this.#tools.hidden = !this.#cues.length;
    this.#note.hidden = this.#cues.length > 0;
    write(this.#note, t("The transcript is being made. It appears here by itself."));
    this.#now = this.#word = -1;
    this.#search = new Search(this.#cues.map(({ text }) => text));
    this.#list.lang = transcript?.language ?? "";
    let before = "";
    this.#rows = this.#cues.map((cue, index) => {
      const begins = cue.seat !== before;
      before = cue.seat;
      return this.#row(cue, index, begins ? this.#who(cue, transcript, floor) : null);
    });
    this.#list.replaceChildren(...this.#rows);
    if (this.#rows[0]) this.#rows[0].querySelector("a").tabIndex = 0;
    if (this.#field.value) this.#seek();
  }

  /** The sentence at a moment; empty where nobody speaks. */
  sentence(ms) {
    const cue = this.#cues[this.#index(ms)];
    return cue && ms < cue.end_ms + 400 ? cue.text : "";
  }

  /** It plays at `ms`. */
  at(ms) {
    if (!this.#cues.length) return;
    const now = this.#index(ms);
    if (now !== this.#now) {
      this.#rows[this.#now]?.removeAttribute("aria-current");
      this.#rows[now]?.setAttribute("aria-current", "true");
      this.#now = now;
      this.#word = -1;
      if (this.#player.playing || this.#follower.following) this.#follower.to(this.#rows[now] ?? null);
    }
    this.#mark(ms);
  }

  /** To the search. */
  find() {
    this.#field.focus();
    this.#field.select();
  }

  #index(ms) {
    let low = 0;
    let high = this.#cues.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#cues[middle].at_ms <= ms + 20) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #who(cue, transcript, floor) {
    const known = floor.of(cue.seat);
    const name = make("bdi", "", transcript.seats?.[cue.seat] ?? known?.name ?? t("Somebody"));
    return make("b", known ? `who swatch s${known.colour}` : "who", name);
  }

  #row(cue, index, who) {
    const link = make("a", "time", clock(cue.at_ms / 1000));
    link.href = at(cue.at_ms / 1000);
    link.tabIndex = -1;
    const text = make("p", "text", cue.text);
    text.dir = "auto";
    const row = make("li", who ? "cue first" : "cue", ...(who ? [who] : []), link, text);
    row.dataset.index = String(index);
    return row;
  }

  /** The word that is heard, where words have times and the browser can mark them. */
  #mark(ms) {
    const cue = this.#cues[this.#now];
    const words = cue?.words ?? [];
    const word = cue && ms <= cue.end_ms + 400 ? words.findLastIndex(([from]) => from <= ms) : -1;
    if (word === this.#word || !marks) return;
    this.#word = word;
    marks.delete("word");
    if (word < 0) return;
    let from = 0;
    for (let at = 0; at <= word; at += 1) {
      const place = cue.text.indexOf(words[at][2].trim(), from);
      if (at === word && place >= 0) {
        marks.set("word", new Highlight(this.#range(this.#now, place, place + words[at][2].trim().length)));
      }
      if (place >= 0) from = place + words[at][2].trim().length;
    }
  }

  #range(row, from, to) {
    const text = this.#rows[row].querySelector(".text").firstChild;
    const range = new Range();
    range.setStart(text, from);
    range.setEnd(text, to);
    return range;
  }

  #furnishFinder() {
    const field = this.#field;
    Object.assign(field, { type: "search", id: "find", placeholder: t("Search what was said"), autocomplete: "off" });
    field.setAttribute("aria-label", t("Search what was said"));
    field.setAttribute("enterkeyhint", "search");
    this.#count.setAttribute("role", "status");
    const before = press("tool", () => this.#step(-1), icon("up"));
    const next = press("tool", () => this.#step(1), icon("down"));
    before.setAttribute("aria-label", t("Previous hit"));
    next.setAttribute("aria-label", t("Next hit"));
    this.#tools.append(field, this.#count, before, next);
    this.#tools.setAttribute("role", "search");
    field.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#seek(), TYPED_MS);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#step(event.shiftKey ? -1 : 1);
    });
  }

  #seek() {
    clearTimeout(this.#timer);
    this.#hits = this.#search.find(this.#field.value);
    const ms = this.#player.second * 1000;
    this.#hit = this.#hits.findIndex(({ text }) => this.#cues[text].end_ms > ms) - 1;
    if (this.#hit < -1) this.#hit = -1;
    const ranges = marks ? this.#hits.map(({ text, from, to }) => this.#range(text, from, to)) : [];
    marks?.set("hits", new Highlight(...ranges));
    marks?.delete("hit");
    const inside = new Set(this.#hits.map(({ text }) => text));
    this.#rows.forEach((row, at) => row.classList.toggle("hit", inside.has(at)));
    this.#found([...inside].map((text) => this.#cues[text].at_ms));
    const many = this.#hits.length;
    write(this.#count, !this.#field.value.trim() ? "" : many ? tn("{n} hit", "{n} hits", many) : t("Nothing found"));
  }

  /** To the next hit: it is shown, and heard. */
  #step(by) {
    this.#seekNow();
    const many = this.#hits.length;
    if (!many) return;
    this.#hit = (this.#hit + by + many) % many;
    const { text, from, to } = this.#hits[this.#hit];
    marks?.set("hit", new Highlight(this.#range(text, from, to)));
    write(this.#count, t("{n} of {many}", { n: this.#hit + 1, many }));
    this.#follower.following = true;
    this.#player.seek(this.#cues[text].at_ms / 1000);
    this.at(this.#cues[text].at_ms);
    this.#follower.bring(this.#rows[text], false);
  }

  #seekNow() {
    const fresh = this.#search.find(this.#field.value);
    if (fresh.length !== this.#hits.length || fresh.some(({ text }, at) => text !== this.#hits[at].text)) this.#seek();
  }

  #press(event) {
    const row = event.target.closest("li");
    const link = event.target.closest("a");
    if (!row || event.target.closest("button") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!link && !getSelection()?.isCollapsed) return; // somebody marks words
    event.preventDefault();
    this.#follower.following = true;
    this.#player.seek(this.#cues[Number(row.dataset.index)].at_ms / 1000);
    if (!this.#player.playing) this.#player.toggle();
  }

  /** From sentence to sentence. */
  #key(event) {
    const row = event.target.closest("li");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!row || !step) return;
    const next = this.#rows[Number(row.dataset.index) + step];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    this.#follower.leave();
    next.querySelector("a").focus();
  }

  /** The sentence under the pointer, or in focus, has the tool, and is the one that Tab comes to. */
  #near(target) {
    const row = target.closest("li");
    if (!row) return;
    if (this.#copy.parentNode !== row) row.append(this.#copy);
    if (!row.contains(document.activeElement)) return;
    for (const other of this.#list.querySelectorAll('a[tabindex="0"]')) other.tabIndex = -1;
    row.querySelector("a").tabIndex = 0;
  }

  async #copied() {
    const cue = this.#cues[Number(this.#copy.closest("li").dataset.index)];
    try {
      await navigator.clipboard.writeText(at(cue.at_ms / 1000));
      tell(t("Link copied"));
      this.#copy.classList.add("done");
      setTimeout(() => this.#copy.classList.remove("done"), 1200);
    } catch {
      location.hash = `t=${Math.floor(cue.at_ms / 1000)}`; // to be copied from there
    }
  }
}
