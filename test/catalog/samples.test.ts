import { describe, expect, test } from "vitest";
import { PROFILES, profileOf } from "../../catalog/meters/catalogue.ts";
import { compiled } from "../../collectors/decode/compile.ts";
import { type Decoded, samplesOf } from "../../collectors/decode/decoded.ts";
import { compiledMetrics } from "../../collectors/decode/metric.ts";
import { stepDialect } from "../../collectors/decode/dialect.ts";
import { frozenOf } from "../../collectors/decode/freezes.ts";
import { decodeMessage } from "../../collectors/decode/message.ts";
import { decodeWords } from "../../collectors/decode/words.ts";
import { instantOfIso } from "../../domain/instant.ts";
import type { DialectProfile, Expectation, ModbusProfile, MqttProfile } from "../../domain/profile.ts";
import { decimalText } from "../../domain/quantity.ts";
import type { Sample } from "../../domain/reading.ts";
import { REGISTERS, SUPPLY_STATES } from "../../domain/register.ts";
import { scaleOf, WORDS_OF_TYPE, wordsOf, wordsOfBytes } from "../../domain/words.ts";

const RECEIVED_AT = instantOfIso("2026-09-03T00:00:00Z");
if (RECEIVED_AT === null) throw new Error("not an instant");

const textOf = ({ register, value }: Sample): string => {
  if (REGISTERS[register].kind !== "state") return decimalText(value);
  const position = Object.entries(SUPPLY_STATES).find(([, code]) => code === value)?.[0];
  return register === "relay_state" || register === "valve_state" ? (position ?? `${value}`) : `${value}`;
};

/** What was read and refused, in the form in which a sample states it. */
const outcomeOf = (decoded: Decoded): Expectation => {
  if (decoded.kind === "refused") return { readings: {}, refused: { frame: decoded.reason } };
  const refusals = decoded.messages.flatMap((m) => m.refusals.map((r) => [r.register, r.reason] as const));
  return {
    readings: Object.fromEntries(samplesOf(decoded).map((s) => [s.register, textOf(s)])),
    ...(refusals.length === 0 ? {} : { refused: Object.fromEntries(refusals) }),
  };
};

const modbus = [...PROFILES.values()].filter((p): p is ModbusProfile => p.kind === "modbus");
const mqtt = [...PROFILES.values()].filter((p): p is MqttProfile => p.kind === "mqtt");

describe("each profile reads its own samples", () => {
  for (const profile of modbus)
    test.each(profile.samples.map((s) => [s.title, s] as const))(`${profile.id}: %s`, (_title, sample) => {
      const blocks = sample.words.map((w) => ({
        table: w.table,
        address: w.address,
        words: wordsOfBytes(Buffer.from(w.hex.replaceAll(" ", ""), "hex")),
      }));
      expect(outcomeOf(decodeWords(profile, blocks))).toEqual(sample.expect);
    });

  for (const profile of mqtt)
    test.each(profile.samples.map((s) => [s.title, s] as const))(`${profile.id}: %s`, (_title, sample) => {
      const decoded = decodeMessage(profile, sample.topic, Buffer.from(sample.payload), RECEIVED_AT);
      const { device, measuredAt, ...stated } = sample.expect;
      expect(outcomeOf(decoded)).toEqual(stated);
      if (device !== undefined && decoded.kind === "decoded") expect(decoded.messages[0]?.device).toBe(device);
      if (measuredAt !== undefined) expect(samplesOf(decoded)[0]?.measuredAt).toBe(instantOfIso(measuredAt));
    });
});

test.each(modbus.flatMap((p) => (p.history === undefined ? [] : [[p.id, p, p.history] as const])))(
  "%s: its own freezes are read with their own times",
  (_id, profile, history) => {
    expect(history.samples.some(({ frozenAt }) => frozenAt === undefined)).toBe(true);
    for (const { hex, frozenAt, readings } of history.samples) {
      const words = wordsOfBytes(Buffer.from(hex.replaceAll(" ", ""), "hex"));
      const { samples, refusals } = frozenOf(profile, history, { number: 1, words }, "Asia/Shanghai");
      expect(refusals).toEqual([]);
      expect(Object.fromEntries(samples.map((s) => [s.register, textOf(s)]))).toEqual(readings);
      for (const { measuredAt } of samples) expect(measuredAt).toBe(instantOfIso(frozenAt ?? ""));
    }
    const [made] = history.samples;
    const spoilt = Uint16Array.from(wordsOfBytes(Buffer.from(made?.hex.replaceAll(" ", "") ?? "", "hex")));
    spoilt[history.timeOffset] = 0x9999;
    expect(frozenOf(profile, history, { number: 1, words: spoilt }, "Asia/Shanghai")).toMatchObject({
      samples: [],
      refusals: [{ reason: "malformed_payload" }],
    });
  },
);

