/**
 * The replay put together: waveform, chapters, transcript, what the audience wrote, who spoke, and
 * the files. Loaded where a recording is posted, and not for who listens live. In a frame of another
 * page there is the waveform and nothing else.
 */

import { clock } from "./clock.js";
import { make, on } from "./page.js";
import { tell } from "./people/parts.js";
import { Chapters } from "./replay/chapters.js";
import { Deck, goesOn, STEP_S } from "./replay/deck.js";
import { Dock } from "./replay/dock.js";
import { Facts } from "./replay/facts.js";
import { FloorTime } from "./replay/floor.js";
import { Clips } from "./replay/clips.js";
import { furnishKeep } from "./replay/keep.js";
import { help, listen, tell as tellKeys } from "./replay/keys.js";
import { Meanwhile } from "./replay/meanwhile.js";
import { pointed, remember, stopped } from "./replay/moment.js";
import { Notes, notes } from "./replay/notes.js";
import { clockOf } from "./replay/placed.js";
import { Reading } from "./replay/reading.js";
import { silences, Skipper } from "./replay/silence.js";
import { Subtitles } from "./replay/subtitles.js";
import { Legend, Now, Wave } from "./replay/wave.js";
import { Floor } from "./replay/who.js";
import { t } from "./t.js";

const KEEP_MS = 5000; // between two notes of where one is

export class Posted {
  /** The chapters, for the lock screen. @type {{at_ms: number, title: string}[]} */
  chapters = [];
  #page;
  #player;
  #door;
  #facts;
  #floor = new Floor(null, 0);
  #skipper = new Skipper([]);
  #wave;
  #now = new Now();
  #legend = new Legend();
  #clips = new Clips();
  #notes = new Notes();
  #deck;
  #list;
  #reading;
  #meanwhile;
  #time = new FloorTime();
  #titles;
  #dock = null;
  #keep = (_state) => {};
  #small = !on.rest.isConnected;
  #news = null;
  #awaits = false;
  #keptMs = 0;

