import fc from "fast-check";
import { expect, test } from "vitest";
import { dstRuleHex, dstRuleOf, localTimeOf, localTimeText } from "../../interchange/local-time.ts";

test("the rules that real feeds of North America carry are read and written", () => {
  const pacific = { tzOffset: "-28800", dstOffset: "3600", startRule: "360E2000", endRule: "B40E2000" };
  expect(localTimeOf("America/Los_Angeles", 2011)).toEqual(pacific);
  expect(localTimeText(pacific)).toBe(
    "UTC-28800 s, daylight saving 3600 s from second Sunday of month 3 at 02:00 to first Sunday of month 11 at 02:00",
  );
});

test("a zone without daylight saving says so", () => {
  const china = localTimeOf("Asia/Shanghai", 2026);
  expect(china).toEqual({ tzOffset: "28800", dstOffset: "0", startRule: "FFFFFFFF", endRule: "FFFFFFFF" });
  expect(localTimeText(china)).toBe("UTC+28800 s, no daylight saving time");
});

test("Europe changes on the last Sunday, the south in the other half of the year", () => {
  expect(localTimeText(localTimeOf("Europe/Berlin", 2026))).toBe(
    "UTC+3600 s, daylight saving 3600 s from last Sunday of month 3 at 02:00 to last Sunday of month 10 at 03:00",
  );
  expect(localTimeText(localTimeOf("Australia/Sydney", 2026))).toMatch(
    /UTC\+36000 s.*first Sunday of month 10 .*to first Sunday of month 4/,
  );
});

test("every rule comes back, and what is none is none", () => {
  const rule = fc.record({
    month: fc.integer({ min: 1, max: 12 }),
    operator: fc.integer({ min: 0, max: 7 }),
    day: fc.integer({ min: 0, max: 31 }),
    weekday: fc.integer({ min: 0, max: 7 }),
    hour: fc.integer({ min: 0, max: 23 }),
    second: fc.integer({ min: 0, max: 3599 }),
  });
  fc.assert(
    fc.property(rule, (one) => {
      expect(dstRuleOf(dstRuleHex(one))).toEqual(one);
    }),
    { seed: 7 },
  );
  for (const hex of ["FFFFFFFF", "", "zz", "00000000"]) expect(dstRuleOf(hex)).toBeNull();
});
