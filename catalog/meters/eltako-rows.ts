import type { ModbusRegister } from "../../domain/profile.ts";
import { phasesOf, rowsOf } from "./rows.ts";

const counter = rowsOf("input", "u32", "ABCD", "0.01");
const watt = rowsOf("input", "s32", "ABCD", "1");

/** The places of Eastron's map, filled with integers instead of floats: exact to 0.01 kWh. */
export const eltakoThreePhases: readonly ModbusRegister[] = [
  counter("energy_import_kwh", 0x48, "billing"),
  counter("energy_export_kwh", 0x4a, "billing"),
  ...phasesOf(counter, "voltage", 0x00),
  ...phasesOf(counter, "current", 0x06),
  ...phasesOf(watt, "power", 0x0c),
  watt("power_w", 0x34, "power"),
  rowsOf("input", "s32", "ABCD", "0.001")("power_factor", 0x3e, "power"),
];
