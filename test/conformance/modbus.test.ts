import { describe, expect, test } from "vitest";
import { modbusProfileOf } from "../../catalog/meters/catalogue.ts";
import type { ModbusRegister } from "../../domain/profile.ts";
import type { RegisterName } from "../../domain/register.ts";
import { scaleOf, WORDS_OF_TYPE } from "../../domain/words.ts";
import { EVCC_LEFT_OUT, MBMD_LEFT_OUT, PREPAID_LEFT_OUT } from "./modbus-left-out.ts";
import { EVCC_TWINS, MBMD_TWINS, PREPAID_TWINS } from "./modbus-twins.ts";
import { hasReference, referenceText } from "./reference.ts";

const MBMD = "modbus/mbmd_register_maps.json";
const EVCC = "modbus/evcc_meter_templates.json";
const PREPAID = "modbus/prepaid_and_water_meters.json";

type Row = { quantity: string; address: number; register_type: string; data_type: string; scale: number };
type EvccRow = { quantity: string; address: number; type: string; decode?: string; scale?: string };
type PrepaidRow = { quantity: string; address: number; type: string; word_order: string; scale: number | null };
type Control = {
  address: number;
  fc_write: number;
  trip_payload_hex?: string;
  close_payload_hex?: string;
  open_value?: number;
  close_value?: number;
};

/** mbmd ends in `_lswfirst` where the low word comes first, evcc in `s`; evcc adds `nan` where the type has such a value. */
const TYPES: Readonly<Record<string, string>> = {
  float32: "f32",
  float64: "f64",
  uint16: "u16",
  int16: "s16",
  uint32: "u32",
  int32: "s32",
  uint64: "u64",
  int64: "s64",
};

const scaleNumber = (map: ModbusRegister): number => {
  const { up, down } = scaleOf(map.scale);
  return Number(up) / Number(down);
};
/** One word has no word order. */
const orderOf = (map: ModbusRegister): string => (WORDS_OF_TYPE[map.type] === 1 ? "ABCD" : map.order);
const shapeOf = (map: ModbusRegister) => ({
  table: map.table,
  address: map.address,
  type: map.type as string,
  order: orderOf(map),
  scale: scaleNumber(map),
});

describe.skipIf(!hasReference(MBMD))("register maps agree with mbmd (external data)", () => {
  if (!hasReference(MBMD)) return;
  const all = JSON.parse(referenceText(MBMD)) as { meters: Record<string, { key: string; registers: Row[] }> };
  const rowsByKey = new Map(Object.values(all.meters).map((meter) => [meter.key, meter.registers]));

  test.each(Object.entries(MBMD_TWINS))("%s", (key, { id, names, elsewhere = [] }) => {
    const ours = modbusProfileOf(id).registers;
    const compared = (rowsByKey.get(key) ?? []).flatMap((row) => {
      const map = ours.find((r) => r.register === names[row.quantity]);
      if (map === undefined) return [];
      const type = row.data_type.replace("_lswfirst", "");
      expect(shapeOf(map), `${id} ${map.register}`).toEqual({
        table: row.register_type,
        address: row.address,
        type: TYPES[type],
        order: type === row.data_type ? "ABCD" : "CDAB",
        scale: row.scale,
      });
      return [map.register];
    });
    expect(
      new Set(compared),
      "every register of ours stands in the reference, or is said to come from elsewhere",
    ).toEqual(new Set(ours.map((r) => r.register).filter((register) => !elsewhere.includes(register))));
  });

  test("every meter of mbmd is a profile or is left out for a stated reason", () => {
    expect([...Object.keys(MBMD_TWINS), ...Object.keys(MBMD_LEFT_OUT)].sort()).toEqual([...rowsByKey.keys()].sort());
  });
});

