// Lost packets can be asked for again (NACK, RFC 4585): browsers know how, for sound as well, but
// offer it only where a page has written it into the offer.

const OPUS = /^a=rtpmap:(\d+) opus\/48000\/2\r\n/gim;

/**
 * The offer of a connection, as it is to be sent and set. A browser that takes no other words than
 * its own gets its own.
 * @param {RTCPeerConnection} connection
 * @param {RTCOfferOptions} [options]
 */
export async function offer(connection, options) {
  const made = await connection.createOffer(options);
  const asking = (made.sdp ?? "").replace(OPUS, "$&a=rtcp-fb:$1 nack\r\n");
  try {
    await connection.setLocalDescription({ type: "offer", sdp: asking });
  } catch {
    await connection.setLocalDescription(made);
  }
  return connection.localDescription?.sdp ?? "";
}
