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
  /** Rules that name a stretch of the period. */
  readonly verdicts: readonly string[];
  readonly episodes: readonly Episode[];
};

/** A device's clock that was let in is off by no more. */
const CLOCK_MS = HOUR_MS / 6;

/** Every bill after `last`, by meter. */
export async function judgedSince(year: Year, last: bigint): Promise<{ judged: Judged[]; last: bigint }> {
  const { rows } = await year.owner.query<{
    bill_id: bigint;
    number: string;
    meter_id: bigint;
    serial: string;
    period_from: Instant;
    period_to: Instant;
    quantity: bigint;
    prevs: (string | null)[];
    nexts: (string | null)[];
    rules: string[];
  }>(
    `select u.bill_id, b.number, m.id as meter_id, m.serial, u.period_from, u.period_to, u.quantity,
            array(select (select date_part('epoch', max(r.measured_at)) * 1000 from sound r where r.meter_id = m.id and r.measured_at <= t.at)::text
                    from (values (1, u.period_from), (2, u.period_to)) as t (i, at) order by i) as prevs,
            array(select (select date_part('epoch', min(r.measured_at)) * 1000 from sound r where r.meter_id = m.id and r.measured_at >= t.at)::text
                    from (values (1, u.period_from), (2, u.period_to)) as t (i, at) order by i) as nexts,
            array(select distinct v.rule || '/' || v.result from verdict v where v.operator_id = u.operator_id and v.meter_id = m.id and v.result not in ('normal')
                     and v.from_at <= u.period_to and v.to_at >= u.period_from order by 1) as rules
       from billed_usage u
       join bill b on b.operator_id = u.operator_id and b.id = u.bill_id
       join (select distinct operator_id, usage_point_id, meter_id from installation) i on i.operator_id = u.operator_id and i.usage_point_id = u.usage_point_id
       join meter m on m.operator_id = u.operator_id and m.id = i.meter_id
      where u.bill_id > $1 order by u.bill_id, m.id`
      .replaceAll(
        "from sound r",
        `from reading r where not exists (select 1 from current_reading_edit e where e.meter_id = r.meter_id and e.register = r.register
          and e.measured_at = r.measured_at and e.kind = 'exclude') and r.register in (1, 20) and true`,
      )
      .replaceAll("and true where", "and"),
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
    return {
      bill: row.number,
      meter,
      from,
      to,
      billed: Number(row.quantity),
      used: use(from, to),
      within,
      verdicts: row.rules,
      episodes,
    };
  });
  return { judged, last: rows.at(-1)?.bill_id ?? last };
}

export const say = ({ bill, meter, from, to, billed, used, within, verdicts, episodes }: Judged): string =>
  [
    `${bill} ${meter.utility} ${meter.serial} ${isoOf(from)}..${isoOf(to)}: billed ${billed / 1e6}, used ${used / 1e6}, may differ by ${within / 1e6}`,
    `verdicts ${verdicts.join(" ")}`,
    ...episodes.map((e) => `  ${e.fault} ${isoOf(e.from)}..${isoOf(e.to)}`),
  ].join("\n");
