import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { settle, type SettlementInput } from "../../billing/settlement.ts";
import { TARIFFS } from "../../catalog/tariffs/catalogue.ts";
import { HOUR_MS, type Instant, instant, instantOfIso } from "../../domain/instant.ts";
import { day, type Period, periodOfDays } from "../../domain/period.ts";
import { decimalText, type Micro, microOf } from "../../domain/quantity.ts";
import type { Tariff } from "../../domain/tariff.ts";
import type { BookedReading, MeterStay } from "../../ledger/usage.ts";
import { tariffWith } from "./rate/tariffs.ts";

const zhejiang = TARIFFS.filter((tariff) => tariff.id === "zhejiang.electricity.residential_tou");
const zone = "Asia/Shanghai";
const june = periodOfDays(day("2026-06-01"), day("2026-07-01"), zone);
const at = (text: string): Instant => instantOfIso(`2026-${text}:00+08:00`) ?? instant(0);
const micro = (kWh: number): Micro => microOf(kWh.toFixed(6)) ?? 0n;

const PEAK = { main: "energy_import_kwh", peak: "energy_import_peak_kwh", valley: "energy_import_valley_kwh" } as const;
const isDay = (hour: number): boolean => hour >= 8 && hour < 22;
const hourOf = (moment: Instant): number => new Date(moment + 8 * HOUR_MS).getUTCHours();

const NEVER = (_at: Instant): boolean => false;

/** Uses so much in an hour of the clock. */
type Load = (hour: number, moment: Instant) => number;
const AT_NIGHT: Load = (hour) => (isDay(hour) ? 0 : 0.48);
const EVEN: Load = () => 0.5;

/** Readings each hour of a period, of the registers asked for; `counts` says which register an hour is counted on. */
function hourly(
  load: Load,
  { from, to }: Period,
  registers: readonly (keyof typeof PEAK)[] = ["main"],
  { meter = 1n, start = 1000, isPeak = isDay, skip = NEVER } = {},
): BookedReading[] {
  const shown = { main: start, peak: start * 0.6, valley: start * 0.4 };
  const readings: BookedReading[] = [];
  for (let moment = from; moment <= to; moment = instant(moment + HOUR_MS)) {
    if (!skip(moment))
      for (const name of registers)
        readings.push({ meterId: meter, register: PEAK[name], at: moment, value: micro(shown[name]), source: "mqtt" });
    const used = load(hourOf(moment), moment);
    shown.main += used;
    shown[isPeak(hourOf(moment)) ? "peak" : "valley"] += used;
  }
  return readings;
}

const stay = (meterId: bigint, from: Instant, to: Instant | null = null): MeterStay => ({
  usagePointId: 1n,
  meterId,
  serial: `m${meterId}`,
  profileId: "test",
  installedAt: from,
  removedAt: to,
  maxPerHour: micro(10),
  decided: [],
});

function bill(
  readings: readonly BookedReading[],
  more: { stretch?: Period; versions?: readonly Tariff[]; stays?: readonly MeterStay[] } = {},
) {
  const { stretch = june, versions = zhejiang, stays = [stay(1n, at("01-01T00:00"))] } = more;
  const input: SettlementInput = {
    agreement: {
      accountId: 1n,
      usagePointId: 1n,
      utility: "electricity",
      tariffId: versions[0]?.id ?? "",
      fromDay: day("2026-06-01"),
      toDay: null,
      sinceDay: day("2026-06-01"),
      stays,
    },
    stretch,
    parts: [stretch],
    versions,
    household: [],
    readings: Map.groupBy(readings, (reading) => reading.meterId),
    dials: () => null,
  };
  const settled = settle(input);
  const energy = settled.lines.filter((line) => line.tou !== undefined);
  const proven = settled.registers.reduce((sum, { used }) => sum + (microOf(used) ?? 0n), 0n);
  expect(proven).toBe(settled.usage.total);
  expect(energy.reduce((sum, line) => sum + (line.quantity ?? 0n), 0n)).toBe(settled.usage.total);
  for (const proof of settled.registers)
    if (proof.verdicts.length === 0 && proof.start !== null && proof.end !== null)
      expect((microOf(proof.end) ?? 0n) - (microOf(proof.start) ?? 0n)).toBe(microOf(proof.used));
  return {
    lines: energy.map((line) => `${line.tou} ${decimalText(line.quantity ?? 0n)} ${line.basis}`).sort(),
    registers: settled.registers.map(({ serial, register, used }) => `${serial} ${register} ${used}`),
    notes: settled.verdicts.filter((verdict) => verdict.rule === "hours.estimated").map(({ inputs }) => inputs),
    doubts: settled.doubts,
    guessed: decimalText(settled.guessed),
    basis: settled.usage.basis,
  };
}

