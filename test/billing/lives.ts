import type { Pool } from "pg";
import { estimationPolicyOf } from "../../catalog/estimation/catalogue.ts";
import { type BillRunDeps, type BillRunResult, runBills } from "../../billing/run.ts";
import type { EstimationBook } from "../../billing/estimate-ends.ts";
import { DAY_MS, type Instant, instant, instantOfIso } from "../../domain/instant.ts";
import { day, type Period, monthOf, startOfDay } from "../../domain/period.ts";
import { decimalText } from "../../domain/quantity.ts";
import type { RegisterName } from "../../domain/register.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

export const zone = "Asia/Shanghai";
export const on = (text: string): Instant => {
  const [date, time = "00:00"] = text.split(" ");
  return instantOfIso(`${date}T${time}:00+08:00`) ?? (0 as Instant);
};
export const iso = (at: Instant): string => new Date(at).toISOString();

const base = {
  version: "1",
  currency: "CNY",
  effectiveFrom: day("2020-01-01"),
  zone,
  unit: "kWh",
  utility: "electricity",
  source: ["invented for the test"],
} as const;
const title = { zh: "测试", en: "test" };

/** 100 kWh a year at 1.00, 100 more at 2.00, the rest at 3.00; tax inside; 5.00 a month; 0.01 a kWh for a fund. */
const ladder: Tariff = {
  ...base,
  id: "ladder",
  title,
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "energy",
      title,
      ladder: { basis: "year" },
      tiers: [
        { upTo: "100", price: "1" },
        { upTo: "200", price: "2" },
        { upTo: null, price: "3" },
      ],
    },
    { kind: "standing", id: "standing", title, per: "month", price: "5" },
    { kind: "volume", id: "fund", title, price: "0.01" },
    { kind: "tax", id: "vat", title, rate: "0.13", mode: "inclusive" },
  ],
};
/** Peak and valley by the meter's own registers. */
const byHours: Tariff = {
  ...base,
  id: "by-hours",
  title,
  tou: { rules: [{ period: "valley", from: "22:00", to: "08:00" }], otherwise: "peak" },
  charges: [{ kind: "energy", form: "flat", id: "energy", title, price: { peak: "1", valley: "0.5" } }],
};
const TARIFFS: Record<string, readonly Tariff[]> = { ladder: [ladder], "by-hours": [byHours] };

/** A reading and the month before whose bill it comes in; absent = in its own time. */
export type LateReading = {
  readonly at: string;
  readonly value: number;
  /** Comes in before the bill run of this month (`YYYY-MM`). */
  readonly before: string;
  readonly register?: RegisterName;
  readonly meter?: bigint;
};

/** Homes of one operator that live through months; bills are run ten days after each month's end. */
export class Lives {
  readonly fresh: FreshDatabase;
  readonly owner: Pool;
  now = on("2026-01-01");
  deps: BillRunDeps;

  private constructor(fresh: FreshDatabase) {
    this.fresh = fresh;
    this.owner = ownerPool(fresh.ownerUrl);
    this.deps = {
      db: fresh.db,
      clock: { now: () => this.now },
      tariffs: (id) => TARIFFS[id] ?? null,
      dials: () => 1_000_000_000_000n,
      telemetry: noTelemetry,
    };
  }

  static async open(): Promise<Lives> {
    return new Lives(await freshDatabase());
  }

  async close(): Promise<void> {
    await this.owner.end();
    await this.fresh.drop();
  }

  town = (): Promise<SmallTown> => SmallTown.found(this.owner, `lives-${Math.trunc(performance.now() * 1000)}`);

  async run(town: SmallTown, month: string, estimation: EstimationBook | null = anyTime): Promise<BillRunResult> {
    const period = monthNamed(month);
    this.now = instant(period.to + 10 * DAY_MS);
    return runBills(estimation === null ? this.deps : { ...this.deps, estimation }, town.operatorId, period);
  }

