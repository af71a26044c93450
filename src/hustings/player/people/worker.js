/** The service worker: shows messages, and a page where there is no network. Never the sound's way. */

/** It, once it is active; null where there is none. @returns {Promise<ServiceWorkerRegistration | null>} */
export async function worker() {
  if (!navigator.serviceWorker) return null;
  try {
    await navigator.serviceWorker.register("/sw.js");
    return await navigator.serviceWorker.ready;
  } catch {
    return null; // private windows, and browsers that were told not to
  }
}

/** Let the browser install the page as a program. */
export function installable() {
  const link = document.createElement("link");
  link.rel = "manifest";
  link.href = "/manifest.webmanifest";
  document.head.append(link);
  const icon = document.createElement("link");
  icon.rel = "apple-touch-icon";
  icon.href = new URL("../icons/icon-192.png", import.meta.url).href;
  document.head.append(icon);
  worker();
}
