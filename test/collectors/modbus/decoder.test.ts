import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeWords, type WordBlock } from "../../../collectors/decode/words.ts";
import { quickDecoder } from "../../../collectors/modbus/decoder.ts";
import { planOf } from "../../../collectors/modbus/plan.ts";
import type { ModbusRegister, WordOrder } from "../../../domain/profile.ts";
import type { RegisterName } from "../../../domain/register.ts";
import { profileWith, registerAt } from "./meter.ts";

const REGISTER_NAMES: RegisterName[] = ["energy_import_kwh", "volume_m3", "heat_kwh", "energy_export_kwh"];
const map = fc.record({
  type: fc.constantFrom("u16" as const, "u32" as const, "f32" as const),
  order: fc.constantFrom<WordOrder>("ABCD", "CDAB", "BADC"),
  scale: fc.constantFrom("1", "0.1", "0.01", "0.001", "0.000001", "1000", "0.25", "2.5"),
});
/** Words of values as meters send them, and any words at all. */
const float = new DataView(new ArrayBuffer(4));
const wordsOfFloat = (value: number): [number, number] => {
  float.setFloat32(0, value);
  return [float.getUint16(0), float.getUint16(2)];
};
const word = fc.integer({ min: 0, max: 0xffff });
const pair: fc.Arbitrary<[number, number]> = fc.oneof(
  fc.tuple(word, word),
  fc.integer({ min: 0, max: 999_999_999 }).map((n) => wordsOfFloat(n / 100)),
  fc.float({ noDefaultInfinity: true, noNaN: true, min: 0, max: 10_000_000 }).map(wordsOfFloat),
  fc.constantFrom<[number, number]>([0, 0], [0xffff, 0xffff], [0x7fc0, 0], [0x8000, 0], [0x7f80, 0], [0xffff, 0]),
);

test("the quick decoder agrees with decodeWords on every reply that it reads, and reads most of them", () => {
  let [read, left] = [0, 0];
  const run = fc.property(fc.tuple(map, map, map, map), fc.tuple(pair, pair, pair, pair), (maps, pairs) => {
    const registers: ModbusRegister[] = maps.map((m, i) => registerAt(REGISTER_NAMES[i] as RegisterName, i * 2, m));
    const plan = planOf(profileWith(registers, { gapWordsMax: 1 }), "billing");
    const image = pairs.flat();
    const blocks: WordBlock[] = plan.blocks.map((b) => ({
      ...b,
      words: Uint16Array.from(image.slice(b.address, b.address + b.count)),
    }));
    const quick = quickDecoder(plan)?.(blocks) ?? null;
    if (quick === null) left++;
    else read++;
    if (quick !== null)
      expect(decodeWords(plan.profile, blocks)).toEqual({
        kind: "decoded",
        messages: [{ device: null, samples: quick, refusals: [] }],
      });
  });
  fc.assert(run, { numRuns: 20_000 });
  expect(read).toBeGreaterThan(left / 50);
});

test("money-like counters as float32 are read quickly, in either word order", () => {
  for (const order of ["ABCD", "CDAB"] as const) {
    const plan = planOf(
      profileWith([registerAt("energy_import_kwh", 0, { type: "f32", scale: "1", order })]),
      "billing",
    );
    const [high, low] = wordsOfFloat(123_456.78);
    const words = order === "ABCD" ? [high, low] : [low, high];
    expect(quickDecoder(plan)?.([{ table: "holding", address: 0, words }])?.[0]?.value).toBe(123_456_780_000n);
  }
});

test("an incomplete or strange reply is left to decodeWords", () => {
  const plan = planOf(profileWith([registerAt("energy_import_kwh", 0), registerAt("volume_m3", 50)]), "billing");
  const decode = quickDecoder(plan);
  const block = (address: number, words: number[]): WordBlock => ({ table: "holding", address, words });
  expect(decode?.([block(0, [0, 1]), block(50, [0, 2])])?.map((s) => s.value)).toEqual([10_000n, 20_000n]);
  expect(decode?.([block(0, [0, 1])])).toBeNull();
  expect(decode?.([block(0, [0, 1]), block(50, [0xffff, 0xffff])])).toBeNull();
  expect(decode?.([block(50, [0, 1]), block(0, [0, 2])])).toBeNull();
  expect(quickDecoder(planOf(profileWith([registerAt("relay_state", 0)]), "billing"))).toBeNull();
  expect(
    quickDecoder(planOf(profileWith([registerAt("energy_import_kwh", 0, { notAvailable: ["80000000"] })]), "billing")),
  ).toBeNull();
});
