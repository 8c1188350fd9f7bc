import { describe, expect, test } from "vitest";
import { instant, type Instant } from "../../domain/instant.ts";
import { day, periodOfDays } from "../../domain/period.ts";
import { type DemandRead, demandIn } from "../../metering/demand.ts";

const MARCH = periodOfDays(day("2026-03-01"), day("2026-04-01"), "UTC");
const at = (text: string): Instant => instant(Date.parse(`2026-${text}:00Z`));
type Rows = Readonly<Record<string, number>>;
const rows = (of: Rows) => Object.entries(of).map(([text, kw]) => ({ at: at(text), value: BigInt(kw) * 1_000_000n }));
const told = (read: DemandRead): string => (read.kind === "read" ? `${read.kw / 1_000_000n} ${read.by}` : read.why);

describe("a meter's demand registers, of March", () => {
  test.each<[string, Rows, Rows, boolean, string]>([
    ["reset at its beginning", { "02-28T23:00": 90, "03-01T01:00": 3, "03-31T23:00": 40 }, {}, false, "40 running"],
    [
      "reset at both ends",
      { "02-28T23:00": 90, "03-01T01:00": 3, "03-31T23:00": 40, "04-01T01:00": 2 },
      {},
      false,
      "40 running",
    ],
    [
      "frozen at its end with what came after the last reading",
      { "02-28T23:00": 90, "03-01T01:00": 3, "03-31T20:00": 40, "04-01T01:00": 2 },
      { "03-31T20:00": 90, "04-01T01:00": 44 },
      false,
      "44 frozen",
    ],
    [
      "frozen below what was seen: another day's freeze",
      { "02-28T23:00": 90, "03-01T01:00": 3, "03-31T20:00": 40, "04-01T01:00": 2 },
      { "04-01T01:00": 39 },
      false,
      "40 running",
    ],
    [
      "freezes alone",
      {},
      { "02-28T23:00": 70, "03-01T01:00": 90, "03-31T20:00": 90, "04-01T01:00": 44 },
      false,
      "44 frozen",
    ],
    [
      "freezes alone that stayed: nobody knows whether it was frozen",
      {},
      { "02-28T23:00": 70, "03-01T01:00": 90, "04-01T01:00": 90 },
      false,
      "not_read",
    ],
    ["never reset, and it rose", { "02-28T23:00": 50, "03-20T12:00": 60, "03-31T23:00": 60 }, {}, false, "60 running"],
    ["never reset, and it stayed", { "02-28T23:00": 50, "03-20T12:00": 50, "03-31T23:00": 50 }, {}, false, "not_reset"],
    [
      "reset within, nothing known of before",
      { "02-28T23:00": 50, "03-15T00:00": 50, "03-15T01:00": 9, "03-31T23:00": 30 },
      {},
      false,
      "reset_within",
    ],
    [
      "reset within, after a rise",
      { "02-28T23:00": 50, "03-10T00:00": 55, "03-15T01:00": 9, "03-31T23:00": 30 },
      {},
      false,
      "55 running",
    ],
    ["a meter hung in it", { "03-10T09:00": 4, "03-31T23:00": 12 }, {}, true, "12 running"],
    ["no reading near its beginning", { "03-10T09:00": 4, "03-31T23:00": 4 }, {}, false, "not_reset"],
    [
      "no reading near its end",
      { "02-28T23:00": 90, "03-01T01:00": 3, "03-20T00:00": 40 },
      {},
      false,
      "not_read_at_its_end",
    ],
    ["none", {}, {}, false, "not_read"],
  ])("%s", (_, running, frozen, isFresh, expected) =>
    expect(told(demandIn({ running: rows(running), frozen: rows(frozen), isFresh }, MARCH))).toBe(expected),
  );
});
