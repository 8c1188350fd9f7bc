import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { CodedError } from "../domain/errors.ts";
import type { Clock } from "../domain/instant.ts";
import type { Waiting } from "../ledger/spool/spool.ts";
import type { Database } from "../schema/database.ts";
import { buildApp } from "./app.ts";
import { type LiveBus, liveBus } from "./live.ts";
import { overviewCache } from "./overview-cache.ts";
import { type Metrics, prometheus } from "./metrics.ts";
import type { App } from "./routes/route.ts";
import type { ReadyChecks } from "./routes/service.ts";
import type { DemoUserJson } from "./schemas/session.ts";
import type { Services } from "./services.ts";

export type ApiOptions = {
  readonly db: Database;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The service's time; town time in the demo. */
  readonly clock: Clock;
  /** The wall's time, for sessions; default `clock`. */
  readonly wall?: Clock;
  readonly log: Logger;
  readonly services: Services;
  /** One per process, made by `prometheus()`; its `telemetry` goes to every room. */
  readonly metrics?: Metrics;
  /** One per process, made by `liveBus()`; rooms publish to it. */
  readonly live?: LiveBus;
  /** Only in demo mode: what `ensureDemoUsers` answered. Without it demo users cannot sign in. */
  readonly demo?: { readonly users: readonly DemoUserJson[] };
  /** What else `GET /readyz` asks, by name. */
  readonly checks?: ReadyChecks;
  /** Readings that wait on disk for the database, for `GET /readyz`. */
  readonly waiting?: () => Waiting;
  /** Absolute path of `console/dist`; it may appear later. */
  readonly consoleDir: string;
  readonly trustProxy?: boolean;
};

export type RunningApi = {
  readonly url: string;
  readonly app: App;
  readonly live: LiveBus;
  close: () => Promise<void>;
};

const NOTHING_WAITS: Waiting = { rows: 0, bytes: 0, oldestAt: null };

/** The application of these options, not listening yet: for tests, and for whoever has his own server. */
export function appOf(options: ApiOptions): Promise<App> {
  const { wall = options.clock, demo = null, checks = {}, trustProxy = false, waiting = () => NOTHING_WAITS } = options;
  const metrics = options.metrics ?? prometheus();
  const live = options.live ?? liveBus(wall);
  const overviews = overviewCache(wall);
  return buildApp({
    ...options,
    wall,
    overviews,
    demo,
    checks,
    waiting,
    trustProxy,
    metrics,
    live,
    telemetry: metrics.telemetry,
  });
}

/** Opens the port. `close` ends event streams and waits for requests under way. */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const live = options.live ?? liveBus(options.wall ?? options.clock);
  const app = await appOf({ ...options, live });
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await app.close();
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new CodedError("port.taken", `Port ${options.port} on ${options.host} is taken.`, { cause: error });
  }
  const { port } = app.server.address() as AddressInfo;
  const shown = options.host === "0.0.0.0" || options.host === "::" ? "localhost" : options.host;
  return {
    url: `http://${shown.includes(":") ? `[${shown}]` : shown}:${port}`,
    app,
    live,
    close: () => app.close(),
  };
}
