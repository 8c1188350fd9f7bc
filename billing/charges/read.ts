import type { Transaction } from "kysely";
import type { Day } from "../../domain/period.ts";
import { readAssignments, readCharges } from "../../ledger/charges.ts";
import { readFloorAreas } from "../../ledger/topology.ts";
import type { Tables } from "../../schema/tables.ts";
import type { AccountInput } from "../chunk.ts";
import type { AssignedCharge } from "./lines.ts";

/** Adds what accounts are charged besides supply: four queries at most whatever their number, one where nothing is charged. */
export async function withCharges(
  trx: Transaction<Tables>,
  inputs: readonly AccountInput[],
  { to }: { readonly to: Day },
): Promise<AccountInput[]> {
  const charges = await readCharges(trx);
  if (charges.size === 0) return [...inputs];
  const assignments = await readAssignments(
    trx,
    inputs.map(({ accountId }) => accountId),
  );
  const areas = await readFloorAreas(trx, [...assignments.keys()]);
  return inputs.map((input) => {
    const said = Map.groupBy(assignments.get(input.accountId) ?? [], ({ code }) => code);
    const own = [...said].flatMap(([code, quantities]): AssignedCharge[] => {
      const charge = charges.get(code);
      if (charge === undefined || quantities.every(({ from }) => from >= to)) return [];
      return [{ charge, prices: charge.prices, quantities, areas: areas.get(input.accountId) ?? [] }];
    });
    return own.length === 0 ? input : { ...input, charges: own };
  });
}
