import { CodedError } from "../../domain/errors.ts";
import { SECOND_MS } from "../../domain/instant.ts";
import { principalOfRequest } from "../access.ts";
import { isoIn } from "../../domain/instant.ts";
import type { NumberedEvent } from "../live.ts";
import { LiveEvent } from "../schemas/event.ts";
import { principalOfHash } from "../session.ts";
import { type Api, type App, PROBLEMS } from "./route.ts";

/** Proxies close a silent connection after 30 s or more. */
const HEARTBEAT_MS = 15 * SECOND_MS;
/** A client that leaves so much unread is dropped; it comes back with `Last-Event-ID`. */
const UNREAD_BYTES_MAX = 256 * 1024;
/** Open streams of all operators: each holds a socket. */
const STREAMS_MAX = 2_000;

const frame = ({ id, event }: NumberedEvent): string =>
  `id: ${id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;

export function eventRoutes(app: App, api: Api): void {
  const open = new Set<() => void>();
  app.addHook("preClose", async () => {
    for (const end of open) end();
  });

  app.route({
    method: "GET",
    url: "/events",
    exposeHeadRoute: false,
    schema: {
      tags: ["live"],
      summary: "Server-sent events of one's own operator",
      response: {
        200: { description: "A stream", content: { "text/event-stream": { schema: LiveEvent } } },
        ...PROBLEMS,
      },
    },
    handler: async (request, reply) => {
      const { operatorId, tokenHash, zone } = principalOfRequest(request);
      if (open.size >= STREAMS_MAX) throw new CodedError("auth.too-many", "Too many event streams are open.");
      const { raw } = reply;
      const headers = { ...reply.getHeaders(), "content-type": "text/event-stream; charset=utf-8" };
      reply.hijack();
      raw.writeHead(200, { ...(headers as Record<string, string>), "x-accel-buffering": "no" });

      const end = () => {
        if (!open.delete(end)) return;
        stop();
        clearInterval(beat);
        api.telemetry.gauge("sanbiao_live_clients", {}, open.size);
        raw.end();
      };
      const write = (text: string) => {
        if (raw.writableLength > UNREAD_BYTES_MAX) {
          end();
          raw.destroy();
        } else raw.write(text);
      };
      const refresh = { kind: "overview", at: isoIn(api.clock.now(), zone) } as const;
      const beatOnce = async () => {
        write(": beat\n\n");
        // Signed out or expired since: the stream ends with the session.
        const at = { demo: api.demo !== null, now: api.wall.now() };
        if ((await principalOfHash(api.db, tokenHash, at)) === null) end();
      };
      const stop = api.live.subscribe(operatorId, (numbered) => write(frame(numbered)));
      const beat = setInterval(() => void beatOnce().catch(() => {}), HEARTBEAT_MS);
      open.add(end);
      api.telemetry.gauge("sanbiao_live_clients", {}, open.size);
      raw.on("close", end).on("error", end);

      write("retry: 2000\n\n");
      const lastSeen = request.headers["last-event-id"];
      if (typeof lastSeen === "string" && lastSeen !== "") {
        const missed = api.live.since(operatorId, lastSeen);
        // What was missed is not known any more: the client reads its page again.
        if (missed === null) write(`event: overview\ndata: ${JSON.stringify(refresh)}\n\n`);
        else for (const numbered of missed) write(frame(numbered));
      }
    },
  });
}
