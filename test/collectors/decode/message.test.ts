import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mqttProfileOf, PROFILES } from "../../../catalog/meters/catalogue.ts";
import { samplesOf } from "../../../collectors/decode/decoded.ts";
import { decodeByAnyMap, decodeMessage, messageMapOf } from "../../../collectors/decode/message.ts";
import { topicFilterOf } from "../../../collectors/decode/topic.ts";
import { instant, instantOfIso } from "../../../domain/instant.ts";
import type { MqttProfile } from "../../../domain/profile.ts";

const NOW = instant(1_772_352_900_000);
const TOPIC = "sanbiao/v1/m-1/readings";
const own = mqttProfileOf("sanbiao-json");
const read = (payload: string | Uint8Array, topic = TOPIC) =>
  decodeMessage(own, topic, Buffer.from(payload as string), NOW);
const valueOf = (payload: string, register = "energy_import_kwh") =>
  samplesOf(read(payload)).find((s) => s.register === register)?.value;

describe("spoilt payloads have their own name", () => {
  test.each([
    ["not JSON", "energy=1", "malformed_json"],
    ["an empty payload", "", "malformed_json"],
    ["a trailing comma", '{"energy_import_kwh":1,}', "malformed_json"],
    ["a cut payload", '{"energy_import_kwh":1', "malformed_json"],
    ["one key twice", '{"energy_import_kwh":1,"energy_import_kwh":2}', "malformed_json"],
    ["one key twice, escaped and deep", '{"a":{"b\\"":1,"b\\"":2},"energy_import_kwh":1}', "malformed_json"],
    ["NaN as a bare word", '{"energy_import_kwh":NaN}', "malformed_json"],
    ["an array where an object belongs", "[1]", "malformed_payload"],
    ["null", "null", "malformed_payload"],
    ["a number alone", "5", "malformed_payload"],
    ["no known field", '{"hello":1}', "unmapped_payload"],
    ["a value that is null", '{"energy_import_kwh":null}', "unmapped_payload"],
    ["a prototype key", '{"__proto__":{"energy_import_kwh":1},"constructor":1}', "unmapped_payload"],
    ["a local time without offset", '{"t":"2026-03-01T08:15:00","energy_import_kwh":1}', "malformed_payload"],
    ["a day that no calendar has", '{"t":"2026-02-30T08:15:00Z","energy_import_kwh":1}', "malformed_payload"],
  ])("%s", (_title, payload, reason) => {
    expect(read(payload)).toMatchObject({ kind: "refused", reason });
  });

  test("bytes that are not UTF-8", () => {
    expect(read(new Uint8Array([0x7b, 0xff, 0x7d]))).toMatchObject({ kind: "refused", reason: "malformed_payload" });
  });

  test.each([
    ["text that is no number", '"nan"', "not_a_number"],
    ["empty text", '""', "not_a_number"],
    ["a comma for a point", '"12,5"', "not_a_number"],
    ["hexadecimal", '"0x10"', "not_a_number"],
    ["true", "true", "not_a_number"],
    ["an object", '{"value":1}', "malformed_payload"],
    ["an array", "[1]", "malformed_payload"],
    ["beyond every float", "1e400", "out_of_range"],
    ["beyond the book", "1e13", "out_of_range"],
    ["a number of a thousand digits", "9".repeat(1000), "out_of_range"],
    ["a counter below zero", "-0.001", "out_of_range"],
  ])("a value: %s", (_title, value, reason) => {
    expect(read(`{"energy_import_kwh":${value},"power_w":1}`)).toMatchObject({
      kind: "decoded",
      messages: [{ samples: [{ register: "power_w" }], refusals: [{ register: "energy_import_kwh", reason }] }],
    });
  });
});

describe("numbers are exact", () => {
  test.each([
    ["123.456", 123_456_000n],
    ['"123.456"', 123_456_000n],
    ["0.1", 100_000n],
    ["1e3", 1_000_000_000n],
    ["9007199254.740993", 9_007_199_254_740_993n],
    ["123456789012.123456", 123_456_789_012_123_456n],
    ['" 7.5 "', 7_500_000n],
    ["0.0000005", 1n],
    ["0", 0n],
  ])("%s", (text, micro) => expect(valueOf(`{"energy_import_kwh":${text}}`)).toBe(micro));

  test("any number of six places survives, as number and as text", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 9_000_000_000_000_000_000n }), (micro) => {
        const text = `${micro / 1_000_000n}.${`${micro % 1_000_000n}`.padStart(6, "0")}`;
        expect(valueOf(`{"energy_import_kwh":${text}}`)).toBe(micro);
        expect(valueOf(`{"energy_import_kwh":"${text}"}`)).toBe(micro);
      }),
    );
  });
});

