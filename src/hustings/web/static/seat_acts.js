// What a host does with a seat: mute, ask to unmute, link, role, deputy, remove.

import { command } from "./command.js";
import { DENOISE, denoise } from "./denoise.js";
import { choose } from "./sheet.js";
import { tell } from "./news.js";
import { t } from "./t.js";
import { done, settle } from "./toast.js";

/**
 * @param {string} act the button pressed
 * @param {import("./seats.js").Seat} seat
 * @param {{own: boolean, roles: boolean, deputy: string, showLink: ((name: string, link: string) => void) | null}} desk
 *   `own`: it is the host's; `roles`: it gives and takes them, as a deputy's does not; `deputy` who stands in for the host; without `showLink` there is no place
 *   for links
 */
export async function actOnSeat(act, seat, { own, roles, deputy, showLink }) {
  const path = `/seats/${seat.id}`;
  const { name } = seat;
  if (act === "mute") await command("POST", `${path}/mute`);
  if (act === "ask" && !seat.asked && (await command("POST", `${path}/ask-unmute`))) {
    tell("ask", t("{name} is asked to unmute.", { name }));
  }
  if (act === "lower") await command("DELETE", `${path}/hand`);
  if (act !== "more") return;
  const cohost = seat.role === "cohost";
  const chosen = await choose({
    title: name,
    reason: true,
    options: [
      ...(showLink && (roles || !cohost) ? [{ act: "link", label: t("Make a new link") }] : []),
      ...(DENOISE ? [{ act: "denoise", label: seat.denoised ? t("Leave the noise in") : t("Suppress background noise") }] : []),
      ...(own ? [{ act: "deputy", label: deputy === seat.id ? t("No longer my deputy") : t("Make my deputy") }] : []),
      ...(roles ? [{ act: "role", label: cohost ? t("Make a speaker") : t("Make a co-host") }] : []),
      ...(roles || !cohost ? [{ act: "remove", label: t("Remove from the stage"), grave: true }] : []),
    ],
  });
  if (chosen) settle();
  if (chosen?.act === "link") {
    const made = await command("POST", `${path}/link`);
    if (made) showLink?.(name, made.link);
  }
  if (chosen?.act === "deputy") await nameDeputy(seat, deputy);
  if (chosen?.act === "denoise") await denoise(seat.id, !seat.denoised);
  if (chosen?.act === "role") await changeRole(seat, cohost ? "speaker" : "cohost");
  if (chosen?.act === "remove" && (await command("DELETE", path, { reason: chosen.reason }))) {
    done(t("{name} is off the stage.", { name }), () => command("POST", `${path}/restore`));
  }
}

/**
 * @param {import("./seats.js").Seat} seat
 * @param {string} before the deputy until now
 */
async function nameDeputy({ id, name }, before) {
  const seat = before === id ? "" : id;
  if (!(await command("PUT", "/deputy", { seat }))) return;
  const words = seat
    ? t("{name} is in charge whenever your connection is lost.", { name })
    : t("{name} is no longer your deputy.", { name });
  done(words, () => command("PUT", "/deputy", { seat: before }));
}

/**
 * @param {import("./seats.js").Seat} seat
 * @param {"speaker" | "cohost"} role
 */
async function changeRole(seat, role) {
  const path = `/seats/${seat.id}`;
  if (!(await command("PUT", path, { role }))) return;
  const { name } = seat;
  const words = role === "cohost" ? t("{name} is a co-host now.", { name }) : t("{name} is a speaker now.", { name });
  done(words, () => command("PUT", path, { role: seat.role }));
}
