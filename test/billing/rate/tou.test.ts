import { describe, expect, test } from "vitest";
import { rate } from "../../../billing/rate.ts";
import { timetableOf, touEdges } from "../../../billing/rate/timetable.ts";
import { momentOf } from "../../../billing/rate/moment.ts";
import type { GraduatedCharge, TouClock } from "../../../domain/tariff.ts";
import { lineText, tariffWith, tiered, usage } from "./tariffs.ts";

const clock: TouClock = {
  rules: [
    { period: "flat", weekdays: [6, 7] },
    { period: "sharp", months: [7, 8], from: "19:00", to: "21:00" },
    { period: "peak", from: "08:00", to: "22:00" },
  ],
  otherwise: "valley",
};

const touAt = (text: string, zone = "Asia/Shanghai", of = clock) => {
  const at = momentOf(text, zone);
  if (at === null) throw new Error(`not a moment: ${text}`);
  return timetableOf(of, zone).spanAt(at).tou;
};

test.each([
  ["2026-03-02T07:59:59", "valley"],
  ["2026-03-02T08:00:00", "peak"],
  ["2026-03-02T19:30:00", "peak"],
  ["2026-07-01T19:30:00", "sharp"],
  ["2026-07-01T21:00:00", "peak"],
  ["2026-03-02T22:00:00", "valley"],
  ["2026-03-07T12:00:00", "flat"], // a Saturday
  ["2026-03-08T23:59:59", "flat"],
  ["2026-03-09T00:00:00", "valley"],
])("%s is %s", (at, tou) => expect(touAt(at)).toBe(tou));

test("hours that run over midnight belong to both days", () => {
  const night: TouClock = { rules: [{ period: "valley", from: "22:00", to: "08:00" }], otherwise: "peak" };
  expect(
    ["2026-03-02T23:00:00", "2026-03-03T07:59:00", "2026-03-03T08:00:00"].map((at) =>
      touAt(at, "Asia/Shanghai", night),
    ),
  ).toEqual(["valley", "valley", "peak"]);
});

test("the hours follow the wall clock on the day it is put forward and back", () => {
  const night: TouClock = { rules: [{ period: "night", from: "01:00", to: "04:00" }], otherwise: "day" };
  const hours = (day: string, n: number) => {
    const start = momentOf(day, "Europe/Berlin") ?? 0;
    return Array.from(
      { length: n },
      (_, i) => timetableOf(night, "Europe/Berlin").spanAt((start + i * 3_600_000) as never).tou[0],
    ).join("");
  };
  expect(hours("2026-03-29", 23).slice(0, 6)).toBe("dnnddd"); // 02:00 does not exist
  expect(hours("2026-10-25", 25).slice(0, 6)).toBe("dnnnnd"); // 02:00 comes twice
});

