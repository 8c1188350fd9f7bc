import { CodedError } from "../domain/errors.ts";
import type { Zone } from "../domain/period.ts";
import type { OperatorId } from "../domain/reading.ts";
import type { Database } from "../schema/database.ts";

export type Operator = { readonly operatorId: OperatorId; readonly code: string; readonly zone: Zone };

export async function operatorsOf(db: Database): Promise<Operator[]> {
  const { rows } = await db.pool.query<{ operator_id: bigint; code: string; zone: Zone }>(
    "select operator_id, code, zone from sanbiao.operators() order by code",
  );
  return rows.map(({ operator_id: operatorId, code, zone }) => ({ operatorId, code, zone }));
}

/** The operator that a person names by its code. @throws CodedError `request.not-found`, naming those that there are */
export async function operatorOf(db: Database, code: string): Promise<Operator> {
  const operators = await operatorsOf(db);
  const found = operators.find((one) => one.code === code);
  if (found === undefined) {
    const known = operators.map((one) => one.code).join(", ");
    throw new CodedError(
      "request.not-found",
      `No operator is called ${code}; there is ${known === "" ? "none" : known}.`,
    );
  }
  return found;
}
