// The card of one's own microphone: choose, check, join, mute, leave.

import { call, Problem } from "./api.js";
import { showDevices } from "./devices.js";
import { Line } from "./line.js";
import { Microphone, microphoneProblem } from "./mic.js";
import { noticeMicrophone } from "./mic_notices.js";
import { element, part, write } from "./page.js";
import { watchQuality } from "./quality.js";
import { SeatMemory } from "./seat_memory.js";
import { SeatTicket } from "./seat_ticket.js";
import { showLevel } from "./seats.js";
import { t } from "./t.js";
import { Trial } from "./trial.js";
import { standingWords } from "./verdict.js";

const AGAIN_MS = 1000;
const SETTLE_MS = 1000; // by then the studio's state has come that follows on our word
const METER_MS = 66;
const SPEECH_DBFS = -45;
const ELSEWHERE = t("You joined from elsewhere. One page at a time speaks from your seat.");
const PROGRAM = t("Another program has your seat now. One at a time speaks from it.");
const CHECK_WORDS = t("Say something: the bar moves with your voice.");

const device = /** @type {HTMLSelectElement} */ (element("device"));
const join = /** @type {HTMLButtonElement} */ (element("join"));
const check = element("check");
const leave = element("leave");
const mute = element("mute");
const words = element("mic-words");
const lineWords = element("line-words");
const meter = element("own-level");

/** Microphone, line to the stage, and the two kept in step with what the space says of our seat. */
export class OwnMic {
  #mic = new Microphone();
  #line;
  #seat;
  #api;
  #ticket;
  #memory;
  #status = "";
  #wantMuted = false;
  #serverMuted = false; // in the newest state that came
  #agreed = true; // whether a state has come that says what we told
  #telling = false;
  #sinceVoice = 0;
  #asked = false;
  #declined = false; // to unmute, as a host asks
  #trial;

