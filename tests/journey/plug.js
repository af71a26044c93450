// The microphone's plug, for a browser that has none: pull() and plug().
// What real browsers do (W3C mediacapture-streams, 10.2): the source ends, so every track of it ends,
// clones too; the device leaves the list; "devicechange" is told; nothing can be opened.
(() => {
  const media = navigator.mediaDevices;
  const open = media.getUserMedia.bind(media);
  const list = media.enumerateDevices.bind(media);
  const clone = MediaStreamTrack.prototype.clone;
  const tracks = new Set();
  let inside = true;
  media.getUserMedia = async (wanted) => {
    if (!inside) throw new DOMException("", "NotFoundError");
    const stream = await open(wanted);
    for (const track of stream.getTracks()) tracks.add(track);
    return stream;
  };
  media.enumerateDevices = async () => (inside ? list() : []);
  MediaStreamTrack.prototype.clone = function () {
    const made = clone.call(this);
    tracks.add(made);
    return made;
  };
  window.pull = () => {
    inside = false;
    const live = [...tracks].filter((track) => track.readyState === "live");
    for (const track of live) track.stop();
    for (const track of live) track.dispatchEvent(new Event("ended"));
    tracks.clear();
    media.dispatchEvent(new Event("devicechange"));
  };
  window.plug = () => {
    inside = true;
    media.dispatchEvent(new Event("devicechange"));
  };
})();
