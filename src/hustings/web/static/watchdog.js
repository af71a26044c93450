// Watches for silence on the wire. Browsers report "connected" for seconds after the other side is
// gone; the mix-minus, which never pauses, tells it within a third of a second.

const LOOK_MS = 100;
const SILENT_MS = 300;
export const FIRST_PACKET_MS = 3000; // ICE and DTLS on a poor line
export const RESTARTED_MS = 1000; // ICE alone

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
 * Waits until new packets arrive, then until none has come for 300 ms.
 * @param {RTCPeerConnection} connection
 * @param {() => void} onFirst called at the first packet
 * @param {AbortSignal} signal ends the watch
 * @param {number} patience how long the first packet may take, in milliseconds
 * @returns {Promise<boolean>} when the line is silent or the watch was ended: whether packets came
 */
export async function silence(connection, onFirst, signal, patience) {
  const [receiver] = connection.getReceivers();
  let count = await received(receiver);
  let since = performance.now();
  let heard = false;
  while (!signal.aborted && connection.connectionState !== "failed") {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = await received(receiver);
    if (now > count) {
      if (!heard) onFirst();
      heard = true;
      count = now;
      since = performance.now();
    } else if (performance.now() - since > (heard ? SILENT_MS : patience)) {
      break;
    }
  }
  return heard;
}
