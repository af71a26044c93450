// Watches for silence on the wire. Browsers report "connected" for seconds after the other side is
// gone; the mix-minus, which never pauses, tells it within a third of a second.

const LOOK_MS = 100;
const SILENT_MS = 300;
const FIRST_PACKET_MS = 3000; // ICE and DTLS on a poor line

/**
 * Packets received so far.
 * @param {RTCRtpReceiver} receiver
 */
async function received(receiver) {
  for (const report of (await receiver.getStats()).values()) {
    if (report.type === "inbound-rtp") return report.packetsReceived ?? 0;
  }
  return 0;
}

/**
 * Waits until packets arrive, then until none has come for 300 ms.
 * @param {RTCPeerConnection} connection
 * @param {() => void} onFirst called at the first packet
 * @param {AbortSignal} signal ends the watch
 * @returns {Promise<void>} resolves when the line is silent or the watch was ended
 */
export async function silence(connection, onFirst, signal) {
  const [receiver] = connection.getReceivers();
  let count = 0;
  let since = performance.now();
  while (!signal.aborted && connection.connectionState !== "failed") {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = await received(receiver);
    if (now > count) {
      if (count === 0) onFirst();
      count = now;
      since = performance.now();
    } else if (performance.now() - since > (count ? SILENT_MS : FIRST_PACKET_MS)) {
      return;
    }
  }
}
