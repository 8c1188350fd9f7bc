import type { ModbusRegister } from "../../domain/profile.ts";
import { phasesOf, type Row, rowsOf, TENTHS } from "./rows.ts";

/** Signed 32 bits, low word first; the greatest signed value stands for overflow. Function 4. */
const tenth = rowsOf("input", "s32", "CDAB", "0.1");
const milli = rowsOf("input", "s32", "CDAB", "0.001");
export const gavazziCounter: Row = (register, address, group) => tenth(register, address, group, TENTHS);
export const gavazziVolt = tenth;
export const gavazziAmpere = milli;
export const gavazziFactor = rowsOf("input", "s16", "ABCD", "0.001");
export const gavazziHertz = rowsOf("input", "s16", "ABCD", "0.1");

/** Voltages, currents and powers stand at the same place in EM24, EM330, EM340, ET330 and ET340. */
export const gavazziThreePhases: readonly ModbusRegister[] = [
  ...phasesOf(tenth, "voltage", 0x00),
  ...phasesOf(milli, "current", 0x0c),
  ...phasesOf(tenth, "power", 0x12),
  tenth("power_w", 0x28, "power"),
];
/** The map from 0x2E on that EM330, EM340, ET330, ET340 and EM24 of series E1 share. */
export const gavazziEm340: readonly ModbusRegister[] = [
  gavazziCounter("energy_import_kwh", 0x34, "billing"),
  ...phasesOf(gavazziCounter, "import", 0x40),
  gavazziCounter("energy_export_kwh", 0x4e, "billing"),
  ...gavazziThreePhases,
  gavazziFactor("power_factor", 0x31, "power"),
  gavazziHertz("frequency_hz", 0x33, "power"),
];
