/** What homes used, and what they owe for it, worked out by hand. */
import type { Pool } from "pg";
import { type BundleCheck, checkBundle } from "../../billing/explain/check-bundle.ts";
import { readBundle } from "../../billing/explain/read-bundle.ts";
import { postRebill, rebillNow, type RebillOutcome } from "../../billing/rebill/post.ts";
import { day } from "../../domain/period.ts";
import type { RegisterName } from "../../domain/register.ts";
import { noteAssignment, noteCharge, noteChargePrice } from "../../ledger/charges.ts";
import { writeEdits } from "../../ledger/edits.ts";
import type { SmallTown } from "../support/town.ts";
import { type Lives, on } from "./lives.ts";

export const MONTHS = ["2025-09", "2025-10", "2025-11", "2025-12", "2026-01"] as const;
export const ENDS = ["2025-09-01", "2025-10-01", "2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01"] as const;
export const FROM = on("2025-09-01");

/** Values at the ends of the months. */
export type Values = readonly number[];
/** Over the first tier in October, over the second in December; January begins a new year of the ladder. */
export const TRUE: Values = [1000, 1050, 1135, 1190, 1260, 1300];

export const WRONG: Values = [1000, 1050, 1135, 1190, 1290, 1310];

/** By hand, in fen: 100 kWh a year at 1.00, `more` further ones at 2.00, the rest at 3.00; 5.00 a month; 0.01 a kWh. */
export function byHand(values: Values, { persons = 1, price1 = 100 } = {}): number {
  const allowance = persons >= 5 ? 20 : 0;
  const cost = (used: number, months: number) => {
    const [first, second] = [100 + allowance * months, 200 + allowance * months];
    return (
      Math.min(used, first) * price1 +
      Math.max(0, Math.min(used, second) - first) * 200 +
      Math.max(0, used - second) * 300
    );
  };
  let [owed, used] = [0, 0];
  for (let month = 1; month < values.length; month++) {
    if (month === 5) used = 0;
    const use = (values[month] ?? 0) - (values[month - 1] ?? 0);
    owed += cost(used + use, 12) - cost(used, 12) + 500 + use;
    used += use;
  }
  return owed;
}

/** Units in the energy book of a usage point, by where they went. */
export async function energyOf(owner: Pool, operatorId: bigint, point: bigint): Promise<Record<string, number>> {
  const { rows } = await owner.query<{ energy_account: string; sum: bigint }>(
    `select p.energy_account, sum(p.quantity)::bigint as sum from energy_posting p join energy_entry e on e.operator_id = p.operator_id and e.id = p.entry_id
      where e.operator_id = $1 and e.usage_point_id = $2 group by 1 having sum(p.quantity) <> 0`,
    [operatorId, point],
  );
  return Object.fromEntries(rows.map((row) => [row.energy_account, Number(row.sum / 1_000_000n)]));
}

/** What an account owes in all classes, in fen. */
export async function owedBy(owner: Pool, operatorId: bigint, account: bigint): Promise<number> {
  const { rows } = await owner.query<{ sum: bigint }>(
    "select coalesce(sum(amount_minor), 0)::bigint as sum from posting where operator_id = $1 and account_id = $2",
    [operatorId, account],
  );
  return Number(rows[0]?.sum);
}

/** How many entries corrected an account. */
export async function correctingEntries(owner: Pool, operatorId: bigint, account: bigint): Promise<bigint> {
  const { rows } = await owner.query<{ n: bigint }>(
    "select count(distinct p.journal_id) as n from posting p join journal j on j.operator_id = p.operator_id and j.id = p.journal_id where p.operator_id = $1 and p.account_id = $2 and j.kind = 'adjustment'",
    [operatorId, account],
  );
  return rows[0]?.n ?? 0n;
}

/** What stands in a ledger account of income. */
export async function earned(owner: Pool, operatorId: bigint, ledgerAccount: string): Promise<bigint> {
  const { rows } = await owner.query<{ sum: bigint }>(
    "select coalesce(-sum(amount_minor), 0)::bigint as sum from posting where operator_id = $1 and ledger_account = $2",
    [operatorId, ledgerAccount],
  );
  return rows[0]?.sum ?? 0n;
}

/** So much a month for a home, 6 % tax inside. */
export const chargeFee = (lives: Lives, town: SmallTown, account: bigint, price: string) =>
  lives.fresh.db.as(town.operatorId, async (trx) => {
    const noted = { at: lives.now, by: null };
    const from = day("2025-09-01");
    const title = { zh: "物业费", en: "Fee" };
    await noteCharge(trx, { code: "fee", title, basis: "home", income: "revenue_property" }, noted);
    await noteChargePrice(trx, "fee", { from, price, taxRate: "0.06", source: "invented" }, noted);
    await noteAssignment(trx, account, { code: "fee", from, quantity: "1" }, noted);
  });

/** So many persons live in a home from a day on. */
export const household = (owner: Pool, operatorId: bigint, account: bigint, from: string, persons: number) =>
  owner.query("insert into household (operator_id, account_id, from_day, persons) values ($1, $2, $3, $4)", [
    operatorId,
    account,
    from,
    persons,
  ]);

/** Every bill that a note corrects, exported and made again from its file alone. */
export async function offlineChecks(
  lives: Lives,
  { operatorId }: SmallTown,
): Promise<{ readonly number: string; readonly file: string; readonly check: BundleCheck }[]> {
  const { rows } = await lives.owner.query<{ number: string }>(
    "select distinct b.number from bill b join correction_basis c on c.operator_id = b.operator_id and c.bill_id = b.id where b.operator_id = $1 order by 1",
    [operatorId],
  );
  return Promise.all(
    rows.map(async ({ number }) => {
      const bundle = await lives.fresh.db.as(operatorId, (trx) => readBundle(trx, number, lives.deps, lives.now));
      const file = JSON.stringify(bundle);
      return { number, file, check: checkBundle(file) };
    }),
  );
}

/** A clerk says what a register showed at these times. */
export const editValues = (
  lives: Lives,
  { operatorId }: SmallTown,
  meter: bigint,
  register: RegisterName,
  values: Readonly<Record<string, number>>,
) =>
  lives.fresh.db.as(operatorId, (trx) =>
    writeEdits(
      trx,
      Object.entries(values).map(([at, value]) => ({
        meterId: meter,
        register,
        at: on(at),
        origin: "clerk" as const,
        says: { kind: "value" as const, value: BigInt(value * 1_000_000), source: "manual" as const },
        reason: "misread",
        key: `${meter} ${at} ${value}`,
        madeAt: lives.now,
      })),
    ),
  );

/** Posts what all bills of an account since September come to now. */
export async function postAll(lives: Lives, { operatorId }: SmallTown, account: bigint): Promise<RebillOutcome> {
  const scope = { kind: "rebill", from: FROM } as const;
  const { digest } = await lives.fresh.db.as(operatorId, (trx) =>
    rebillNow(trx, { accountId: account, scope, now: lives.now }, lives.deps),
  );
  const asked = { operatorId, accountId: account, scope, digest, reason: "misread", by: null, now: lives.now };
  return postRebill(lives.fresh.db, asked, lives.deps);
}
