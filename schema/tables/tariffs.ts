import type { ColumnType, Generated } from "kysely";
import type { At, AtNull, DayColumn, Id, Null } from "./columns.ts";

export type TariffVersionTable = {
  operator_id: bigint;
  id: Id;
  tariff_id: string;
  version: string;
  document: ColumnType<unknown, string, string>;
  hash: string;
  state: Generated<"draft" | "proposed" | "published" | "withdrawn">;
  edition: Generated<number>;
  effective_from: DayColumn;
  is_correction: Generated<boolean>;
  reason: Generated<string>;
  made_by: bigint;
  made_at: At;
  changed_by: bigint;
  changed_at: At;
  proposed_by: Null<bigint>;
  proposed_at: AtNull;
  approved_by: Null<bigint>;
  approved_at: AtNull;
  withdrawn_by: Null<bigint>;
  withdrawn_at: AtNull;
  returned_by: Null<bigint>;
  returned_at: AtNull;
  returned_reason: Generated<string>;
};

export type TariffVersionEventTable = {
  operator_id: bigint;
  id: Id;
  version_id: bigint;
  deed: "made" | "changed" | "proposed" | "returned" | "published" | "withdrawn";
  edition: number;
  by_user: bigint;
  at: At;
  reason: Generated<string>;
  hash: string;
  document: ColumnType<unknown, string | null, string | null>;
};
