/**
 * The service worker: shows a reminder when its message comes, and a page of its own where there is
 * no network. It keeps that page and what belongs to it, and nothing that is live: sound, state and
 * the pages of spaces always come from an edge, so that no visitor sees an old one.
 *
 * The address of the player's files stands in it, so that an upgrade brings another worker.
 */

const BASE = "{{assets}}/"; // the edge fills it in
const KEEP = `offline ${BASE}`;
const PAGE = "/offline.html";
const OURS = "?offline"; // marks what the offline page asks for: nothing else passes through here
const PARTS = ["base.css", "offline.css", "offline.js", "icons/favicon.svg"].map((name) => name + OURS);

const worker = /** @type {any} */ (self);

worker.addEventListener("install", (event) => event.waitUntil(keep()));
worker.addEventListener("activate", (event) => event.waitUntil(take()));

async function keep() {
  const kept = await caches.open(KEEP);
  await kept.addAll([PAGE, ...[...PARTS, "t.js"].map((name) => BASE + name)]);
  await worker.skipWaiting();
}

async function take() {
  const old = (await caches.keys()).filter((name) => name.startsWith("offline ") && name !== KEEP);
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.registration.navigationPreload?.enable(); // it costs a visit no time
  await worker.clients.claim();
}

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (origin !== worker.location.origin || request.method !== "GET") return;
  const page = /^\/s\/[^/]+$/.test(pathname) || pathname === PAGE;
  if (request.mode === "navigate" && page) event.respondWith(visited(event));
  else if (search === OURS || pathname.endsWith("/t.js")) event.respondWith(part(request));
});

/** The page from an edge; the kept one where there is no way to it. */
async function visited(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return (await caches.match(PAGE)) ?? Response.error();
  }
}

async function part(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(request)) ?? Response.error();
  }
}

worker.addEventListener("push", (event) => event.waitUntil(told(event.data)));

async function told(data) {
  let message = /** @type {any} */ ({});
  try {
    message = data.json();
  } catch {
    // a message that cannot be read still has to be shown: the browser asks for it
  }
  const { title, sentence, body, url } = message;
  await worker.registration.showNotification(title || "Hustings", {
    body: sentence ?? body ?? "",
    tag: url ?? "hustings",
    renotify: true, // it takes the place of what was told before, and is heard all the same
    icon: `${BASE}icons/icon-192.png`,
    badge: `${BASE}icons/icon-192.png`,
    data: { url },
  });
}

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(opened(event.notification.data?.url));
});

/** The space's page, where it is open already or in a new window; only pages of this origin. */
async function opened(url) {
  const { origin, pathname, search } = new URL(url ?? "/", worker.location.origin);
  const own = origin === worker.location.origin && pathname !== "/";
  const open = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = own && open.find((client) => new URL(client.url).pathname === pathname);
  if (there) await there.focus();
  else await worker.clients.openWindow(own ? pathname + search : PAGE);
}
