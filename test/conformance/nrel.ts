import type { Day } from "../../domain/period.ts";
import { Decimal } from "../../domain/decimal.ts";
import type { Instant } from "../../domain/instant.ts";
import type { MeasuredDemand, Usage, UsageSlice } from "../../domain/usage.ts";

/** Inputs of NREL's utilityrate5 as its documentation names them; a missing bound or 1e38 has no end. */
export type NrelInputs = {
  ur_metering_option?: number;
  ur_monthly_fixed_charge?: number;
  ur_monthly_min_charge?: number;
  ur_annual_min_charge?: number;
  ur_nm_yearend_sell_rate?: number;
  ur_nm_credit_month?: number;
  ur_nm_credit_rollover?: number;
  ur_sell_eq_buy?: number;
  ur_ec_sched_weekday: number[][];
  ur_ec_sched_weekend: number[][];
  ur_ec_tou_mat: (number | null)[][];
  ur_dc_enable?: number;
  ur_dc_sched_weekday?: number[][];
  ur_dc_sched_weekend?: number[][];
  ur_dc_tou_mat?: (number | null)[][];
  ur_dc_flat_mat?: (number | null)[][];
  ur_en_ts_sell_rate?: number;
  ur_en_ts_buy_rate?: number;
  ur_ts_sell_rate?: number[];
  ur_ts_buy_rate?: number[];
};

/** Tariff years begin on a Monday, as 2018 did. */
const YEAR = { from: Date.UTC(2018, 0, 1), ms: 365 * 86_400_000 };
const title = { zh: "费", en: "charge" };
const text = (value: number): string => new Decimal(value).toFixed();
const endless = (bound: number | null | undefined): boolean => bound === null || bound === undefined || bound >= 1e37;

/** Rows of one period by tier: bound, its unit (0 kWh, 1 kWh per kW, 2 kWh a day, 3 kWh per kW a day), buying and selling price. */
type EnergyTier = { upTo: number | null; units: number; buy: number; sell: number };
type Tiers = Map<number, EnergyTier[]>;

/** The tariff document of a case; throws as the engine does when the periods of a month have different tiers. */
export function tariffOfNrel(inputs: NrelInputs): object {
  const option = inputs.ur_metering_option ?? 0;
  const creditMonth = (inputs.ur_nm_credit_month ?? 11) + 1;
  const keeps = (inputs.ur_nm_credit_rollover ?? 0) === 1;
  const energy = energyOf(inputs, "energy", "buy");
  const sells = option !== 0;
  const charges = [
    energy,
    ...(sells ? [energyOf(inputs, "export", "sell")] : []),
    ...(option === 1 || option === 3
      ? [
          {
            kind: "carry",
            id: "carried",
            title,
            of: ["energy", "export"],
            // Net billing carries a month's credit to the next; net metering in money uses it at once.
            ...(option === 3 ? { use: "next" } : {}),
            ...(keeps ? {} : { settleMonth: creditMonth }),
          },
        ]
      : []),
    { kind: "standing", id: "fixed", title, per: "month", price: text(inputs.ur_monthly_fixed_charge ?? 0) },
    ...demandsOf(inputs),
  ];
  const all = charges.map((charge) => charge.id);
  const least = (id: string, per: string, amount = 0) =>
    amount > 0 ? [{ kind: "minimum", id, title, per, amount: text(amount), of: all }] : [];
  return {
    id: "nrel",
    version: "1",
    utility: "electricity",
    unit: "kWh",
    currency: "USD",
    effectiveFrom: "2018-01-01" as Day,
    zone: "UTC",
    title,
    source: ["utilityrate5"],
    tou: clockOf(inputs.ur_ec_sched_weekday, inputs.ur_ec_sched_weekend),
    ...nettingOf(option),
    charges: [
      ...charges,
      ...least("minimum_month", "month", inputs.ur_monthly_min_charge),
      ...least("minimum_year", "year", inputs.ur_annual_min_charge),
      ...(option === 0 && !keeps
        ? [
            {
              kind: "surplus",
              id: "settled",
              title,
              month: creditMonth,
              price: text(inputs.ur_nm_yearend_sell_rate ?? 0),
            },
          ]
        : []),
    ],
  };
}

