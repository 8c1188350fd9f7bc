import type { ModbusRegister, PollGroup, RegisterTable, WordOrder, WordType } from "../../domain/profile.ts";
import type { RegisterName } from "../../domain/register.ts";

type Rest = Partial<Pick<ModbusRegister, "dialMax" | "notAvailable" | "states" | "step">>;
export type Row = (register: RegisterName, address: number, group: PollGroup, rest?: Rest) => ModbusRegister;

/** Rows of one register map that share table, type, word order and scale: `row("power_w", 0x34, "power")`. */
export const rowsOf =
  (table: RegisterTable, type: WordType, order: WordOrder, scale: string): Row =>
  (register, address, group, rest = {}) => ({
    register,
    table,
    address,
    type,
    order,
    scale,
    group,
    ...rest,
  });

const PHASES = {
  import: ["energy_import_l1_kwh", "energy_import_l2_kwh", "energy_import_l3_kwh"],
  export: ["energy_export_l1_kwh", "energy_export_l2_kwh", "energy_export_l3_kwh"],
  voltage: ["voltage_l1_v", "voltage_l2_v", "voltage_l3_v"],
  current: ["current_l1_a", "current_l2_a", "current_l3_a"],
  power: ["power_l1_w", "power_l2_w", "power_l3_w"],
} as const satisfies Record<string, readonly RegisterName[]>;

/** L1, L2 and L3 of one quantity, `apart` words from each other. Energies are asked with the bill, the rest with the live picture. */
export const phasesOf = (
  row: Row,
  quantity: keyof typeof PHASES,
  address: number,
  apart = 2,
  rest: Rest = {},
): ModbusRegister[] =>
  PHASES[quantity].map((register, i) =>
    row(register, address + i * apart, quantity === "import" || quantity === "export" ? "billing" : "power", rest),
  );

/** Float32 in kWh: steps of at most 0.008 below 131 072 kWh, 1/16 up to 1 048 576 kWh. */
export const FLOAT_KWH: Rest = { step: "0.0625" };
/** Float32 in Wh: steps of at most 8 Wh below 134 217 kWh, 64 Wh up to 1 073 741 kWh. */
export const FLOAT_WH: Rest = { step: "0.064" };
/** Integers in tenths of a kilowatt-hour: exact, and no finer than that. */
export const TENTHS: Rest = { step: "0.1" };
