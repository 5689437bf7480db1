// SPDX-License-Identifier: MIT
/**
 * The page without a network: keeps the files of a build when it is first opened. The document is
 * asked for anew while the network answers; whatever carries a hash in its name never changes.
 */
const FILES = [];
const CACHE = `modstorm-${FILES.join()}`;

addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(['./', ...FILES])));
});

addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(
          names
            .filter((name) => name.startsWith('modstorm-') && name !== CACHE)
            .map((name) => caches.delete(name)),
        ),
      ),
  );
});

addEventListener('fetch', (event) => {
  const { request } = event;
  const own = new URL(request.url).origin === location.origin;
  if (request.method !== 'GET' || !own) return;
  if (request.mode === 'navigate') {
    event.respondWith(fetch(request).catch(() => caches.match('./')));
    return;
  }
  event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
});
