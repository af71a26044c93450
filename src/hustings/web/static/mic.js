// The microphone: capture, level, choice of device. The track survives every reconnection.

import { t } from "./t.js";

const RAW = new URLSearchParams(location.search).get("raw") === "1";
const FLOOR_DBFS = -90;
// Names for whichever device is chosen at the moment; they stay when that one goes.
const ALIASES = ["default", "communications"];
const HELD_MS = 500; // a headset that wakes up is quicker

/**
 * Events: "track" when the track to send is another one, "devices" when the list may have changed,
 * "unplugged" when the microphone went away (`on` says whether another one was opened instead,
 * `detail` why none was),
 * "back" when it was plugged in again and is used again,
 * "held" when something else has it for a while, such as a telephone call, and "free" when that is over.
 */
export class Microphone extends EventTarget {
  /** @type {MediaStreamTrack | null} */
  track = null;
  /** @type {MediaStreamTrack | null} a copy that hears even while we are muted */
  #meter = null;
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {AnalyserNode | null} */
  #analyser = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  #samples = new Float32Array(2048);
  #muted = false;
  #held = false;
  /** @type {{id: string, label: string} | null} the one that was unplugged, until it is back */
  #missing = null;
  /** The one in use itself, under no alias. */
  #using = { id: "", label: "" };
  #closings = 0;

  constructor() {
    super();
    navigator.mediaDevices?.addEventListener("devicechange", () => {
      this.dispatchEvent(new Event("devices"));
      void this.#lookFor();
    });
  }

  /** What the microphone that was unplugged is called, "" if none is missing. */
  get missing() {
    return this.#missing?.label ?? "";
  }

  /** What the microphone in use is called. */
  get label() {
    return this.track?.label ?? "";
  }

  /** Whether the browser offers microphones here at all (it does on https and localhost). */
  get possible() {
    return Boolean(navigator.mediaDevices?.getUserMedia);
  }

  /** Whether a microphone can be opened without asking; browsers that do not tell ask later. */
  async allowed() {
    const name = /** @type {PermissionName} */ ("microphone");
    const answer = await navigator.permissions?.query({ name }).catch(() => null);
    return this.possible && answer?.state === "granted";
  }

  get on() {
    return this.track?.readyState === "live";
  }

  /** Muted: the track sends silence from this moment, whatever the studio knows. */
  set muted(value) {
    this.#muted = value;
    if (this.track) this.track.enabled = !value;
  }

  get muted() {
    return this.#muted;
  }

  /**
   * Open a microphone that a person chose; the usual one without an id. Rejects as getUserMedia does.
   * @param {string} [deviceId]
   */
  async open(deviceId = "") {
    await this.#open(deviceId);
    this.#missing = null;
  }

