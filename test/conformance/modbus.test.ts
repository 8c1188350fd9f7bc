import { describe, expect, test } from "vitest";
import { modbusProfileOf } from "../../catalog/meters/catalogue.ts";
import type { ModbusRegister } from "../../domain/profile.ts";
import type { RegisterName } from "../../domain/register.ts";
import { scaleOf } from "../../domain/words.ts";
import { hasReference, referenceText } from "./reference.ts";

const MBMD = "modbus/mbmd_register_maps.json";
const PREPAID = "modbus/prepaid_and_water_meters.json";

type Row = { quantity: string; address: number; register_type: string; data_type: string; scale: number };
type PrepaidRow = { quantity: string; address: number; type: string; word_order: string; scale: number | null };
type Control = {
  address: number;
  fc_write: number;
  trip_payload_hex?: string;
  close_payload_hex?: string;
  open_value?: number;
  close_value?: number;
};

const QUANTITY: Readonly<Record<string, RegisterName>> = {
  Import: "energy_import_kwh",
  Export: "energy_export_kwh",
  ReactiveImport: "reactive_import_kvarh",
  ReactiveExport: "reactive_export_kvarh",
  ImportL1: "energy_import_l1_kwh",
  ImportL2: "energy_import_l2_kwh",
  ImportL3: "energy_import_l3_kwh",
  ExportL1: "energy_export_l1_kwh",
  ExportL2: "energy_export_l2_kwh",
  ExportL3: "energy_export_l3_kwh",
  VoltageL1: "voltage_l1_v",
  VoltageL2: "voltage_l2_v",
  VoltageL3: "voltage_l3_v",
  CurrentL1: "current_l1_a",
  CurrentL2: "current_l2_a",
  CurrentL3: "current_l3_a",
  Power: "power_w",
  PowerL1: "power_l1_w",
  PowerL2: "power_l2_w",
  PowerL3: "power_l3_w",
  Cosphi: "power_factor",
  Frequency: "frequency_hz",
};
/** Single-phase meters have no phases in their names. */
const SINGLE: Readonly<Record<string, RegisterName>> = {
  ...QUANTITY,
  Voltage: "voltage_l1_v",
  Current: "current_l1_a",
};
const TYPES: Readonly<Record<string, string>> = {
  float32: "f32",
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

describe.skipIf(!hasReference(MBMD))("register maps agree with mbmd (external data)", () => {
  if (!hasReference(MBMD)) return;
  const all = JSON.parse(referenceText(MBMD)) as { meters: Record<string, { key: string; registers: Row[] }> };
  const meters = Object.values(all.meters);
  test.each([
    ["SDM120", "eastron-sdm120", SINGLE],
    ["SDM", "eastron-sdm630", QUANTITY],
    ["DTSU666", "chint-dtsu666", QUANTITY],
    ["IEM3000", "schneider-iem3155", QUANTITY],
    ["ABB", "abb-b23", QUANTITY],
  ] as const)("%s is %s", (key, id, names) => {
    const rows = meters.find((m) => m.key === key)?.registers ?? [];
    const ours = modbusProfileOf(id).registers;
    const compared = rows.flatMap((row) => {
      const map = ours.find((r) => r.register === names[row.quantity]);
      if (map === undefined) return [];
      expect(
        { table: map.table, address: map.address, type: map.type, scale: scaleNumber(map) },
        `${id} ${map.register}`,
      ).toEqual({ table: row.register_type, address: row.address, type: TYPES[row.data_type], scale: row.scale });
      return [map.register];
    });
    expect(new Set(compared), "every register of ours stands in the reference").toEqual(
      new Set(ours.map((r) => r.register)),
    );
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
  test.each([
    ["Acrel DDSY1352", "acrel-ddsy1352"],
    ["Kaifeng Xintai", "kaifeng-xintai-ultrasonic"],
  ] as const)("%s is %s", (name, id) => {
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
    expect(profile.control?.disconnect).toEqual({
      functionCode: control?.fc_write,
      address: control?.address,
      words: wordsOf(control?.trip_payload_hex, control?.close_value),
    });
    expect(profile.control?.connect.words).toEqual(wordsOf(control?.close_payload_hex, control?.open_value));
  });
});
