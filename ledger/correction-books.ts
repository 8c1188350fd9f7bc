import { sql, type Transaction } from "kysely";
import type { ChargeLine } from "../domain/charge.ts";
import { type Instant, isoOf } from "../domain/instant.ts";
import { microOf } from "../domain/quantity.ts";
import type { Unit } from "../domain/unit.ts";
import type { Tables } from "../schema/tables.ts";
import { type Hashed, type HashedTariff, writeTariffDocuments } from "./bill-basis.ts";
import { bulkInsert, type Column } from "./bulk-insert.ts";
import type { StateToWrite } from "./rating-states.ts";
import type { BilledStretch } from "./true-ups.ts";

type Trx = Transaction<Tables>;

/** A bill's own charge line besides supply, as a correction changes it. */
export type CorrectionCharge = {
  readonly billId: bigint;
  /** Of the bill's charge line. */
  readonly line: number;
  readonly billedMinor: bigint;
  readonly dueMinor: bigint;
  /** Difference of the tax inside. */
  readonly includedMinor: bigint;
};

/** Energy given back or reactive energy by what is known now less what was billed of it. */
export type CorrectionMeasure = {
  readonly billId: bigint;
  readonly usagePointId: bigint;
  readonly kind: "export" | "reactive" | "demand";
  readonly from: Instant;
  readonly to: Instant;
  readonly unit: Unit | "kvarh";
  readonly quantity: bigint;
  readonly registers: readonly object[];
};

export type CorrectionBasis = Hashed & { readonly billId: bigint };

/** What a correction says beside its lines and use. */
export type CorrectionParts = {
  readonly charges: readonly CorrectionCharge[];
  readonly measures: readonly CorrectionMeasure[];
  readonly states: readonly StateToWrite[];
  readonly bases: readonly CorrectionBasis[];
  readonly tariffs: readonly HashedTariff[];
};

/** Written with the note of this id, in its transaction. */
export async function writeCorrectionParts(
  trx: Trx,
  id: bigint,
  effect: string,
  { charges, measures, states, bases, tariffs }: CorrectionParts,
): Promise<void> {
  const noted = <Row>(columns: readonly Column<Row>[]) => ({
    columns: [["correction_id", "bigint", () => id] as const, ...columns],
  });
  await writeTariffDocuments(trx, tariffs);
  await bulkInsert(trx, "correction_charge", noted(chargeColumns), charges);
  await bulkInsert(
    trx,
    "correction_measure",
    noted<CorrectionMeasure>([...measureColumns, ["effect", "text", () => effect]]),
    measures,
  );
  await bulkInsert(trx, "correction_state", noted(stateColumns), states);
  await bulkInsert(trx, "correction_basis", noted(basisColumns), bases);
}

const chargeColumns: readonly Column<CorrectionCharge>[] = [
  ["bill_id", "bigint", ({ billId }) => billId],
  ["line", "smallint", ({ line }) => line],
  ["billed_minor", "bigint", ({ billedMinor }) => billedMinor],
  ["due_minor", "bigint", ({ dueMinor }) => dueMinor],
  ["amount_minor", "bigint", ({ billedMinor, dueMinor }) => dueMinor - billedMinor],
  ["included_minor", "bigint", ({ includedMinor }) => includedMinor],
];

const measureColumns: readonly Column<CorrectionMeasure>[] = [
  ["bill_id", "bigint", ({ billId }) => billId],
  ["usage_point_id", "bigint", ({ usagePointId }) => usagePointId],
  ["period_from", "timestamptz", ({ from }) => isoOf(from)],
  ["period_to", "timestamptz", ({ to }) => isoOf(to)],
  ["kind", "text", ({ kind }) => kind],
  ["unit", "text", ({ unit }) => unit],
  ["quantity", "bigint", ({ quantity }) => quantity],
  ["registers", "jsonb", ({ registers }) => JSON.stringify(registers)],
];

const stateColumns: readonly Column<StateToWrite>[] = [
  ["bill_id", "bigint", ({ billId }) => billId],
  ["usage_point_id", "bigint", ({ usagePointId }) => usagePointId],
  ["account_id", "bigint", ({ accountId }) => accountId],
  ["tariff_id", "text", ({ tariffId }) => tariffId],
  ["period_from", "timestamptz", ({ period }) => isoOf(period.from)],
  ["period_to", "timestamptz", ({ period }) => isoOf(period.to)],
  ["before", "jsonb", ({ before }) => JSON.stringify(before)],
  ["after", "jsonb", ({ after }) => JSON.stringify(after)],
];

