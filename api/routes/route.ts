import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Clock } from "../../domain/instant.ts";
import type { Telemetry } from "../../domain/telemetry.ts";
import type { Database } from "../../schema/database.ts";
import { principalOfRequest } from "../access.ts";
import { atDesk, type Desk } from "../desk.ts";
import type { LiveBus } from "../live.ts";
import type { OverviewCache } from "../overview-cache.ts";
import { Problem } from "../schemas/problem.ts";
import type { DemoUserJson } from "../schemas/session.ts";
import type { Services } from "../services.ts";

/** What routes work with. */
export type Api = {
  readonly db: Database;
  /** The service's time; town time in the demo. */
  readonly clock: Clock;
  /** The wall's time: sessions and event streams end by it. */
  readonly wall: Clock;
  readonly live: LiveBus;
  readonly overviews: OverviewCache;
  readonly services: Services;
  readonly telemetry: Telemetry;
  readonly demo: { readonly users: readonly DemoUserJson[] } | null;
};

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Every route may answer with a problem. */
const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: Problem } },
});
export const PROBLEMS = {
  "4xx": problem("The request cannot be done: see `code` and `hint`"),
  "5xx": problem("The service cannot do it now: see `code`, `hint` and `retry`"),
};

/** Runs a query for whoever asks, on his operator's rows only. */
export const atDeskOf = <T>(api: Api, request: FastifyRequest, work: (desk: Desk) => Promise<T>): Promise<T> =>
  atDesk(api.db, { ...principalOfRequest(request), now: api.clock.now() }, work);