function nettingOf(option: number): object {
  // The engine carries a surplus to the period of the same hour of a weekday: its columns 0, 5, 11 and 17.
  if (option === 0)
    return { netting: { by: "period", surplus: "carry", likeHours: ["00:00", "05:00", "11:00", "17:00"] } };
  if (option === 1) return { netting: { by: "period", surplus: "sell" } };
  return option === 4 ? {} : { netting: { by: "interval" } };
}

function energyOf(inputs: NrelInputs, kind: "energy" | "export", side: "buy" | "sell"): { id: string } {
  const made = (form: object) => ({ kind, id: kind, title, roundOnce: true, ...form });
  const series = side === "buy" ? inputs.ur_ts_buy_rate : inputs.ur_ts_sell_rate;
  const bySeries = side === "buy" ? inputs.ur_en_ts_buy_rate : inputs.ur_en_ts_sell_rate;
  if (bySeries === 1 && series !== undefined) {
    const minutes = Math.round((365 * 1440) / series.length);
    return made({ form: "series", series: { from: "2018-01-01", minutes, values: series.map(text) } });
  }
  const priced = side === "sell" && inputs.ur_sell_eq_buy === 1 ? "buy" : side;
  const tiers = tiersOf(inputs.ur_ec_tou_mat);
  const months = Array.from({ length: 12 }, (_, month) => tiersOfMonth(inputs, tiers, month, priced));
  const first = months[0] ?? { tiers: [], key: "", scale: "", perKw: false };
  if (months.every((month) => month.tiers.length === 1)) {
    const own = Object.fromEntries([...tiers].map(([period, rows]) => [`p${period}`, text(rows[0]?.[priced] ?? 0)]));
    return made({ form: "flat", price: own });
  }
  const seasons = [...new Set(months.map(({ key }) => key))]
    .filter((key) => key !== first.key)
    .map((key) => ({
      months: months.flatMap((month, i) => (month.key === key ? [i + 1] : [])),
      tiers: months.find((month) => month.key === key)?.tiers,
    }));
  const ladder = {
    basis: "month",
    ...(first.scale === "day" ? { scale: "day" } : {}),
    ...(first.perKw ? { kw: { of: "demand" } } : {}),
  };
  // Net billing and two meters fill tiers hour by hour; net metering shares the month's over its periods.
  const allocation = (inputs.ur_metering_option ?? 0) >= 2 ? "chronological" : "pro_rata";
  return made({
    form: "graduated",
    ladder,
    tiers: first.tiers,
    allocation,
    ...(seasons.length > 0 ? { seasons } : {}),
  });
}

function tiersOf(rows: (number | null)[][]): Tiers {
  const tiers: Tiers = new Map();
  for (const [period, tier, upTo, units, buy, sell] of [...rows].sort((a, b) => (a[1] ?? 0) - (b[1] ?? 0))) {
    const own = tiers.get(period ?? 0) ?? [];
    own[(tier ?? 1) - 1] = {
      upTo: endless(upTo) ? null : (upTo ?? null),
      units: units ?? 0,
      buy: buy ?? 0,
      sell: sell ?? 0,
    };
    tiers.set(period ?? 0, own);
  }
  return tiers;
}