const ends = (readings: readonly BookedReading[]) =>
  readings.filter((reading) => reading.at === june.from || reading.at === june.to);

describe("a home that uses all its energy at night", () => {
  test.each<[string, readonly BookedReading[], readonly string[]]>([
    ["its main register read each hour", hourly(AT_NIGHT, june), ["m1 energy_import_kwh 144"]],
    [
      "its own registers read at both ends",
      ends(hourly(AT_NIGHT, june, ["main", "peak", "valley"])),
      ["m1 energy_import_valley_kwh 144"],
    ],
    [
      "its own registers read each hour",
      hourly(AT_NIGHT, june, ["main", "peak", "valley"]),
      ["m1 energy_import_valley_kwh 144"],
    ],
  ])("pays valley for it: %s", (_, readings, registers) => {
    const { lines, doubts, guessed, ...rest } = bill(readings);
    expect(lines).toEqual(["valley 144 actual"]);
    expect({ doubts, guessed }).toEqual({ doubts: [], guessed: "0" });
    expect(rest.registers.filter((text) => !text.endsWith(" 0"))).toEqual(registers);
  });

  test("is told that its hours are estimated when nobody saw them, on the lines and in a verdict", () => {
    const told = bill(ends(hourly(AT_NIGHT, june)));
    expect(told.lines).toEqual(["peak 84 estimated", "valley 60 estimated"]);
    expect(told).toMatchObject({ guessed: "144", basis: "actual", doubts: [] });
    expect(told.notes).toEqual([{ shared_by_time: "144", stretches: "1", longest_ms: `${720 * HOUR_MS}` }]);
  });

  test("has each day estimated when it is read once a day", () => {
    const daily = hourly(AT_NIGHT, june).filter((reading) => hourOf(reading.at) === 0);
    expect(bill(daily)).toMatchObject({
      lines: ["peak 84 estimated", "valley 60 estimated"],
      notes: [{ stretches: "30" }],
    });
  });
});

describe("the meter's own registers are passed over for its readings", () => {
  const own = ["main", "peak", "valley"] as const;
  const byClock = ["peak 210 actual", "valley 150 actual"];
  test.each<[string, readonly BookedReading[]]>([
    ["counted by another clock", hourly(EVEN, june, own, { isPeak: (hour) => hour >= 6 && hour < 20 })],
    [
      "that do not add up to the main one",
      hourly(EVEN, june, own)
        .filter((r) => r.register !== PEAK.valley || r.at < at("06-20T00:00"))
        .concat({ meterId: 1n, register: PEAK.valley, at: june.to, value: micro(505), source: "mqtt" }),
    ],
    [
      "that begin in the middle of the month",
      hourly(EVEN, june, own).filter((r) => r.register === PEAK.main || r.at > at("06-15T00:00")),
    ],
    ["without one of the clock's times of use", hourly(EVEN, june, ["main", "peak"])],
    [
      "read on other days than the month's ends",
      [
        ...hourly(EVEN, june),
        ...hourly(EVEN, { from: at("05-28T00:00"), to: at("07-04T00:00") }, own).filter(
          (r) => r.register !== PEAK.main && (r.at === at("05-28T00:00") || r.at === at("07-04T00:00")),
        ),
      ],
    ],
  ])("%s", (_, readings) => {
    const told = bill(readings);
    expect(told.lines.map((line) => line.replace("interpolated", "actual"))).toEqual(byClock);
    expect(told).toMatchObject({ doubts: [], guessed: "0", registers: ["m1 energy_import_kwh 360"] });
  });
});

