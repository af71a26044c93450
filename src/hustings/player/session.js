/** The lock screen, the headset's keys, the car: what plays, where, and the keys for it. */

import { apart, t } from "./t.js";

const { mediaSession } = navigator;
const STEP_S = 15;
let told = "";
let stood = "";

/**
 * @param {import("./door.js").State} state
 * @param {import("./tape.js").Player | null} player  null: there is but live
 * @param {import("./ear.js").Ear} ear
 * @param {{chapters: {at_ms: number, title: string}[], go: (by: number) => void} | null} [posted]
 */
export function showSession(state, player, ear, posted = null) {
  if (!mediaSession) return;
  const { title, host, seats, picture } = state;
  const chapters = posted?.chapters ?? [];
  const artist = seats.map((seat) => apart(seat.name)).join(", ") || host;
  const album = player && !player.live ? t("Replay") : t("Live");
  const artwork = picture ? [{ src: picture.square, sizes: "256x256", type: "image/webp" }] : [];
  const chapterInfo = chapters.map((one) => ({ title: one.title, startTime: one.at_ms / 1000, artwork: [] }));
  const about = { title: title || t("A live conversation"), artist, album, artwork, chapterInfo };
  if (told !== JSON.stringify([about, Boolean(player)])) {
    told = JSON.stringify([about, Boolean(player)]);
    mediaSession.metadata = new MediaMetadata(about);
    keys(player, ear, chapters.length > 1 ? posted : null);
  }
  if (player) position(player);
}

function keys(player, ear, posted) {
  const plays = (wanted) => {
    if (player && !player.live) player.playing === wanted || player.toggle();
    else if (wanted) ear.play();
    else ear.pause();
  };
  const by = (sign) => ({ seekOffset }) => player.step(sign * (seekOffset || STEP_S));
  const actions = {
    play: () => plays(true),
    pause: () => plays(false),
    stop: () => plays(false),
    seekbackward: player && by(-1),
    seekforward: player && by(1),
    previoustrack: posted && (() => posted.go(-1)),
    nexttrack: posted && (() => posted.go(1)),
    seekto: player && (({ seekTime }) => player.seek(seekTime)),
  };
  for (const [name, action] of Object.entries(actions)) {
    try {
      mediaSession.setActionHandler(/** @type {any} */ (name), action);
    } catch {
      // an action that this browser does not know
    }
  }
}

/** Once a second at most, as clocks on lock screens run by themselves. */
function position({ playing, second, seconds, speed }) {
  const key = `${playing} ${Math.floor(second)} ${Math.floor(seconds)} ${speed}`;
  if (key === stood || !mediaSession.setPositionState || !(seconds > 0)) return;
  stood = key;
  mediaSession.playbackState = playing ? "playing" : "paused";
  const position = Math.min(second, seconds);
  mediaSession.setPositionState({ duration: seconds, playbackRate: speed, position });
}
