import { MINUTE_MS, type Instant } from "../../domain/instant.ts";
import { monthOf } from "../../domain/period.ts";
import { decimalText } from "../../domain/quantity.ts";
import { usedSince } from "./load.ts";
import { drawn, type TownMeter } from "./meter.ts";
import type { TownState } from "./state.ts";

const ZONE = "Asia/Shanghai";
const WINDOW_MS = 15 * MINUTE_MS;
const WINDOWS_PER_HOUR = 4;

/** What a meter counts besides its use, as its own messages name it; none for most. */
export function besideValues(meter: TownMeter, state: TownState, at: Instant): Record<string, string> {
  const text = (micro: number) => decimalText(BigInt(micro - (micro % meter.stepMicro)));
  const { gives, reactiveShare } = meter;
  return {
    ...(gives === undefined ? {} : { energy_export_kwh: text(usedSince(gives, at)) }),
    ...(reactiveShare === undefined
      ? {}
      : {
          reactive_import_kvarh: text(Math.floor(drawn(meter, state, at) * reactiveShare)),
          demand_import_max_kw: text(demandMicro(meter, state, at)),
        }),
  };
}

type Known = { readonly from: Instant; readonly until: Instant; readonly most: number };
const KNOWN = new WeakMap<TownMeter, Known>();

const LAST = new WeakMap<TownMeter, { readonly to: Instant; readonly most: number }>();

/** What stood there when the month began, millionths of a kW. */
export function lastDemandMicro(meter: TownMeter, state: TownState, at: Instant): number {
  const { from: to } = monthOf(at, ZONE);
  const before = LAST.get(meter);
  if (before?.to === to) return before.most;
  const { from } = monthOf((to - 1) as Instant, ZONE);
  const most = highestIn(meter, state, { from, to, most: 0 });
  LAST.set(meter, { to, most });
  return most;
}

/** The highest quarter of an hour of the month so far, millionths of a kW: each quarter is looked at once. */
export function demandMicro(meter: TownMeter, state: TownState, at: Instant): number {
  const { from } = monthOf(at, ZONE);
  const before = KNOWN.get(meter);
  const goesOn = before !== undefined && before.from === from && before.until <= at;
  const since = goesOn ? before : { until: from, most: 0 };
  const whole = Math.floor((at - since.until) / WINDOW_MS) * WINDOW_MS;
  const until = (since.until + whole) as Instant;
  const most = highestIn(meter, state, { from: since.until, to: until, most: since.most });
  KNOWN.set(meter, { from, until, most });
  return most;
}

function highestIn(meter: TownMeter, state: TownState, of: { from: Instant; to: Instant; most: number }): number {
  let { from: until, most } = of;
  let shown = drawn(meter, state, until);
  while (until + WINDOW_MS <= of.to) {
    until = (until + WINDOW_MS) as Instant;
    const next = drawn(meter, state, until);
    most = Math.max(most, (next - shown) * WINDOWS_PER_HOUR);
    shown = next;
  }
  return most;
}
