import { sql } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import { type Instant, instant, SECOND_MS } from "../../domain/instant.ts";
import { addDays, type Day, dayOf, daysBetween, isDay, periodOfDays } from "../../domain/period.ts";
import { POLL_SECONDS } from "../../domain/profile.ts";
import { REGISTERS, registerName } from "../../domain/register.ts";
import { countHeard, type Heard } from "../../ledger/heard.ts";
import { MAIN_REGISTER } from "../../metering/register.ts";
import { atTextOrNull, type Desk } from "../desk.ts";
import type { HeardJson, HeardQuery } from "../schemas/gap.ts";
import type { UtilityName } from "../schemas/json.ts";

const DAYS = 30;
const DAYS_MAX = 400;
/** Days that no night has counted yet: today, and yesterday until some hours are past. */
const DAYS_NOT_COUNTED = 2;

/** Expected against heard, day by day. */
export async function heard(desk: Desk, meterId: bigint, query: HeardQuery): Promise<HeardJson> {
  const today = dayOf(desk.now, desk.zone);
  const to = dayOfQuery(query.to, today);
  const from = dayOfQuery(query.from, addDays(to, -DAYS));
  const days = daysBetween(from, to);
  if (days < 0 || days > DAYS_MAX)
    throw new CodedError("request.invalid", `\`from\` is at most ${DAYS_MAX} days before \`to\`.`);
  const meter = await meterOf(desk, meterId);
  const counted = await countedDays(desk, meterId, from, to);
  const live: (Heard & { day: Day })[] = [];
  for (let day = today, i = 0; i < DAYS_NOT_COUNTED; day = addDays(day, -1), i++) {
    if (day < from || day > to || counted.some((row) => row.day === day)) continue;
    live.push(...(await liveDay(desk, meterId, day, meter)));
  }
  return {
    meterId: String(meterId),
    everySeconds: meter.everySeconds,
    days: [...live, ...counted].map((row) => ({
      day: row.day,
      register: row.register,
      expected: row.expected,
      heard: row.heard,
      firstAt: atTextOrNull(desk, row.firstAt),
      lastAt: atTextOrNull(desk, row.lastAt),
      largestGapSeconds: Math.round(row.largestGap_ms / SECOND_MS),
    })),
  };
}

function dayOfQuery(text: string | undefined, otherwise: Day): Day {
  if (text === undefined) return otherwise;
  if (!isDay(text)) throw new CodedError("request.invalid", `${text} is not a day of the calendar.`);
  return text;
}

type MeterOfDesk = { utility: UtilityName; everySeconds: number | null; since: Instant | null; until: Instant | null };

async function meterOf(desk: Desk, id: bigint): Promise<MeterOfDesk> {
  const { rows } = await sql<{
    utility: UtilityName;
    every_s: number | null;
    since: Instant | null;
    until: Instant | null;
  }>`
    select m.utility, i.since, i.until,
           case when b.id is null then m.report_every_s when jsonb_typeof(b.poll_seconds -> 'billing') = 'number'
             then (b.poll_seconds ->> 'billing')::float8 else ${POLL_SECONDS.billing}::float8 end as every_s
      from meter m left join bus b on b.operator_id = m.operator_id and b.id = m.bus_id
     cross join lateral (select min(installed_at) as since,
            case when bool_or(removed_at is null) then null else max(removed_at) end as until
       from installation i where i.operator_id = m.operator_id and i.meter_id = m.id) i
     where m.operator_id = ${desk.operatorId} and m.id = ${id}`.execute(desk.trx);
  const row = rows[0];
  if (row === undefined) throw new CodedError("request.not-found", `There is no meter ${id}.`);
  return { utility: row.utility, everySeconds: row.every_s, since: row.since, until: row.until };
}

async function countedDays(desk: Desk, meterId: bigint, from: Day, to: Day): Promise<(Heard & { day: Day })[]> {
  const rows = await desk.trx
    .selectFrom("heard_day")
    .selectAll()
    .where("operator_id", "=", desk.operatorId)
    .where("meter_id", "=", meterId)
    .where("day", ">=", from)
    .where("day", "<=", to)
    .orderBy("day", "desc")
    .orderBy("register")
    .execute();
  return rows.flatMap((row) => {
    const register = registerName(row.register);
    if (register === null) return [];
    const { day, expected, heard: n, first_at: firstAt, last_at: lastAt } = row;
    return [{ day, meterId, register, expected, heard: n, firstAt, lastAt, largestGap_ms: Number(row.largest_gap_ms) }];
  });
}

/** As the night would count it, up to now. */
async function liveDay(desk: Desk, meterId: bigint, day: Day, meter: MeterOfDesk): Promise<(Heard & { day: Day })[]> {
  const whole = periodOfDays(day, addDays(day, 1), desk.zone);
  const from = instant(Math.max(whole.from, meter.since ?? whole.to));
  const to = instant(Math.min(whole.to, desk.now, meter.until ?? whole.to));
  if (from >= to) return [];
  const every_ms = meter.everySeconds === null ? null : meter.everySeconds * SECOND_MS;
  const main = MAIN_REGISTER[meter.utility];
  const counted = await countHeard(desk.trx, meterId, { from, to }, { main, every_ms });
  const code = (row: Heard): number => REGISTERS[row.register].code;
  return counted.toSorted((a, b) => code(a) - code(b)).map((row) => ({ ...row, day }));
}
