import { DAY_MS, HOUR_MS, type Instant } from "../../domain/instant.ts";
import { addDays, type Day, dayOf, startOfDay, type Zone, wallClock } from "../../domain/period.ts";
import { decimalText, type Micro } from "../../domain/quantity.ts";
import { type EstimateInput, evenly, type Method, usedBetween } from "./input.ts";

/** So many like days are averaged, found at most so far back: six weeks keep the season. Our choice. */
const LIKE_DAYS = 5;
const LIKE_DAYS_MIN = 3;
const LOOKS_BACK_DAYS = 42;
/** A day is known when readings at most this far apart enclose its midnights. Our choice. */
const APART_MS = DAY_MS + 2 * HOUR_MS;
/** Beyond this a typical day says less than an average of months. Our choice. */
const AHEAD_DAYS_MAX = 62;

type DayClass = "workday" | "rest";

/** Each day like the last five of its kind: working days, or weekends and rest days. */
export const likeDay: Method = {
  name: "like_day",
  version: 1,
  growth(input) {
    const { last, at, zone } = input;
    if (at - last.at > AHEAD_DAYS_MAX * DAY_MS) return "more than 62 days after the last reading";
    const typical = { workday: typicalOf("workday", input), rest: typicalOf("rest", input) };
    let [growth, half] = [0n, 0n];
    const days = { workday: 0, rest: 0 };
    for (let day = dayOf(last.at, zone); startOfDay(day, zone) < at; day = addDays(day, 1)) {
      const kind = classOf(day, input);
      const like = typical[kind];
      if (like === null) return `fewer than ${LIKE_DAYS_MIN} days read day by day of the kind ${kind} in six weeks`;
      const part = partOf(day, last.at, at, zone);
      days[kind]++;
      growth += evenly(like.mean, part.whole_ms, part.ms);
      half += evenly(like.half, part.whole_ms, part.ms);
    }
    const told = (kind: DayClass) => {
      const like = typical[kind];
      if (like === null || days[kind] === 0) return {};
      return {
        [`${kind}_days`]: `${days[kind]}`,
        [`${kind}_per_day`]: decimalText(like.mean),
        [`${kind}_like`]: like.days.join(" "),
      };
    };
    return { growth, basis: { ...told("workday"), ...told("rest") }, uncertainty: half };
  },
};

const SATURDAY = 6;

function classOf(day: Day, { zone, restDays }: EstimateInput): DayClass {
  if (restDays.includes(day)) return "rest";
  return wallClock(startOfDay(day, zone), zone).weekday >= SATURDAY ? "rest" : "workday";
}

/** Mean use of the last known days of a kind before the day of the last reading. */
function typicalOf(kind: DayClass, input: EstimateInput): { mean: Micro; half: Micro; days: Day[] } | null {
  const { zone, history, last } = input;
  const [uses, days]: [Micro[], Day[]] = [[], []];
  const lastDay = dayOf(last.at, zone);
  for (let back = 1; back <= LOOKS_BACK_DAYS && uses.length < LIKE_DAYS; back++) {
    const day = addDays(lastDay, -back);
    if (classOf(day, input) !== kind) continue;
    const used = usedBetween(history, startOfDay(day, zone), startOfDay(addDays(day, 1), zone), APART_MS);
    if (used === null) continue;
    uses.push(used);
    days.push(day);
  }
  if (uses.length < LIKE_DAYS_MIN) return null;
  const least = uses.reduce((a, b) => (b < a ? b : a));
  const most = uses.reduce((a, b) => (b > a ? b : a));
  const mean = uses.reduce((sum, used) => sum + used, 0n) / BigInt(uses.length);
  return { mean, half: (most - least) / 2n, days };
}

/** How much of a day lies between two instants. */
function partOf(day: Day, from: Instant, to: Instant, zone: Zone): { ms: number; whole_ms: number } {
  const [start, end] = [startOfDay(day, zone), startOfDay(addDays(day, 1), zone)];
  return { ms: Math.min(end, to) - Math.max(start, from), whole_ms: end - start };
}
