import { sql } from "kysely";
import type { BillRunNews } from "../../billing/schedule.ts";
import { SECOND_MS } from "../../domain/instant.ts";
import type { OperatorId } from "../../domain/reading.ts";
import type { TellerDeps, TextOf } from "./teller.ts";

type RunRow = { state: "due" | "running" | "done" | "failed"; done: number; refused: number };

/** A run that goes on is told no more often. */
const RUN_QUIET_MS = SECOND_MS;

/** The row of a run is brought up to date at its end; before that the run itself says how far it is. */
export function runTeller({ live, db, clock, wall, log }: TellerDeps, at: TextOf) {
  const toldAt = new Map<string, number>();
  const firstTold = new Map<string, { readonly at: number; readonly settled: number }>();
  let telling: Promise<void> = Promise.resolve();

  /** Accounts a second since the first chunk that was told of; nothing before the second one. */
  function paceOf(key: string, settled: number): { perSecond?: number } {
    const [now, first] = [wall.now(), firstTold.get(key)];
    if (first === undefined) firstTold.set(key, { at: now, settled });
    if (first === undefined || now <= first.at) return {};
    return { perSecond: ((settled - first.settled) * SECOND_MS) / (now - first.at) };
  }

  async function tellOne({ operatorId, runId, ended, before, issued, refused, left }: BillRunNews): Promise<void> {
    const key = `${operatorId}/${runId}`;
    const publish = (
      state: RunRow["state"],
      done: number,
      aside: number,
      pace: { left?: number; perSecond?: number } = {},
    ): void =>
      live.publish(operatorId, {
        kind: "bill_run",
        at: at(operatorId, clock.now()),
        runId: String(runId),
        state,
        done,
        refused: aside,
        ...pace,
      });
    if (ended) {
      toldAt.delete(key);
      firstTold.delete(key);
      const row = await runRow(operatorId, runId);
      if (row === undefined) return;
      publish(row.state, row.done, row.refused);
      live.publish(operatorId, { kind: "overview", at: at(operatorId, clock.now()) });
      return;
    }
    if (wall.now() - (toldAt.get(key) ?? Number.NEGATIVE_INFINITY) < RUN_QUIET_MS) return;
    toldAt.set(key, wall.now());
    const pace = paceOf(key, issued + refused);
    publish("running", before + issued, refused, left === null ? pace : { left, ...pace });
  }

  const runRow = (operatorId: OperatorId, runId: bigint): Promise<RunRow | undefined> =>
    db.as(operatorId, async (trx) => {
      const { rows } = await sql<RunRow>`select state, done, refused from due_run
        where operator_id = ${operatorId} and id = ${runId}`.execute(trx);
      return rows[0];
    });

  return {
    tell(news: BillRunNews): void {
      telling = telling
        .then(() => tellOne(news))
        .catch((error: unknown) => log.warn({ err: error }, "a bill run could not be read for the live stream"));
    },
    idle: () => telling,
  };
}
