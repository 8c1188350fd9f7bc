import type { Instant } from "../domain/instant.ts";
import type { Micro } from "../domain/quantity.ts";
import { atRatio, RATIO_ONE, ratioText, trueRatio } from "../domain/ratio.ts";
import type { MeterId } from "../domain/reading.ts";
import type { RegisterName } from "../domain/register.ts";
import type { Utility } from "../domain/unit.ts";
import type { BookedReading, MeterStay } from "../ledger/usage.ts";
import { type RatedValue, valueAtChange } from "../metering/ratio-change.ts";
import { BESIDE_REGISTER, MAIN_REGISTER, touOfRegister } from "../metering/register.ts";
import type { Installation } from "../metering/usage.ts";
import type { DialBook } from "./tariffs.ts";

/** A stay with what its meter read, as metering takes it: its ends as the protocol, the ratio's change or the book tells them. Pure. */
export function installationOf(
  stay: MeterStay,
  input: {
    readonly utility: Utility;
    readonly readings: ReadonlyMap<MeterId, readonly BookedReading[]>;
    readonly dials: DialBook;
  },
): Installation {
  const { utility, readings, dials } = input;
  const main = MAIN_REGISTER[utility];
  const byRegister = new Map<RegisterName, BookedReading[]>();
  for (const reading of readings.get(stay.meterId) ?? []) {
    const of = byRegister.get(reading.register);
    if (of === undefined) byRegister.set(reading.register, [reading]);
    else of.push(reading);
  }
  for (const { dials: seen } of stay.stated ?? []) {
    for (const register of seen.keys()) {
      const counts = register === main || touOfRegister(register) !== null || BESIDE.has(register);
      if (counts && !byRegister.has(register)) byRegister.set(register, []);
    }
  }
  const ratio = stay.ratio ?? RATIO_ONE;
  const dialMax = dials(stay.profileId, main);
  return {
    meterId: stay.meterId,
    installedAt: stay.installedAt,
    removedAt: stay.removedAt,
    dialMax: dialMax === null ? null : atRatio(dialMax, RATIO_ONE, ratio),
    maxPerHour: stay.maxPerHour,
    ...(stay.cut?.start === true ? { ratioChanged: changeOf(stay) } : {}),
    registers: [...byRegister].map(([register, all]) => {
      const [initial, final] = [endOf(stay, register, all, "start"), endOf(stay, register, all, "end")];
      return {
        register,
        readings: all,
        ...(initial === null ? {} : { initial: initial.value }),
        ...(final === null ? {} : { final: final.value }),
        ...(initial?.basis === "interpolated" ? { reckonedInitial: true } : {}),
        ...(final?.basis === "interpolated" ? { reckonedFinal: true } : {}),
        decided: stay.decided.filter((stretch) => stretch.register === register),
      };
    }),
  };
}

const BESIDE: ReadonlySet<RegisterName> = new Set(Object.values(BESIDE_REGISTER));

function changeOf({ installedAt, ratio = RATIO_ONE, cut }: MeterStay): { before: string; after: string } {
  const before = trueRatio(cut?.ratios ?? [], (installedAt - 1) as Instant);
  return { before: ratioText(before), after: ratioText(ratio) };
}

type EndValue = { readonly value: Micro; readonly basis: "actual" | "interpolated" };

/** What a register showed at an end of a stay, ratio applied: seen at the meter, else reckoned at a change of ratio, else booked by a person. */
function endOf(
  stay: MeterStay,
  register: RegisterName,
  all: readonly BookedReading[],
  edge: "start" | "end",
): EndValue | null {
  const at = edge === "start" ? stay.installedAt : stay.removedAt;
  if (at === null) return null;
  const ratio = stay.ratio ?? RATIO_ONE;
  const dial = stay.stated?.find((one) => one.at === at)?.dials.get(register);
  if (dial !== undefined) return { value: atRatio(dial, RATIO_ONE, ratio), basis: "actual" };
  if (stay.cut?.[edge] === true) return valueAtChange(ratedValues(stay, stay.cut, register, all), at, ratio);
  const booked = all.find((r) => r.at === at && (r.source === "installation" || r.source === "manual"));
  return booked === undefined ? null : { value: booked.value, basis: "actual" };
}

/** Everything known of a register in the whole stay, each with the ratio that is in it. */
function ratedValues(
  stay: MeterStay,
  { whole, ratios }: NonNullable<MeterStay["cut"]>,
  register: RegisterName,
  all: readonly BookedReading[],
): RatedValue[] {
  const stated = (stay.stated ?? []).flatMap(({ at, dials }): RatedValue[] => {
    const dial = dials.get(register);
    return dial === undefined ? [] : [{ at, value: dial, ratio: RATIO_ONE }];
  });
  const instants = new Set(stated.map(({ at }) => at));
  const read = all
    .filter(({ at }) => at >= whole.from && (whole.to === null || at <= whole.to) && !instants.has(at))
    .map(({ at, value }) => ({ at, value, ratio: trueRatio(ratios, at) }));
  return [...stated, ...read].sort((a, b) => a.at - b.at);
}
