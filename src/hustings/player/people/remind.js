/** "Remind me": a calendar file, a message of this browser, or a mail. */

import { make, write } from "../page.js";
import { t } from "../t.js";
import { moment } from "../time.js";
import { visitor } from "../visitor.js";
import { remember } from "./coming.js";
import { dialog } from "./dialogs.js";
import { field, press, refuse, tell } from "./parts.js";
import { sent } from "./studio.js";
import { worker } from "./worker.js";

/** @param {import("../door.js").State} state */
export function showRemind(state) {
  const calendar = make("a", "button", t("Calendar file"));
  calendar.href = `/s/${state.space}/event.ics`;
  calendar.addEventListener("click", () => remember(state));
  const said = make("p", "notice");
  said.hidden = true;
  const made = dialog(
    t("Remind me"), make("p", "soft", `${moment(state.starts_at_ms)}.`),
    make("div", "ways", calendar, byPush(state, said)), said, byMail(state, said),
    press("", () => made.close(), t("Close")),
  );
}

/** A message of the browser, which it can show with the page closed. */
function byPush(state, said) {
  const able = "PushManager" in window && "serviceWorker" in navigator;
  const button = press("", async () => {
    button.disabled = true;
    try {
      done(state, said, await pushed(state));
      button.hidden = true;
    } catch (error) {
      done(null, said, error.name === "NotAllowedError" ? t("This browser may not show messages of this page. Allow them in its settings, or choose another way.") : error.message);
    }
    button.disabled = false;
  }, t("Notify me in this browser"));
  button.hidden = !able;
  return button;
}

async function pushed(state) {
  const made = await worker();
  if (!made) throw new Error(t("This browser cannot show messages here. Choose another way."));
  const { key } = await (await sent(`${state.studio}/api/push-key`, {})).json();
  const options = { userVisibleOnly: true, applicationServerKey: key };
  const before = await made.pushManager.getSubscription();
  const subscription = before ?? (await made.pushManager.subscribe(options));
  return remind(state, { kind: "push", subscription: subscription.toJSON() });
}

function byMail(state, said) {
  const email = field("input", t("Your e-mail address"), {
    type: "email", autocomplete: "email", required: true,
  });
  const send = make("button", "", t("Send me a mail"));
  const form = make(
    "form", "stack", make("div", "", email.name, email.input, email.error),
    make("p", "soft", t("It is used for this reminder only, and forgotten after it.")), send,
  );
  form.noValidate = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!email.input.validity.valid) {
      refuse(email, t("Write an address such as name@example.org."));
      return;
    }
    send.disabled = true;
    try {
      done(state, said, await remind(state, { kind: "mail", email: email.input.value }));
      form.hidden = true;
    } catch (error) {
      refuse(email, error.message);
    }
    send.disabled = false;
  });
  return form;
}

/** @returns {Promise<string>} what happens next */
async function remind(state, json) {
  const headers = /** @type {Record<string, string>} */ ({ "Content-Type": "application/json" });
  if (visitor.ticket) headers.Authorization = `Bearer ${visitor.ticket}`;
  const url = `${state.studio}/api/spaces/${state.space}/reminders`;
  const answer = await sent(url, { method: "POST", headers, body: JSON.stringify(json) });
  return (await answer.json().catch(() => null))?.sentence ?? t("You will be reminded.");
}

function done(state, said, text) {
  if (state) remember(state);
  said.hidden = false;
  said.classList.toggle("warn", !state);
  write(said, text);
  tell(text);
}
