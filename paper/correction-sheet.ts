import { sql, type Transaction } from "kysely";
import { type Currency, type Money, money } from "../domain/money.ts";
import type { Instant } from "../domain/instant.ts";
import { type Day, dayOf, type Zone } from "../domain/period.ts";
import type { Micro } from "../domain/quantity.ts";
import type { Tables } from "../schema/tables.ts";
import { type CarriedChange, carriedChanges, carriedUnit } from "../billing/rebill/carried.ts";
import { type NotedCharge, type NotedState, notedCharges, notedStates } from "../ledger/correction-books.ts";
import type { Words } from "./words.ts";

/** A correction note as it stands on paper, in no language. */
export type CorrectionSheet = {
  readonly operator: Words;
  readonly number: string;
  readonly kind: "rebill" | "cancel" | "anew";
  readonly customer: { readonly name: string; readonly number: string };
  readonly issuedOn: Day;
  readonly reason: string;
  readonly total: Money;
  /** Bills in the order of time. */
  readonly bills: readonly {
    readonly number: string;
    readonly firstDay: Day;
    readonly difference: Money;
    readonly lines: readonly CorrectionSheetLine[];
  }[];
  /** What charges carry to the next bill, where it is something else than was handed on. */
  readonly carried: readonly CorrectionSheetCarried[];
};

export type CorrectionSheetCarried = {
  readonly bill: string;
  readonly what: CarriedChange["what"];
  /** Charge, time of use or month that it is of. */
  readonly name: string;
  readonly was: Micro | Money;
  readonly now: Micro | Money;
  readonly unit: "kWh" | "kW" | "money";
};

export type CorrectionSheetLine = {
  readonly title: Words;
  readonly tier: number | null;
  readonly tou: string | null;
  /** Empty for a charge besides supply. */
  readonly tariffVersion: string;
  readonly quantity: Micro | null;
  readonly unit: string | null;
  readonly billed: Money;
  readonly due: Money;
  readonly difference: Money;
};

type Row = {
  zh: string;
  en: string;
  zone: Zone;
  number: string;
  kind: CorrectionSheet["kind"];
  name: string;
  account: string;
  issued_on: Day;
  reason: string;
  currency: Currency;
  total_minor: bigint;
  charges_minor: bigint;
};
type LineRow = {
  bill: string;
  bill_from: Instant;
  title_zh: string;
  title_en: string;
  tier: number | null;
  tou: string | null;
  tariff_version: string;
  quantity: bigint | null;
  unit: string | null;
  billed_minor: bigint;
  due_minor: bigint;
  amount_minor: bigint;
};

/** Of one note; `null` when this operator has none of that id. */
export async function correctionSheet(trx: Transaction<Tables>, id: bigint): Promise<CorrectionSheet | null> {
  const { rows } = await sql<Row>`
    select o.name_zh as zh, o.name_en as en, o.zone, c.number, c.kind, a.name, a.number as account, c.issued_on, c.reason, c.currency, c.total_minor, c.charges_minor
      from sanbiao.correction c join sanbiao.operator o on o.operator_id = c.operator_id
      join sanbiao.account a on a.operator_id = c.operator_id and a.id = c.account_id
     where c.operator_id = sanbiao.operator_id() and c.id = ${id}`.execute(trx);
  const [head] = rows;
  if (head === undefined) return null;
  const { rows: lines } = await sql<LineRow>`
    select b.number as bill, b.period_from as bill_from, l.* from sanbiao.correction_line l
      join sanbiao.bill b on b.operator_id = l.operator_id and b.id = l.bill_id
     where l.operator_id = sanbiao.operator_id() and l.correction_id = ${id} order by b.period_from, l.line`.execute(
    trx,
  );
  const of = (minor: bigint) => money(head.currency, minor);
  const told = [
    ...lines.map((line) => ({ bill: line.bill, from: line.bill_from, line: sheetLineOf(line, of) })),
    ...(await notedCharges(trx, id)).map((charge) => ({
      bill: charge.bill,
      from: charge.billFrom,
      line: chargeLineOf(charge, of),
    })),
  ];
  const bills = [...Map.groupBy(told, ({ bill }) => bill)]
    .map(([number, own]) => ({
      number,
      from: own[0]?.from ?? (0 as Instant),
      lines: own.map(({ line }) => line),
    }))
    .toSorted((a, b) => a.from - b.from)
    .map(({ number, from, lines: own }) => ({
      number,
      firstDay: dayOf(from, head.zone),
      difference: of(own.reduce((sum, { difference }) => sum + difference.minor, 0n)),
      lines: own,
    }));
  return {
    operator: { zh: head.zh, en: head.en },
    number: head.number,
    kind: head.kind,
    customer: { name: head.name, number: head.account },
    issuedOn: head.issued_on,
    reason: head.reason,
    total: of(head.total_minor + head.charges_minor),
    bills,
    carried: (await notedStates(trx, id)).flatMap((state) => carriedOf(state, of)),
  };
}

const sheetLineOf = (line: LineRow, of: (minor: bigint) => Money): CorrectionSheetLine => ({
  title: { zh: line.title_zh, en: line.title_en },
  tier: line.tier,
  tou: line.tou,
  tariffVersion: line.tariff_version,
  quantity: line.quantity,
  unit: line.unit,
  billed: of(line.billed_minor),
  due: of(line.due_minor),
  difference: of(line.amount_minor),
});

const chargeLineOf = (one: NotedCharge, of: (minor: bigint) => Money): CorrectionSheetLine => ({
  title: { zh: one.titleZh, en: one.titleEn },
  tier: null,
  tou: null,
  tariffVersion: "",
  quantity: null,
  unit: null,
  billed: of(one.billedMinor),
  due: of(one.dueMinor),
  difference: of(one.dueMinor - one.billedMinor),
});

const carriedOf = ({ bill, before, after }: NotedState, of: (minor: bigint) => Money): CorrectionSheetCarried[] =>
  carriedChanges(before, after).map(({ what, name, was, now }) => {
    const unit = carriedUnit(what);
    const shown = (value: bigint | null): Micro | Money => (unit === "money" ? of(value ?? 0n) : (value ?? 0n));
    return { bill, what, name, was: shown(was), now: shown(now), unit };
  });
