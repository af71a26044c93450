// Signs that the network under a connection has changed, before its sound is missed.

/**
 * Calls back until the connection is closed. The old way may still work: this is a hint.
 * @param {RTCPeerConnection} connection
 * @param {() => void} changed
 */
export function onNetworkChange(connection, changed) {
  // Not in every browser, and where it is, its estimates of speed are events as well.
  const network = /** @type {any} */ (navigator).connection;
  let kind = network?.type;
  const onKind = () => {
    if (network.type === kind) return;
    kind = network.type;
    changed();
  };
  connection.addEventListener("connectionstatechange", () => {
    if (connection.connectionState === "disconnected") changed();
  });
  const ended = new AbortController();
  const look = () => (connection.connectionState === "closed" ? ended.abort() : changed());
  addEventListener("online", look, { signal: ended.signal });
  network?.addEventListener(
    "change",
    () => (connection.connectionState === "closed" ? ended.abort() : onKind()),
    { signal: ended.signal },
  );
}
