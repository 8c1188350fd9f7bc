import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { prometheus } from "../../api/metrics.ts";
import type { App } from "../../api/routes/route.ts";
import { startApi } from "../../api/server.ts";
import { METRICS } from "../../domain/telemetry.ts";
import { appOver, type Estate, NOW, silent, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
let consoleDir: string;
const metrics = prometheus();
beforeAll(async () => {
  estate = await tinyEstate();
  consoleDir = await mkdtemp(join(tmpdir(), "sanbiao-console-"));
  ({ app, close } = await appOver(estate, { metrics, consoleDir, checks: { broker: () => true } }));
});
afterAll(async () => {
  await close();
  await estate.drop();
  await rm(consoleDir, { recursive: true, force: true });
});

describe("the service", () => {
  test("says that it is alive and ready", async () => {
    expect((await app.inject({ url: "/healthz" })).json()).toEqual({ ok: true });
    expect((await app.inject({ url: "/readyz" })).json()).toEqual({
      ready: true,
      checks: { database: true, broker: true },
      onDisk: { readings: 0, bytes: 0, oldestSeconds: null },
    });
  });

  test("prints every metric, and what was counted", async () => {
    metrics.telemetry.count("sanbiao_payments_total", { outcome: "posted" }, 2);
    metrics.telemetry.observe("sanbiao_append_seconds", {}, 0.02);
    await app.inject({ url: "/api/v1/nothing" });
    const reply = await app.inject({ url: "/metrics" });
    expect(reply.headers["content-type"]).toContain("text/plain");
    for (const [name, { kind }] of Object.entries(METRICS)) expect(reply.body).toContain(`# TYPE ${name} ${kind}`);
    expect(reply.body).toContain('sanbiao_payments_total{outcome="posted"} 2');
    expect(reply.body).toContain('sanbiao_append_seconds_bucket{le="0.025"} 1');
    // A path that somebody made up is not a label: labels must stay few.
    expect(reply.body).toContain('sanbiao_http_requests_total{method="GET",route="unknown",status="404"} 1');
    expect(reply.body).toContain("process_cpu_seconds_total");
  });

  test("puts the same guards on every answer", async () => {
    for (const url of ["/", "/api/v1/me", "/healthz", "/api/v1/nothing"]) {
      const { headers } = await app.inject({ url });
      expect(headers["content-security-policy"], url).toContain("script-src 'self'");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["x-frame-options"]).toBe("DENY");
      expect(headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test("says which port is taken", async () => {
    const clock = { now: () => NOW };
    const services = {} as never;
    const options = { db: estate.db, host: "127.0.0.1", clock, log: silent, services, consoleDir };
    const running = await startApi({ ...options, port: 0 });
    expect(running.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const port = Number(new URL(running.url).port);
    await expect(startApi({ ...options, port })).rejects.toMatchObject({ code: "port.taken" });
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
    await running.close();
    await expect(fetch(`${running.url}/healthz`)).rejects.toThrow();
  });
});

/** Every route that a file of `api/routes` declares, as the document names it. */
async function routesInSource(): Promise<string[]> {
  const folder = new URL("../../api/routes/", import.meta.url);
  const sources = await Promise.all(
    (await readdir(folder)).map(async (file) => ({ file, source: await readFile(new URL(file, folder), "utf8") })),
  );
  return sources.flatMap(({ file, source }) =>
    [...source.matchAll(/method: "(\w+)",\s+url: "([^"]+)"/g)].map(([, method, url = ""]) => {
      const path = url.replace(/:(\w+)/g, "{$1}");
      return `${method} ${file === "service.ts" ? "" : "/api/v1"}${path}`;
    }),
  );
}

describe("openapi.json", () => {
  test("lists every route, each with its answers, and every reference leads somewhere", async () => {
    const doc = (await app.inject({ url: "/openapi.json" })).json();
    expect(doc.openapi).toMatch(/^3\.1\./);
    expect(doc.info).toMatchObject({ title: "Sanbiao", version: "1" });
    const listed = Object.entries<Record<string, any>>(doc.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const declared = await routesInSource();
    expect(declared.length).toBeGreaterThan(50);
    expect(declared.filter((route) => !listed.includes(route))).toEqual([]);
    for (const [path, methods] of Object.entries<Record<string, any>>(doc.paths)) {
      for (const operation of Object.values(methods)) {
        expect(operation.summary, path).toBeTruthy();
        expect(Object.keys(operation.responses).length, path).toBeGreaterThan(0);
        const named = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
        const given = (operation.parameters ?? []).filter((p: any) => p.in === "path").map((p: any) => p.name);
        expect(given).toEqual(named);
      }
    }
    const references = [...JSON.stringify(doc).matchAll(/"\$ref":"([^"]+)"/g)].map((m) => m[1] ?? "");
    expect(references.length).toBeGreaterThan(50);
    for (const reference of new Set(references)) {
      const target = reference
        .slice(2)
        .split("/")
        .reduce((at: any, step) => at?.[step], doc);
      expect(target, reference).toBeDefined();
    }
    expect(doc.paths["/api/v1/me"].get.security).toEqual([{ session: [] }]);
    expect(doc.paths["/api/v1/demo"].get.security).toBeUndefined();
    expect(doc.paths["/api/v1/accounts/{id}/payments"].post.parameters).toContainEqual(
      expect.objectContaining({ in: "header", name: "idempotency-key", required: true }),
    );
  });
});

describe("the console's pages", () => {
  test("say that they are being built, and open once they are", async () => {
    const waiting = await app.inject({ url: "/accounts/12" });
    expect(waiting.statusCode).toBe(200);
    expect(waiting.body).toContain("The console is being built");
    expect(waiting.body).toContain('http-equiv="refresh"');

    await mkdir(join(consoleDir, "assets"));
    await writeFile(join(consoleDir, "assets", "index-abc.js"), "export {};");
    await writeFile(join(consoleDir, "index.html"), "<!doctype html><title>console</title>");
    for (const url of ["/", "/accounts/12", "/accounts/12?x=a.b"]) {
      const page = await app.inject({ url });
      expect([page.statusCode, page.body], url).toEqual([200, "<!doctype html><title>console</title>"]);
      expect(page.headers["cache-control"]).toBe("no-cache");
    }
    const script = await app.inject({ url: "/assets/index-abc.js" });
    expect(script.headers["content-type"]).toContain("javascript");
    expect(script.headers["cache-control"]).toContain("immutable");
  });

  test.each([
    "/assets/nothing.js",
    "/../../package.json",
    "/..%2f..%2fpackage.json",
    "/assets/%00.js",
    "/etc/passwd.txt",
    "/%2e%2e/x.json",
  ])("do not give %s", async (url) => {
    const reply = await app.inject({ url });
    expect(reply.statusCode, reply.body).toBe(404);
    expect(reply.json().code).toBe("request.not-found");
  });
});
