import { versionsOf } from "../catalog/tariffs/catalogue.ts";
import type { Micro } from "../domain/quantity.ts";
import type { RegisterName } from "../domain/register.ts";
import type { Tariff } from "../domain/tariff.ts";

/** All versions of a tariff by its id, or `null` when nobody published it. */
export type TariffBook = (tariffId: string) => readonly Tariff[] | null;

/** Tariffs as the project brings them. */
export const catalogueTariffs: TariffBook = (id) => {
  const versions = versionsOf(id);
  return versions.length === 0 ? null : versions;
};

/** Where a register of a profile begins again at zero; `null` = unknown. */
export type DialBook = (profileId: string, register: RegisterName) => Micro | null;
