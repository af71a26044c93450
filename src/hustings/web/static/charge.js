// Who is in charge: the host, or a deputy while the host is away. It is said on every page of the stage,
// and whoever is in charge gets the buttons for it at once.

import { tell } from "./news.js";
import { element, write } from "./page.js";
import { t } from "./t.js";

const RUNS = ["host", "cohost"];
let before = "";

/**
 * Whether we run the space now.
 * @param {any} space
 * @param {{seat: string, role: string}} you
 */
export function runs(space, you) {
  return RUNS.includes(you.role) || Boolean(you.seat && space.in_charge === you.seat);
}

/**
 * Say who is in charge.
 * @param {any} space
 * @param {{seat: string, role: string}} you
 */
export function showCharge(space, you) {
  const line = element("charge");
  const words = space.in_charge ? sentence(space, you) : "";
  line.hidden = !words;
  write(element("charge-words"), words);
  const own = Boolean(you.seat) && space.in_charge === you.seat;
  // Hands, chat and the rest stand on a page that is loaded anew; that takes us off for a moment.
  element("charge-desk").hidden = !own || Boolean(element("panel-hands"));
  if (own) putButtons();
  // A deputy may have stepped down, or all may be over.
  if (before && !space.in_charge && host(space)?.connected) {
    tell("charge", t("{name} is back and in charge.", { name: host(space)?.name ?? "" }));
  }
  before = space.in_charge;
}

/** @param {any} space */
function host(space) {
  return space.seats.find((/** @type {any} */ seat) => seat.role === "host");
}

/**
 * @param {any} space
 * @param {{seat: string, role: string}} you
 */
function sentence(space, you) {
  const away = host(space);
  const deputy = space.seats.find((/** @type {any} */ seat) => seat.id === space.in_charge);
  const names = { host: away?.name ?? "", deputy: deputy?.name ?? "" };
  if (you.role === "host") {
    return t("{deputy} is in charge until you are on stage again. You can still do everything here.", names);
  }
  if (space.in_charge === you.seat) {
    return away?.lost
      ? t("{host}'s connection is lost: you are in charge until {host} is back.", names)
      : t("{host} has left the stage: you are in charge until {host} is back.", names);
  }
  return away?.lost
    ? t("{host}'s connection is lost: {deputy} is in charge until {host} is back.", names)
    : t("{host} has left the stage: {deputy} is in charge until {host} is back.", names);
}

/** The next step, the cut and the end, on a page that came without them. */
function putButtons() {
  if (element("next-buttons")) return;
  const buttons = document.createElement("div");
  buttons.className = "next-buttons";
  buttons.id = "next-buttons";
  const [next, cut, end] = ["button", "button", "button"].map((name) => document.createElement(name));
  next.className = "primary huge";
  next.id = "next-step";
  cut.className = "huge";
  cut.id = "cut";
  cut.hidden = true;
  cut.textContent = t("Cut");
  cut.title = t("Off air at once, in mid-word");
  end.className = "danger huge";
  end.id = "end";
  end.textContent = t("End");
  buttons.append(next, cut, end);
  element("next").append(buttons);
}
