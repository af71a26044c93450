// The card of one's own microphone: choose, check, join, mute, leave.

import { call, Problem } from "./api.js";
import { Line } from "./line.js";
import { Microphone, microphoneProblem } from "./mic.js";
import { showLevel } from "./seats.js";

const RENEW_BEFORE_MS = 30 * 60_000;
const AGAIN_MS = 1000;
const SETTLE_MS = 1000; // a state that was under way while we told the studio is older than our word
const METER_MS = 66;
const SPEECH_DBFS = -45;
const CHECK_WORDS = "Say something: the bar moves with your voice.";

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
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
  /** @type {import("./line.js").Ticket | null} */
  #ticket = null;
  #status = "";
  #wantMuted = false;
  #serverMuted = false;
  #telling = false;
  #toldAt = -Infinity;
  #sinceVoice = 0;

  /** @param {{space: string, seat: string}} where */
  constructor({ space, seat }) {
    this.#seat = seat;
    this.#api = `/api/spaces/${space}`;
    const audio = /** @type {HTMLAudioElement} */ (element("mix-minus"));
    this.#line = new Line(audio, (must) => this.#renew(must));
    this.#line.addEventListener("change", () => this.#show());
    this.#mic.addEventListener("track", () => {
      if (this.#mic.track) void this.#line.replace(this.#mic.track);
    });
    this.#mic.addEventListener("devices", () => void this.#devices());
    this.#mic.addEventListener("lost", () => this.#trouble("Your microphone was unplugged."));
    device.addEventListener("change", () => void this.#open(device.value));
    check.addEventListener("click", () => void this.#open(device.value));
    join.addEventListener("click", () => void this.#join());
    leave.addEventListener("click", () => this.#line.leave());
    mute.addEventListener("click", () => this.mute(!this.#wantMuted));
    setInterval(() => this.#measure(), METER_MS);
    if (!this.#mic.possible) {
      this.#trouble("This browser offers the microphone only on https or localhost.");
      join.disabled = true;
    }
    void this.#openIfAllowed();
    this.#show();
  }

  /**
   * Follow the space: its status, and what it says of our seat.
   * @param {{status: string, seats: import("./seats.js").Seat[]}} space
   */
  follow(space) {
    const before = this.#status;
    this.#status = space.status;
    const seat = space.seats.find(({ id }) => id === this.#seat);
    const over = ["ended", "posted", "withheld", "cancelled"].includes(space.status);
    if (over || !seat) {
      this.#line.leave(false);
      this.#mic.close();
      element("microphone").hidden = true;
      return;
    }
    const settled = !this.#telling && performance.now() - this.#toldAt > SETTLE_MS;
    if (seat.muted && !this.#serverMuted && !this.#wantMuted && settled) {
      this.#wantMuted = this.#mic.muted = true; // by a host, or before: only we can undo it
      words.textContent = before
        ? "The host has muted you. Unmute when you want to speak."
        : "You are muted.";
    }
    this.#serverMuted = seat.muted;
    if (seat.muted !== this.#wantMuted) void this.#tell();
    this.#show();
  }

  /**
   * Mute at once; the studio is told as soon as it answers.
   * @param {boolean} muted
   */
  mute(muted) {
    this.#wantMuted = muted;
    this.#mic.muted = muted;
    words.textContent = muted ? "" : CHECK_WORDS;
    this.#show();
    void this.#tell();
  }

  /** Tell the studio until it agrees: it may be restarting. */
  async #tell() {
    if (this.#telling) return;
    this.#telling = true;
    while (this.#serverMuted !== this.#wantMuted) {
      const wanted = this.#wantMuted;
      try {
        await call("POST", `${this.#api}/seats/${this.#seat}/${wanted ? "mute" : "unmute"}`);
        this.#serverMuted = wanted;
      } catch (error) {
        if (error instanceof Problem && error.code === "done") {
          this.#serverMuted = wanted;
        } else if (error instanceof Problem && error.status && error.status < 500) {
          break;
        } else {
          await new Promise((go) => setTimeout(go, AGAIN_MS));
        }
      }
    }
    this.#telling = false;
    this.#toldAt = performance.now();
    this.#show();
  }

  async #join() {
    if (!this.#mic.on && !(await this.#open(device.value))) return;
    if (this.#mic.track) this.#line.join(this.#mic.track);
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
    } catch (error) {
      this.#trouble(microphoneProblem(error));
    }
    this.#show();
    return this.#mic.on;
  }

  async #openIfAllowed() {
    try {
      const allowed = await navigator.permissions.query({
        name: /** @type {PermissionName} */ ("microphone"),
      });
      if (allowed.state === "granted" && this.#mic.possible && !this.#mic.on) await this.#open("");
    } catch {
      // Browsers that do not tell ask at the first press of a button.
    }
  }

  async #devices() {
    const found = await this.#mic.devices();
    const options = found.map((one, index) => {
      return new Option(one.label || `Microphone ${index + 1}`, one.deviceId);
    });
    if (!options.length) options.push(new Option("The usual one", ""));
    device.replaceChildren(...options);
    if (this.#mic.deviceId) device.value = this.#mic.deviceId;
  }

  /** @param {boolean} must @returns {Promise<import("./line.js").Ticket>} */
  async #renew(must) {
    const left = (this.#ticket?.expires_at_ms ?? 0) - Date.now();
    if (this.#ticket && !must && left > RENEW_BEFORE_MS) return this.#ticket;
    try {
      this.#ticket = await call("POST", `${this.#api}/ticket`);
    } catch (error) {
      // The ticket in memory is good while the studio is away.
      if (!this.#ticket || must || left <= 0) throw error;
    }
    return /** @type {import("./line.js").Ticket} */ (this.#ticket);
  }

  #measure() {
    const dbfs = this.#mic.on ? this.#mic.level() : -90;
    meter.dataset.dbfs = dbfs.toFixed(1);
    showLevel(meter, dbfs);
    if (!this.#wantMuted || dbfs < SPEECH_DBFS || this.#line.condition !== "connected") {
      this.#sinceVoice = 0;
    } else if ((this.#sinceVoice += METER_MS) > 1000) {
      words.textContent = "You are muted: nobody hears you.";
    }
  }

  /** @param {string} sentence */
  #trouble(sentence) {
    words.textContent = sentence;
    words.classList.add("wrong");
  }

  #show() {
    const { condition } = this.#line;
    const joined = condition === "connected" || condition === "connecting";
    document.body.dataset.connected = { connected: "true", connecting: "connecting" }[condition] ?? "false";
    document.body.dataset.muted = String(this.#wantMuted);
    check.hidden = joined || this.#mic.on;
    join.hidden = joined;
    leave.hidden = mute.hidden = !joined;
    join.textContent = this.#status === "scheduled" ? "Join the green room" : "Join the stage";
    mute.ariaPressed = String(this.#wantMuted);
    /** @type {HTMLElement} */ (mute.querySelector("span")).textContent = this.#wantMuted ? "Unmute" : "Mute";
    lineWords.textContent = this.#lineWords();
  }

  #lineWords() {
    switch (this.#line.condition) {
      case "connecting":
        return "Connecting to the stage…";
      case "refused":
        return this.#line.words;
      case "away":
        return "Not connected: nobody hears you.";
    }
    if (this.#wantMuted) return "You are here, muted.";
    if (this.#status === "live") return "You are on air.";
    return this.#status === "scheduled" ? "You are in the green room." : "You are on stage, off air.";
  }
}
