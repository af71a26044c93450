/**
 * The ticket of a private space: taken out of the address, kept for this tab, sent with every
 * request (visitor.js), and renewed by the studio before it runs out.
 */

import { on, write } from "./page.js";
import { t } from "./t.js";
import { backOff } from "./time.js";
import { ask, visitor } from "./visitor.js";

const FIRST_MS = 5000; // then it is renewed for the first time, which tells how long it lasts
const PART = 0.6; // of its life, after which a ticket is renewed
const ANSWER_MS = 8000;

const INVITE = t("Open the link that you were sent once more. If that does not help, ask the host for a new one.");

/**
 * The state of the space as it stands in the page; where the page was served without one, as the
 * door tells it to who has a ticket. Does not return where there is nothing to be done.
 * @param {import("./door.js").State | null} state
 * @returns {Promise<import("./door.js").State>}
 */
export async function admitted(state) {
  const space = location.pathname.split("/")[2];
  take(`ticket.${space}`);
  // A window that brings a ticket to talk to another one may have none to listen.
  if (location.hash.startsWith("#talk=")) new (await import("./people/who.js")).Who(space, "");
  const known = state ?? (await asked(`/live/${space}/door.json`));
  if (visitor.ticket) renewSoon(known, `ticket.${space}`, FIRST_MS * (0.5 + Math.random()), 0);
  return known;
}

/** From the address, where it must not stay, or from before the page was loaded anew. */
function take(name) {
  const url = new URL(location.href);
  visitor.ticket = url.searchParams.get("ticket") ?? kept(name);
  url.searchParams.delete("ticket");
  history.replaceState(history.state, "", url);
  keep(name);
}

async function asked(url) {
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await ask(url);
      if (answer.ok) return await answer.json();
      if ([401, 403].includes(answer.status)) {
        write(on.headline, t("This conversation is by invitation"));
        write(on.note, INVITE);
        return await new Promise(() => {});
      }
    } catch {
      // no answer: asked again
    }
    await new Promise((done) => setTimeout(done, backOff(tries, { firstMs: 1000, mostMs: 15_000 })));
  }
}

function renewSoon(state, name, ms, tries) {
  setTimeout(async () => {
    try {
      const signal = AbortSignal.timeout?.(ANSWER_MS);
      const answer = await ask(`${state.studio}/api/listen-tickets/renew`, { method: "POST", signal });
      if (answer.ok) {
        const { ticket, expires_in_s: lastsS } = await answer.json();
        visitor.ticket = ticket;
        keep(name);
        document.getElementById("invite")?.remove();
        renewSoon(state, name, 1000 * lastsS * PART, 0);
        return;
      }
      if ([401, 403, 410].includes(answer.status)) {
        warn();
        return;
      }
    } catch {
      // the studio is away: the ticket lasts a while yet
    }
    renewSoon(state, name, 1000 + backOff(tries, { firstMs: 2000, mostMs: 60_000 }), tries + 1);
  }, ms);
}

/** It cannot be renewed: what plays goes on, a new connection may be refused. */
function warn() {
  if (document.getElementById("invite")) return;
  const note = document.createElement("p");
  Object.assign(note, { id: "invite", className: "notice warn" });
  note.setAttribute("role", "status");
  note.textContent = `${t("Your invitation is no longer valid.")} ${INVITE}`;
  on.line.after(note);
}

function kept(name) {
  try {
    return sessionStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}

function keep(name) {
  try {
    if (visitor.ticket) sessionStorage.setItem(name, visitor.ticket);
  } catch {
    // storing is forbidden here: known for as long as the page stands
  }
}