  /** Every line ever billed to an account by the period it is about: `month/charge/tier/tou` → quantity and amount. */
  async charged(town: SmallTown, account: bigint): Promise<Record<string, string>> {
    const { rows } = await this.owner.query<
      Record<string, string> & { period_from: Instant; q: bigint; a: bigint; i: bigint }
    >(
      `select l.period_from, l.charge, coalesce(l.tier::text, '-') as tier, coalesce(l.tou, '-') as tou,
              coalesce(sum(l.quantity), 0)::bigint as q, sum(l.amount_minor)::bigint as a, coalesce(sum(l.included_minor), 0)::bigint as i
         from bill_line l join bill b on b.operator_id = l.operator_id and b.id = l.bill_id
        where b.operator_id = $1 and b.account_id = $2 group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
      [town.operatorId, account],
    );
    return Object.fromEntries(
      rows
        .filter(({ q, a, i }) => q !== 0n || a !== 0n || i !== 0n)
        .map(({ period_from, charge, tier, tou, q, a, i }) => [
          `${iso(instant(period_from + DAY_MS)).slice(0, 7)} ${charge} ${tier} ${tou}`,
          `${decimalText(q)} ${a} ${i}`,
        ]),
    );
  }

  /** Units billed, corrections included. */
  async billed(town: SmallTown, account: bigint): Promise<string> {
    const { rows } = await this.owner.query<{ q: bigint }>(
      `select coalesce(sum(u.quantity), 0)::bigint as q from billed_usage u join bill b on b.operator_id = u.operator_id and b.id = u.bill_id
        where b.operator_id = $1 and b.account_id = $2`,
      [town.operatorId, account],
    );
    return decimalText(rows[0]?.q ?? 0n);
  }

  /** Lines of the account's last bill: `charge tier tou quantity amount`, corrections with a `~`. */
  async lastBill(town: SmallTown, account: bigint): Promise<string[]> {
    const { rows } = await this.owner.query<Record<string, string> & { quantity: bigint; fixes: boolean }>(
      `select l.charge, coalesce(l.tier::text, '-') as tier, coalesce(l.tou, '-') as tou, l.quantity, l.amount_minor,
              l.corrects_bill_id is not null as fixes
         from bill_line l where l.operator_id = $1 and l.bill_id = (select max(id) from bill where operator_id = $1 and account_id = $2)
          and l.charge in ('energy', 'fund') order by l.line`,
      [town.operatorId, account],
    );
    return rows.map(
      ({ charge, tier, tou, quantity, amount_minor, fixes }) =>
        `${fixes ? "~" : ""}${charge} ${tier} ${tou} ${decimalText(quantity)} ${amount_minor}`,
    );
  }

  async trueUps(town: SmallTown, account: bigint): Promise<string[]> {
    const { rows } = await this.owner.query<{
      value: bigint;
      method: string;
      actual: bigint | null;
      difference: bigint | null;
      open: boolean;
    }>(
      `select t.value, t.method, c.value as actual, c.difference, c.true_up_id is null as open
         from true_up t left join true_up_closing c on c.operator_id = t.operator_id and c.true_up_id = t.id
        where t.operator_id = $1 and t.account_id = $2 order by t.at, t.register`,
      [town.operatorId, account],
    );
    const text = (value: bigint | null) => (value === null ? "-" : decimalText(value));
    return rows.map((row) =>
      row.open
        ? `${text(row.value)} ${row.method} open`
        : `${text(row.value)} → ${text(row.actual)} (${text(row.difference)})`,
    );
  }
}

export const monthNamed = (month: string): Period => monthOf(startOfDay(day(`${month}-01`), zone), zone);

/** The declared policies without a limit of periods. */
const anyTime: EstimationBook = (utility, mode) => {
  const policy = estimationPolicyOf(utility, mode);
  return policy === null ? null : { ...policy, periodsMax: 99 };
};
