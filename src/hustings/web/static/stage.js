// The stage page: puts seats, desk and microphone on the live state of the space.

import { SIGNED_OUT } from "./api.js";
import { hear } from "./backstage.js";
import { runs, showCharge } from "./charge.js";
import { command, complain, settled, SPACE } from "./command.js";
import { ask } from "./confirm.js";
import "./copy.js";
import { show as showCrowd, showDoor } from "./crowd.js";
import { Cut } from "./cut.js";
import { showOwnDenoise } from "./denoise.js";
import { Desk } from "./desk.js";
import { follow } from "./events.js";
import { Floor } from "./floor.js";
import { showLink } from "./invite.js";
import { listen } from "./keys.js";
import { moment } from "./local_time.js";
import { OwnMic } from "./own_mic.js";
import { showOwnHand, toggleHand } from "./own_hand.js";
import { comeBack, element, span, write } from "./page.js";
import { offerProgram } from "./program.js";
import { showRehearsal } from "./rehearsal.js";
import { showRoom } from "./room.js";
import { actOnSeat } from "./seat_acts.js";
import { Seats } from "./seats.js";
import { Step } from "./step.js";
import { number, t } from "./t.js";
import { show as showTab, showTalk } from "./tabs.js";
import { undoLast } from "./toast.js";

/** @type {Record<string, string>} */
const STATUS_WORDS = {
  scheduled: t("Scheduled"), doors: t("Doors open"), live: t("Live"), held: t("On hold"),
  ended: t("Ended"), posted: t("Posted"), withheld: t("Not published"), cancelled: t("Cancelled"),
};
const OVER = ["ended", "posted", "withheld", "cancelled"];
const GONE_LOOKS = 24; // for a seat that is given back: two minutes

const { space: first, you } = JSON.parse(element("state").textContent ?? "");
const step = new Step(you.hosts);
const cut = new Cut();
const desk = you.hosts ? new Desk() : null;
const floor = new Floor(you.seat);
const seats = new Seats(you, floor, (act, seat) => {
  void actOnSeat(act, seat, {
    own: you.role === "host",
    roles: you.role !== "speaker",
    deputy: space.deputy,
    showLink: desk ? showLink : null,
  });
});
const mic = you.seat ? new OwnMic({ space: first.id, seat: you.seat }) : null;
if (!mic) element("microphone").hidden = true;
if (you.seat) offerProgram(first.id);

/** @type {any} */
let space = first;
let aheadMs = 0; // the studio's clock minus ours
let gone = 0; // how often we were told that our seat is not there
let signedOut = false;

/** @param {any} now */
function show(now) {
  const back = comeBack();
  space = now;
  aheadMs = now.now_ms - Date.now();
  document.body.dataset.status = now.status;
  write(element("status"), now.rehearsing ? t("Rehearsal") : (STATUS_WORDS[now.status] ?? now.status));
  element("status").className = `pill ${now.status}`;
  element("reason").hidden = !now.reason;
  write(element("reason"), now.reason);
  const over = OVER.includes(now.status);
  // The host is here by an account; everybody else by a seat.
  const seated = you.role === "host" || now.seats.some((/** @type {any} */ seat) => seat.id === you.seat);
  floor.follow(now);
  you.hosts = runs(now, you);
  showCharge(now, you);
  step.hosts = you.hosts;
  seats.show(now.seats, now.hands_on_stage, over || !seated, now);
  step.show(now, seated);
  cut.show(now, seated);
  showRehearsal(now, seated);
  if (desk) desk.show(now, seated && you.hosts, now.now_ms);
  else showRoom(now);
  mic?.follow(now);
  showOwnDenoise(now, you.seat);
  showOwnHand(now, you.seat, !over && now.seats.some((/** @type {any} */ seat) => seat.id === you.seat));
  if (over) element("listening-line").hidden = true;
  tick();
  changedRole(now.seats);
  if (!seated) dismissed();
  else if (gone) location.reload(); // the seat was given back: all begins anew
  back(); // what had the focus may be gone
}

/**
 * A host made us a co-host, or the reverse. Only a page that is loaded anew is another page, and
 * loading takes us off the stage for a moment: when is ours to say.
 * @param {import("./seats.js").Seat[]} all
 */
function changedRole(all) {
  const role = all.find((seat) => seat.id === you.seat)?.role ?? you.role;
  if (you.role === "host" || role === you.role) return;
  you.role = role;
  complain(
    role === "cohost"
      ? t("You are a co-host now. Reload this page when you do not speak: the desk is on it.")
      : t("You are a speaker now, no longer a co-host."),
  );
}

