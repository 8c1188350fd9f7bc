import { describe, expect, test } from "vitest";
import { mqttProfileOf, PROFILES } from "../../catalog/meters/catalogue.ts";
import { axiomaW1Enhanced, W1_FRAME } from "../../catalog/meters/lorawan-layouts.ts";
import { deltasOf } from "../../collectors/decode/binary.ts";
import { type Decoded, samplesOf } from "../../collectors/decode/decoded.ts";
import { dialectSessions } from "../../collectors/mqtt/dialects.ts";
import type { DialectProfile } from "../../domain/profile.ts";
import { decodeMessage } from "../../collectors/decode/message.ts";
import { instantOfIso, isoOf } from "../../domain/instant.ts";
import { decimalText, microOf } from "../../domain/quantity.ts";
import { hasReference, referenceLines } from "./reference.ts";

const DOCUMENTED = "mqtt/documented_samples.jsonl";
const PUBLISHED = "mqtt/wmbusmeters_published.jsonl";
const RECEIVED_AT = instantOfIso("2026-09-03T00:00:00Z") ?? (0 as never);

type Documented = {
  id: string;
  topic: string;
  payload: string;
  direction: string;
  expect: Record<string, unknown> | null;
};

/** Which profile hears a documented message, by the beginning of its name; null: out of scope, with the reason. */
const SCOPE: readonly (readonly [prefix: string, profile: string | null, reason?: string])[] = [
  ["tasmota_", "tasmota"],
  ["shelly_g1_", "shelly-gen1"],
  ["shelly_", "shelly-gen2"],
  ["z2m_", "zigbee2mqtt"],
  ["dsmr_", "dsmr-reader"],
  ["rtlamr_", "rtlamr"],
  ["chirpstack_v4", "chirpstack-v4"],
  ["chirpstack_v3", "chirpstack-v3"],
  ["tts_", "tts-v3"],
  ["esphome_", "esphome"],
  ["p1_", null, "a serial line, not MQTT"],
  ["acrel_", null, "a command to a vendor's cloud; its uplinks are not documented"],
  ["homie_", "homie-4"],
];

/** Placeholders of the documentation, filled so that the topic is one. ESPHome's object id is the node's own choice. */
const topicOf = (line: Documented): string =>
  line.topic.replace("<object_id>", "water_total").replaceAll(/<(\w+)>/g, "$1-1");

const valueOf = (decoded: Decoded, register: string): string | undefined => {
  const sample = samplesOf(decoded).find((s) => s.register === register);
  return sample === undefined ? undefined : decimalText(sample.value);
};
const stateOf = (decoded: Decoded, register: string) => samplesOf(decoded).find((s) => s.register === register)?.value;

/** One expectation of the reference → how the decoded message must look. */
const CHECKS: Readonly<Record<string, (decoded: Decoded, wanted: unknown, all: Record<string, unknown>) => void>> = {
  relay: (d, wanted) => expect(stateOf(d, "relay_state")).toBe(wanted === "on" ? 1n : 0n),
  online: (d, wanted) => expect(stateOf(d, "online_state")).toBe(wanted === true ? 1n : 0n),
  gateway_online: (d, wanted) => expect(stateOf(d, "online_state")).toBe(wanted === true ? 1n : 0n),
  volume_m3: (d, wanted) => expect(valueOf(d, "volume_m3")).toBe(String(wanted)),
  value: (d, wanted) => expect(valueOf(d, "volume_m3")).toBe(String(wanted)),
  energy_kwh: (d, wanted) => expect(valueOf(d, "energy_import_kwh")).toBe(String(wanted)),
  kwh: (d, wanted, all) => expect(valueOf(d, `energy_${String(all["register"])}_kwh`)).toBe(String(wanted)),
  time: (d, wanted) => expect(isoOf(samplesOf(d)[0]?.measuredAt ?? RECEIVED_AT)).toBe(wanted),
  status: (d, wanted) => expect(stateOf(d, "alarm_state")).toBe(BigInt(wanted as number)),
  history_deltas_l: (_d, wanted) => {
    const packed = axiomaW1Enhanced.packed;
    expect(packed === undefined ? [] : deltasOf(packed, Buffer.from(W1_FRAME, "base64"))).toEqual(wanted);
  },
  ignore: (d) => expect(d).toMatchObject({ kind: "decoded", ignored: true }),
  ack: (d, wanted, all) => {
    if (all["relay"] !== undefined) return;
    const answer = d.kind === "decoded" ? d.answers?.[0] : undefined;
    if (all["for_request"] !== undefined) expect(answer?.id).toBe(String(all["for_request"] as number));
    if (answer !== undefined) expect(answer.error === null).toBe(wanted);
    else expect(d).toMatchObject({ kind: "decoded", ignored: true });
  },
  error: (d, wanted) => {
    if (typeof wanted === "number") return; // a command's refusal: checked by `ack`
    const reason = d.kind === "refused" ? d.reason : d.messages[0]?.refusals[0]?.reason;
    expect(reason).toBe(String(wanted).startsWith("implausible") ? "sentinel" : "malformed_json");
  },
};
const PASSED_OVER = new Set(["register", "for_request", "previous", "unit", "log_volume_m3"]);

