import { sql } from "kysely";
import { z } from "zod";
import { type Instant, SECOND_MS } from "../../domain/instant.ts";
import type { Waiting } from "../../ledger/spool/spool.ts";
import type { Metrics } from "../metrics.ts";
import { type Api, type App, PROBLEMS } from "./route.ts";

const READY_WITHIN_MS = 3 * SECOND_MS;
const Text = (description: string) => ({ description, content: { "text/plain": { schema: z.string() } } });
const Ready = z
  .object({
    ready: z.boolean(),
    checks: z.record(z.string(), z.boolean()),
    onDisk: z
      .object({
        readings: z.number().int(),
        bytes: z.number().int(),
        oldestSeconds: z.number().int().nullable().describe("Age of the oldest; null when none waits"),
      })
      .describe("Readings that wait on disk for the database"),
  })
  .meta({ id: "Ready" });

export type ReadyChecks = Readonly<Record<string, () => boolean | Promise<boolean>>>;

/** For machines that look after the service: alive, ready, counted, described. */
export function serviceRoutes(
  app: App,
  api: Api,
  { metrics, checks, waiting }: { metrics: Metrics; checks: ReadyChecks; waiting: () => Waiting },
): void {
  app.route({
    method: "GET",
    url: "/healthz",
    schema: {
      tags: ["service"],
      summary: "The process is alive",
      response: { 200: z.object({ ok: z.literal(true) }) },
    },
    config: { access: "public" },
    handler: () => ({ ok: true as const }),
  });

  const all: ReadyChecks = {
    database: () => sql`select 1`.execute(api.db.kysely).then(() => true),
    ...checks,
  };
  app.route({
    method: "GET",
    url: "/readyz",
    schema: {
      tags: ["service"],
      summary: "The service can do its work",
      response: { 200: Ready, 503: Ready },
    },
    config: { access: "public" },
    handler: async (_request, reply) => {
      const named = await Promise.all(Object.entries(all).map(async ([name, check]) => [name, await isReady(check)]));
      const answer = Object.fromEntries(named) as Record<string, boolean>;
      const ready = Object.values(answer).every(Boolean);
      return reply.code(ready ? 200 : 503).send({ ready, checks: answer, onDisk: onDisk(waiting(), api.clock.now()) });
    },
  });

  app.route({
    method: "GET",
    url: "/metrics",
    schema: { tags: ["service"], summary: "Prometheus text", response: { 200: Text("docs/reference/metrics.md") } },
    config: { access: "public" },
    handler: async (_request, reply) => {
      const text = await metrics.text();
      // Not through the JSON serializer of the schema.
      return reply.type(metrics.contentType).serializer(String).send(text);
    },
  });

  app.route({
    method: "GET",
    url: "/openapi.json",
    schema: {
      tags: ["service"],
      summary: "This description",
      response: { 200: z.record(z.string(), z.unknown()), ...PROBLEMS },
    },
    config: { access: "public" },
    handler: () => app.swagger() as unknown as Record<string, unknown>,
  });
}

const onDisk = ({ rows, bytes, oldestAt }: Waiting, now: Instant): z.infer<typeof Ready>["onDisk"] => ({
  readings: rows,
  bytes,
  oldestSeconds: oldestAt === null ? null : Math.max(0, Math.round((now - oldestAt) / SECOND_MS)),
});

async function isReady(check: () => boolean | Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, READY_WITHIN_MS, false);
  });
  try {
    return await Promise.race([check(), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
