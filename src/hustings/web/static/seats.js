// The seats on stage: who is here, who speaks, how loud, what troubles them, and a host's buttons.

import { DENOISE } from "./denoise.js";
import { tell } from "./news.js";
import { copyOf, element, keep, part, write } from "./page.js";
import { t } from "./t.js";
import { badge } from "./tabs.js";
import { Troubles } from "./troubles.js";

/**
 * @typedef {{id: string, name: string, role: string, muted: boolean, connected: boolean,
 *   speaking: boolean, asked?: boolean, denoised?: boolean, lost?: boolean, away?: boolean}} Seat
 */

/** @type {Record<string, string>} */
const ROLES = { host: t("Host"), cohost: t("Co-host"), speaker: t("Speaker") };
/** @type {Record<string, string>} */
const LINES = { good: t("good line"), fair: t("fair line"), poor: t("poor line") };
const FLOOR_DBFS = -60;
const HOT_DBFS = -3;
const SPOKE_MS = 3000; // a turn this long is worth a word to those who do not see who speaks

/**
 * A meter's length for a level.
 * @param {HTMLElement} meter
 * @param {number} dbfs
 */
export function showLevel(meter, dbfs) {
  const length = Math.min(1, Math.max(0, 1 - dbfs / FLOOR_DBFS));
  meter.style.setProperty("--level", length.toFixed(3));
  meter.classList.toggle("hot", dbfs > HOT_DBFS);
}

/** The list of seats. */
export class Seats {
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();
  /** @type {Map<string, Seat>} */
  #seats = new Map();
  /** @type {string[]} */
  #hands = [];
  #troubles;
  #you;
  #over = false;
  #charge = { deputy: "", in_charge: "" };
  #act;
  #floor;
  /** @type {string} whose turn was told last */
  #turn = "";

  /**
   * @param {{seat: string, role: string, hosts: boolean}} you
   * @param {import("./floor.js").Floor} floor
   * @param {(act: string, seat: Seat) => void} act called when a host presses a seat's button
   */
  constructor(you, floor, act) {
    this.#you = you;
    this.#floor = floor;
    this.#act = act;
    this.#troubles = new Troubles(you.seat);
  }

