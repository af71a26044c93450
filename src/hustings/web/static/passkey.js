// Passkeys: making one on the account's page, signing in with one (WebAuthn level 3).

import { call } from "./api.js";
import { t } from "./t.js";

const REFUSED = t("Nothing was done. Try again when you are ready.");
const KNOWN = t("This device has a passkey for your account already.");

const signIn = document.getElementById("passkey");
const add = document.getElementById("add-passkey");
const wrong = document.getElementById("passkey-wrong");

/** @param {string} text base64url */
function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

/** @param {ArrayBuffer} buffer */
function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** @param {{id: string, type: string}} one */
function descriptor(one) {
  return { ...one, id: bytes(one.id) };
}

/**
 * What an authenticator answered, as JSON.
 * @param {any} credential
 */
function plain(credential) {
  /** @type {Record<string, string>} */
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    const value = credential.response[name];
    if (value) response[name] = text(value);
  }
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response };
}

/**
 * Do it, and say what went wrong.
 * @param {HTMLButtonElement} button
 * @param {() => Promise<string>} act where to go on
 */
async function attempt(button, act) {
  button.disabled = true;
  if (wrong) wrong.textContent = "";
  try {
    location.assign(await act());
    return;
  } catch (error) {
    const { name, message } = /** @type {Error} */ (error);
    const words = name === "InvalidStateError" ? KNOWN : name === "NotAllowedError" ? REFUSED : message;
    if (wrong) wrong.textContent = words;
  }
  button.disabled = false;
}

async function enter() {
  const asked = await call("POST", "/sign-in/passkey/options", {});
  const credential = await navigator.credentials.get({
    publicKey: {
      ...asked,
      challenge: bytes(asked.challenge),
      allowCredentials: (asked.allowCredentials ?? []).map(descriptor),
    },
  });
  const next = signIn?.dataset.next ?? "/";
  return (await call("POST", "/sign-in/passkey", { credential: plain(credential), next })).to;
}

/** @param {string} name */
async function make(name) {
  const asked = await call("POST", "/account/passkeys/options", {});
  const credential = await navigator.credentials.create({
    publicKey: {
      ...asked,
      challenge: bytes(asked.challenge),
      user: { ...asked.user, id: bytes(asked.user.id) },
      excludeCredentials: (asked.excludeCredentials ?? []).map(descriptor),
    },
  });
  return (await call("POST", "/account/passkeys", { credential: plain(credential), name })).to;
}

if (window.PublicKeyCredential) {
  if (signIn instanceof HTMLButtonElement) {
    signIn.disabled = false;
    signIn.addEventListener("click", () => void attempt(signIn, enter));
  }
  const button = add?.querySelector("button");
  if (add instanceof HTMLFormElement && button) {
    button.disabled = false;
    add.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = String(new FormData(add).get("passkey_name") ?? "");
      void attempt(button, () => make(name));
    });
  }
}
