import type { Day, Period } from "../../domain/period.ts";
import type { RegisterName } from "../../domain/register.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { MAIN_REGISTER } from "../../metering/register.ts";
import type { AccountInput } from "../chunk.ts";
import { inOrder } from "../chunk.ts";
import type { OperatorFacts } from "../operator.ts";
import type { SettlementInput } from "../settlement.ts";
import type { CorrectionInput } from "../true-up.ts";
import { canonicalText, sha256Of, valueOfCanonical } from "./canonical.ts";
import { readingsOfSeries, type Series, seriesOf } from "./series.ts";

/**
 * Version of the kept document. A later one is added beside it; an earlier one never changes. Format 1 holds the operator's facts
 * itself; format 2 names them by the SHA-256 of their text, which all bills of an operator and day share.
 */
export const BASIS_FORMAT = 2;

/** Everything that `accountBillOf` took, as plain data. */
export type BasisDocument = {
  readonly format: number;
  readonly operator: OperatorFacts;
  readonly period: Period;
  readonly issuedOn: Day;
  readonly account: object;
  readonly settlements: readonly SettlementDocument[];
  readonly corrections: readonly CorrectionDocument[];
  readonly series: readonly Series[];
  /** `profile register` → where it begins again at zero, in millionths. */
  readonly dials: Readonly<Record<string, bigint | null>>;
};

export type SettlementDocument = {
  /** SHA-256 of each version of the tariff. */
  readonly tariffs: readonly string[];
  /** Places in `series`. */
  readonly readings: readonly number[];
  /** Agreement with its meters' stays and decisions, stretch, parts, household. */
  readonly of: object;
};

export type CorrectionDocument = { readonly settlements: readonly SettlementDocument[]; readonly of: object };

export type BillInputs = {
  readonly input: AccountInput;
  readonly period: Period;
  readonly issuedOn: Day;
  readonly operator: OperatorFacts;
};

/** A basis as the book keeps it. */
type KeptDocument = Omit<BasisDocument, "operator"> & { readonly operator: OperatorFacts | string };

export type TariffDocument = { readonly sha256: string; readonly tariff: Tariff; readonly document: string };

/** Tariff versions do not change: their hash is found once. */
const HASHED = new WeakMap<Tariff, TariffDocument>();

export function tariffDocumentOf(tariff: Tariff): TariffDocument {
  const known = HASHED.get(tariff);
  if (known !== undefined) return known;
  const document = canonicalText(tariff);
  const made = { sha256: sha256Of(document), tariff, document };
  HASHED.set(tariff, made);
  return made;
}

/** The terms by which a bill of that day is due, with the years of their calendar that its due date can reach. */
function termsOn({ terms, ...facts }: OperatorFacts, issuedOn: Day): OperatorFacts {
  const held = terms.findLast(({ fromDay }) => fromDay <= issuedOn);
  if (held === undefined) return { ...facts, terms: [] };
  const year = Number(issuedOn.slice(0, 4));
  const years = Object.entries(held.calendar.years).filter(
    ([name]) => Number(name) === year || Number(name) === year + 1,
  );
  return { ...facts, terms: [{ ...held, calendar: { ...held.calendar, years: Object.fromEntries(years) } }] };
}

export type OperatorDocument = { readonly sha256: string; readonly document: string };

function operatorDocumentOf(facts: OperatorFacts): OperatorDocument {
  const document = canonicalText(facts);
  return { sha256: sha256Of(document), document };
}

/** What bills rest on, as the book keeps it: a text for each, and what they name by its hash. Pure. */
export class BasisTexts {
  readonly operators: OperatorDocument[] = [];
  readonly #tariffs = new Set<Tariff>();
  #last: Pick<BillInputs, "operator" | "issuedOn"> | null = null;

  textOf(inputs: BillInputs): string {
    const { operator, issuedOn, input } = inputs;
    if (this.#last === null || this.#last.operator !== operator || this.#last.issuedOn !== issuedOn) {
      this.#last = { operator, issuedOn };
      this.operators.push(operatorDocumentOf(termsOn(operator, issuedOn)));
    }
    for (const { versions } of input.settlements) for (const version of versions) this.#tariffs.add(version);
    for (const { settlements } of input.corrections ?? [])
      for (const { versions } of settlements) for (const version of versions) this.#tariffs.add(version);
    return canonicalText(documentOf(inputs, this.operators.at(-1)?.sha256 ?? "") satisfies KeptDocument);
  }