describe.skipIf(!hasReference(EVCC))("register maps agree with evcc (external data)", () => {
  if (!hasReference(EVCC)) return;
  const all = JSON.parse(referenceText(EVCC)) as { templates: { template: string; registers: EvccRow[] }[] };
  const rowsByName = new Map(all.templates.map((t) => [t.template, t.registers]));
  const PHASES: Readonly<Record<string, readonly RegisterName[]>> = {
    powers: ["power_l1_w", "power_l2_w", "power_l3_w"],
    currents: ["current_l1_a", "current_l2_a", "current_l3_a"],
    voltages: ["voltage_l1_v", "voltage_l2_v", "voltage_l3_v"],
  };

  test.each(Object.entries(EVCC_TWINS))("%s", (name, { id, energy, differs }) => {
    const rows = rowsByName.get(name) ?? [];
    const ours = modbusProfileOf(id).registers;
    const nameOf = (row: EvccRow): RegisterName | undefined => {
      if (row.quantity === "energy") return energy;
      if (row.quantity === "returnenergy") return "energy_export_kwh";
      if (row.quantity === "power") return "power_w";
      return PHASES[row.quantity]?.[rows.filter((r) => r.quantity === row.quantity).indexOf(row)];
    };
    const compared = rows.flatMap((row) => {
      const map = ours.find((r) => r.register === nameOf(row));
      if (map === undefined) return [];
      const decode = /^([a-z]+\d+)(s?)(?:nan)?$/.exec(row.decode ?? "");
      const theirs = {
        table: row.type,
        address: row.address,
        type: TYPES[decode?.[1] ?? ""] ?? "",
        order: decode?.[2] === "s" ? "CDAB" : "ABCD",
        // A sign is the template's way to turn a generator's meter round.
        scale: Math.abs(Number(/[\d.]+$/.exec(row.scale ?? "1")?.[0])),
      };
      const mine = shapeOf(map);
      if (differs === "word order") theirs.order = mine.order;
      if (differs === "signedness") theirs.type = theirs.type.replace("s", mine.type.slice(0, 1));
      expect(mine, `${id} ${map.register}`).toEqual(theirs);
      return [map.register];
    });
    expect(compared).toContain(energy);
  });

  test("every template of evcc is a profile or is left out for a stated reason", () => {
    const leftOut: string[] = Object.values(EVCC_LEFT_OUT).flat();
    expect([...Object.keys(EVCC_TWINS), ...leftOut].sort()).toEqual([...rowsByName.keys()].sort());
    const totals = EVCC_LEFT_OUT["no total"].filter((name) =>
      rowsByName.get(name)?.some((row) => row.quantity.endsWith("energy")),
    );
    expect(totals, "templates that do have a total").toEqual([]);
    const stated = EVCC_LEFT_OUT["scale or type of the counter not stated"].filter((name) =>
      rowsByName
        .get(name)
        ?.filter((row) => row.quantity === "energy")
        .every((row) => row.scale !== undefined && row.decode !== undefined),
    );
    expect(stated, "templates whose counters are stated in full").toEqual([]);
  });
});

const PREPAID_QUANTITY: Readonly<Record<string, RegisterName>> = {
  total_active_energy: "energy_import_kwh",
  sharp_energy: "energy_import_sharp_kwh",
  peak_energy: "energy_import_peak_kwh",
  flat_energy: "energy_import_flat_kwh",
  valley_energy: "energy_import_valley_kwh",
  deep_valley_energy: "energy_import_deep_valley_kwh",
  ct_ratio: "ct_ratio",
  positive_volume: "volume_m3",
  negative_volume: "volume_reverse_m3",
  flow: "flow_m3_per_h",
  remaining_prepaid: "prepaid_remaining_m3",
  pressure: "pressure_mpa",
  temperature: "temperature_degc",
  battery: "battery_v",
  valve_status: "valve_state",
};

describe.skipIf(!hasReference(PREPAID))("prepaid and water meters agree with the collection (external data)", () => {
  if (!hasReference(PREPAID)) return;
  const all = JSON.parse(referenceText(PREPAID)) as {
    meters: { meter: string; registers: PrepaidRow[]; control?: Control }[];
  };
  test.each(Object.entries(PREPAID_TWINS))("%s is %s", (name, id) => {
    const meter = all.meters.find((m) => m.meter.startsWith(name));
    const profile = modbusProfileOf(id);
    let compared = 0;
    for (const row of meter?.registers ?? []) {
      const map = profile.registers.find((r) => r.register === PREPAID_QUANTITY[row.quantity]);
      if (map === undefined) continue;
      compared++;
      expect({ address: map.address, type: map.type }, row.quantity).toEqual({ address: row.address, type: row.type });
      if (row.word_order !== "AB") expect(map.order).toBe(row.word_order);
      if (row.scale !== null) expect(scaleNumber(map)).toBe(row.scale);
    }
    expect(compared).toBeGreaterThanOrEqual(7);
    const control = meter?.control;
    const wordsOf = (hex: string | undefined, value: number | undefined) =>
      hex === undefined
        ? [value]
        : (hex.replaceAll(" ", "").match(/.{4}/g) ?? []).map((word) => Number.parseInt(word, 16));
    const { trip, valve_close, direct_close, valve_open } = profile.control?.commands ?? {};
    expect(trip ?? valve_close).toEqual({
      functionCode: control?.fc_write,
      address: control?.address,
      words: wordsOf(control?.trip_payload_hex, control?.close_value),
    });
    expect((direct_close ?? valve_open)?.words).toEqual(wordsOf(control?.close_payload_hex, control?.open_value));
  });

  test("every entry is a profile or is left out for a stated reason", () => {
    const known = [...Object.keys(PREPAID_TWINS), ...Object.keys(PREPAID_LEFT_OUT)];
    expect(all.meters.filter((m) => !known.some((name) => m.meter.startsWith(name)))).toEqual([]);
    expect(known).toHaveLength(all.meters.length);
  });
});
