/**
 * What the page gets once it stands: news from the door and with the sound, latency control, who is
 * on stage, position bar, volume, reactions, the lock screen, how to share, and the people's side. What a
 * recording needs comes with it (posted.js).
 *
 * Everything below the player appears at once, when all of it is there, so that nothing moves.
 */

import { showCountdown } from "./countdown.js";
import { Door } from "./door.js";
import { furnishFoot } from "./foot.js";
import * as latency from "./latency.js";
import { on } from "./page.js";
import { furnishAbout, showAbout } from "./people/about.js";
import { follow } from "./people/coming.js";
import { Entrance } from "./people/entrance.js";
import { People } from "./people/people.js";
import { furnishTools, showCaptions } from "./people/tools.js";
import { installable } from "./people/worker.js";
import { Reactions } from "./reactions.js";
import { Replay } from "./replay.js";
import { Rewind } from "./rewind.js";
import { showSession } from "./session.js";
import { showStage } from "./stage.js";
import { Tape } from "./tape.js";
import { Events } from "./timed.js";
import { furnishVolume } from "./volume.js";
import { SENDING, shown } from "./words.js";

const PATIENCE_MS = 4000; // for the recording's files, before the page is shown without them
const STEADY_MS = 5000; // then what may be needed in a bad moment is loaded in a good one

/** The replay's side of the page, made once, and shown anew with each state. */
async function recording(page, made) {
  const before = await made;
  if (before) {
    await before.show();
    return before;
  }
  const [{ Posted }] = await Promise.all([import("./posted.js"), page.sheet("replay/replay.css")]);
  const posted = (page.posted = new Posted(page));
  await posted.furnish();
  return posted;
}

/** @param {any} page  what main.js shares */
export async function furnish(page) {
  const { ear } = page;
  ear.head.steerBy(latency);
  const door = (page.door = new Door(page.state, `${ear.base}/door.json`));
  door.addEventListener("line", page.moment);
  new Events(ear, door);
  await page.styles;
  const replay = (page.replay = new Replay(on.record, page.moment));
  const rewind = ear.rewinds ? new Rewind(ear, door) : null;
  const tape = new Tape(on.tape);
  const reactions = new Reactions(on.reactions, ear.base, door);
  furnishVolume(on.loudness, [on.sound, on.record]);
  furnishAbout();
  // The small player for other pages has no such side.
  const people = (page.people = on.rest.isConnected ? new People(page, door) : null);
  const entrance = new Entrance(page);
  furnishTools(page, on.tools);
  if (people) furnishFoot(on.foot, people.studio, () => door.state);

  /** @type {Promise<any> | null} */
  let posted = null;
  const show = () => {
    const { state } = door;
    page.show(state);
    const status = shown(state);
    const player = status === "posted" ? replay : state.live_n !== null && rewind;
    tape.use(["live", "held"].includes(status) && player ? player : null);
    if (status === "posted") {
      replay.open(state.replay);
      posted = recording(page, posted);
    }
    reactions.open = status === "live";
    showAbout(state);
    showCaptions(page, state);
    people?.show();
    entrance.show(state);
    follow(state);
    on.loudness.classList.toggle("off", !SENDING.includes(status) && status !== "posted");
    showStage(state);
    showSession(state, status === "posted" ? replay : rewind, ear, page.posted);
  };
  const tick = () => {
    showCountdown(door.state, door.nowMs);
    door.far = ear.hearing || Boolean(page.ladder?.reading);
    tape.show();
    showSession(door.state, shown(door.state) === "posted" ? replay : rewind, ear, page.posted);
  };
  door.addEventListener("change", show);
  ear.addEventListener("facts", tick);
  on.record.addEventListener("timeupdate", tick);
  setInterval(tick, 1000); // where the ear's own ticks are slowed down
  show();
  tick();
  await Promise.race([posted, new Promise((done) => setTimeout(done, PATIENCE_MS))]);
  on.rest.hidden = false;
  setTimeout(() => import("./ladder.js").catch(() => {}), STEADY_MS);
  if (people) setTimeout(installable, STEADY_MS);
  return page;
}
