// A page with a microphone and an ear, for any server: what goes into one and comes out of the
// other is kept with the time at which an audio worklet saw it. See ears.py.

const TAP = `registerProcessor("tap", class extends AudioWorkletProcessor {
  process(inputs) {
    if (inputs[0][0]) this.port.postMessage([Date.now(), inputs[0][0].slice()]);
    return true;
  }
})`;

window.ear = {
  async open() {
    const exact = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    this.microphone = await navigator.mediaDevices.getUserMedia({ audio: exact });
    this.context = new AudioContext({ sampleRate: 48000, latencyHint: "interactive" });
    const address = URL.createObjectURL(new Blob([TAP], { type: "text/javascript" }));
    await this.context.audioWorklet.addModule(address);
    await this.context.resume();
    this.mouth = this.listen(this.microphone);
    this.connection = new RTCPeerConnection({ iceServers: [] });
    this.connection.addTrack(this.microphone.getAudioTracks()[0], this.microphone);
    this.connection.addEventListener("track", ({ track }) => {
      const stream = new MediaStream([track]);
      // A remote track is decoded only where an element plays it.
      document.querySelector("audio").srcObject = stream;
      this.heard = this.listen(stream);
    });
    await this.connection.setLocalDescription();
    if (this.connection.iceGatheringState !== "complete") {
      await new Promise((done) => {
        this.connection.addEventListener("icegatheringstatechange", () => {
          if (this.connection.iceGatheringState === "complete") done();
        });
      });
    }
    return this.connection.localDescription.sdp;
  },

  async take(sdp) {
    await this.connection.setRemoteDescription({ type: "answer", sdp });
  },

  /** @param {MediaStream} stream */
  listen(stream) {
    const kept = [];
    const tap = new AudioWorkletNode(this.context, "tap");
    tap.port.onmessage = ({ data }) => kept.push(data);
    this.context.createMediaStreamSource(stream).connect(tap);
    return kept;
  },

  begin() {
    this.mouth.length = 0;
    this.heard.length = 0;
  },

  /** @param {"mouth" | "heard"} what */
  kept(what) {
    const pieces = this[what].slice();
    const sound = new Float32Array(pieces.reduce((sum, [, piece]) => sum + piece.length, 0));
    let at = 0;
    const ends = pieces.map(([now, piece]) => {
      sound.set(piece, at);
      at += piece.length;
      return [at, now];
    });
    let text = "";
    const bytes = new Uint8Array(sound.buffer);
    for (let i = 0; i < bytes.length; i += 32768) {
      text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    }
    return { ends, sound: btoa(text) };
  },

  close() {
    this.connection.close();
    this.microphone.getTracks().forEach((track) => track.stop());
    return this.context.close();
  },
};
