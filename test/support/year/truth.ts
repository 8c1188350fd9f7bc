import { HOUR_MS, type Instant, isoOf } from "../../../domain/instant.ts";
import type { Episode } from "../../../simulators/faults/book.ts";
import { drawn, type TownMeter } from "../../../simulators/town/meter.ts";
import type { Year } from "./town.ts";

/** A billed quantity beside what was truly used. Micro units. */
export type Judged = {
  readonly bill: string;
  readonly meter: TownMeter;
  readonly from: Instant;
  readonly to: Instant;
  readonly billed: number;
  readonly used: number;
  /** How far the two may lie apart: steps of the dial, and what was used between the readings around an end that nobody read. */
  readonly within: number;
  readonly episodes: readonly Episode[];
};

/** A device's clock that was let in is off by no more. */
const CLOCK_MS = HOUR_MS / 6;

/** The reading beside an instant, in milliseconds. */
const edge = (at: string, beside: "<=" | ">="): string => `
  (select (date_part('epoch', s.measured_at) * 1000)::text from sound s where s.meter_id = m.id
      and s.register = case m.utility when 'electricity' then 1 else 20 end and s.measured_at ${beside} ${at}
      and s.measured_at between ${at} - interval '40 days' and ${at} + interval '40 days'
    order by s.measured_at ${beside === "<=" ? "desc" : "asc"} limit 1)`;

/** Every bill after `last`, by meter. */
export async function judgedSince(year: Year, last: bigint): Promise<{ judged: Judged[]; last: bigint }> {
  const { rows } = await year.owner.query<{
    bill_id: bigint;
    number: string;
    serial: string;
    period_from: Instant;
    period_to: Instant;
    quantity: bigint;
    corrects_bill_id: bigint | null;
    prevs: (string | null)[];
    nexts: (string | null)[];
  }>(
    `with sound as (
       select r.meter_id, r.register, r.measured_at from reading r where r.register in (1, 20) and not exists (
         select from current_reading_edit e where e.meter_id = r.meter_id and e.register = r.register
            and e.measured_at = r.measured_at and e.kind = 'exclude'))
     select u.bill_id, b.number, m.serial, u.period_from, u.period_to, u.quantity, u.corrects_bill_id,
            array[${edge("u.period_from", "<=")}, ${edge("u.period_to", "<=")}] as prevs,
            array[${edge("u.period_from", ">=")}, ${edge("u.period_to", ">=")}] as nexts
       from billed_usage u
       join bill b on b.operator_id = u.operator_id and b.id = u.bill_id
       join (select distinct operator_id, usage_point_id, meter_id from installation) i
         on i.operator_id = u.operator_id and i.usage_point_id = u.usage_point_id
       join meter m on m.operator_id = u.operator_id and m.id = i.meter_id
      where u.bill_id > $1 order by u.bill_id, m.id`,
    [last],
  );
  const judged = rows.map((row): Judged => {
    const meter = year.town.meter(row.serial);
    const { state } = year.town;
    const [from, to] = [row.period_from, row.period_to];
    const use = (a: number, b: number): number => drawn(meter, state, b as Instant) - drawn(meter, state, a as Instant);
    let within = 4 * meter.stepMicro;
    for (const [i, end] of [from, to].entries()) {
      const prev = Number(row.prevs[i] ?? end);
      const next = Number(row.nexts[i] ?? end);
      if (prev !== end) within += use(prev - CLOCK_MS, next + CLOCK_MS);
    }
    const episodes = state.faults.between([meter], { from, to });
    // A true-up moves units of an earlier bill: it is no use of its own.
    const isTrueUp = row.corrects_bill_id !== null;
    return {
      bill: row.number,
      meter,
      from,
      to,
      billed: Number(row.quantity),
      used: isTrueUp ? 0 : use(from, to),
      within: isTrueUp ? Math.abs(Number(row.quantity)) : within,
      episodes,
    };
  });
  return { judged, last: rows.at(-1)?.bill_id ?? last };
}

/** Rules that name a stretch of what was billed. */
export async function namedBy(year: Year, { meter, from, to }: Judged): Promise<string[]> {
  const { rows } = await year.owner.query<{ rule: string }>(
    "select distinct rule from verdict where meter_id = $1 and result <> 'normal' and from_at <= $3 and to_at >= $2 order by 1",
    [year.meterIds.get(meter.serial), isoOf(from), isoOf(to)],
  );
  return rows.map(({ rule }) => rule);
}

/** What a register that stood still at an instant had not shown yet. */
export function notShown(year: Year, meter: TownMeter, at: Instant): number {
  const { state } = year.town;
  const stuck = state.faults.at("stuck-register", meter, at);
  return stuck === null ? 0 : drawn(meter, state, at) - drawn(meter, state, stuck.from);
}

export const say = ({ bill, meter, from, to, billed, used, within, episodes }: Judged): string =>
  [
    `${bill} ${meter.utility} ${meter.serial} ${isoOf(from)}..${isoOf(to)}: billed ${billed / 1e6}, used ${used / 1e6}, may differ by ${within / 1e6}`,
    ...episodes.map((e) => `  ${e.fault} ${isoOf(e.from)}..${isoOf(e.to)}`),
  ].join("\n");
