import { expect, test } from "vitest";
import { HAND_DIALS, handDialOf } from "../../catalog/meters/by-hand.ts";
import { PROFILES } from "../../catalog/meters/catalogue.ts";
import { dialOf } from "../../catalog/meters/dials.ts";
import { BILLED_UNIT } from "../../domain/unit.ts";
import { REGISTERS } from "../../domain/register.ts";
import { MAIN_REGISTER } from "../../metering/register.ts";

test.each(HAND_DIALS.map((dial) => [dial.id, dial] as const))("%s says in its name what its face shows", (id, dial) => {
  expect(id).toBe(`by-hand-${dial.utility}-${dial.whole}-${dial.decimals}`);
  expect(PROFILES.has(id)).toBe(false);
  expect(dial.register).toBe(MAIN_REGISTER[dial.utility]);
  expect(REGISTERS[dial.register].unit).toBe(BILLED_UNIT[dial.utility]);
  expect(dial.decimals).toBeLessThanOrEqual(6);
  expect(dial.source.title).not.toBe("");
});

test("a face of five whole digits begins again at 100 000, for its own register only", () => {
  expect(dialOf("by-hand-water-5-3", "volume_m3")).toBe(100_000_000_000n);
  expect(dialOf("by-hand-water-5-3", "energy_import_kwh")).toBeNull();
  expect(handDialOf("eastron-sdm630")).toBeNull();
});
