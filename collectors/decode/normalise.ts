import { type Instant, isoOf } from "../../domain/instant.ts";
import { appliedRatio, RATIO_ONE, type RatioRow, ratioText } from "../../domain/ratio.ts";
import type { Sample } from "../../domain/reading.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { REGISTERS, type RegisterName } from "../../domain/register.ts";
import { microOfRaw, type Scale, scaleOf } from "../../domain/words.ts";
import { checkedMicro } from "./words.ts";

/** No meter of this trade has a clock that was right before 2000-01-01T00:00:00Z: 1970 is a clock that was never set. */
export const EARLIEST = 946_684_800_000 as Instant;

/**
 * What the installation states, as decimal text: current and voltage transformer ratios; `multiplier` for all counts (the pulse
 * weight in the register's unit, or a ratio already multiplied out).
 */
export type Ratios = { readonly multiplier?: string; readonly ct?: string; readonly vt?: string };

/** What the rows of a meter say of a sample that was measured and received then; nothing when that is 1. */
export function ratiosAt(rows: readonly RatioRow[], at: Instant, receivedAt: Instant): { ratios?: Ratios } {
  if (rows.length === 0) return {};
  const applied = appliedRatio(rows, { at, receivedAt, source: "mqtt" }); // of any wire
  return applied === RATIO_ONE ? {} : { ratios: { multiplier: ratioText(applied) } };
}

export type NormaliseRules = {
  readonly now: Instant;
  readonly receivedAt: Instant;
  /** How far a meter's clock may run ahead of ours. */
  readonly maxAheadMs: number;
  readonly ratios?: Ratios;
};

/** A sample as the book takes it: its time settled, its ratio applied. */
export type NormalSample = { readonly register: RegisterName; readonly value: bigint; readonly measuredAt: Instant };

export function normalise(sample: Sample, rules: NormaliseRules): NormalSample | Refusal {
  const measuredAt = sample.measuredAt ?? rules.receivedAt;
  if (measuredAt < EARLIEST)
    return { reason: "past_timestamp", detail: `${isoOf(measuredAt)} is before 2000: the meter's clock was never set` };
  if (measuredAt > rules.now + rules.maxAheadMs)
    return {
      reason: "future_timestamp",
      detail: `${isoOf(measuredAt)} is after ${isoOf(rules.now)}: the meter's clock runs ahead`,
    };
  const value = rules.ratios === undefined ? sample.value : ratioApplied(sample, rules.ratios);
  return typeof value === "bigint" ? { register: sample.register, value, measuredAt } : value;
}

const known = new Map<string, Scale>();
const ratio = (text: string): Scale => {
  const scale = known.get(text) ?? scaleOf(text);
  if (known.size < 1000) known.set(text, scale);
  return scale;
};

/** Energy, power: × CT × VT. Current: × CT. Voltage: × VT. Counts and flows of every kind: × multiplier. States and ratios: as they are. */
export function ratioApplied(sample: Sample, ratios: Ratios): bigint | Refusal {
  const factors = factorsOf(sample.register, ratios);
  if (factors.length === 0) return sample.value;
  const scale = factors.map(ratio).reduce((a, b) => ({ up: a.up * b.up, down: a.down * b.down }));
  return checkedMicro(sample.register, microOfRaw(sample.value, 6, scale));
}

function factorsOf(register: RegisterName, { multiplier, ct, vt }: Ratios): string[] {
  const { unit, kind } = REGISTERS[register];
  const wanted =
    unit === "V" && register !== "battery_v"
      ? [vt]
      : unit === "A"
        ? [ct]
        : unit === "kWh" || unit === "kvarh" || unit === "W" || unit === "kW"
          ? [ct, vt, multiplier]
          : kind === "cumulative" || unit === "m3/h"
            ? [multiplier]
            : [];
  return wanted.filter((text): text is string => text !== undefined && text !== "1");
}