test("one payload may hold many meters and moments; a spoilt element leaves its neighbours alone", () => {
  const decoded = read(
    '{"readings":[{"device":"A","t":"2026-01-01T00:00:00Z","volume_m3":1},{"device":"B","t":"x","volume_m3":1},5,{"t":"2026-01-01T01:00:00Z","volume_m3":2}]}',
    "sanbiao/v1/gw/backlog",
  );
  expect(decoded).toMatchObject({
    kind: "decoded",
    messages: [
      { device: "a", samples: [{ value: 1_000_000n, measuredAt: instantOfIso("2026-01-01T00:00:00Z") }] },
      { device: "b", samples: [], refusals: [{ register: "frame", reason: "malformed_payload" }] },
      { device: "gw", samples: [], refusals: [{ register: "frame", reason: "malformed_payload" }] },
      { device: "gw", samples: [{ value: 2_000_000n }] },
    ],
  });
});

test("an answer to a command is known by its number, and its error by its words", () => {
  const shelly = mqttProfileOf("shelly-gen2");
  const answer = (payload: string) => decodeMessage(shelly, "sanbiao/rpc", Buffer.from(payload), NOW);
  expect(answer('{"id":7,"src":"plug","result":{"was_on":true}}')).toMatchObject({
    answers: [{ device: "plug", id: "7", error: null }],
  });
  expect(answer('{"id":8,"src":"plug","error":{"code":-105,"message":"no"}}')).toMatchObject({
    answers: [{ id: "8", error: '{"code":-105,"message":"no"}' }],
  });
  expect(answer('{"id":9,"src":"us","method":"Switch.Set","params":{"id":0,"on":false}}')).toMatchObject({
    ignored: true,
  });
});

test("three phases as arrays are not taken for spoilt numbers", () => {
  const decoded = decodeMessage(
    mqttProfileOf("tasmota"),
    "tele/m/SENSOR",
    Buffer.from('{"ENERGY":{"Total":5.5,"Power":[1,2,3],"Voltage":[230,231,232],"Current":[0,0,0]}}'),
    NOW,
  );
  expect(decoded).toMatchObject({ kind: "decoded", messages: [{ refusals: [] }] });
  expect(samplesOf(decoded).map((s) => s.register)).toContain("power_l3_w");
});

test("a local time counts where the zone is known", () => {
  const tasmota = mqttProfileOf("tasmota");
  const payload = Buffer.from('{"Time":"2026-03-01T16:15:00","ENERGY":{"Total":1}}');
  expect(samplesOf(decodeMessage(tasmota, "tele/m/SENSOR", payload, NOW))[0]?.measuredAt).toBeNull();
  expect(samplesOf(decodeMessage(tasmota, "tele/m/SENSOR", payload, NOW, "Asia/Shanghai"))[0]?.measuredAt).toBe(NOW);
});

test("topics that a profile does not read are unknown, and an ignore map never hides a refusal", () => {
  expect(decodeMessage(own, "other/topic", Buffer.from("{}"), NOW)).toMatchObject({
    kind: "refused",
    reason: "unknown_topic",
  });
  expect(messageMapOf(own, "sanbiao/v1//readings")).toBeNull();
  const spoilt = decodeMessage(mqttProfileOf("tasmota"), "tele/m/SENSOR", Buffer.from("{"), NOW);
  expect(spoilt).toMatchObject({ kind: "refused", reason: "malformed_json" });
});

test("a pattern's filter hears its topics", () => {
  expect(topicFilterOf("application/{any}/device/{device}/event/up")).toBe("application/+/device/+/event/up");
  expect(topicFilterOf("zigbee2mqtt/{device*}")).toBe("zigbee2mqtt/#");
});

describe("no payload ever throws", () => {
  const mqtt = [...PROFILES.values()].filter((p): p is MqttProfile => p.kind === "mqtt");
  test.each(mqtt.map((p) => [p.id, p] as const))("%s", (_id, profile) => {
    const topics = profile.messages.map((m) => m.topic.replaceAll("{device*}", "x/y").replaceAll(/\{\w+\}/g, "0"));
    const paths = profile.messages.flatMap((m) => m.values.map((v) => v.path ?? "")).filter((p) => p !== "");
    const mapped = fc
      .array(fc.tuple(fc.constantFrom(...paths, "t", "data"), fc.jsonValue()), { maxLength: 4 })
      .map((pairs) => {
        const root: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
        for (const [path, value] of pairs) place(root, path.split("."), value);
        return Buffer.from(JSON.stringify(root));
      });
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((t) => Buffer.from(t)),
      mapped,
    );
    fc.assert(
      fc.property(fc.constantFrom(...topics), payload, (topic, bytes) => {
        const decoded = decodeMessage(profile, topic, bytes, NOW);
        decodeByAnyMap(profile, bytes, NOW);
        for (const s of samplesOf(decoded)) expect(s.value < 2n ** 63n && s.value > -(2n ** 63n)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test("a million brackets", () => {
    expect(read("[".repeat(1_000_000))).toMatchObject({ kind: "refused" });
    expect(read(`${"[".repeat(200_000)}${"]".repeat(200_000)}`)).toMatchObject({ kind: "refused" });
  });
});

function place(root: Record<string, unknown>, keys: readonly string[], value: unknown): void {
  const [key = "", ...rest] = keys;
  if (rest.length === 0) root[key] = value;
  else {
    const inner = root[key];
    const next = typeof inner === "object" && inner !== null ? inner : {};
    root[key] = next;
    place(next as Record<string, unknown>, rest, value);
  }
}
