// The seats on stage: who is here, who speaks, how loud, and what a host can do about it.

/**
 * @typedef {{id: string, name: string, role: string, muted: boolean, connected: boolean, speaking: boolean}} Seat
 */

const ROLES = new Map([["host", "Host"], ["cohost", "Co-host"], ["speaker", "Speaker"]]);
const FLOOR_DBFS = -60;
const HOT_DBFS = -3;
const NEWS_MS = 1500;

const list = /** @type {HTMLElement} */ (document.getElementById("seats"));
const news = /** @type {HTMLElement} */ (document.getElementById("seat-news"));
const template = /** @type {HTMLTemplateElement} */ (document.getElementById("seat-template"));

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
  #own;
  #hosts;
  #over = false;
  #act;
  /** @type {string[]} */
  #unsaid = [];

  /**
   * @param {{seat: string, hosts: boolean}} you
   * @param {(act: string, seat: Seat) => void} act called when a host presses a seat's button
   */
  constructor(you, act) {
    this.#own = you.seat;
    this.#hosts = you.hosts;
    this.#act = act;
  }

  /**
   * Show these seats. Rows are kept, so that focus stays where it is.
   * @param {Seat[]} seats
   * @param {boolean} over nobody can be on stage any more
   */
  show(seats, over) {
    this.#over = over;
    const now = new Map(seats.map((seat) => [seat.id, seat]));
    for (const [id, row] of this.#rows) {
      if (now.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    for (const seat of seats) {
      this.#fill(this.#row(seat.id), seat);
      this.#tell(this.#seats.get(seat.id), seat);
    }
    this.#seats = now;
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

  /** @param {string} id */
  #row(id) {
    const known = this.#rows.get(id);
    if (known) return known;
    const made = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    const row = part(made, ".seat");
    row.dataset.seat = id;
    for (const button of row.querySelectorAll("button")) {
      button.addEventListener("click", () => {
        const seat = this.#seats.get(id);
        if (seat) this.#act(button.dataset.act ?? "", seat);
      });
    }
    list.append(row);
    this.#rows.set(id, row);
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {Seat} seat
   */
  #fill(row, seat) {
    const own = seat.id === this.#own;
    row.dataset.connected = String(seat.connected);
    row.dataset.muted = String(seat.muted);
    row.dataset.speaking = String(seat.speaking);
    part(row, ".face").textContent = initials(seat.name);
    part(row, ".seat-name").textContent = seat.name + (own ? " (you)" : "");
    part(row, ".seat-state").textContent = this.#over
      ? ROLES.get(seat.role) ?? ""
      : `${ROLES.get(seat.role)} · ${condition(seat)}`;
    const hosts = this.#hosts && !this.#over;
    const allowed = {
      mute: hosts && !own && seat.connected && !seat.muted,
      link: hosts && seat.role !== "host",
      remove: hosts && !own && seat.role !== "host",
    };
    const words = {
      mute: `Mute ${seat.name}`,
      link: `Make a new link for ${seat.name}`,
      remove: `Remove ${seat.name}`,
    };
    for (const [act, may] of Object.entries(allowed)) {
      const button = /** @type {HTMLButtonElement} */ (part(row, `[data-act="${act}"]`));
      button.hidden = !may;
      button.ariaLabel = button.title = words[/** @type {"mute"} */ (act)];
    }
  }

  /**
   * Say what changed, a few things at a time, for those who do not see it.
   * @param {Seat | undefined} before
   * @param {Seat} seat
   */
  #tell(before, seat) {
    if (!before || seat.id === this.#own) return;
    if (before.connected !== seat.connected) {
      this.#say(`${seat.name} ${seat.connected ? "is here" : "has left"}`);
    } else if (before.muted !== seat.muted) {
      this.#say(`${seat.name} is ${seat.muted ? "muted" : "no longer muted"}`);
    }
  }

  /** @param {string} words */
  #say(words) {
    this.#unsaid.push(words);
    if (this.#unsaid.length > 1) return;
    setTimeout(() => {
      news.textContent = this.#unsaid.splice(0).join(". ");
    }, NEWS_MS);
  }
}

/** @param {Seat} seat */
function condition(seat) {
  if (!seat.connected) return "not here";
  if (seat.muted) return "muted";
  return seat.speaking ? "speaking" : "here";
}

/**
 * @param {ParentNode} parent
 * @param {string} selector
 */
function part(parent, selector) {
  return /** @type {HTMLElement} */ (parent.querySelector(selector));
}

/** First letters of the first and the last name. @param {string} name */
function initials(name) {
  const letters = name.trim().split(/\s+/).map((word) => [...word][0] ?? "");
  return [letters[0], ...letters.slice(1).slice(-1)].join("").toUpperCase();
}
