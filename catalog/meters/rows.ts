import type { ModbusRegister, PollGroup, RegisterTable, WordOrder, WordType } from "../../domain/profile.ts";
import type { RegisterName } from "../../domain/register.ts";

type Rest = Partial<Pick<ModbusRegister, "dialMax" | "notAvailable" | "states" | "step">>;

/** Rows of one register map that share table, type, word order and scale: `row("power_w", 0x34, "power")`. */
export const rowsOf =
  (table: RegisterTable, type: WordType, order: WordOrder, scale: string) =>
  (register: RegisterName, address: number, group: PollGroup, rest: Rest = {}): ModbusRegister => ({
    register,
    table,
    address,
    type,
    order,
    scale,
    group,
    ...rest,
  });
