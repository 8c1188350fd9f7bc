import { expect, test } from "vitest";
import { normalise, type Ratios } from "../../../collectors/decode/normalise.ts";
import { type Instant, instantOfIso } from "../../../domain/instant.ts";
import type { RegisterName } from "../../../domain/register.ts";

const at = (iso: string): Instant => instantOfIso(iso) ?? (0 as never);
const NOW = at("2026-03-01T08:15:00Z");
const rules = { now: NOW, receivedAt: NOW, maxAheadMs: 300_000 };
const sample = (measuredAt: Instant | null, register: RegisterName = "energy_import_kwh", value = 1_000_001n) => ({
  register,
  value,
  measuredAt,
});

test("a wire without a time takes the time of receipt", () => {
  expect(normalise(sample(null), rules)).toEqual({ register: "energy_import_kwh", value: 1_000_001n, measuredAt: NOW });
});

test.each([
  ["1970-01-01T00:00:00Z", "past_timestamp"],
  ["1999-12-31T23:59:59Z", "past_timestamp"],
  ["1111-11-11T11:11:11Z", "past_timestamp"],
  ["2026-03-01T08:20:01Z", "future_timestamp"],
  ["2099-01-01T00:00:00Z", "future_timestamp"],
])("%s is refused as %s", (iso, reason) => {
  expect(normalise(sample(at(iso)), rules)).toMatchObject({ reason });
});

test.each(["2000-01-01T00:00:00Z", "2026-03-01T08:20:00Z", "2026-03-01T08:14:59Z"])("%s is taken", (iso) => {
  expect(normalise(sample(at(iso)), rules)).toMatchObject({ measuredAt: at(iso) });
});

test.each<[string, RegisterName, bigint, Ratios, bigint]>([
  ["pulses become cubic metres", "volume_m3", 70_000_000_000n, { multiplier: "0.01" }, 700_000_000n],
  ["energy × CT × VT", "energy_import_kwh", 1_234_567n, { ct: "80", vt: "100" }, 9_876_536_000n],
  ["current × CT only", "current_l1_a", 5_000_000n, { ct: "80", vt: "100" }, 400_000_000n],
  ["voltage × VT only", "voltage_l2_v", 100_000_000n, { ct: "80", vt: "100" }, 10_000_000_000n],
  ["a battery's voltage as it is", "battery_v", 3_600_000n, { ct: "80", vt: "100" }, 3_600_000n],
  ["a relay as it is", "relay_state", 1n, { multiplier: "0.01", ct: "80" }, 1n],
  ["half a millionth rounds away from zero", "volume_m3", 1n, { multiplier: "0.5" }, 1n],
])("%s", (_title, register, value, ratios, wanted) => {
  expect(normalise(sample(null, register, value), { ...rules, ratios })).toMatchObject({ value: wanted });
});

test("a ratio that makes a value too large for the book is refused", () => {
  expect(normalise(sample(null, "energy_import_kwh", 2n ** 62n), { ...rules, ratios: { ct: "1000" } })).toMatchObject({
    reason: "out_of_range",
  });
});