  /**
   * Show these seats.
   * @param {Seat[]} seats
   * @param {string[]} hands the seats that ask for the floor, in order
   * @param {boolean} over nobody can be on stage any more
   * @param {{deputy: string, in_charge: string}} charge the host's deputy, and who stands in now
   */
  show(seats, hands, over, charge) {
    this.#over = over;
    this.#charge = charge;
    const [before, handsBefore] = [this.#seats, this.#hands];
    this.#seats = new Map(seats.map((seat) => [seat.id, seat]));
    this.#hands = hands;
    for (const [id, { name }] of before) {
      if (!this.#seats.has(id)) tell("seats", t("{name} is off the stage.", { name }));
    }
    const list = element("seats");
    keep(list, seats, "seat", ({ id }) => this.#make(id), (row, seat) => this.#fill(row, seat));
    const rows = /** @type {HTMLElement[]} */ ([...list.children]);
    this.#rows = new Map(rows.map((row) => [row.dataset.seat ?? "", row]));
    for (const seat of seats) this.#tell(before.get(seat.id), seat, handsBefore);
    badge(element("stage-badge"), hands.filter((id) => id !== this.#you.seat).length);
  }

  /**
   * Show how loud they are.
   * @param {Record<string, number>} levels dBFS by seat
   */
  levels(levels) {
    for (const [id, row] of this.#rows) {
      const dbfs = levels[id] ?? FLOOR_DBFS;
      row.dataset.level = dbfs.toFixed(1);
      showLevel(part(row, ".meter"), dbfs);
    }
  }

  /**
   * Show what the stage's watch has found.
   * @param {import("./troubles.js").Warning} warning
   * @returns {boolean} whether there is a seat to show it at
   */
  warn(warning) {
    const row = this.#rows.get(warning.seat);
    if (!row) return false;
    this.#troubles.add(warning);
    this.#troubles.show(warning.seat, row);
    return true;
  }

  /** @param {string} seat @param {string} code what is over */
  calm(seat, code) {
    this.#troubles.remove(seat, code);
    const row = this.#rows.get(seat);
    if (row) this.#troubles.show(seat, row);
  }

  /** The stream begins anew, and tells what lasts. */
  forget() {
    this.#troubles.clear();
    for (const [id, row] of this.#rows) this.#troubles.show(id, row);
  }

  /**
   * Show how good their lines are (to hosts).
   * @param {Record<string, {quality: string, loss: number, loss_back: number, rtt_ms: number | null}>} lines
   */
  lines(lines) {
    for (const [id, row] of this.#rows) {
      const line = lines[id];
      const bars = part(row, ".seat-line");
      bars.dataset.quality = line?.quality ?? "";
      if (!line) continue;
      const values = { rtt: Math.round(line.rtt_ms ?? 0), loss: (100 * Math.max(line.loss, line.loss_back)).toFixed(1) };
      bars.title = t("{rtt} ms there and back, {loss} % lost", values);
      write(part(bars, ".visually-hidden"), LINES[line.quality] ?? "");
    }
  }

  /** Show time on the floor. */
  tick() {
    for (const [id, row] of this.#rows) {
      const words = part(row, ".seat-floor");
      write(words, this.#floor.words(id));
      words.dataset.level = this.#floor.level(id);
    }
  }

  /** @param {string} id */
  #make(id) {
    const row = copyOf("seat-template");
    for (const button of row.querySelectorAll("button")) {
      button.addEventListener("click", () => {
        const seat = this.#seats.get(id);
        if (seat) this.#act(button.dataset.act ?? "", seat);
      });
    }
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {Seat} seat
   */
  #fill(row, seat) {
    const own = seat.id === this.#you.seat;
    Object.assign(row.dataset, {
      connected: String(seat.connected), muted: String(seat.muted), speaking: String(seat.speaking), role: seat.role,
      denoised: String(Boolean(seat.denoised)),
    });
    this.#troubles.follow(seat);
    this.#troubles.show(seat.id, row);
    part(row, ".seat-line").hidden = !this.#you.hosts || !seat.connected;
    write(part(row, ".face"), initials(seat.name));
    write(part(row, ".seat-name"), own ? t("{name} (you)", { name: seat.name }) : seat.name);
    const role = [ROLES[seat.role] ?? "", ...this.#standing(seat.id)].join(" · ");
    write(part(row, ".seat-state"), this.#over ? role : `${role} · ${condition(seat)}`);
    const hosts = this.#you.hosts && !this.#over;
    const { name } = seat;
    offer(row, "mute", hosts && !own && seat.connected && !seat.muted, t("Mute {name}", { name }));
    offer(row, "ask", hosts && !own && seat.connected && seat.muted, t("Ask {name} to unmute", { name }));
    const more = DENOISE || this.#you.role !== "speaker" || seat.role === "speaker"; // roles are no deputy's
    offer(row, "more", hosts && more && seat.role !== "host", t("More for {name}", { name }));
    part(row, '[data-act="ask"]').ariaDisabled = String(Boolean(seat.asked));
    const place = this.#hands.indexOf(seat.id) + 1;
    const alone = this.#hands.length < 2;
    part(row, ".seat-hand").hidden = !place;
    write(part(row, ".seat-hand span"), alone ? t("Wants to speak") : t("Wants to speak, number {place}", { place }));
    offer(row, "lower", hosts && place > 0, t("Lower the hand of {name}", { name }));
  }

  /** @param {string} id */
  #standing(id) {
    if (this.#charge.in_charge === id) return [t("in charge")];
    return this.#charge.deputy === id ? [t("deputy")] : [];
  }

  /**
   * Say what changed, for those who do not see it.
   * @param {Seat | undefined} before
   * @param {Seat} seat
   * @param {string[]} handsBefore
   */
  #tell(before, seat, handsBefore) {
    if (!before || seat.id === this.#you.seat) return;
    const { id, name } = seat;
    if (this.#hands.includes(id) && !handsBefore.includes(id)) {
      tell("floor", t("{name} wants to speak.", { name }), (count) => t("{count} on stage want to speak.", { count }));
    }
    const many = (/** @type {number} */ count) => t("{count} changes on stage.", { count });
    if (before.connected !== seat.connected) {
      tell("seats", seat.connected ? t("{name} is here.", { name }) : t("{name} has left.", { name }), many);
    } else if (before.muted !== seat.muted) {
      tell("seats", seat.muted ? t("{name} is muted.", { name }) : t("{name} is no longer muted.", { name }), many);
    }
    if (seat.speaking && !before.speaking && this.#turn !== seat.id) {
      setTimeout(() => {
        if (!this.#seats.get(seat.id)?.speaking || this.#turn === seat.id) return;
        this.#turn = seat.id;
        tell("turn", t("{name} speaks.", { name }), () => t("Several people speak."));
      }, SPOKE_MS);
    }
  }
}

/** @param {Seat} seat */
function condition(seat) {
  if (!seat.connected) return seat.lost ? t("connection lost") : t("not here");
  if (seat.away) return t("away for a moment");
  if (seat.muted) return seat.asked ? t("muted, asked to unmute") : t("muted");
  return seat.speaking ? t("speaking") : t("here");
}

/**
 * @param {HTMLElement} row
 * @param {string} act
 * @param {boolean} may
 * @param {string} label
 */
function offer(row, act, may, label) {
  const button = part(row, `[data-act="${act}"]`);
  const focused = document.activeElement === button;
  button.hidden = !may;
  button.ariaLabel = button.title = label;
  if (focused && !may) part(row, "button:not([hidden])")?.focus();
}

/** First letters of the first and the last name. @param {string} name */
function initials(name) {
  const letters = name.trim().split(/\s+/).map((word) => [...word][0] ?? "");
  return [letters[0], ...letters.slice(1).slice(-1)].join("").toUpperCase();
}