  /** @param {string} deviceId */
  async #open(deviceId) {
    const closings = this.#closings;
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: {
        ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
        echoCancellation: !RAW,
        noiseSuppression: !RAW,
        autoGainControl: !RAW,
        channelCount: { ideal: 1 },
      },
    });
    const [track] = stream.getAudioTracks();
    if (closings !== this.#closings) {
      track.stop();
      throw new DOMException("closed meanwhile", "AbortError");
    }
    this.#stop();
    this.track = track;
    track.enabled = !this.#muted;
    track.addEventListener("ended", () => this.#unplugged(track));
    track.addEventListener("mute", () => this.#interrupted(track));
    track.addEventListener("unmute", () => this.#resumed(track));
    if (track.muted) this.#interrupted(track);
    else this.#resumed(track);
    this.#listen(track.clone());
    this.#using = await this.#device(track);
    if (track !== this.track) return;
    this.dispatchEvent(new Event("track"));
    this.dispatchEvent(new Event("devices"));
  }

  /** Close it. */
  close() {
    this.#stop();
    this.track = null;
    this.#missing = null;
    this.#closings += 1;
  }

  /**
   * The microphones there are. Names are empty until the person has allowed one.
   * @returns {Promise<MediaDeviceInfo[]>}
   */
  async devices() {
    const all = await navigator.mediaDevices.enumerateDevices();
    return all.filter((device) => device.kind === "audioinput" && device.deviceId);
  }

  /** Id of the device in use, "" if none. */
  get deviceId() {
    return this.track?.getSettings().deviceId ?? "";
  }

  /** Loudness of the last 43 ms in dBFS (RMS), the same whether muted or not. */
  level() {
    if (!this.#analyser) return FLOOR_DBFS;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    const power = sum / this.#samples.length;
    return power > 0 ? Math.max(FLOOR_DBFS, 10 * Math.log10(power)) : FLOOR_DBFS;
  }

  /** @param {MediaStreamTrack} copy */
  #listen(copy) {
    copy.enabled = true;
    this.#meter = copy;
    this.#context ??= new AudioContext();
    void this.#context.resume().catch(() => {}); // in a call: when it is over
    this.#analyser ??= new AnalyserNode(this.#context, { fftSize: 2048 });
    this.#source = this.#context.createMediaStreamSource(new MediaStream([copy]));
    this.#source.connect(this.#analyser);
  }

  #stop() {
    this.#source?.disconnect();
    this.#source = null;
    this.#meter?.stop();
    this.#meter = null;
    this.track?.stop();
  }

  /** Whether something else has the microphone. */
  get held() {
    return this.#held;
  }

  /** The system has muted the source (W3C mediacapture-streams 4.3.1). @param {MediaStreamTrack} track */
  #interrupted(track) {
    setTimeout(() => {
      if (track !== this.track || !track.muted || track.readyState !== "live" || this.#held) return;
      this.#held = true;
      this.dispatchEvent(new Event("held"));
    }, HELD_MS);
  }

  /** @param {MediaStreamTrack} track */
  #resumed(track) {
    if (track !== this.track || !this.#held) return;
    this.#held = false;
    void this.#context?.resume().catch(() => {}); // iOS leaves it "interrupted"
    this.dispatchEvent(new Event("free"));
  }

  /**
   * The device behind an alias has its group, and a name with which the alias's ends. If there is
   * none, the alias's own name tells: it ends with the device's that is meant.
   * @param {MediaStreamTrack} track
   */
  async #device(track) {
    const { deviceId: id = "", groupId } = track.getSettings();
    if (!ALIASES.includes(id)) return { id, label: track.label };
    const group = (await this.devices()).filter((one) => one.groupId === groupId && !ALIASES.includes(one.deviceId));
    const found = group.find(({ label }) => label && track.label.endsWith(label)) ?? (group.length === 1 ? group[0] : null);
    return found ? { id: found.deviceId, label: found.label } : { id: "", label: track.label };
  }

  /** Take another microphone meanwhile. @param {MediaStreamTrack} track */
  async #unplugged(track) {
    if (track !== this.track) return;
    this.#missing ??= { id: this.#using.id, label: this.#using.label || t("Your microphone") };
    /** @type {unknown} */
    let detail = null;
    await this.#open("").catch((error) => (detail = error));
    this.dispatchEvent(new CustomEvent("unplugged", { detail }));
    void this.#lookFor();
  }

  /** Go back to the one that was unplugged, once it is there again. */
  async #lookFor() {
    const missing = this.#missing;
    if (!missing) return;
    const found = (await this.devices()).find(({ deviceId, label }) => {
      return (label && label === missing.label) || (deviceId === missing.id && !ALIASES.includes(deviceId));
    });
    if (!found && this.on) return;
    try {
      await this.#open(found?.deviceId ?? "");
    } catch {
      return; // not yet
    }
    if (found) this.#missing = null;
    this.dispatchEvent(new Event(found ? "back" : "unplugged"));
  }

  /** A copy of the microphone's sound that is not muted, to be stopped by who asked; null without. */
  copy() {
    const copy = this.#meter?.clone() ?? null;
    if (copy) copy.enabled = true;
    return copy;
  }
}

/**
 * What went wrong with getUserMedia, and what to do next.
 * @param {unknown} error
 */
export function microphoneProblem(error) {
  const { name, message } = error instanceof DOMException ? error : { name: "", message: "" };
  if (name === "NotAllowedError" && /system/i.test(message)) {
    return t("This computer does not let the browser use the microphone. Allow it in the computer's settings, under privacy, then try again.");
  }
  if (name === "NotAllowedError" && /dismiss/i.test(message)) {
    return t("The browser asked for the microphone and got no answer. Try again, and press Allow.");
  }
  if (name === "NotAllowedError" || name === "SecurityError") {
    return t("The browser may not use the microphone. Press the sign beside the address, allow the microphone, then try again.");
  }
  if (name === "NotFoundError") return t("No microphone was found. Plug one in or switch it on, then try again.");
  if (name === "OverconstrainedError") return t("This microphone is not there any more. Choose another one.");
  if (name === "NotReadableError" || name === "AbortError") {
    return t("The microphone does not answer. Close other programs that use it, such as a call, or choose another microphone, then try again.");
  }
  return t("The microphone could not be opened. Choose another one, or start the browser anew.");
}
