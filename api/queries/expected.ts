import { handDialOf } from "../../catalog/meters/by-hand.ts";
import { dialOf } from "../../catalog/meters/dials.ts";
import type { Instant } from "../../domain/instant.ts";
import { DAY_MS, instant } from "../../domain/instant.ts";
import { decimalText, type Micro, MICRO_PER_UNIT, roundDivide } from "../../domain/quantity.ts";
import { type RegisterName, REGISTERS } from "../../domain/register.ts";
import { dialOfBook, type HandMeter } from "../../ledger/manual-readings.ts";
import { readDecisions } from "../../ledger/decisions.ts";
import { readEdits } from "../../ledger/edits.ts";
import { type BookedReading, readingsAround } from "../../ledger/usage.ts";
import { EditBook } from "../../ledger/validated.ts";
import type { Decided, RegisterReading } from "../../metering/difference.ts";
import { type ExpectedRange, expectedRange, inSteps } from "../../metering/expected-range.ts";
import { atText, type Desk } from "../desk.ts";
import type { ExpectedJson } from "../schemas/reading-route.ts";

/** Weekly marks over eight weeks tell how a household's weeks differ, and cost eighteen look-ups. Our choice. */
const MARKS = 9;
const MARK_MS = 7 * DAY_MS;

export type Asked = {
  readonly meter: HandMeter;
  readonly register: RegisterName;
  readonly at: Instant;
};
/** In dial units. */
export type Expectation = { readonly range: ExpectedRange; readonly last: RegisterReading | null };

/** What these dials may show, each at its instant, in the order asked. */
export async function expectations(desk: Desk, asked: readonly Asked[]): Promise<Expectation[]> {
  if (asked.length === 0) return [];
  const edges = asked.flatMap(({ meter, register, at }) =>
    Array.from({ length: MARKS }, (_, k) => ({
      meterId: meter.meterId,
      register,
      at: instant(Math.max(at - k * MARK_MS, 0)),
    })),
  );
  const ids = [...new Set(asked.map(({ meter }) => meter.meterId))];
  const edits = new EditBook(await readEdits(desk.trx, ids));
  const decisions = await readDecisions(desk.trx, ids);
  const booked = Map.groupBy(await readingsAround(desk.trx, edges, edits), keyOf);
  return asked.map((one) => {
    const { meterId } = one.meter;
    const decided = (decisions.get(meterId) ?? []).filter(({ register }) => register === one.register);
    return expectationOf(one, booked.get(keyOf({ meterId, register: one.register })) ?? [], decided);
  });
}

const keyOf = ({ meterId, register }: { meterId: bigint; register: string }): string => `${meterId}/${register}`;

function expectationOf(
  { meter, register, at }: Asked,
  booked: readonly BookedReading[],
  decided: readonly Decided[],
): Expectation {
  const byInstant = new Map(booked.map((reading) => [reading.at, reading]));
  const readings = [...byInstant.values()]
    .toSorted((a, b) => a.at - b.at)
    .map((r): RegisterReading => ({ at: r.at, value: dialOfBook(r.value, meter, r.at), source: r.source }));
  const before = readings.filter((reading) => reading.at <= at);
  const after = readings.find((reading) => reading.at > at) ?? null;
  const limits = {
    dialMax: dialOf(meter.profileId, register),
    maxPerHour: meter.stay?.maxPerHour ?? null,
  };
  const range = expectedRange(before, after, limits, at, decided);
  return { range: inSteps(range, stepOf(meter.profileId, register)), last: before.at(-1) ?? null };
}

/** The last digit that a reader sees: of the face, else a hundredth of a kWh or a litre. Our choice. */
function stepOf(profileId: string, register: RegisterName): Micro {
  const places = handDialOf(profileId)?.decimals ?? (REGISTERS[register].unit === "m3" ? 3 : 2);
  return MICRO_PER_UNIT / 10n ** BigInt(places);
}
/** A use per day is told to a hundredth. */
const PER_DAY_STEP = MICRO_PER_UNIT / 100n;
const perDayText = (rate: Micro | undefined): string | null =>
  rate === undefined ? null : decimalText(roundDivide(rate, PER_DAY_STEP) * PER_DAY_STEP);

const text = (value: Micro | null): string | null => (value === null ? null : decimalText(value));

export const shownJson = (desk: Desk, reading: RegisterReading) => ({
  value: decimalText(reading.value),
  at: atText(desk, reading.at),
  source: reading.source ?? "",
});

export function expectedJson(desk: Desk, { low, high, mostLikely, rollsOver, basis }: ExpectedRange): ExpectedJson {
  const rates = basis.kind === "recent_use" ? basis : null;
  return {
    low: text(low),
    high: text(high),
    mostLikely: text(mostLikely),
    rollsOver,
    basis: basis.kind,
    from: basis.kind === "dial" ? null : shownJson(desk, basis.from),
    perDay: perDayText(rates?.perDay),
    perDayLeast: perDayText(rates?.perDayLeast),
    perDayMost: perDayText(rates?.perDayMost),
    lastInDoubt: basis.kind !== "dial" && basis.kind !== "between" && basis.lastInDoubt,
  };
}
