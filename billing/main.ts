import type { Logger } from "pino";
import { estimationPolicyOf } from "../catalog/estimation/catalogue.ts";
import { policyVersionsOf } from "../catalog/policies/catalogue.ts";
import { dialOf } from "../catalog/meters/dials.ts";
import type { Clock } from "../domain/instant.ts";
import type { Zone } from "../domain/period.ts";
import type { AccountId, OperatorId, Reading } from "../domain/reading.ts";
import type { Telemetry } from "../domain/telemetry.ts";
import type { Database } from "../schema/database.ts";
import { controlDispatcher, type SendControl } from "./prepaid/dispatch.ts";
import { type PrepaidDeps, type PrepaidEngine, prepaidEngine, type SupplyEvent } from "./prepaid/engine.ts";
import type { BillRunDeps } from "./run.ts";
import { type BillRunNews, startBillSchedule } from "./schedule.ts";
import { returnTokens } from "./tokens/return.ts";
import { catalogueTariffs } from "./tariffs.ts";

/** The shell of this room: the books it reads, the timers that wake it. */
export type BillingSettings = {
  readonly db: Database;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly zone: Zone;
  readonly send: SendControl;
  readonly onSupply: (event: SupplyEvent) => void;
  /** While bills are being run, and at each run's end. */
  readonly onRun: (news: BillRunNews) => void;
  /** How often the outbox is looked at when nobody calls; default a second. */
  readonly turnMs?: number;
};

export type Billing = {
  readonly engine: PrepaidEngine;
  /** After readings were committed. */
  onReadings(readings: readonly Reading[]): void;
  /** After money moved: supply is looked at and orders leave at once. */
  onPayment(operatorId: OperatorId, accountId: AccountId): void;
  /** After a person decided about readings: bills that waited for it are tried again. */
  onJudged(): void;
  stop(): Promise<void>;
};

/** Tariffs, dials and policies of the catalogue, as runs and engine look them up. */
export const billDepsOf = (deps: Pick<BillingSettings, "db" | "clock" | "telemetry" | "log">): BillRunDeps => ({
  db: deps.db,
  clock: deps.clock,
  telemetry: deps.telemetry,
  log: deps.log,
  tariffs: catalogueTariffs,
  dials: dialOf,
  estimation: estimationPolicyOf,
});

const SWEEP_MS = 60_000; // hours pass and readings grow old without anybody speaking
const TURN_MS = 1_000; // an order whose time has come, or whose proof is late
/** Called by the database when an order is queued, by this process or another. */
const OUTBOX = "sanbiao_outbox";

export function startBilling(settings: BillingSettings): Billing {
  const { log } = settings;
  const deps: PrepaidDeps = { ...billDepsOf(settings), policies: policyVersionsOf, onEvent: settings.onSupply };
  const engine = prepaidEngine(deps);
  const dispatcher = controlDispatcher({ ...deps, send: settings.send });
  // Turns overlap: one that waits for a slow wire must not keep another home in the dark.
  const turn = (): void =>
    void dispatcher
      .turn()
      .catch((error: unknown) =>
        log.error({ err: error }, "the outbox could not be worked off; the next turn tries again"),
      );
  const sweeps = oneAtATime(
    async () => {
      await engine.sweep();
      for (const [operatorId, accountId] of await returnAllTokens(settings)) engine.onPayment(operatorId, accountId);
    },
    (error) => log.error({ err: error }, "supplies could not be looked at; the next sweep tries again"),
  );
  const schedule = startBillSchedule(billDepsOf(settings), settings.zone, settings.onRun);
  const outbox = settings.db.listen(OUTBOX, turn);
  const timers = [setInterval(turn, settings.turnMs ?? TURN_MS), setInterval(() => sweeps.wake(), SWEEP_MS)];
  sweeps.wake();
  // What is committed after the stop is looked at by the next start's first sweep.
  let stopping = false;
  return {
    engine,
    onReadings(readings) {
      if (!stopping) engine.onReadings(readings);
    },
    onPayment(operatorId, accountId) {
      if (!stopping) engine.onPayment(operatorId, accountId);
      turn();
    },
    onJudged() {
      engine.onBooksChanged();
      if (!stopping) schedule.wake();
    },
    async stop() {
      stopping = true;
      for (const timer of timers) clearInterval(timer);
      await outbox.close();
      await schedule.stop();
      await engine.stop();
      await sweeps.stop();
      await engine.idle();
      await dispatcher.idle();
    },
  };
}

/** Meters whose line is back: what their tokens took returns to the accounts. */
async function returnAllTokens({ db, clock }: BillingSettings): Promise<[OperatorId, AccountId][]> {
  const { rows } = await db.pool.query<{ operator_id: OperatorId }>("select operator_id from sanbiao.operators()");
  const back: [OperatorId, AccountId][] = [];
  for (const { operator_id: operatorId } of rows) {
    const accounts = await db.as(operatorId, (trx) => returnTokens(trx, operatorId, clock.now()));
    for (const accountId of accounts) back.push([operatorId, accountId]);
  }
  return back;
}

/** Work that never overlaps itself: a wake while it runs makes it run once more. */
function oneAtATime(
  work: () => Promise<void>,
  onError: (error: unknown) => void,
): { wake(): void; stop(): Promise<void> } {
  let running: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  const run = async (): Promise<void> => {
    do {
      again = false;
      await work().catch(onError);
    } while (again && !stopped);
    running = null;
  };
  return {
    wake() {
      if (stopped) return;
      if (running === null) running = run();
      else again = true;
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}
