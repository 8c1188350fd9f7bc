import type { Generated } from "kysely";
import type { At, DayColumn, Id, Null } from "./columns.ts";

export type TaxIdentityTable = {
  operator_id: bigint;
  id: Id;
  account_id: Null<bigint>;
  from_day: DayColumn;
  withdrawn: Generated<boolean>;
  name: Generated<string>;
  tax_id: Generated<string>;
  country: Generated<string>;
  address: Generated<string>;
  city: Generated<string>;
  post_code: Generated<string>;
  phone: Generated<string>;
  bank_name: Generated<string>;
  bank_account: Generated<string>;
  noted_at: At;
  noted_by: Null<bigint>;
};
