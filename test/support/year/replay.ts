import { pino } from "pino";
import { billDepsOf } from "../../../billing/main.ts";
import { wake } from "../../../billing/schedule.ts";
import { type Instant, isoOf } from "../../../domain/instant.ts";
import { type Reading, type ReadingSource, READING_SOURCES } from "../../../domain/reading.ts";
import { noTelemetry } from "../../../domain/telemetry.ts";
import { appendBatch } from "../../../ledger/readings.ts";
import { hash32 } from "../../../simulators/town/random.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../database.ts";
import type { Clerk } from "./clerk.ts";
import { seedTown, type Year } from "./town.ts";

/** In which the readings of the year arrive a second time. */
export type Order = "as measured" | "days reversed, shuffled, all twice";

const SOURCES = new Map(Object.entries(READING_SOURCES).map(([name, code]) => [code as number, name as ReadingSource]));
const BATCH = 2_000;

export type Replayed = {
  /** Every bill as a text. */
  readonly bills: readonly string[];
  /** Accounts that wait, and why: a reading that came for a month that was billed already throws doubt on it now. */
  readonly waiting: readonly string[];
};

/** The same readings in a book of its own, the clerk's deeds after them, and all the year's bills. */
export async function billsOfReplay(year: Year, clerk: Clerk, order: Order): Promise<Replayed> {
  const fresh = await freshDatabase();
  const owner = ownerPool(fresh.ownerUrl);
  try {
    await seedTown({ owner, fresh, town: year.town, since: year.since });
    const readings = await readingsOf(year, order);
    for (let i = 0; i < readings.length; i += BATCH)
      for (const [operatorId, batch] of Map.groupBy(readings.slice(i, i + BATCH), (r) => r.operatorId))
        await appendBatch(fresh.db, operatorId, batch);
    for (const deed of clerk.deeds) await deed(fresh.db);
    const clock = { now: () => year.now };
    await wake(billDepsOf({ db: fresh.db, clock, telemetry: noTelemetry, log: pino({ level: "silent" }) }));
    const { rows } = await owner.query<{ text: string }>(
      `select a.number || ' ' || r.period_from || ' ' || e.detail as text from run_exception e join account a on a.id = e.account_id
         join due_run r on r.id = e.run_id where e.settled_at is null order by 1`,
    );
    return { bills: await billTexts(fresh), waiting: rows.map(({ text }) => text) };
  } finally {
    await owner.end();
    await fresh.drop();
  }
}

async function readingsOf(year: Year, order: Order): Promise<Reading[]> {
  const { rows } = await year.owner.query<Omit<Reading, "source"> & { source: number }>(
    `select operator_id as "operatorId", meter_id as "meterId", register, measured_at as "measuredAt", received_at as "receivedAt",
            value, source from reading order by measured_at, meter_id, register`,
  );
  const all = rows.map((row): Reading => ({ ...row, source: SOURCES.get(row.source) ?? "import" }));
  if (order === "as measured") return all;
  const lot = ({ meterId, measuredAt }: Reading): number => hash32(Number(meterId), Math.floor(measuredAt / 1000));
  const day = ({ measuredAt }: Reading): number => Math.floor(measuredAt / 86_400_000);
  const shuffled = all.toSorted((a, b) => day(b) - day(a) || lot(a) - lot(b));
  return [...shuffled, ...shuffled.toReversed()];
}

/** Every bill with its lines and what it rests on, without the number and the day of issue. */
export async function billTexts({ ownerUrl }: Pick<FreshDatabase, "ownerUrl">, before?: Instant): Promise<string[]> {
  const owner = ownerPool(ownerUrl);
  try {
    const { rows } = await owner.query<{ text: string }>(
      `select jsonb_pretty(jsonb_build_object('account', a.number, 'from', b.period_from, 'to', b.period_to, 'total', b.total_minor,
                'lines', (select jsonb_agg(to_jsonb(l) - 'bill_id' - 'id' order by l.line) from bill_line l where l.operator_id = b.operator_id and l.bill_id = b.id),
                'usage', (select jsonb_agg(to_jsonb(u) - 'bill_id' order by u.usage_point_id, u.period_from) from billed_usage u
                           where u.operator_id = b.operator_id and u.bill_id = b.id))) as text
         from bill b join account a on a.operator_id = b.operator_id and a.id = b.account_id
        where b.period_to <= $1 order by b.operator_id, a.number, b.period_from`,
      [before === undefined ? "infinity" : isoOf(before)],
    );
    return rows.map(({ text }) => text);
  } finally {
    await owner.end();
  }
}
