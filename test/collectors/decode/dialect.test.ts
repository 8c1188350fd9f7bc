import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PROFILES } from "../../../catalog/meters/catalogue.ts";
import { samplesOf } from "../../../collectors/decode/decoded.ts";
import { type DialectState, stepDialect } from "../../../collectors/decode/dialect.ts";
import { instant } from "../../../domain/instant.ts";
import type { DialectProfile } from "../../../domain/profile.ts";
import { type Point, sparkplugBytes } from "../../support/sparkplug.ts";

const NOW = instant(Date.parse("2026-03-01T08:15:00Z"));
const AT = NOW - 60_000;
const profileOf = (id: string) => PROFILES.get(id) as DialectProfile;

/** A device's session: what each message says, in short. */
function session(id: string) {
  let state: DialectState | null = null;
  return (topic: string, payload: Buffer | string, retained = false) => {
    const step = stepDialect(profileOf(id), state, { topic, payload: Buffer.from(payload as string), retained }, NOW);
    state = step.state;
    const { decoded } = step;
    return {
      said: samplesOf(decoded).map((s) => `${s.device} ${s.register} ${s.value}`),
      at: samplesOf(decoded).map((s) => s.measuredAt),
      refused:
        decoded.kind === "refused"
          ? [decoded.reason]
          : decoded.messages.flatMap((m) => m.refusals.map((r) => r.reason)),
      asks: step.asks.map((ask) => ask.topic),
    };
  };
}

const TOTAL: Point = { name: "Energy/Import", alias: 1, at: AT, type: 10, unit: "kWh", double: 5 };
function born() {
  const say = session("sparkplug-b");
  say("spBv1.0/G/NBIRTH/E", sparkplugBytes(0, [{ name: "bdSeq", type: 8, long: 7 }]));
  say("spBv1.0/G/DBIRTH/E/m", sparkplugBytes(1, [TOTAL]));
  return say;
}
const DATA = "spBv1.0/G/DDATA/E/m";
const REBIRTH = ["spBv1.0/G/NCMD/E"];

describe("Sparkplug B", () => {
  test.each<[string, Point, string[], string[]]>([
    ["a double in the unit of its birth", { double: 6.25 }, ["g/e/m energy_import_kwh 6250000"], []],
    ["a float as its shortest decimal", { type: 9, float: 230.2 }, ["g/e/m energy_import_kwh 230200000"], []],
    ["a long", { type: 8, long: 7 }, ["g/e/m energy_import_kwh 7000000"], []],
    ["text", { type: 12, text: "8.5" }, ["g/e/m energy_import_kwh 8500000"], []],
    ["a unit of its own", { double: 6250, unit: "Wh" }, ["g/e/m energy_import_kwh 6250000"], []],
    ["a signed integer below zero", { type: 3, int: 0xffffffff }, [], ["out_of_range"]],
    ["an integer of no integer type", { int: 3 }, [], ["malformed_payload"]],
    ["a switch where a total belongs", { type: 11, bool: true }, [], ["not_a_number"]],
    ["null", { isNull: true }, [], ["sentinel"]],
    ["a unit that nobody knows", { double: 1, unit: "furlong" }, [], ["unmapped_payload"]],
    ["an alias of no birth", { alias: 9, double: 1 }, [], ["before_birth"]],
  ])("%s", (_title, point, said, refused) => {
    const heard = born()(DATA, sparkplugBytes(2, [{ alias: 1, at: AT, ...point }]));
    expect([heard.said, heard.refused]).toEqual([said, refused]);
  });

  test("a historical value keeps its own time, and is refused without one", () => {
    const say = born();
    expect(say(DATA, sparkplugBytes(2, [{ alias: 1, at: AT - 86_400_000, historical: true, double: 4 }])).at).toEqual([
      AT - 86_400_000,
    ]);
    expect(say(DATA, sparkplugBytes(3, [{ alias: 1, historical: true, double: 4 }], AT)).refused).toEqual([
      "malformed_payload",
    ]);
  });

  test("a missing number is a gap: data is refused until the births, which are asked for once", () => {
    const say = born();
    const heard = say(DATA, sparkplugBytes(4, [{ alias: 1, double: 6 }]));
    expect(heard).toMatchObject({ said: [], refused: ["before_birth"], asks: REBIRTH });
    expect(say(DATA, sparkplugBytes(5, [{ alias: 1, double: 6 }]))).toMatchObject({
      refused: ["before_birth"],
      asks: [],
    });
    say("spBv1.0/G/NBIRTH/E", sparkplugBytes(0, []));
    say("spBv1.0/G/DBIRTH/E/m", sparkplugBytes(1, [TOTAL]));
    expect(say(DATA, sparkplugBytes(2, [{ alias: 1, double: 6 }])).said).toHaveLength(1);
  });

  test("255 is followed by 0, and the same message again is no gap", () => {
    const say = born();
    for (let seq = 2; seq < 256; seq++) say(DATA, sparkplugBytes(seq, []));
    const zero = sparkplugBytes(0, [{ alias: 1, double: 6 }]);
    expect(say(DATA, zero)).toMatchObject({ refused: [], asks: [] });
    expect(say(DATA, zero)).toMatchObject({ said: ["g/e/m energy_import_kwh 6000000"], asks: [] });
  });

  test("after its death a node's data means nothing; a will of an earlier connection changes nothing", () => {
    const say = born();
    const will = (n: number) => sparkplugBytes(null, [{ name: "bdSeq", type: 8, long: n }]);
    expect(say("spBv1.0/G/NDEATH/E", will(6)).said).toEqual([]);
    expect(say("spBv1.0/G/NDEATH/E", will(7)).said).toEqual(["g/e/m online_state 0"]);
    expect(say(DATA, sparkplugBytes(2, [{ alias: 1, double: 6 }]))).toMatchObject({
      refused: ["before_birth"],
      asks: REBIRTH,
    });
  });

  test("an alias given anew by a rebirth means the new metric", () => {
    const say = born();
    say("spBv1.0/G/NBIRTH/E", sparkplugBytes(0, []));
    say("spBv1.0/G/DBIRTH/E/m", sparkplugBytes(1, [{ name: "Volume", alias: 1, type: 10, unit: "L", double: 1 }]));
    expect(say(DATA, sparkplugBytes(2, [{ alias: 1, double: 17_043 }])).said).toEqual(["g/e/m volume_m3 17043000"]);
  });
});