  /** @param {any} page  what main.js shares */
  constructor(page) {
    this.#page = page;
    this.#door = page.door;
    const player = (this.#player = page.replay);
    this.#facts = new Facts(page.ear.base);
    this.#wave = new Wave(player, on.record);
    this.#list = new Chapters(player);
    this.#deck = new Deck(player, (by) => this.#list.step(by));
    this.#titles = new Subtitles(on.record);
    this.#reading = new Reading(player, (hits) => this.#wave.mark(hits));
    this.#meanwhile = new Meanwhile(player, (about, one) => this.#report(about, one));
  }

  /** Put everything in its place, once what there is to show has come. */
  async furnish() {
    const deck = /** @type {HTMLElement} */ (document.querySelector(".deck"));
    if (!this.#small) this.#place();
    await this.show();
    // All at once, into the room that is kept for it (listen.css), so that nothing moves twice.
    deck.before(this.#wave.root, this.#now.root);
    if (!this.#small) {
      deck.append(this.#deck.root);
      deck.after(this.#titles.root, this.#legend.root, this.#notes.root);
    }
    document.documentElement.dataset.replay = "shown";
    this.#begin();
    on.record.addEventListener("pause", () => this.#remember());
    addEventListener("pagehide", () => this.#remember());
    const beat = () => {
      this.#at();
      requestAnimationFrame(beat);
    };
    beat();
    setInterval(() => this.#at(), 1000); // where frames are not drawn
  }

  /** Follow the door's state. */
  async show() {
    const { state } = this.#door;
    this.#player.open(state.replay);
    this.#keep(state);
    this.#clips.show(state.space, state.replay.clips ?? []);
    this.#follow(state.replay);
    if (!(await this.#facts.load(state.replay))) return;
    const { timeline, waveform, transcript, crowd, receipt, talk } = this.#facts;
    const floor = (this.#floor = new Floor(timeline, state.replay.seconds * 1000));
    const found = notes(receipt);
    const skipper = (this.#skipper = new Skipper(silences(waveform)));
    this.chapters = (timeline?.chapters ?? []).map((one) => ({ ...one, title: chapter(one.title) }));
    this.#reading.show(transcript, floor, Boolean(state.replay.transcript_follows));
    this.#wave.show(floor, waveform, this.chapters, found, (ms) => this.#reading.sentence(ms));
    this.#legend.show(floor);
    this.#notes.show(found);
    this.#list.show(this.chapters);
    this.#deck.show(skipper, this.chapters);
    const placed = clockOf(timeline);
    this.#meanwhile.show(talk, placed);
    this.#time.show(floor, crowd, placed);
    const { files = {} } = state.replay;
    const titles = "transcript.vtt" in files ? `${this.#page.ear.base}/transcript.vtt?r=${state.replay.revision}` : "";
    this.#titles.show(titles, transcript?.language ?? "");
    this.#button(Boolean(titles));
    this.#sides();
  }

  /** To the next chapter, or the one before. @param {number} by */
  go(by) {
    this.#list.step(by);
  }

  #place() {
    const side = make("div", "side", this.#list.root, this.#clips.root, this.#meanwhile.root);
    on.rest.prepend(make("div", "replaygrid", this.#reading.root, side), this.#time.root);
    this.#keep = furnishKeep();
    on.tools.append(help());
    this.#dock = new Dock(this.#player, /** @type {any} */ (document.querySelector(".player")));
    const step = (seconds) => () => this.#player.step(seconds);
    listen(this.#player, {
      k: () => this.#player.toggle(),
      j: step(-STEP_S), l: step(STEP_S), ArrowLeft: step(-5), ArrowRight: step(5),
      "<": () => this.#deck.change(-1), ">": () => this.#deck.change(1),
      "[": () => this.#list.step(-1), "]": () => this.#list.step(1),
      s: () => this.#deck.skip(), c: () => this.#page.captions?.turn(), "/": () => this.#reading.find(), "?": tellKeys,
    });
  }

  /** Parts that have nothing to show leave their place to others. */
  #sides() {
    if (this.#small) return;
    const { people } = this.#page;
    if (people) people.replaced = this.#meanwhile.any;
    people?.show();
    on.stage.hidden ||= !this.#time.root.hidden && this.#floor.talk_ms > 0;
    const side = /** @type {HTMLElement} */ (this.#list.root.parentElement);
    side.hidden = [this.#list, this.#clips, this.#meanwhile].every(({ root }) => root.hidden);
    side.parentElement?.classList.toggle("one", side.hidden || this.#reading.root.hidden);
  }

  /** Where to begin: where the address points to, else where one stopped. */
  #begin() {
    const { space } = this.#door.state;
    const second = stopped(space);
    if (pointed() !== null || !second || this.#player.second > 1) return;
    this.#player.seek(second);
    if (this.#small) return;
    const text = t("It goes on at {time}, where you stopped.", { time: clock(second) });
    this.#titles.root.before(goesOn(second, text, () => this.#player.seek(0)));
  }

  #at() {
    const player = this.#player;
    const ms = player.second * 1000;
    const next = player.playing ? this.#skipper.next(ms) : null;
    if (next !== null) player.seek(next / 1000);
    this.#wave.at(ms);
    this.#now.show(ms, this.#floor, player.speed);
    if (this.#small) return;
    this.#deck.at();
    this.#list.at(ms);
    this.#reading.at(ms);
    this.#meanwhile.at(ms);
    this.#time.at(ms);
    this.#dock?.at(ms, this.#floor.at(ms), this.#reading.sentence(ms));
    if (player.playing && performance.now() - this.#keptMs > KEEP_MS) this.#remember();
  }

  #remember() {
    this.#keptMs = performance.now();
    if (this.#player.second > 0) remember(this.#door.state.space, this.#player.second, this.#player.seconds);
  }

  /** The captions' button, which the live page has as well. */
  #button(any) {
    const button = document.getElementById("captions");
    if (!button) return;
    button.hidden = !any;
    button.setAttribute("aria-pressed", String(this.#titles.wanted));
    this.#page.captions = {
      turn: () => {
        this.#titles.wanted = !this.#titles.wanted;
        button.setAttribute("aria-pressed", String(this.#titles.wanted));
        tell(this.#titles.wanted ? t("Captions are shown") : t("Captions are not shown"));
      },
    };
  }

  /** While a transcript is being made, hear of it at once. */
  async #follow(replay) {
    if (this.#small || this.#awaits === Boolean(replay.transcript_follows)) return;
    this.#awaits = Boolean(replay.transcript_follows);
    this.#news?.close();
    this.#news = null;
    if (!this.#awaits) return;
    const { Reader } = await import("./reader.js");
    const items = (told) => {
      if (told.some(({ type, revision = 0 }) => type === "posted" && revision > replay.revision)) this.#door.ask();
    };
    const refused = () => this.#news?.close(); // it comes with the door's next answer, then
    if (this.#awaits) this.#news = new Reader(`${this.#page.ear.base}/events`, { items, refused });
  }

  async #report(about, one) {
    const { report } = await import("./people/dialogs.js");
    const title = about === "question" ? t("Report a question") : t("Report a message");
    report(this.#page.people.studio, [[about, one.id, title]], one.text);
  }
}

/** A chapter's title; those that the archive numbers are in the reader's language. */
function chapter(title) {
  const [, n] = /^Part (\d+)$/.exec(title) ?? [];
  return n ? t("Part {n}", { n }) : title;
}
