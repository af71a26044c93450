/**
 * The page put together: the state it was served with, the ear, the view and the big button. What
 * a visitor does not need in order to see and to hear is loaded after that (later.js).
 */

import { Ear } from "./ear.js";
import { on, showMoment, showState } from "./page.js";
import { backOff } from "./time.js";
import { identify } from "./visitor.js";
import { SENDING, shown } from "./words.js";

const given = JSON.parse(on.door.textContent);
const invited = !given || /[?&]ticket=/.test(location.search);
const first = invited ? await (await import("./ticket.js")).admitted(given) : given;
const skewMs = first.now_ms - Date.now();
identify(first.space);
try {
  document.documentElement.style.fontSize = JSON.parse(localStorage.getItem("text"));
} catch {
  // storing is forbidden here
}

/** What the later parts share; `door`, `ladder` and `replay` are theirs. @type {any} */
const page = { state: first, ear: new Ear(on.sound, `/live/${first.space}`), show, moment, sheet };
const { ear } = page;
const later = new Promise((done) => {
  setTimeout(async () => {
    page.styles = Promise.all(["tools.css", "people/people.css"].map(sheet));
    done((await part("later")).furnish(page));
  });
});

ear.addEventListener("ask", () => page.door?.soon());
ear.addEventListener("facts", moment);
ear.addEventListener("full", climb);
on.play.addEventListener("click", toggle);
on.golive.addEventListener("click", () => {
  ear.goLive();
  on.play.focus(); // "Back to live" vanishes
});
setInterval(moment, 1000); // the countdown, also where the ear's own ticks are slowed down
show(first);

/** @param {import("./door.js").State} state */
function show(state) {
  page.state = state;
  ear.open = SENDING.includes(shown(state));
  showState(state);
  moment();
}

function moment() {
  const { state, door, ladder, replay } = page;
  const facts = { told: ladder?.told ?? "", free: ladder?.free ?? false, ...ear.facts };
  if (shown(state) === "posted") {
    Object.assign(facts, { behindS: null, phase: replay?.playing ? "playing" : "idle" });
  }
  showMoment(state, facts, door?.nowMs ?? Date.now() + skewMs, door?.reachable ?? true);
}

async function toggle() {
  if (shown(page.state) === "posted") (page.replay ?? (await later).replay).toggle();
  else if (["idle", "paused"].includes(ear.facts.phase)) ear.play();
  else ear.pause();
  moment();
}

async function climb() {
  const { Ladder } = await part("ladder");
  const { door } = await later;
  page.ladder ??= new Ladder(ear, door);
}

/** The style of what is furnished. @param {string} name */
function sheet(name) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL(name, import.meta.url).href;
  return new Promise((done) => {
    link.addEventListener("load", done);
    link.addEventListener("error", done);
    document.head.append(link);
  });
}

/** A module that the page can do without for a while; a line that fails now may work soon. */
async function part(name) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await import(`./${name}.js${tries ? `?${tries}` : ""}`);
    } catch {
      await new Promise((done) => setTimeout(done, backOff(tries, { firstMs: 1000, mostMs: 15_000 })));
    }
  }
}
