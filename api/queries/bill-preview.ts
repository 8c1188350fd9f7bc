import { sql, type Transaction } from "kysely";
import { readAccounts } from "../../billing/chunk.ts";
import { settleAll } from "../../billing/settlement.ts";
import type { DialBook, TariffBook } from "../../billing/tariffs.ts";
import { CodedError } from "../../domain/errors.ts";
import { instant, type Instant, instantOfIso, isoOf } from "../../domain/instant.ts";
import { moneyJson, sumMoney } from "../../domain/money.ts";
import { type Day, startOfDay } from "../../domain/period.ts";
import type { MeterId } from "../../domain/reading.ts";
import { REGISTERS } from "../../domain/register.ts";
import type { Utility } from "../../domain/unit.ts";
import { billedUntil } from "../../ledger/bills.ts";
import { MAIN_REGISTER } from "../../metering/register.ts";
import type { Database } from "../../schema/database.ts";
import type { Tables } from "../../schema/tables.ts";
import { atText, type Desk, quantityOf } from "../desk.ts";
import type { PreviewJson } from "../schemas/meter-life.ts";

export type BillBooks = { readonly tariffs: TariffBook; readonly dials: DialBook };

const UNDONE = Symbol("a rehearsal is rolled back");

/** Does the work and takes it back: what would be, without any of it. */
export async function rehearsed<T>(
  db: Database,
  operatorId: bigint,
  work: (trx: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  const kept: T[] = [];
  try {
    await db.as(operatorId, async (trx) => {
      kept.push(await work(trx));
      throw UNDONE;
    });
  } catch (error) {
    if (error !== UNDONE) throw error;
  }
  return kept[0] as T;
}

/**
 * What the place of a meter comes to from its account's last bill to its last reading, or to `at` when that is later: by the
 * function that bills it. `null` where nobody is billed.
 */
export async function billPreview(
  desk: Desk,
  meterId: MeterId,
  at: Instant,
  books: BillBooks,
): Promise<PreviewJson | null> {
  const place = await placeOf(desk, meterId, at);
  if (place === null) return null;
  const from = (await billedUntil(desk.trx, place.accountId)) ?? startOfDay(place.fromDay, desk.zone);
  const to = instant(Math.max(place.lastAt ?? at, at));
  if (from >= to) return null;
  const period = { from, to };
  const [input] = await readAccounts(desk.trx, [place.accountId], period, { ...books, zone: desk.zone });
  const own = input?.settlements.filter(({ agreement }) => agreement.usagePointId === place.usagePointId) ?? [];
  if (own.length === 0) return null;
  try {
    const settled = settleAll(own);
    const total = settled.reduce((sum, { usage }) => sum + usage.total, 0n);
    const unit = settled[0]?.usage.unit ?? "kWh";
    const amounts = settled.flatMap(({ lines }) => lines.map(({ amount }) => amount));
    return {
      from: atText(desk, from),
      to: atText(desk, to),
      quantity: quantityOf(total, unit),
      amount: moneyJson(sumMoney(desk.currency, amounts)),
      parts: settled.flatMap(({ registers }) =>
        registers.map(({ meter, ratio, verdicts, from: since, to: until, ...part }) => ({
          ...part,
          from: inZone(desk, since),
          to: inZone(desk, until),
          meterId: meter,
          ratio: ratio ?? null,
          verdicts: [...verdicts],
        })),
      ),
      doubts: settled.flatMap(({ doubts }) => [...doubts]),
    };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw new CodedError(error.code, `what would be billed cannot be priced: ${error.message}`);
  }
}

/** A proof of a bill has its instants in UTC. */
const inZone = (desk: Desk, text: string): string => {
  const at = instantOfIso(text);
  return at === null ? text : atText(desk, at);
};

type Place = {
  readonly usagePointId: bigint;
  readonly accountId: bigint;
  readonly fromDay: Day;
  readonly lastAt: Instant | null;
};

/** Where the meter stands or stood last, who takes it there, and when it was last read at that place. */
async function placeOf({ trx, operatorId }: Desk, meterId: MeterId, at: Instant): Promise<Place | null> {
  const { rows } = await sql<{
    usage_point_id: bigint;
    utility: Utility;
    account_id: bigint;
    from_day: Day;
  }>`select i.usage_point_id, u.utility, a.account_id, a.from_day
       from installation i join usage_point u on u.operator_id = i.operator_id and u.id = i.usage_point_id
       join agreement a on a.operator_id = i.operator_id and a.usage_point_id = i.usage_point_id and a.to_day is null
      where i.operator_id = ${operatorId} and i.meter_id = ${meterId} and i.installed_at <= ${isoOf(at)}::timestamptz
      order by i.installed_at desc, a.from_day desc limit 1`.execute(trx);
  const row = rows[0];
  if (row === undefined) return null;
  const last = await sql<{ at: Instant | null }>`
    select max(r.at) as at from installation i
     cross join lateral (select measured_at as at from reading
         where operator_id = i.operator_id and meter_id = i.meter_id and register = ${REGISTERS[MAIN_REGISTER[row.utility]].code}
           and measured_at >= i.installed_at and (i.removed_at is null or measured_at <= i.removed_at)
         order by measured_at desc limit 1) r
     where i.operator_id = ${operatorId} and i.usage_point_id = ${row.usage_point_id}`.execute(trx);
  return {
    usagePointId: row.usage_point_id,
    accountId: row.account_id,
    fromDay: row.from_day,
    lastAt: last.rows[0]?.at ?? null,
  };
}
