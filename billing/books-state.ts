import type { Transaction } from "kysely";
import { isoOf, type Instant } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import { type AccountFact, readAccountFacts } from "../ledger/account-facts.ts";
import { type KeptState, readRatingStates, writeMeasures, writeRatingStates } from "../ledger/rating-states.ts";
import type { Tables } from "../schema/tables.ts";
import type { AccountBill } from "./account-bill.ts";
import { stateJson, stateSchema } from "./rate/account-file.ts";
import { needsOf } from "./rate/needs.ts";
import type { RateState } from "./rate/state.ts";
import type { Settlement, SettlementInput } from "./settlement.ts";

type Trx = Transaction<Tables>;

/**
 * States that take the place of the kept ones: a replay and a what-if walk from bill to bill and know what the one before them
 * would have handed on. By `account usage-point`.
 */
export class StateChain {
  readonly #states = new Map<string, { readonly at: Instant; readonly state: RateState }>();

  note(settlements: readonly Pick<Settlement, "agreement" | "stretch" | "state">[]): void {
    for (const { agreement, stretch, state } of settlements) {
      if (state === undefined) continue;
      const key = `${agreement.accountId} ${agreement.usagePointId}`;
      const known = this.#states.get(key);
      if (known === undefined || known.at <= stretch.to) this.#states.set(key, { at: stretch.to, state: state.after });
    }
  }

  /** Inputs with what the chain knows in place of what the books say. */
  on(settlements: readonly SettlementInput[]): SettlementInput[] {
    return settlements.map((input) => {
      const known = this.#states.get(`${input.agreement.accountId} ${input.agreement.usagePointId}`);
      if (known === undefined || known.at !== input.stretch.from || !needsOf(input.versions).state) return input;
      const { stateUnknown: _, ...rest } = input;
      return { ...rest, state: known.state };
    });
  }
}

/** Adds what the tariffs ask of the account and of earlier bills; nothing is read where none asks. */
export async function withKept(trx: Trx, inputs: readonly SettlementInput[]): Promise<SettlementInput[]> {
  const stateful = inputs.filter(({ versions }) => needsOf(versions).state);
  const factual = inputs.filter(({ versions }) => {
    const { contractedKw, contractedKva, lowIncome } = needsOf(versions);
    return contractedKw || contractedKva || lowIncome;
  });
  if (stateful.length === 0 && factual.length === 0) return [...inputs];
  const facts = await readAccountFacts(trx, [...new Set(factual.map(({ agreement }) => agreement.accountId))]);
  const kept = await readRatingStates(trx, stateful.map(askedOf));
  return inputs.map((input) => ({ ...input, ...factsOf(input, facts), ...stateOf(input, kept, inputs) }));
}

const askedOf = ({ agreement, stretch }: SettlementInput) => ({
  accountId: agreement.accountId,
  usagePointId: agreement.usagePointId,
  at: stretch.from,
});

function factsOf(
  { agreement, versions }: SettlementInput,
  facts: ReadonlyMap<AccountId, readonly AccountFact[]>,
): Pick<SettlementInput, "contractedKw" | "contractedKva" | "lowIncome"> {
  const needs = needsOf(versions);
  const own = facts.get(agreement.accountId) ?? [];
  const of = <T>(kind: AccountFact["kind"], value: (fact: AccountFact) => T): { from: Day; value: T }[] =>
    own.filter((fact) => fact.kind === kind).map((fact) => ({ from: fact.from, value: value(fact) }));
  return {
    ...(needs.contractedKw ? { contractedKw: of("contracted_kw", ({ value }) => value) } : {}),
    ...(needs.contractedKva ? { contractedKva: of("contracted_kva", ({ value }) => value) } : {}),
    ...(needs.lowIncome ? { lowIncome: of("low_income", ({ value }) => value === 1n) } : {}),
  };
}

function stateOf(
  input: SettlementInput,
  kept: readonly KeptState[],
  all: readonly SettlementInput[],
): Pick<SettlementInput, "state" | "stateUnknown"> {
  if (!needsOf(input.versions).state) return {};
  const { accountId, usagePointId, at } = askedOf(input);
  const isOwn = (one: { accountId: AccountId; usagePointId: bigint }) =>
    one.accountId === accountId && one.usagePointId === usagePointId;
  // The agreement before it in the same period hands on to it.
  if (all.some((one) => one !== input && isOwn(one.agreement) && one.stretch.to === at)) return {};
  const found = kept.find((one) => isOwn(one) && one.at === at);
  if (found === undefined) return {};
  if (found.endedAt !== at) {
    return {
      stateUnknown: `bill missing: what is carried on is known until ${isoOf(found.endedAt)}, not to ${isoOf(at)}`,
    };
  }
  return { state: stateSchema.parse(found.after) as RateState };
}

/** Of a bill one settlement that handed something on or measured something else. */
export type KeptSettlement = {
  readonly billId: bigint;
  readonly accountId: AccountId;
  readonly settlement: Pick<Settlement, "agreement" | "stretch" | "state" | "beside">;
};

/** Those of a bill's settlements that have something to keep. Pure. */
export const keptOf = (
  billId: bigint,
  { accountId, settlements }: Pick<Extract<AccountBill, { kind: "billed" }>, "settlements"> & { accountId: AccountId },
): KeptSettlement[] =>
  settlements
    .filter(({ state, beside }) => state !== undefined || beside.length > 0)
    .map((settlement) => ({ billId, accountId, settlement }));

/** Keeps what bills handed on and what else they measured, in the transaction that writes them. */
export async function writeKept(trx: Trx, all: readonly KeptSettlement[]): Promise<void> {
  if (all.length === 0) return;
  await writeMeasures(
    trx,
    all.flatMap(({ billId, settlement: { agreement, beside } }) =>
      beside.map((one) => ({ billId, usagePointId: agreement.usagePointId, ...one })),
    ),
  );
  await writeRatingStates(
    trx,
    all.flatMap(({ billId, accountId, settlement: { agreement, stretch, state } }) =>
      state === undefined
        ? []
        : [
            {
              billId,
              accountId,
              usagePointId: agreement.usagePointId,
              tariffId: agreement.tariffId,
              period: stretch,
              before: stateJson(state.before),
              after: stateJson(state.after),
            },
          ],
    ),
  );
}