/** Our seat is gone. A host may undo that: the page keeps looking for a while. */
function dismissed() {
  gone += 1;
  mic?.close();
  desk?.show(space, false, space.now_ms);
  step.show(space, false);
  cut.show(space, false);
  showRehearsal(space, false);
  element("offline").hidden = true;
  for (const id of ["talk-backstage", "step-down"]) element(id)?.setAttribute("hidden", "");
  complain(t("Your seat was taken away. Ask the host for a new invitation."));
  element("as-listener").hidden = false;
  if (gone > GONE_LOOKS) stop();
}

function tick() {
  const at = Date.now() + aheadMs;
  write(element("clock"), clockWords(at));
  step.tick(at);
  cut.tick(at);
  seats.tick();
  desk?.tick(at);
}

/** @param {number} at the studio's clock, milliseconds */
function clockWords(at) {
  if (space.live_at_ms && !space.ended_at_ms) return span(at - space.live_at_ms);
  if (space.recording_seconds) return span(space.recording_seconds * 1000);
  const left = space.starts_at_ms - at;
  if (left > 0 && left < 3_600_000) return t("starts in {time}", { time: span(left) });
  return moment(space.starts_at_ms);
}

async function stepDown() {
  const sure = await ask({
    title: t("Step down from the stage?"),
    words: t("You leave your seat. To come back, the host has to invite you again."),
    yes: t("Step down"),
    grave: true,
  });
  if (sure) await command("DELETE", `/seats/${you.seat}`);
}

const stop = follow(SPACE, {
  state: show,
  levels: (levels) => {
    settled("no_room"); // somebody is on stage
    seats.levels(levels);
  },
  lines: (lines) => seats.lines(lines),
  floor: (now) => {
    floor.take(now);
    seats.tick();
  },
  listening: (count) => {
    element("listening").textContent = number(count);
    element("listening-line").hidden = !["doors", "live", "held"].includes(space.status);
  },
  crowd: (figures) => {
    if (!desk || !you.hosts) return;
    showCrowd(element("crowd"), figures);
    showDoor(figures);
  },
  // Hosts are told of everything; a speaker of what concerns them or everybody.
  warning: (warning) => {
    const mine = you.hosts || !warning.seat || warning.seat === you.seat;
    if (mine && !seats.warn(warning)) complain(warning.advice, warning.code);
  },
  cleared: ({ seat, code }) => {
    if (seat) seats.calm(seat, code);
    else settled(code);
  },
  talk: (news) => desk?.talk.add(news),
  tally: (ballots) => desk?.talk.tally(ballots),
  backstage: (lines) => hear(lines, you.seat),
  taken: (page) => mic?.taken(page),
  online: (online) => {
    document.body.dataset.events = String(online);
    element("offline").hidden = online || gone > 0;
    if (!online) return;
    seats.forget();
    void desk?.talk.load();
    if (signedOut) element("notice").hidden = true;
    signedOut = false;
  },
  refused: ({ status }) => {
    document.body.dataset.events = "false";
    if (status !== 401) return dismissed();
    signedOut = true;
    element("offline").hidden = true;
    complain(you.role === "host" ? SIGNED_OUT : t("This browser holds no seat any more. Open your invitation again."));
  },
});

/** @param {string} tab @param {string} id what gets the focus there */
function go(tab, id) {
  showTab(tab);
  const target = element(id);
  const fold = /** @type {HTMLDetailsElement | null} */ (target.closest("details"));
  if (fold) fold.open = true;
  (fold ? /** @type {HTMLElement} */ (fold.querySelector("summary")) : target).focus();
}

/** @param {string} which */
function talkTo(which) {
  showTab("chat");
  showTalk(which);
  element(which === "audience" ? "chat-text" : "backstage-text").focus();
}

listen({
  m: () => mic?.toggle(),
  r: () => void toggleHand(),
  s: () => go("stage", "seats-title"),
  c: () => talkTo(you.hosts ? "audience" : "backstage"),
  b: () => talkTo("backstage"),
  g: () => void step.asked(),
  e: () => step.end(),
  x: () => void cut.press(),
  ...(you.hosts && {
    h: () => go("hands", "hands-title"),
    q: () => go("more", "questions-title"),
    p: () => go("more", "polls-title"),
    u: () => void undoLast(),
    k: () => desk?.chapter(),
  }),
});
element("step-down")?.addEventListener("click", () => void stepDown());
document.addEventListener("space", (event) => {
  const { detail } = /** @type {CustomEvent} */ (event);
  if (detail.now_ms >= space.now_ms) show(detail); // an answer that was overtaken is old
});
setInterval(tick, 1000);
// A page taken out of the back-forward cache has given everything up.
addEventListener("pageshow", (event) => event.persisted && location.reload());
show(first);