function tiersOfMonth(inputs: NrelInputs, tiers: Tiers, month: number, side: "buy" | "sell") {
  const periods = new Set([...(inputs.ur_ec_sched_weekday[month] ?? []), ...(inputs.ur_ec_sched_weekend[month] ?? [])]);
  const boundsOf = (period: number) =>
    JSON.stringify((tiers.get(period) ?? []).map(({ upTo, units }) => [upTo, units]));
  const [first = 1] = periods;
  for (const period of periods) {
    if (!tiers.has(period)) throw new Error(`period ${period} has no price`);
    if (boundsOf(period) !== boundsOf(first))
      throw new Error(`month ${month + 1}: tiers within a month should be the same for all periods`);
  }
  const rows = tiers.get(first) ?? [];
  const priceOf = (tier: number) =>
    Object.fromEntries([...tiers].map(([period, own]) => [`p${period}`, text((own[tier] ?? own.at(-1))?.[side] ?? 0)]));
  const made: { upTo: string | null; upToPerKw?: string; price: object }[] = [];
  let perKw: string | undefined;
  for (const [i, { upTo, units }] of rows.entries()) {
    const byKw = units === 1 || units === 3;
    if (byKw) {
      perKw = upTo === null ? undefined : text(upTo);
      const next = rows[i + 1];
      if (next !== undefined && next.units !== 1 && next.units !== 3) continue; // heads the tiers by kWh that follow
      made.push({ upTo: null, ...(perKw === undefined ? {} : { upToPerKw: perKw }), price: priceOf(i) });
    } else {
      made.push({
        upTo: upTo === null ? null : text(upTo),
        ...(perKw === undefined ? {} : { upToPerKw: perKw }),
        price: priceOf(i),
      });
    }
  }
  const scale = rows.some(({ units }) => units >= 2) ? "day" : "";
  return { tiers: made, key: boundsOf(first), scale, perKw: rows.some(({ units }) => units === 1 || units === 3) };
}

/** One charge for each set of months with the same kW tiers, and one for each period that has a price. */
function demandsOf(inputs: NrelInputs): { id: string }[] {
  if (inputs.ur_dc_enable !== 1) return [];
  const tiersWhere = (rows: (number | null)[][], first: number) =>
    rows
      .filter((row) => row[0] === first)
      .sort((a, b) => (a[1] ?? 0) - (b[1] ?? 0))
      .map((row) => ({ upTo: endless(row[2]) ? null : text(row[2] ?? 0), price: text(row[3] ?? 0) }));
  const costs = (tiers: { price: string }[]) => tiers.some(({ price }) => /[1-9]/.test(price));
  const flat = new Map<string, number[]>();
  for (let month = 0; month < 12; month++) {
    const tiers = tiersWhere(inputs.ur_dc_flat_mat ?? [], month);
    if (costs(tiers)) flat.set(JSON.stringify(tiers), [...(flat.get(JSON.stringify(tiers)) ?? []), month + 1]);
  }
  const rows = inputs.ur_dc_tou_mat ?? [];
  const tou = clockOf(inputs.ur_dc_sched_weekday ?? [], inputs.ur_dc_sched_weekend ?? []);
  return [
    ...[...flat].map(([tiers, months], i) => ({
      kind: "demand",
      id: `demand_${i}`,
      title,
      roundOnce: true,
      tiers: JSON.parse(tiers) as object,
      when: { months },
    })),
    ...[...new Set(rows.map((row) => row[0] ?? 0))]
      .map((period) => ({ period, tiers: tiersWhere(rows, period) }))
      .filter(({ tiers, period }) => costs(tiers) && tou.rules.some((rule) => rule.period === `p${period}`))
      .map(({ period, tiers }) => ({
        kind: "demand",
        id: `demand_tou_${period}`,
        title,
        roundOnce: true,
        tou,
        in: [`p${period}`],
        tiers,
      })),
  ];
}