const basisColumns: readonly Column<CorrectionBasis>[] = [
  ["bill_id", "bigint", ({ billId }) => billId],
  ["sha256", "text", ({ sha256 }) => sha256],
  ["document", "json text", ({ document }) => document],
];

/** What a bill and its corrections counted beside the main register in one stretch. */
export type BilledMeasure = Omit<BilledStretch, "utility" | "unit"> & {
  readonly kind: "export" | "reactive" | "demand";
  readonly unit: Unit | "kvarh";
};

/** What these bills measured besides, corrections added in. */
export async function billedMeasures(trx: Trx, billIds: readonly bigint[]): Promise<BilledMeasure[]> {
  const { rows } = await sql<
    Omit<BilledMeasure, "registers"> & {
      registers: { meter: string; register: string; used: string; end: string | null }[] | null;
    }
  >`
    with part as (
      select 0::bigint as by_id, bill_id, usage_point_id, period_from, period_to, kind, unit, quantity, registers from sanbiao.billed_measure
       where operator_id = sanbiao.operator_id() and bill_id = any(${`{${billIds.join(",")}}`}::bigint[])
      union all
      select correction_id, bill_id, usage_point_id, period_from, period_to, kind, unit, quantity, registers from sanbiao.correction_measure
       where operator_id = sanbiao.operator_id() and bill_id = any(${`{${billIds.join(",")}}`}::bigint[])
    ), counted as (
      select bill_id, usage_point_id, period_from, kind, p.meter, p.register, sum(p.used) as used,
             (array_agg(p."end" order by by_id desc))[1] as "end"
        from part cross join jsonb_to_recordset(registers) as p (meter text, register text, used numeric, "end" text)
       group by 1, 2, 3, 4, 5, 6
    )
    select bill_id as "billId", usage_point_id as "usagePointId", kind, min(unit) as unit, period_from as "from", max(period_to) as "to",
           sum(quantity)::bigint as quantity,
           (select json_agg(json_build_object('meter', c.meter, 'register', c.register, 'used', c.used::text, 'end', c."end"))
              from counted c where (c.bill_id, c.usage_point_id, c.period_from, c.kind)
                                 = (part.bill_id, part.usage_point_id, part.period_from, part.kind)) as registers
      from part group by bill_id, usage_point_id, period_from, kind order by bill_id, usage_point_id, period_from, kind`.execute(
    trx,
  );
  return rows.map((row) => ({
    ...row,
    registers: (row.registers ?? []).map((one) => ({ ...one, used: microOf(one.used) ?? 0n })),
  }));
}

/** What a stretch of a bill hands on, as it was last corrected. */
export type BilledState = {
  readonly billId: bigint;
  readonly usagePointId: bigint;
  readonly from: Instant;
  readonly after: unknown;
};

export async function billedStates(trx: Trx, billIds: readonly bigint[]): Promise<BilledState[]> {
  const { rows } = await sql<BilledState>`
    select distinct on (bill_id, usage_point_id, period_from)
           bill_id as "billId", usage_point_id as "usagePointId", period_from as "from", after
      from (select 0::bigint as by_id, bill_id, usage_point_id, period_from, after from sanbiao.rating_state
             where operator_id = sanbiao.operator_id() and bill_id = any(${`{${billIds.join(",")}}`}::bigint[])
            union all
            select correction_id, bill_id, usage_point_id, period_from, after from sanbiao.correction_state
             where operator_id = sanbiao.operator_id() and bill_id = any(${`{${billIds.join(",")}}`}::bigint[])) known
     order by bill_id, usage_point_id, period_from, by_id desc`.execute(trx);
  return rows;
}

/** A charge line of a bill besides supply, and what it comes to with corrections until now. */
export type BilledCharge = {
  readonly billId: bigint;
  readonly line: number;
  readonly code: string;
  readonly income: ChargeLine["income"];
  readonly title: ChargeLine["title"];
  /** As it was issued. */
  readonly issuedMinor: bigint;
  readonly issuedIncludedMinor: bigint;
  readonly billedMinor: bigint;
  readonly includedMinor: bigint;
};

