import type { ModbusRegister } from "../../domain/profile.ts";
import { FLOAT_KWH, phasesOf, type Row, rowsOf } from "./rows.ts";

const float = rowsOf("holding", "f32", "ABCD", "1");
/** The meter keeps kW. */
const kilo = rowsOf("holding", "f32", "ABCD", "1000");
export const ineproCounter: Row = (register, address, group) => float(register, address, group, FLOAT_KWH);

/** The map that Inepro's PRO380 and WAGO's 879-30xx share. */
export const ineproThreePhases: readonly ModbusRegister[] = [
  ineproCounter("energy_import_kwh", 0x600c, "billing"),
  ...phasesOf(ineproCounter, "import", 0x6012),
  ineproCounter("energy_export_kwh", 0x6018, "billing"),
  ...phasesOf(ineproCounter, "export", 0x601e),
  ...phasesOf(float, "voltage", 0x5002),
  float("frequency_hz", 0x5008, "power"),
  ...phasesOf(float, "current", 0x500c),
  kilo("power_w", 0x5012, "power"),
  ...phasesOf(kilo, "power", 0x5014),
  float("power_factor", 0x502a, "power"),
];