describe.skipIf(!hasReference(DOCUMENTED))("documented messages are read as their vendors say (external data)", () => {
  if (!hasReference(DOCUMENTED)) return;
  for (const line of referenceLines(DOCUMENTED) as Documented[]) {
    const scope = SCOPE.find(([prefix]) => line.id.startsWith(prefix));
    if (scope?.[1] === null || scope?.[1] === "homie-4") continue; // the reason stands in SCOPE; Homie has a test of its own
    test(line.id, () => {
      expect(scope, `${line.id} has a profile or a reason`).toBeDefined();
      const decoded = decodeMessage(
        mqttProfileOf(scope?.[1] ?? ""),
        topicOf(line),
        Buffer.from(line.payload),
        RECEIVED_AT,
      );
      if (line.direction === "down") expect(samplesOf(decoded)).toEqual([]);
      for (const [key, wanted] of Object.entries(line.expect ?? {})) {
        if (PASSED_OVER.has(key)) continue;
        expect(CHECKS[key], `a check for ${key}`).toBeDefined();
        CHECKS[key]?.(decoded, wanted, line.expect ?? {});
      }
    });
  }
});

test.skipIf(!hasReference(DOCUMENTED))(
  "Homie's documented messages are one device with a total and a relay (external data)",
  () => {
    const profile = PROFILES.get("homie-4") as DialectProfile;
    const lines = (referenceLines(DOCUMENTED) as Documented[]).filter((line) => line.id.startsWith("homie_"));
    const sessions = dialectSessions();
    const read = (line: Documented) =>
      sessions.read(1n, profile, { topic: line.topic, payload: Buffer.from(line.payload) }, RECEIVED_AT).decoded;
    for (const line of lines) read(line); // the source lists a unit behind its value
    const said = lines.flatMap((line) => samplesOf(read(line)).map((s) => [s.device, s.register, s.value]));
    expect(said).toContainEqual(["meter-1", "energy_import_kwh", 1_234_500_000n]);
    expect(said).toContainEqual(["meter-1", "relay_state", 1n]);
    expect(said).not.toContainEqual(["meter-1", "relay_state", 0n]); // an order is no state
  },
);

type Published = { driver: string; meter_type?: string; expected_json: Record<string, unknown> | null };

/** Kinds without a billed quantity: they must be refused as unmapped (or read for their alarm alone), never turned into a counter. */
const UNBILLED = /heat cost|room sensor|smoke|reserved|other|pressure|repeater/i;

/** The dial by a meter's kind, in the words of the published JSON, with the register that must hold it. */
const DIALS: readonly (readonly [field: string, media: RegExp, register: string])[] = [
  ["total_m3", /.*/, "volume_m3"],
  ["total_volume_m3", /heat|cooling/, "volume_m3"],
  ["total_energy_consumption_kwh", /^electricity$/, "energy_import_kwh"],
  ["total_energy_production_kwh", /^electricity$/, "energy_export_kwh"],
  ["total_kwh", /^electricity$/, "energy_import_kwh"],
  ["total_energy_consumption_kwh", /^heat/, "heat_kwh"],
  ["total_kwh", /^heat/, "heat_kwh"],
  ["total_heat_energy_kwh", /^heat/, "heat_kwh"],
  ["total_heating_kwh", /^heat/, "heat_kwh"],
  ["total_cooling_kwh", /^heat/, "cooling_kwh"],
  ["total_cooling_energy_kwh", /^heat/, "cooling_kwh"],
  ["total_energy_consumption_kwh", /^cooling/, "cooling_kwh"],
  ["total_backward_m3", /water/, "volume_reverse_m3"],
  ["total_backwards_m3", /water/, "volume_reverse_m3"],
  ...([1, 2, 3, 4] as const).map(
    (n) => [`total_energy_consumption_tariff_${n}_kwh`, /^electricity$/, `energy_import_t${n}_kwh`] as const,
  ),
];

/** A running total of today, not of a past date, a single tariff of water or a part. Telegrams without one are short or partial. */
const PLAIN_TOTAL =
  /^total(?!.*(_at_|_last_|tariff|subunit|reactive|apparent|routed|power|datetime)).*_(m3|l|kwh|gj|mj)$/;

describe.skipIf(!hasReference(PUBLISHED))("published wmbusmeters telegrams are read (external data)", () => {
  if (!hasReference(PUBLISHED)) return;
  const lines = (referenceLines(PUBLISHED) as Published[]).filter((line) => line.expected_json !== null);

  test.each(lines.map((line, i) => [`${i} ${line.driver} ${String(line.expected_json?.["media"])}`, line] as const))(
    "%s",
    (_title, line) => {
      const json = line.expected_json ?? {};
      const media = String(json["media"]);
      const decoded = decodeMessage(
        mqttProfileOf("wmbusmeters"),
        "wmbusmeters/x",
        Buffer.from(JSON.stringify(json)),
        RECEIVED_AT,
      );
      const counters = samplesOf(decoded).filter((s) => /^(energy|volume|heat|cooling)_/.test(s.register));
      if (UNBILLED.test(media)) return expect(counters).toEqual([]);
      if (decoded.kind === "decoded" && json["id"] !== undefined)
        for (const message of decoded.messages) expect(message.device).toBe(String(json["id"] as string).toLowerCase());
      const dials = DIALS.filter(([field, kind]) => kind.test(media) && typeof json[field] === "number");
      for (const [field, , register] of dials)
        expect(samplesOf(decoded).find((s) => s.register === register)?.value, field).toBe(
          microOf(String(json[field] as number)),
        );
      if (Object.keys(json).some((key) => PLAIN_TOTAL.test(key))) expect(counters.length).toBeGreaterThan(0);
      return undefined;
    },
  );
});