export async function billedCharges(trx: Trx, billIds: readonly bigint[]): Promise<BilledCharge[]> {
  if (billIds.length === 0) return [];
  const { rows } = await sql<Omit<BilledCharge, "title"> & { zh: string; en: string }>`
    select c.bill_id as "billId", c.line, c.code, c.income, c.title_zh as zh, c.title_en as en,
           c.amount_minor as "issuedMinor", c.included_minor as "issuedIncludedMinor",
           (c.amount_minor + coalesce(x.amount, 0))::bigint as "billedMinor", (c.included_minor + coalesce(x.included, 0))::bigint as "includedMinor"
      from sanbiao.bill_charge c
      left join lateral (select sum(amount_minor) as amount, sum(included_minor) as included from sanbiao.correction_charge x
                          where x.operator_id = c.operator_id and x.bill_id = c.bill_id and x.line = c.line) x on true
     where c.operator_id = sanbiao.operator_id() and c.bill_id = any(${`{${billIds.join(",")}}`}::bigint[])
     order by c.bill_id, c.line`.execute(trx);
  return rows.map(({ zh, en, ...row }) => ({ ...row, title: { zh, en } }));
}

/** What one corrected bill was worked out from; a note from before it was kept has none. */
export async function readCorrectionBases(trx: Trx, billId: bigint): Promise<ReadonlyMap<bigint, Hashed>> {
  const rows = await trx
    .selectFrom("correction_basis")
    .select(["correction_id", "sha256", "document"])
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("bill_id", "=", billId)
    .execute();
  return new Map(rows.map(({ correction_id: id, ...row }) => [id, row]));
}

/** One charge of a bill besides supply as a note tells it. */
export type NotedCharge = {
  readonly billId: bigint;
  readonly bill: string;
  readonly billFrom: Instant;
  readonly titleZh: string;
  readonly titleEn: string;
  readonly billedMinor: bigint;
  readonly dueMinor: bigint;
};

export async function notedCharges(trx: Trx, correctionId: bigint): Promise<NotedCharge[]> {
  const { rows } = await sql<NotedCharge>`
    select x.bill_id as "billId", b.number as bill, b.period_from as "billFrom", c.title_zh as "titleZh", c.title_en as "titleEn",
           x.billed_minor as "billedMinor", x.due_minor as "dueMinor"
      from sanbiao.correction_charge x
      join sanbiao.bill b on b.operator_id = x.operator_id and b.id = x.bill_id
      join sanbiao.bill_charge c on c.operator_id = x.operator_id and c.bill_id = x.bill_id and c.line = x.line
     where x.operator_id = sanbiao.operator_id() and x.correction_id = ${correctionId} order by b.period_from, x.bill_id, x.line`.execute(
    trx,
  );
  return rows;
}

/** What the last stretch that a note corrects of a usage point hands on, and what it had handed on before. */
export type NotedState = {
  readonly usagePointId: bigint;
  readonly bill: string;
  readonly to: Instant;
  /** `null`: nothing was. */
  readonly before: unknown;
  readonly after: unknown;
};

export async function notedStates(trx: Trx, correctionId: bigint): Promise<NotedState[]> {
  const { rows } = await sql<NotedState>`
    select distinct on (s.usage_point_id) s.usage_point_id as "usagePointId", b.number as bill, s.period_to as "to", s.after,
           coalesce((select c.after from sanbiao.correction_state c
                      where c.operator_id = s.operator_id and c.bill_id = s.bill_id and c.usage_point_id = s.usage_point_id
                        and c.period_from = s.period_from and c.correction_id < s.correction_id order by c.correction_id desc limit 1),
                    (select r.after from sanbiao.rating_state r
                      where r.operator_id = s.operator_id and r.bill_id = s.bill_id and r.usage_point_id = s.usage_point_id
                        and r.period_from = s.period_from)) as before
      from sanbiao.correction_state s join sanbiao.bill b on b.operator_id = s.operator_id and b.id = s.bill_id
     where s.operator_id = sanbiao.operator_id() and s.correction_id = ${correctionId}
     order by s.usage_point_id, s.period_to desc`.execute(trx);
  return rows;
}
