import type { ColumnType, Generated } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import type { At, AtNull, Id } from "./columns.ts";

export type OperatorTable = {
  operator_id: Id;
  code: string;
  kind: "estate" | "supply_station";
  name_zh: string;
  name_en: string;
  zone: Generated<string>;
  currency: Generated<string>;
  created_at: ColumnType<Instant, string | undefined, never>;
};
export type AppUserTable = {
  operator_id: bigint;
  id: Id;
  login: string;
  name: string;
  password_hash: string;
  role: "manager" | "clerk" | "reader";
  demo: Generated<boolean>;
  disabled_at: AtNull;
  created_at: ColumnType<Instant, string | undefined, never>;
};
export type AppSessionTable = {
  operator_id: bigint;
  token_hash: Buffer;
  user_id: bigint;
  created_at: At;
  expires_at: At;
};