test("registers that the meter shows and never counts on are no obstacle, whenever they are read", () => {
  const idle = [june.from, at("06-20T00:00")].map(
    (moment, i): BookedReading => ({
      meterId: 1n,
      register: i === 0 ? "energy_import_sharp_kwh" : "energy_import_flat_kwh",
      at: moment,
      value: 0n,
      source: "modbus",
    }),
  );
  const told = bill([...hourly(EVEN, june, ["main", "peak", "valley"]), ...idle]);
  expect(told.lines).toEqual(["peak 210 actual", "valley 150 actual"]);
  expect(told.registers).toEqual(["m1 energy_import_peak_kwh 210", "m1 energy_import_valley_kwh 150"]);
});

describe("a gap over a boundary", () => {
  const skip = (moment: Instant): boolean => moment > at("06-10T05:00") && moment < at("06-10T11:00");
  const load: Load = (hour) => (hour === 7 ? 3 : 0.5);

  test("is shared by the hours of like days and said, and nothing else is", () => {
    const told = bill(hourly(load, june, ["main"], { skip }));
    const notes = [{ shared: "5.5", shared_by_hours_of_like_days: "5.5", stretches: "1" }];
    expect(told).toMatchObject({ guessed: "5.5", notes, doubts: [] });
    // of 5.5 kWh between 05:00 and 11:00 4 were used before 08:00 on every other day
    expect(told.lines).toEqual(["peak 210 estimated", "valley 225 estimated"]);
  });

  test("of hours that nobody saw on three like days is shared by plain time", () => {
    const from = at("06-03T00:00");
    const never = (moment: Instant): boolean => moment > from && hourOf(moment) > 5 && hourOf(moment) < 11;
    const told = bill(hourly(load, june, ["main"], { skip: never }));
    // 1 and 2 June were seen, each later day half of its 5.5 kWh goes before 08:00
    expect(told.notes).toMatchObject([{ shared_by_time: "154", stretches: "28" }]);
    expect(told.lines).toEqual(["peak 245 estimated", "valley 190 estimated"]);
  });

  test("on a weekend is shared by the hours of weekends", () => {
    const weekend = (moment: Instant): boolean => [6, 0].includes(new Date(moment + 8 * HOUR_MS).getUTCDay());
    // 2026-06-13 is a Saturday: at weekends 2 kWh are used between 09:00 and 10:00, else between 07:00 and 08:00
    const gap = (moment: Instant): boolean => moment > at("06-13T05:00") && moment < at("06-13T11:00");
    const uses: Load = (hour, moment) => (hour === (weekend(moment) ? 9 : 7) ? 2 : 0);
    expect(bill(hourly(uses, june, ["main"], { skip: gap })).lines).toEqual(["peak 16 estimated", "valley 44 actual"]);
  });

  test("does not matter to the meter's own registers", () => {
    const told = bill(hourly(load, june, ["main", "peak", "valley"], { skip }));
    expect(told).toMatchObject({ lines: ["peak 210 actual", "valley 225 actual"], guessed: "0", notes: [] });
  });

  test("of one missing hourly reading is interpolated", () => {
    const told = bill(hourly(EVEN, june, ["main"], { skip: (moment) => moment === at("06-10T08:00") }));
    expect(told).toMatchObject({ lines: ["peak 210 interpolated", "valley 150 interpolated"], guessed: "0" });
  });

  test("within one time of use is no gap", () => {
    const night = (moment: Instant): boolean => moment > at("06-10T22:00") && moment < at("06-11T08:00");
    expect(bill(hourly(EVEN, june, ["main"], { skip: night })).lines).toEqual(["peak 210 actual", "valley 150 actual"]);
  });
});