  /** @param {{space: string, seat: string}} where */
  constructor({ space, seat }) {
    this.#seat = seat;
    this.#api = `/api/spaces/${space}`;
    this.#ticket = new SeatTicket(this.#api);
    this.#memory = new SeatMemory(space, seat);
    const audio = /** @type {HTMLAudioElement} */ (element("mix-minus"));
    this.#line = new Line(audio, (must) => this.#ticket.renew(must));
    this.#trial = new Trial(this.#mic, this.#line);
    this.#line.addEventListener("change", () => {
      if (this.#line.condition === "refused") this.#memory.release(true);
      this.#show();
    });
    this.#mic.addEventListener("track", () => {
      if (this.#mic.track) void this.#line.replace(this.#mic.track);
      this.#show();
    });
    this.#mic.addEventListener("devices", () => void showDevices(this.#mic));
    noticeMicrophone(this.#mic, () => this.#show());
    for (const event of ["held", "free"]) this.#mic.addEventListener(event, () => this.#away(audio));
    watchQuality(this.#line);
    device.addEventListener("change", () => void this.#open(device.value));
    check.addEventListener("click", () => void this.#open(device.value));
    join.addEventListener("click", () => void this.#join());
    leave.addEventListener("click", () => this.#leave());
    mute.addEventListener("click", () => this.mute(!this.#wantMuted));
    element("asked-yes").addEventListener("click", () => {
      this.mute(false);
      mute.focus();
    });
    element("asked-no").addEventListener("click", () => {
      this.#declined = true;
      this.#show();
      mute.focus();
    });
    setInterval(() => this.#measure(), METER_MS);
    if (!this.#mic.possible) {
      this.#trouble(t("This browser offers the microphone only on https or localhost."));
      join.disabled = true;
    }
    void this.#comeBack();
    this.#show();
  }

  /**
   * Follow the space: its status, and what it says of our seat.
   * @param {{status: string, seats: import("./seats.js").Seat[]}} space
   */
  follow(space) {
    this.#status = space.status;
    const seat = space.seats.find(({ id }) => id === this.#seat);
    const over = ["ended", "posted", "withheld", "cancelled"].includes(space.status);
    if (over || !seat) return this.close();
    this.#serverMuted = seat.muted;
    this.#asked = Boolean(seat.asked);
    if (!this.#asked) this.#declined = false;
    this.#compare();
    this.#show();
  }

  /** Be silent for good. */
  close() {
    this.#line.leave(false);
    this.#memory.release(true);
    this.#mic.close();
    element("microphone").hidden = true;
  }

  /**
   * A page sits down on our seat.
   * @param {string} page
   */
  taken(page) {
    if (page === this.#ticket.page || !this.#line.joined) return;
    this.#line.give(page.startsWith("program") ? PROGRAM : ELSEWHERE, true);
  }

  /** Mute or unmute, as a key does; who has not joined goes to Join. */
  toggle() {
    if (this.#line.joined) this.mute(!this.#wantMuted);
    else join.focus();
  }

  /**
   * Mute at once; the studio is told as soon as it answers.
   * @param {boolean} muted
   */
  mute(muted) {
    this.#want(muted);
    words.textContent = muted ? "" : CHECK_WORDS;
    this.#show();
    void this.#tell();
  }

  /**
   * Bring our microphone and what the studio says of our seat together. The seat is ours while we
   * are joined; a host can mute it, and a page that is not joined only looks on.
   */
  #compare() {
    if (this.#serverMuted === this.#wantMuted) {
      this.#agreed ||= !this.#telling;
    } else if (!this.#line.joined) {
      this.#want(this.#serverMuted);
      words.textContent = this.#wantMuted ? t("You are muted.") : CHECK_WORDS;
    } else if (this.#telling || !this.#agreed) {
      return; // this state may be older than our word
    } else if (this.#serverMuted) {
      this.#want(true); // only we can undo it
      words.textContent = t("The host has muted you. Unmute when you want to speak.");
    } else {
      void this.#tell();
    }
  }

  /** @param {boolean} muted */
  #want(muted) {
    this.#wantMuted = this.#mic.muted = muted;
  }

  /** Tell the studio until it knows: it may be restarting. */
  async #tell() {
    if (this.#telling) return;
    this.#telling = true;
    this.#agreed = false;
    let told = null;
    while (told !== this.#wantMuted) {
      const wanted = this.#wantMuted;
      try {
        await call("POST", `${this.#api}/seats/${this.#seat}/${wanted ? "mute" : "unmute"}`);
        told = wanted;
      } catch (error) {
        if (error instanceof Problem && error.code === "done") {
          told = wanted;
        } else if (error instanceof Problem && error.status && error.status < 500) {
          break;
        } else {
          await new Promise((go) => setTimeout(go, AGAIN_MS));
        }
      }
    }
    this.#telling = false;
    setTimeout(() => this.#settle(), SETTLE_MS);
    this.#show();
  }

  /** Whatever differs from our word by now was decided after it. */
  #settle() {
    if (this.#telling || this.#agreed) return;
    this.#agreed = true;
    this.#compare();
    this.#show();
  }

  async #join() {
    if (!this.#mic.on && !(await this.#open(device.value))) return;
    if (!this.#mic.track) return;
    this.#ticket.sitDown();
    this.#sit(this.#mic.track, false);
    mute.focus();
  }

  /**
   * @param {MediaStreamTrack} track
   * @param {boolean} again by itself
   */
  #sit(track, again) {
    this.#memory.claim(this.#ticket.page, () => this.#line.give(ELSEWHERE, true));
    this.#line.join(track, again);
  }

  #leave() {
    this.#line.leave();
    this.#memory.release(true);
    join.focus();
  }

  /**
   * @param {string} id
   * @returns {Promise<boolean>} whether there is a microphone now
   */
  async #open(id) {
    try {
      await this.#mic.open(id);
      words.textContent = CHECK_WORDS;
      words.classList.remove("wrong");
      element("unplugged").hidden = true;
    } catch (error) {
      this.#trouble(microphoneProblem(error));
      void showDevices(this.#mic); // the one in use is the one before
    }
    this.#show();
    return this.#mic.on;
  }

  /** A page that was reloaded, or whose browser died, is on its seat again, muted or not as before. */
  async #comeBack() {
    if (!this.#mic.on && (await this.#mic.allowed())) await this.#open("");
    const page = await this.#memory.kept();
    if (!page || !this.#mic.track || !this.#mic.on || this.#line.joined) return;
    this.#ticket.page = page;
    this.#sit(this.#mic.track, true);
  }

  /** A call has the microphone, or gives it back: the others are told. @param {HTMLAudioElement} audio */
  #away(audio) {
    const away = this.#mic.held;
    if (!away) void audio.play().catch(() => {}); // a call has stopped it
    if (!this.#line.joined) return;
    call("PUT", `${this.#api}/seats/${this.#seat}/away`, { away }).catch(() => {}); // they hear it anyway
  }

  #measure() {
    const dbfs = this.#mic.on ? this.#mic.level() : -90;
    meter.dataset.dbfs = dbfs.toFixed(1);
    showLevel(meter, dbfs);
    if (!this.#wantMuted || dbfs < SPEECH_DBFS || this.#line.condition !== "connected") {
      this.#sinceVoice = 0;
    } else if ((this.#sinceVoice += METER_MS) > 1000) {
      write(words, t("You are muted: nobody hears you."));
    }
  }

  /** @param {string} sentence */
  #trouble(sentence) {
    words.textContent = sentence;
    words.classList.add("wrong");
  }

  #show() {
    const { condition, joined } = this.#line;
    document.body.dataset.connected = { connected: "true", connecting: "connecting" }[condition] ?? "false";
    document.body.dataset.muted = String(this.#wantMuted);
    check.hidden = joined || this.#mic.on;
    join.hidden = joined;
    leave.hidden = mute.hidden = !joined;
    write(join, this.#line.elsewhere ? t("Use this tab instead") : this.#status === "scheduled" ? t("Join the green room") : t("Join the stage"));
    mute.ariaPressed = String(this.#wantMuted);
    write(part(mute, "span"), this.#wantMuted ? t("Unmute") : t("Mute"));
    write(lineWords, this.#lineWords());
    element("asked").hidden = !(this.#asked && this.#wantMuted && joined) || this.#declined;
    this.#trial.allow(!(joined && this.#status === "live" && !this.#wantMuted));
  }

  #lineWords() {
    const { condition, words: why } = this.#line;
    return standingWords(condition, { why, muted: this.#wantMuted, on: this.#mic.on, status: this.#status });
  }
}