/** Hour by hour schedules of twelve months as rules, hours of one period together. */
function clockOf(weekday: number[][], weekend: number[][]) {
  const two = (hour: number) => `${hour}`.padStart(2, "0");
  const rules: { period: string; months: number[]; weekdays: number[]; from: string; to: string }[] = [];
  for (const [schedule, weekdays] of [
    [weekday, [1, 2, 3, 4, 5]],
    [weekend, [6, 7]],
  ] as const) {
    for (const [month, hours] of schedule.entries()) {
      for (let from = 0; from < hours.length; ) {
        let to = from + 1;
        while (to < hours.length && hours[to] === hours[from]) to++;
        rules.push({
          period: `p${hours[from]}`,
          months: [month + 1],
          weekdays: [...weekdays],
          from: `${two(from)}:00`,
          to: `${two(to)}:00`,
        });
        from = to;
      }
    }
  }
  return { rules, otherwise: rules[0]?.period ?? "p1" };
}

const kwh = (kw: string | number, hours: number) => BigInt(new Decimal(kw).times(1_000_000 * hours).toFixed(0));

/** Mean kW of a year of equal intervals, taken and made; two meters count each, one meter what is left within an interval. */
export function usageOfKw(load: readonly string[], made: readonly string[] | null, twoMeters: boolean): Usage {
  const step_ms = YEAR.ms / load.length;
  const hours = step_ms / 3_600_000;
  const period = (i: number) => ({
    from: (YEAR.from + i * step_ms) as Instant,
    to: (YEAR.from + (i + 1) * step_ms) as Instant,
  });
  const slice = (i: number, quantity: bigint): UsageSlice => ({ period: period(i), quantity, basis: "actual" });
  const taken: UsageSlice[] = [];
  const exported: UsageSlice[] = [];
  for (const [i, kw] of load.entries()) {
    const used = kwh(kw, hours);
    const back = made === null ? 0n : kwh(made[Math.floor((i * made.length) / load.length)] ?? "0", hours);
    const net = used - back;
    const apart = twoMeters && back >= 0n;
    taken.push(slice(i, apart ? used : net > 0n ? net : 0n));
    if (made !== null) exported.push(slice(i, apart ? back : net < 0n ? -net : 0n));
  }
  return { ...usageWith(taken), ...(made === null ? {} : { exported }) };
}

const usageWith = (slices: readonly UsageSlice[]): Usage => ({
  utility: "electricity",
  unit: "kWh",
  servicePeriod: { from: YEAR.from as Instant, to: (YEAR.from + YEAR.ms) as Instant },
  slices,
  total: slices.reduce((sum, slice) => sum + slice.quantity, 0n),
  basis: "actual",
});

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Where the load itself is not in the folder: its energy by month and period, and its peaks, as the engine prints them. */
export function usageOfTables(byMonth: Record<string, number[][]>, peaks: readonly number[]): Usage {
  const slices: UsageSlice[] = [];
  const demands: MeasuredDemand[] = [];
  for (const [month, name] of MONTHS.entries()) {
    const period = { from: Date.UTC(2018, month, 1) as Instant, to: Date.UTC(2018, month + 1, 1) as Instant };
    for (const row of (byMonth[name] ?? []).slice(1, -1))
      slices.push({ period, quantity: kwh(row.at(-1) ?? 0, 1), tou: `p${row[0]}`, basis: "actual" });
    demands.push({ period, kw: kwh(peaks[month] ?? 0, 1) });
  }
  return { ...usageWith(slices), demands };
}

/** Monthly net energy of a home with a system: below zero was taken, above was given back; at the hours of one period. */
export function usageOfNet(toGrid: readonly number[]): Usage {
  const period = (month: number) => ({
    from: Date.UTC(2018, month, 1) as Instant,
    to: Date.UTC(2018, month + 1, 1) as Instant,
  });
  const sliceOf = (month: number, net: number): UsageSlice => ({
    period: period(month),
    quantity: net > 0 ? kwh(net, 1) : 0n,
    tou: "p1",
    basis: "actual",
  });
  return {
    ...usageWith(toGrid.map((net, month) => sliceOf(month, -net))),
    exported: toGrid.map((net, month) => sliceOf(month, net)),
  };
}
