import type { ModbusRegister } from "../../domain/profile.ts";
import { phasesOf, type Row, rowsOf } from "./rows.ts";

/** The map that the SDM family shares: float32 input registers, high word first, primary values. */
export const eastronFloat: Row = rowsOf("input", "f32", "ABCD", "1");
/** Float32 between 524 288 and the dial's end moves in steps of 1/16 kWh; below 65 536 kWh finer than 0.01. */
export const EASTRON_COUNTER = { dialMax: "999999.99", step: "0.0625" };

const counter: Row = (register, address, group) => eastronFloat(register, address, group, EASTRON_COUNTER);

export const eastronEnergies: readonly ModbusRegister[] = [
  counter("energy_import_kwh", 0x48, "billing"),
  counter("energy_export_kwh", 0x4a, "billing"),
];
export const eastronReactive: readonly ModbusRegister[] = [
  counter("reactive_import_kvarh", 0x4c, "billing"),
  counter("reactive_export_kvarh", 0x4e, "billing"),
];
export const eastronPhaseEnergies: readonly ModbusRegister[] = [
  ...phasesOf(counter, "import", 0x15a),
  ...phasesOf(counter, "export", 0x160),
];
export const eastronTariffs: readonly ModbusRegister[] = [
  counter("energy_import_t1_kwh", 0x1314, "billing"),
  counter("energy_import_t2_kwh", 0x1316, "billing"),
  counter("energy_export_t1_kwh", 0x131c, "billing"),
  counter("energy_export_t2_kwh", 0x131e, "billing"),
];
export const eastronSinglePhase: readonly ModbusRegister[] = [
  eastronFloat("voltage_l1_v", 0x00, "power"),
  eastronFloat("current_l1_a", 0x06, "power"),
  eastronFloat("power_w", 0x0c, "power"),
  eastronFloat("power_factor", 0x1e, "power"),
  eastronFloat("frequency_hz", 0x46, "power"),
];
export const eastronThreePhases: readonly ModbusRegister[] = [
  ...phasesOf(eastronFloat, "voltage", 0x00),
  ...phasesOf(eastronFloat, "current", 0x06),
  ...phasesOf(eastronFloat, "power", 0x0c),
  eastronFloat("power_w", 0x34, "power"),
  eastronFloat("power_factor", 0x3e, "power"),
  eastronFloat("frequency_hz", 0x46, "power"),
];

/** The maker allows 40 parameters in one request; words between them may be read along. */
export const EASTRON_BLOCKS = { blockWordsMax: 80, gapWordsMax: 6 };
