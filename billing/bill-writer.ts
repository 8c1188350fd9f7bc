import type { Transaction } from "kysely";
import type { Instant } from "../domain/instant.ts";
import type { Period } from "../domain/period.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import { BasisSheet } from "../ledger/bill-basis.ts";
import { type ChargesOfBill, writeBillCharges } from "../ledger/bill-charges.ts";
import { BillSheet } from "../ledger/bills.ts";
import { EntrySheet } from "../ledger/journal.ts";
import { type JudgedAgain, VerdictSheet } from "../ledger/verdicts.ts";
import type { Tables } from "../schema/tables.ts";
import { billedUsagesOf } from "./account-bill.ts";
import { type KeptSettlement, keptOf, writeKept } from "./books-state.ts";
import { BasisTexts, type BillInputs } from "./explain/basis.ts";
import { sha256Of } from "./explain/canonical.ts";
import type { RatedAccount } from "./hold-back.ts";
import { postingsOf } from "./postings.ts";
import type { Settlement } from "./settlement.ts";
import { trueUpsOf, type TrueUpsOfBill, writeTrueUpsOf } from "./write-true-ups.ts";

export type BillsOf = {
  readonly operatorId: OperatorId;
  readonly period: Period;
  /** `null`: bills of no run. */
  readonly runId: bigint | null;
  readonly now: Instant;
  /** No later bill trues up what these end at. */
  readonly final?: true;
};

/**
 * Bills on their way into the books. Of each is taken down what becomes rows as soon as it is rated: a thousand bills with all that
 * they were computed from would otherwise stay in memory together, and moving them about costs more than computing them.
 */
export class BillWriter {
  readonly #of: BillsOf;
  readonly #verdicts: VerdictSheet;
  readonly #entries: EntrySheet;
  readonly #places = new Map<AccountId, number>();
  readonly #bills = new BillSheet();
  readonly #bases = new BasisSheet();
  readonly #texts = new BasisTexts();
  readonly #charged: ChargesOfBill[] = [];
  readonly #kept: KeptSettlement[] = [];
  readonly #trueUps: TrueUpsOfBill[] = [];

  constructor(of: BillsOf) {
    const { operatorId, period, now } = of;
    this.#of = of;
    this.#verdicts = new VerdictSheet({ rules: RULES, touches: "overlaps", at: now });
    this.#entries = new EntrySheet({ operatorId, kind: "bill", occurredAt: period.to, postedAt: now });
  }

  /** @param id the bill's, if it becomes one: of a refused account only what was judged is kept */
  add(id: bigint, rated: RatedAccount, inputs: BillInputs): void {
    for (const settlement of rated.settlements) this.#verdicts.add(judgedIn(settlement), settlement.verdicts);
    if (rated.kind === "refused") return;
    const { bill } = rated;
    this.#post(rated);
    this.#bills.add(id, bill, billedUsagesOf(rated), this.#of.runId);
    const document = this.#texts.textOf(inputs);
    this.#bases.add({ billId: id, document, sha256: sha256Of(document) });
    if (bill.charges !== undefined) this.#charged.push({ billId: id, charges: bill.charges });
    this.#kept.push(...keptOf(id, rated));
    const trueUps = trueUpsOf(id, rated, this.#of.final !== true);
    if (trueUps !== null) this.#trueUps.push(trueUps);
  }

  /** A bill with nothing to post has no entry. */
  #post({ accountId, bill }: Extract<RatedAccount, { kind: "billed" }>): void {
    const postings = postingsOf(bill);
    if (postings.length === 0) return;
    const key = `bill/${accountId}/${bill.period.from}/${bill.period.to}`;
    this.#places.set(accountId, this.#entries.add({ key, cause: { bill: key }, postings }));
  }

  /**
   * Judges what was measured, posts and writes the bills.
   * @returns the ids of the bills by account
   */
  async write(trx: Transaction<Tables>): Promise<ReadonlyMap<AccountId, bigint>> {
    await this.#verdicts.write(trx);
    const posted = await this.#entries.post(trx);
    const journalIds = new Map<AccountId, bigint>();
    for (const [accountId, place] of this.#places) {
      const outcome = posted[place];
      if (outcome?.kind !== "posted") throw new Error(`the entry of account ${accountId} stands without its bill`);
      journalIds.set(accountId, outcome.journalId);
    }
    await this.#bills.writeLines(trx);
    const tariffs = this.#texts.tariffs.map(({ tariff, ...hashed }) => ({
      ...hashed,
      tariffId: tariff.id,
      version: tariff.version,
    }));
    await this.#bases.write(trx, this.#texts.operators, tariffs);
    await writeBillCharges(trx, this.#charged);
    await writeKept(trx, this.#kept);
    const issued = await this.#bills.writeHeads(trx, journalIds);
    await writeTrueUpsOf(trx, this.#trueUps, this.#of.now);
    return issued;
  }
}

/** Rules that a settlement judges by. */
const RULES = ["difference", "usage"];

const judgedIn = ({ agreement, stretch }: Settlement): JudgedAgain[] =>
  agreement.stays.map(({ meterId }) => ({ meterId, period: stretch }));