describe("prices by tier and time of use", () => {
  const charge = (allocation: GraduatedCharge["allocation"]): GraduatedCharge =>
    tiered(
      { basis: "month" },
      {
        ...(allocation && { allocation }),
        tiers: [
          { upTo: "100", price: { peak: "2", valley: "1" } },
          { upTo: null, price: { peak: "4", valley: "3" } },
        ],
      },
    );
  const tou: TouClock = { rules: [{ period: "peak", from: "08:00", to: "20:00" }], otherwise: "valley" };
  const pro_rata = tariffWith([charge("pro_rata")], { tou });
  const chronological = tariffWith([charge("chronological")], { tou });
  const hours = {
    intervals: [
      { from: "2026-03-01T00:00", to: "2026-03-01T04:00", quantity: "60" },
      { from: "2026-03-01T08:00", to: "2026-03-01T12:00", quantity: "60" },
    ],
  };

  test("chronological: the first hours take the first tier", () => {
    expect(rate(chronological, usage(hours, chronological)).map(lineText)).toEqual([
      "energy/t1/peak 2026-03-01: 40 × 2 = 80.00",
      "energy/t1/valley 2026-03-01: 60 × 1 = 60.00",
      "energy/t2/peak 2026-03-01: 20 × 4 = 80.00",
    ]);
    expect(rate(pro_rata, usage(hours, pro_rata)).map(lineText)).toEqual([
      "energy/t1/peak 2026-03-01: 50 × 2 = 100.00",
      "energy/t1/valley 2026-03-01: 50 × 1 = 50.00",
      "energy/t2/peak 2026-03-01: 10 × 4 = 40.00",
      "energy/t2/valley 2026-03-01: 10 × 3 = 30.00",
    ]);
  });

  test("an interval over two times of use is shared by time", () => {
    const quarter = { intervals: [{ from: "2026-03-01T07:30", to: "2026-03-01T08:30", quantity: "3" }] };
    expect(rate(chronological, usage(quarter, chronological)).map((line) => [lineText(line), line.basis])).toEqual([
      ["energy/t1/peak 2026-03-01T07:30: 1.5 × 2 = 3.00", "interpolated"],
      ["energy/t1/valley 2026-03-01T07:30: 1.5 × 1 = 1.50", "interpolated"],
    ]);
  });

  test("pro rata: each time of use has the same share in each tier", () => {
    const registers = { from: "2026-03-01", to: "2026-04-01", registers: { peak: "150", valley: "50" } };
    expect(rate(pro_rata, usage(registers, pro_rata)).map(lineText)).toEqual([
      "energy/t1/peak 2026-03-01: 75 × 2 = 150.00",
      "energy/t1/valley 2026-03-01: 25 × 1 = 25.00",
      "energy/t2/peak 2026-03-01: 75 × 4 = 300.00",
      "energy/t2/valley 2026-03-01: 25 × 3 = 75.00",
    ]);
  });

  test("registers of one stretch fill the ladder together, whichever allocation", () => {
    const registers = { from: "2026-03-01", to: "2026-04-01", registers: { peak: "150", valley: "50" } };
    expect(rate(chronological, usage(registers, pro_rata))).toEqual(rate(pro_rata, usage(registers, pro_rata)));
  });

  test("a register's own time of use stands above the clock", () => {
    const hour = { intervals: [{ from: "2026-03-02T12:00", to: "2026-03-02T13:00", quantity: "1", tou: "valley" }] };
    expect(rate(pro_rata, usage(hour, pro_rata)).map(lineText)).toEqual([
      "energy/t1/valley 2026-03-02T12:00: 1 × 1 = 1.00",
    ]);
  });

  test("a time of use without a price is refused", () => {
    const registers = { from: "2026-03-01", to: "2026-04-01", registers: { peak: "1", sharp: "1" } };
    expect(() => rate(pro_rata, usage(registers, pro_rata))).toThrow(
      /no price for time of use `sharp`; it prices peak, valley/,
    );
  });

  test("a month's total without hours is refused where asked, else shared by time", () => {
    const month = usage({ from: "2026-03-01", to: "2026-04-01", quantity: "100" }, pro_rata);
    expect(() => rate(pro_rata, month, { touSpread: "refuse" })).toThrow(/give `tou` registers or intervals/);
    expect(rate(pro_rata, month).map((line) => [lineText(line), line.basis])).toEqual([
      ["energy/t1/peak 2026-03-01: 50 × 2 = 100.00", "interpolated"],
      ["energy/t1/valley 2026-03-01: 50 × 1 = 50.00", "interpolated"],
    ]);
    const noClock = tariffWith([charge("pro_rata")]);
    expect(() => rate(noClock, month)).toThrow(/give a quantity for each `tou` register/);
  });
});

test("the edges of a period's hours are where a register must be read, and no more", () => {
  const night: TouClock = { rules: [{ period: "peak", from: "08:00", to: "22:00" }], otherwise: "valley" };
  const price = { peak: "2", valley: "1" };
  const charge = { kind: "energy", form: "flat", id: "energy", title: { zh: "电", en: "energy" } } as const;
  const tariff = tariffWith([{ ...charge, price }], { tou: night });
  const { servicePeriod } = usage({ from: "2026-03-01T08:00", to: "2026-03-03T08:00", quantity: "1" }, tariff);
  const edges = touEdges([tariff], servicePeriod);
  expect(edges).toEqual(
    ["2026-03-01T22:00", "2026-03-02T08:00", "2026-03-02T22:00"].map((at) => momentOf(at, tariff.zone)),
  );
  const slices = [servicePeriod.from, ...edges].map((from, i) => {
    const period = { from, to: edges[i] ?? servicePeriod.to };
    return { period, quantity: 1_000_000n, basis: "actual" } as const;
  });
  const read = { ...usage({ from: "2026-03-01", to: "2026-03-04", quantity: "4" }, tariff), servicePeriod, slices };
  expect(rate(tariff, read, { touSpread: "refuse" }).map((line) => [line.tou, line.quantity, line.basis])).toEqual([
    ["peak", 2_000_000n, "actual"],
    ["valley", 2_000_000n, "actual"],
  ]);
  expect(touEdges([tariffWith([{ ...charge, price: "1" }], { tou: night })], servicePeriod)).toEqual([]);
  expect(touEdges([tariffWith([{ ...charge, price }])], servicePeriod)).toEqual([]);
});
