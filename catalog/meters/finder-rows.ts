import type { ModbusRegister } from "../../domain/profile.ts";
import { FLOAT_WH, rowsOf } from "./rows.ts";

export const finderFloat = rowsOf("input", "f32", "ABCD", "1");
/** Float32 in Wh: the source knows no integer register. */
const counter = rowsOf("input", "f32", "ABCD", "0.001");

export const finderEnergies: readonly ModbusRegister[] = [
  counter("energy_import_kwh", 0xac0, "billing", FLOAT_WH),
  counter("reactive_import_kvarh", 0xac2, "billing", FLOAT_WH),
  counter("energy_export_kwh", 0xac4, "billing", FLOAT_WH),
  counter("reactive_export_kvarh", 0xac6, "billing", FLOAT_WH),
];
/** Totals of power, power factor and frequency. */
export const finderTotals: readonly ModbusRegister[] = [
  finderFloat("power_w", 0x9e8, "power"),
  finderFloat("power_factor", 0xa00, "power"),
  finderFloat("frequency_hz", 0xa18, "power"),
];
