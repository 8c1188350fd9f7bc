import { describe, expect, test } from "vitest";
import { accountBillOf } from "../../../billing/account-bill.ts";
import { type AccrualBasis, accrualOf } from "../../../billing/prepaid/accrual.ts";
import { needsOf, unkeptOf } from "../../../billing/rate/needs.ts";
import { registersOf, type SettlementInput } from "../../../billing/settlement.ts";
import { TARIFFS, versionsOf } from "../../../catalog/tariffs/catalogue.ts";
import { DAY_MS, HOUR_MS, type Instant, instant, MINUTE_MS } from "../../../domain/instant.ts";
import { amountText, type Money, zero } from "../../../domain/money.ts";
import { day, dayOf, monthOf, monthsWithin, startOfDay } from "../../../domain/period.ts";
import type { RegisterName } from "../../../domain/register.ts";
import type { Tariff } from "../../../domain/tariff.ts";
import type { BookedReading } from "../../../ledger/usage.ts";
import { DEMAND_REGISTER, MAIN_REGISTER, touOfRegister } from "../../../metering/register.ts";

const SEED = 20_261_128; // change it to look at another home
const SINCE = day("2026-01-20");
const WEEKENDS = { id: "test", title: { zh: "周末", en: "weekends" }, years: {} };

/** What a register of a home grows by in an hour, in thousandths of a unit: the same for the same seed, register and hour. */
function grown(register: RegisterName, hour: number, tou: string | null): bigint {
  const chance = BigInt((((hour + SEED) * 48_271) % 2_147_483_647) % 900);
  if (tou !== null) return hour % 5 === 0 ? chance : 0n;
  if (register === "energy_export_kwh") return chance / 3n;
  if (register === "reactive_import_kvarh") return chance / 4n;
  return chance;
}

function readingsOf(registers: readonly RegisterName[], tariff: Tariff, from: Instant, to: Instant): BookedReading[] {
  const own = registers.filter((register) => {
    if (Object.values(DEMAND_REGISTER).includes(register as never)) return false; // its intervals tell
    // Where a clock says the hours, its main register does.
    return touOfRegister(register) === null || tariff.tou === undefined;
  });
  const every_ms = needsOf([tariff]).everyReading ? 15 * MINUTE_MS : HOUR_MS;
  return own.flatMap((register) => {
    let value = 1_000_000_000n;
    const readings: BookedReading[] = [];
    for (let at: number = from; at <= to; at += every_ms) {
      readings.push({ meterId: 1n, register, at: at as Instant, value, source: "mqtt" });
      value += grown(register, at / every_ms, touOfRegister(register)) * 1_000n;
    }
    return readings;
  });
}

/** A home of the tariff in its first whole month: since the twentieth of the month before. */
function homeOf(tariff: Tariff): { input: SettlementInput; month: { from: Instant; to: Instant } } {
  const { zone, utility } = tariff;
  const begun = startOfDay(SINCE, zone);
  const month = monthOf(begun, zone, 1);
  const agreement = {
    accountId: 1n,
    usagePointId: 1n,
    utility,
    tariffId: tariff.id,
    fromDay: SINCE,
    toDay: null,
    sinceDay: SINCE,
    stays: [
      {
        usagePointId: 1n,
        meterId: 1n,
        serial: "m1",
        profileId: "test",
        installedAt: instant(begun - DAY_MS),
        removedAt: null,
        maxPerHour: 100_000_000n,
        decided: [],
      },
    ],
  };
  const versions = versionsOf(tariff.id);
  const readings = readingsOf(registersOf(agreement, versions), tariff, begun, month.to);
  const since = [{ from: SINCE, value: 2_000_000n }];
  const input: SettlementInput = {
    agreement,
    stretch: month,
    parts: [month],
    versions,
    household: [{ from: SINCE, persons: 6 }],
    contractedKw: since,
    contractedKva: since,
    lowIncome: [{ from: SINCE, value: true }],
    readings: new Map([[1n, readings]]),
    dials: () => null,
  };
  return { input, month };
}

function billed(input: SettlementInput): Money | string {
  const { stretch, versions } = input;
  const { zone = "Asia/Shanghai", currency = "CNY" } = versions[0] ?? {};
  const bill = accountBillOf(
    { accountId: 1n, settlements: [input], withoutTariff: [] },
    stretch,
    dayOf(stretch.to, zone),
    { currency, zone, terms: [{ fromDay: SINCE, dueWorkingDays: 10, calendar: WEEKENDS }] },
  );
  return bill.kind === "billed" ? bill.bill.total : `${bill.reason}: ${bill.detail}`;
}

/** As a prepaid supply looks at it while the month goes on: up to the last reading that is there. */
function accrued(input: SettlementInput, until: Instant): Money | string {
  const { zone = "Asia/Shanghai", currency = "CNY" } = input.versions[0] ?? {};
  const to = instant(until + 1);
  const stretch = { from: input.stretch.from, to };
  const known = (input.readings.get(1n) ?? []).filter(({ at }) => at <= until);
  const basis: AccrualBasis = {
    accountId: 1n,
    meterId: 1n,
    billedUntil: null,
    zone,
    currency,
    inputs: [{ ...input, stretch, parts: monthsWithin(stretch, zone), readings: new Map([[1n, known]]) }],
    corrections: [],
    hasEstimatedBills: false,
    withoutTariff: [],
  };
  const { unbilled, note } = accrualOf(basis);
  return note === "" && unbilled !== null ? unbilled : note;
}

const ids = [...new Set(TARIFFS.map(({ id }) => id))];
const first = (id: string): Tariff => versionsOf(id)[0] as Tariff;
const priced = ids.filter((id) => unkeptOf(versionsOf(id)).length === 0);

describe.each(priced)("%s", (id) => {
  const { input, month } = homeOf(first(id));

  test("what a prepaid supply owes at the month's end is its bill", () => {
    const bill = billed(input);
    expect(typeof bill === "string" ? bill : bill.minor > 0n).toBe(true);
    expect(accrued(input, month.to)).toEqual(bill);
  });

  test("it never owes less the longer it uses, unless something is given back or compared with the month", () => {
    if (needsOf(input.versions).exported || needsOf(input.versions).reactive) return;
    let owed = zero(first(id).currency).minor;
    for (const share of [3, 11, 20, 28]) {
      const now = accrued(input, instant(month.from + share * DAY_MS));
      if (typeof now === "string") return expect(now).toBe("");
      expect(now.minor, amountText(now)).toBeGreaterThanOrEqual(owed);
      owed = now.minor;
    }
  });
});

test("every tariff of the catalogue can be prepaid: none needs what the books do not have", () => {
  expect(priced).toEqual(ids);
  expect(ids.every((id) => MAIN_REGISTER[first(id).utility] !== undefined)).toBe(true);
});