describe("a meter exchanged at noon", () => {
  const noon = at("06-15T12:00");
  const stays = [stay(1n, at("01-01T00:00"), noon), stay(2n, noon)];
  const protocol = (readings: readonly BookedReading[]): BookedReading[] =>
    readings.map((reading) => (reading.at === noon ? { ...reading, source: "installation" } : reading));
  const before = { from: june.from, to: noon };
  const after = { from: noon, to: june.to };
  const own = ["main", "peak", "valley"] as const;

  test("is billed on both meters' own registers", () => {
    const readings = protocol([...hourly(EVEN, before, own), ...hourly(EVEN, after, own, { meter: 2n, start: 0 })]);
    expect(bill(readings, { stays })).toMatchObject({
      lines: ["peak 210 actual", "valley 150 actual"],
      registers: [
        "m1 energy_import_peak_kwh 100",
        "m1 energy_import_valley_kwh 74",
        "m2 energy_import_peak_kwh 110",
        "m2 energy_import_valley_kwh 76",
      ],
      doubts: [],
    });
  });

  test("is billed on the readings when one of them has no registers of its own", () => {
    const readings = protocol([...hourly(EVEN, before), ...hourly(EVEN, after, own, { meter: 2n, start: 0 })]);
    const told = bill(readings, { stays });
    expect(told).toMatchObject({ lines: ["peak 210 actual", "valley 150 actual"], doubts: [] });
    expect(told.registers).toEqual(["m1 energy_import_kwh 174", "m2 energy_import_kwh 186"]);
  });
});

describe("a day whose clock is changed", () => {
  const night = { rules: [{ period: "peak", from: "08:00", to: "22:00" }], otherwise: "valley" };
  const price = { peak: "2", valley: "1" };
  const energy = { kind: "energy", form: "flat", id: "energy", title: { zh: "电", en: "energy" }, price } as const;
  const berlin = tariffWith([energy], { tou: night, zone: "Europe/Berlin" });
  test.each([
    ["of 23 hours", "2026-03-29", "2026-03-30", "4.5"],
    ["of 25 hours", "2026-10-25", "2026-10-26", "5.5"],
    ["of 24 hours", "2026-03-28", "2026-03-29", "5"],
  ])("%s has its peak whole and its night as long as it was", (_, from, to, valley) => {
    const stretch = periodOfDays(day(from), day(to), "Europe/Berlin");
    const told = bill(hourly(EVEN, stretch), { stretch, versions: [berlin] });
    expect(told.lines).toEqual(["peak 7 actual", `valley ${valley} actual`]);
  });
});

test("hourly readings come to what each hour used at its own price, whatever the load and whatever is missing at night", () => {
  const loads = fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 24, maxLength: 24 });
  fc.assert(
    fc.property(loads, fc.integer({ min: 1, max: 28 }), fc.boolean(), (grid, missing, own) => {
      const load: Load = (hour) => (grid[hour] ?? 0) / 100;
      const from = at(`06-${String(missing).padStart(2, "0")}T22:00`);
      const skip = (moment: Instant): boolean => moment > from && moment < from + 10 * HOUR_MS;
      const registers = own ? (["main", "peak", "valley"] as const) : (["main"] as const);
      const told = bill(hourly(load, june, registers, { skip }));
      const used = (tou: boolean) => 30 * grid.reduce((sum, value, hour) => sum + (isDay(hour) === tou ? value : 0), 0);
      const byName = Map.groupBy(told.lines, (line) => line.split(" ")[0]);
      for (const [name, tou] of [
        ["peak", true],
        ["valley", false],
      ] as const) {
        const sum = (byName.get(name) ?? []).reduce(
          (total, line) => total + (microOf(line.split(" ")[1] ?? "") ?? 0n),
          0n,
        );
        expect(sum).toBe(BigInt(used(tou)) * 10_000n);
      }
    }),
    { numRuns: 40 },
  );
});