describe("each dialect with a memory reads its own samples", () => {
  const dialects = [...PROFILES.values()].filter((p): p is DialectProfile => p.kind === "dialect");
  for (const profile of dialects)
    test.each(profile.samples.map((s) => [s.title, s] as const))(`${profile.id}: %s`, (_title, sample) => {
      let step: ReturnType<typeof stepDialect> | null = null;
      for (const { topic, payload, hex } of sample.messages)
        step = stepDialect(
          profile,
          step?.state ?? null,
          { topic, payload: Buffer.from(payload, hex ? "hex" : "utf8") },
          RECEIVED_AT,
        );
      const { device, measuredAt: _, asks, ...stated } = sample.expect;
      if (step === null) throw new Error("a sample without a message");
      expect(outcomeOf(step.decoded)).toEqual(stated);
      expect(step.asks[0]?.kind).toBe(asks);
      if (device !== undefined && step.decoded.kind === "decoded")
        expect(step.decoded.messages[0]?.device).toBe(device);
      expect(compiledMetrics(profile).length).toBe(profile.metrics.length);
    });
});

describe("each profile keeps the rules of the catalogue", () => {
  test.each([...PROFILES.values()].map((p) => [p.id, p] as const))("%s", (id, profile) => {
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(profile.sources.length).toBeGreaterThan(0);
    expect(profile.samples.length).toBeGreaterThanOrEqual(2);
    expect(profile.samples.some((s) => s.expect.refused !== undefined)).toBe(true);
  });

  test.each(modbus.map((p) => [p.id, p] as const))("%s: scales, addresses and control make sense", (_id, profile) => {
    const names = profile.registers.map((r) => r.register);
    expect(new Set(names).size).toBe(names.length);
    for (const r of profile.registers) {
      expect(scaleOf(r.scale).up).not.toBe(0n);
      expect(r.address + WORDS_OF_TYPE[r.type]).toBeLessThanOrEqual(65_536);
      if (r.type === "f32" && REGISTERS[r.register].kind === "cumulative") expect(r.step).toBeDefined();
    }
    if (profile.control !== undefined) {
      expect(names).toContain(profile.control.readBack);
      const state = profile.registers.find((r) => r.register === profile.control?.readBack);
      const states = state?.states?.map((s) => s.state) ?? [];
      expect(states).toContain("connected");
      expect(states).toContain("disconnected");
    }
  });

  test.each(modbus.map((p) => [p.id, p] as const))("%s: what the simulator encodes is what is read", (_id, profile) => {
    for (const map of profile.registers) {
      const isState = REGISTERS[map.register].kind === "state";
      const value = isState ? (map.states === undefined ? 3n : SUPPLY_STATES.disconnected) : 12_000_000n;
      const words = wordsOf(map, value);
      const read = samplesOf(
        decodeWords({ ...profile, registers: [map] }, [{ table: map.table, address: map.address, words }]),
      );
      expect(read[0]?.value, map.register).toBe(value);
    }
  });

  test.each(mqtt.map((p) => [p.id, p] as const))("%s: patterns, paths and units compile", (_id, profile) => {
    expect(compiled(profile).maps.length).toBe(profile.messages.length);
    if (profile.control !== undefined) {
      const readBack = profile.control.readBack;
      expect(profile.messages.some((m) => m.values.some((v) => v.register === readBack))).toBe(true);
    }
  });
});

test("a profile that nobody knows is a coded error that says how to find one", () => {
  expect(() => profileOf("acme-1")).toThrow(expect.objectContaining({ code: "profile.unknown" }));
});