describe("Homie", () => {
  test("a number waits for its unit; a switch speaks for itself; an order is no state; a standing value is no reading", () => {
    const say = session("homie-4");
    expect(say("homie/m/energy/total", "5").refused).toEqual(["before_birth"]);
    say("homie/m/energy/total/$unit", "kWh", true);
    expect(say("homie/m/energy/total", "5").said).toEqual(["m energy_import_kwh 5000000"]);
    expect(say("homie/m/energy/total", "5", true).said).toEqual([]);
    expect(say("homie/m/relay/power", "false").said).toEqual(["m relay_state 0"]);
    expect(say("homie/m/relay/power/set", "true").said).toEqual([]);
    expect(say("homie/m/$state", "lost").said).toEqual(["m online_state 0"]);
    say("homie/m/$state", "init");
    expect(say("homie/m/energy/total", "5").refused).toEqual(["before_birth"]);
    say("homie/m/$state", "ready");
    expect(say("homie/m/energy/total", "5").refused).toEqual(["unmapped_payload"]); // it has none
  });

  test("Homie 5: the description replaces what was known", () => {
    const say = session("homie-5");
    const describe5 = (unit: string, datatype: string) =>
      JSON.stringify({ nodes: { energy: { properties: { total: { unit, datatype } } } } });
    say("homie/5/m/$description", describe5("kWh", "float"));
    expect(say("homie/5/m/energy/total", "5").said).toEqual(["m energy_import_kwh 5000000"]);
    say("homie/5/m/$description", describe5("Wh", "integer"));
    expect(say("homie/5/m/energy/total", "5000").said).toEqual(["m energy_import_kwh 5000000"]);
    say("homie/5/m/$description", describe5("kWh", "string"));
    expect(say("homie/5/m/energy/total", "5").refused).toEqual(["unmapped_payload"]);
    expect(say("homie/5/m/$description", "{").refused).toEqual(["malformed_json"]);
  });
});

test("no bytes ever throw, on any topic of any dialect", () => {
  const topics = ["NBIRTH/E", "NDATA/E", "DBIRTH/E/m", "DDATA/E/m", "NDEATH/E"].map((t) => `spBv1.0/G/${t}`);
  const homie = ["$state", "$description", "energy/total", "energy/total/$unit"];
  const all = [...topics, ...homie.flatMap((t) => [`homie/m/${t}`, `homie/5/m/${t}`])];
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.tuple(fc.nat(60), fc.nat(255)).map(([at, b]) => {
      const spoilt = sparkplugBytes(1, [TOTAL], AT);
      spoilt[at % spoilt.length] = b;
      return spoilt;
    }),
    fc.json().map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...all), bytes), { maxLength: 8 }), (messages) => {
      for (const id of ["sparkplug-b", "homie-4", "homie-5"]) {
        const say = session(id);
        for (const [topic, payload] of messages) say(topic, Buffer.from(payload));
      }
    }),
    { numRuns: 200 },
  );
});
