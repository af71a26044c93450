// ICE restart (RFC 9725 section 4.3.3): the same session by a new way. Keys and sound go on; what
// changes is where the packets go, so a new network costs two round trips instead of a new session.

import { offer } from "./nack.js";
import { patch } from "./whip.js";

const ICE_LINE = /^a=(ice-ufrag|ice-pwd|ice-options|candidate|end-of-candidates)/;

/**
 * Restart ICE. The old way is used until the new one works; when the stage does not agree, the
 * connection is as it was before.
 * @param {RTCPeerConnection} connection
 * @param {string} session its address at the gate
 * @param {string} ticket
 * @returns {Promise<void>} rejects with the gate's `Refused`, or what the browser says
 */
export async function restartIce(connection, session, ticket) {
  const answer = connection.currentRemoteDescription?.sdp ?? "";
  const words = await offer(connection, { iceRestart: true });
  try {
    const theirs = await patch(session, ticket, fragment(words));
    await connection.setRemoteDescription({ type: "answer", sdp: renewed(answer, theirs) });
  } catch (error) {
    await connection.setLocalDescription({ type: "rollback" }).catch(() => {});
    throw error;
  }
}

/**
 * What of an offer concerns ICE: credentials, and the media section that carries them.
 * @param {string} sdp
 */
function fragment(sdp) {
  const kept = /^(m=audio|a=(group|mid|ice-ufrag|ice-pwd|ice-options):)/;
  return lines(sdp.split("\r\n").filter((line) => kept.test(line)));
}

/**
 * The answer with the ICE of a fragment in place of its own. It has one section that is in use, and
 * that is the last one.
 * @param {string} answer
 * @param {string} theirs
 */
function renewed(answer, theirs) {
  const rest = answer.split("\r\n").filter((line) => line && !ICE_LINE.test(line));
  return lines([...rest, ...theirs.split("\r\n").filter((line) => ICE_LINE.test(line))]);
}

/** @param {string[]} all */
function lines(all) {
  return all.map((line) => `${line}\r\n`).join("");
}
