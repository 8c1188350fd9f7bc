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

/** The highest quarter of an hour of the month so far, millionths of a kW: each quarter is looked at once. */
function demandMicro(meter: TownMeter, state: TownState, at: Instant): number {
  const { from } = monthOf(at, ZONE);
  const before = KNOWN.get(meter);
  const goesOn = before !== undefined && before.from === from && before.until <= at;
  let { until, most } = goesOn ? before : { until: from, most: 0 };
  let shown = drawn(meter, state, until);
  while (until + WINDOW_MS <= at) {
    until = (until + WINDOW_MS) as Instant;
    const next = drawn(meter, state, until);
    most = Math.max(most, (next - shown) * WINDOWS_PER_HOUR);
    shown = next;
  }
  KNOWN.set(meter, { from, until, most });
  return most;
}