  get tariffs(): TariffDocument[] {
    return [...this.#tariffs].map(tariffDocumentOf);
  }
}

/** What a bill rests on. Pure. */
export const basisOf = (inputs: BillInputs): BasisDocument =>
  documentOf(inputs, termsOn(inputs.operator, inputs.issuedOn));

/** The text of a basis in its own format, whose hash is kept with the bill. Pure. */
export function keptText(basis: BasisDocument): string {
  if (basis.format === 1) return canonicalText(basis);
  const kept: KeptDocument = { ...basis, operator: operatorDocumentOf(basis.operator).sha256 };
  return canonicalText(kept);
}

/** The hash of the operator's facts that a kept text names; `null` where it holds them. */
export function operatorNamedIn(text: string): string | null {
  const { operator } = JSON.parse(text) as { operator: unknown };
  return typeof operator === "string" ? operator : null;
}

/** The basis of a kept text. @param operator the text of the operator's facts, where the kept text names them by hash */
export function basisOfText(text: string, operator: string | null): BasisDocument {
  const kept = valueOfCanonical(text) as KeptDocument;
  if (typeof kept.operator !== "string") return { ...kept, operator: kept.operator };
  if (operator === null) throw new TypeError(`the operator's facts ${kept.operator} are not there`);
  return { ...kept, operator: valueOfCanonical(operator) as OperatorFacts };
}

function documentOf<T>({ input, period, issuedOn }: BillInputs, operator: T) {
  const { settlements, corrections = [], estimates: _e, estimatedBills: _b, unestimated: _u, ...account } = input;
  const table = new SeriesTable();
  const dials: Record<string, bigint | null> = {};
  const settlementOf = ({ versions, readings, dials: book, ...of }: SettlementInput): SettlementDocument => {
    const { stays, utility } = of.agreement;
    const meters = [...new Set(stays.map(({ meterId }) => meterId))];
    for (const { profileId } of stays) {
      dials[`${profileId} ${MAIN_REGISTER[utility]}`] = book(profileId, MAIN_REGISTER[utility]);
    }
    return {
      of,
      readings: meters.flatMap((meter) => table.placesOf(readings.get(meter) ?? [])),
      tariffs: versions.map((version) => tariffDocumentOf(version).sha256),
    };
  };
  const own = settlements.map(settlementOf);
  const corrected = corrections.map(({ settlements: parts, ...of }) => ({ of, settlements: parts.map(settlementOf) }));
  const head = { account, corrections: corrected, dials, format: BASIS_FORMAT, issuedOn, operator, period };
  return { ...head, series: table.series, settlements: own };
}

/** Series, each kept once: two agreements of one home look at the same readings. */
class SeriesTable {
  readonly series: Series[] = [];
  readonly #places = new Map<string, number>();

  placesOf(readings: Parameters<typeof seriesOf>[0]): number[] {
    return seriesOf(readings).map((one) => {
      const { meter, register, t, v, s, x } = one;
      const key = `${meter} ${register} ${t}/${v}/${s}${x === undefined ? "" : canonicalText(x)}`;
      const known = this.#places.get(key);
      if (known !== undefined) return known;
      this.#places.set(key, this.series.length);
      return this.series.push(one) - 1;
    });
  }
}

/**
 * The inputs again, to be given to `accountBillOf`. Pure.
 * @throws TypeError when the document names a tariff or a series that is not there
 */
export function inputsOf(basis: BasisDocument, tariffs: ReadonlyMap<string, Tariff>): BillInputs {
  const dials = (profile: string, register: RegisterName): bigint | null =>
    basis.dials[`${profile} ${register}`] ?? null;
  const settlementOf = ({ tariffs: hashes, readings, of }: SettlementDocument): SettlementInput => {
    const all = readings.flatMap((place) => {
      const series = basis.series[place];
      if (series === undefined) throw new TypeError(`readings ${place} are not there`);
      return readingsOfSeries(series);
    });
    const versions = hashes.map((sha256) => {
      const tariff = tariffs.get(sha256);
      if (tariff === undefined) throw new TypeError(`tariff version ${sha256} is not there`);
      return tariff;
    });
    const byMeter = Map.groupBy(inOrder(all), ({ meterId }) => meterId);
    return { ...(of as Omit<SettlementInput, "versions" | "readings" | "dials">), versions, readings: byMeter, dials };
  };
  const { period, issuedOn, operator } = basis;
  const input: AccountInput = {
    ...(basis.account as Omit<AccountInput, "settlements">),
    settlements: basis.settlements.map(settlementOf),
    corrections: basis.corrections.map(({ settlements, of }) => ({
      ...(of as Omit<CorrectionInput, "settlements">),
      settlements: settlements.map(settlementOf),
    })),
  };
  return { input, period, issuedOn, operator };
}
