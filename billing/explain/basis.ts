import type { Day, Period } from "../../domain/period.ts";
import type { RegisterName } from "../../domain/register.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { MAIN_REGISTER } from "../../metering/register.ts";
import type { AccountInput } from "../chunk.ts";
import { inOrder } from "../chunk.ts";
import type { OperatorFacts } from "../operator.ts";
import type { SettlementInput } from "../settlement.ts";
import type { CorrectionInput } from "../true-up.ts";
import { canonicalText, sha256Of, Written } from "./canonical.ts";
import { readingsOfSeries, type Series, seriesOf } from "./series.ts";

/** Version of the document. A later one is added beside it; this one never changes. */
export const BASIS_FORMAT = 1;

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

/** What many bills of one day rest on, as texts: what they all share is written once. Pure. */
export function basisTexts(of: readonly BillInputs[]): string[] {
  let shared: { operator: OperatorFacts; issuedOn: Day; written: Written } | null = null;
  return of.map((inputs) => {
    const { operator, issuedOn } = inputs;
    if (shared === null || shared.operator !== operator || shared.issuedOn !== issuedOn)
      shared = { operator, issuedOn, written: new Written(termsOn(operator, issuedOn)) };
    return canonicalText({ ...basisBut(inputs), operator: shared.written });
  });
}

/** What a bill rests on, as the book keeps it. Pure. */
export const basisOf = (inputs: BillInputs): BasisDocument => ({
  ...basisBut(inputs),
  operator: termsOn(inputs.operator, inputs.issuedOn),
});

function basisBut({ input, period, issuedOn }: BillInputs): Omit<BasisDocument, "operator"> {
  const { settlements, corrections = [], estimates: _e, estimatedBills: _b, unestimated: _u, ...account } = input;
  const table = new SeriesTable();
  const dials: Record<string, bigint | null> = {};
  const documentOf = ({ versions, readings, dials: book, ...of }: SettlementInput): SettlementDocument => {
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
  const own = settlements.map(documentOf);
  const corrected = corrections.map(({ settlements: parts, ...of }) => ({ settlements: parts.map(documentOf), of }));
  const head = { account, corrections: corrected, dials, format: BASIS_FORMAT, issuedOn, period };
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
