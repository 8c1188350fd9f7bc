/**
 * The service worker of the phone page: keeps the page and what it needs, so that it opens without a line. Entries and
 * routes are not its business (store.ts). Nothing under /api is ever answered from here.
 */
type Waiting = Event & { waitUntil(work: Promise<unknown>): void };
type Fetching = Event & { readonly request: Request; respondWith(answer: Promise<Response>): void };

const worker = self as unknown as {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", on: (event: Waiting) => void): void;
  addEventListener(type: "fetch", on: (event: Fetching) => void): void;
};

const SHELL = "sanbiao-phone";
const PAGE = "/m/";
/** A line that is there and brings nothing is no line: a reader waits no longer than this for a newer page. Our choice. */
const PATIENCE_MS = 3_000;

worker.addEventListener("install", (event) => event.waitUntil(renew().then(() => worker.skipWaiting())));
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== worker.location.origin) return;
  if (request.mode === "navigate" && url.pathname.startsWith(PAGE))
    event.respondWith(openPage(event as Fetching & Waiting));
  else if (url.pathname.startsWith("/assets/") || url.pathname === "/sanbiao.svg") event.respondWith(openPart(request));
});

/** Our own page and not the sign-in of some café's network. */
const isOurs = (html: string): boolean => html.includes('id="phone"');

/** Keeps the page as it is now: first all that it names, then itself, so that a half-kept page is never opened. */
async function renew(html?: string): Promise<void> {
  const text = html ?? (await (await fetch(PAGE, { cache: "no-cache" })).text());
  if (!isOurs(text)) return;
  const cache = await caches.open(SHELL);
  const parts = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((found) => found[1] ?? "");
  for (const part of parts) if ((await cache.match(part)) === undefined) await cache.add(part);
  await cache.put(PAGE, new Response(text, { headers: { "content-type": "text/html; charset=utf-8" } }));
  for (const kept of await cache.keys()) {
    const { pathname } = new URL(kept.url);
    if (/\.(js|css)$/.test(pathname) && !parts.includes(pathname)) await cache.delete(kept);
  }
}

async function openPage(event: Fetching & Waiting): Promise<Response> {
  try {
    const answer = await fetch(PAGE, { cache: "no-cache", signal: AbortSignal.timeout(PATIENCE_MS) });
    const html = await answer.clone().text();
    if (answer.ok && isOurs(html)) {
      event.waitUntil(renew(html).catch(() => undefined));
      return answer;
    }
  } catch {
    // No line: the kept page opens.
  }
  return (await (await caches.open(SHELL)).match(PAGE)) ?? Response.error();
}

/** Parts are named by their content: what is kept is right for ever. */
async function openPart(request: Request): Promise<Response> {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(request);
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}
