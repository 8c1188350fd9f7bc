import { existsSync, statSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyReply, FastifyRequest } from "fastify";
import { CodedError } from "../domain/errors.ts";
import type { App } from "./routes/route.ts";

const YEAR_S = 31_536_000;

/** Shown until the console is built; asks again by itself. */
const BEING_BUILT = `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>Sanbiao 三表</title>
<style>body{font:16px/1.6 system-ui,sans-serif;max-width:36rem;margin:20vh auto;padding:0 1rem;color:#1f2937}</style></head>
<body><h1>Sanbiao 三表</h1><p>控制台正在构建，完成后本页自动打开。</p><p>The console is being built; this page opens it when it is ready.</p>
<p><a href="/openapi.json">openapi.json</a></p></body></html>
`;

/** Serves the built console. The folder may appear while the service runs. */
export async function serveConsole(app: App, folder: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: folder,
    index: false,
    // Files are found at request time (see `page`), so that a build that ends later is served too.
    serve: false,
    cacheControl: false,
  });
}

/** Answers a GET that no route knows: a file of the console, or its page, whose own router shows the rest. */
export async function page(request: FastifyRequest, reply: FastifyReply, folder: string): Promise<FastifyReply> {
  const path = new URL(request.url, "http://localhost").pathname;
  if (!existsSync(join(folder, "index.html"))) {
    return reply.type("text/html; charset=utf-8").header("cache-control", "no-store").send(BEING_BUILT);
  }
  // The phone page's service worker looks after /m/ and what is below it.
  if (path === "/m" || path === "/r") return reply.redirect(`${path}/`);
  const file = fileIn(folder, path);
  if (file === null) throw new CodedError("request.not-found", `There is no ${path}.`);
  // The build names assets by their content; the page itself must be asked for each time.
  const cache = path.startsWith("/assets/") ? `public, max-age=${YEAR_S}, immutable` : "no-cache";
  return reply.header("cache-control", cache).sendFile(file);
}

/** Readers and residents have a page of their own. */
const pageOf = (path: string): string =>
  path.startsWith("/m/") ? "m.html" : path.startsWith("/r/") ? "r.html" : "index.html";

/** The console's file for a path; its page (or a phone's) where the path names no file; `null` for a file that is not there. */
function fileIn(folder: string, path: string): string | null {
  if (!/\/[^/]+\.\w+$/.test(path)) return pageOf(path);
  let name: string;
  try {
    name = decodeURIComponent(path).slice(1);
  } catch {
    return null;
  }
  const file = resolve(folder, name);
  const isInside = file.startsWith(resolve(folder) + sep) && !name.includes("\0");
  return isInside && statSync(file, { throwIfNoEntry: false })?.isFile() === true ? name : null;
}
