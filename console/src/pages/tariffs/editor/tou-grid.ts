/** A clock of times of use, as the tariff language writes one. */
export type ClockRule = {
  readonly period: string;
  readonly months?: readonly number[];
  readonly weekdays?: readonly number[];
  readonly days?: "workday" | "restday" | "holiday";
  readonly from?: string;
  readonly to?: string;
};
export type Clock = {
  readonly rules: readonly ClockRule[];
  readonly otherwise: string;
  readonly calendar?: { readonly holidays: readonly string[]; readonly workdays?: readonly string[] };
};

/** What the rows of a grid are: one for every day, one for each weekday, or one for each kind of day of the calendar. */
export type GridDays = "every" | "weekdays" | "calendar";
export const CALENDAR_ROWS = ["workday", "restday", "holiday"] as const;

/** Hours painted by time of use: for each season (months alike) rows of days and cells of `step` minutes. */
export type TouGrid = {
  readonly days: GridDays;
  readonly step: 15 | 30 | 60;
  readonly seasons: readonly { readonly months: readonly number[]; readonly rows: readonly (readonly string[])[] }[];
  readonly otherwise: string;
};

const DAY_MINUTES = 1440;
const MONTHS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const ROWS: Readonly<Record<GridDays, number>> = { every: 1, weekdays: 7, calendar: 3 };

const minuteOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
export const clockText = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/** The clock as a grid; `null` when a grid cannot show it: weekdays and kinds of day together, or odd minutes. */
export function gridOf(clock: Clock): TouGrid | null {
  const { rules, otherwise } = clock;
  const [byWeekday, byCalendar] = [
    rules.some((r) => r.weekdays !== undefined),
    rules.some((r) => r.days !== undefined),
  ];
  const edges = rules.flatMap(({ from, to }) => [from, to]).filter((edge) => edge !== undefined);
  if (byWeekday && byCalendar) return null;
  if (!edges.every((edge) => /^\d\d:\d\d$/.test(edge))) return null;
  const step = ([60, 30, 15] as const).find((minutes) => edges.every((edge) => minuteOf(edge) % minutes === 0));
  if (step === undefined) return null;
  const days: GridDays = byWeekday ? "weekdays" : byCalendar ? "calendar" : "every";
  const rowsOf = (month: number): string[][] =>
    Array.from({ length: ROWS[days] }, (_, row) =>
      Array.from({ length: DAY_MINUTES / step }, (__, cell) => {
        const fits = rules.find((rule) => isAt(rule, { days, row, month, minute: cell * step }));
        return fits?.period ?? otherwise;
      }),
    );
  const alike = Map.groupBy(MONTHS, (month) => JSON.stringify(rowsOf(month)));
  return {
    days,
    step,
    otherwise,
    seasons: [...alike.values()].map((months) => ({ months, rows: rowsOf(months[0] ?? 1) })),
  };
}

function isAt(rule: ClockRule, at: { days: GridDays; row: number; month: number; minute: number }): boolean {
  if (rule.months?.includes(at.month) === false) return false;
  if (at.days === "weekdays" && rule.weekdays?.includes(at.row + 1) === false) return false;
  if (at.days === "calendar" && rule.days !== undefined) {
    const kind = CALENDAR_ROWS[at.row];
    if (rule.days !== kind && !(kind === "holiday" && rule.days === "restday")) return false; // a holiday is a day of rest, too
  }
  if (rule.from === undefined || rule.to === undefined) return true;
  const [from, to] = [minuteOf(rule.from), minuteOf(rule.to)];
  return from < to ? from <= at.minute && at.minute < to : at.minute >= from || at.minute < to;
}

/** Rules that say the same as the grid. What stands `otherwise` needs none, but on holidays that differ from other days of rest. */
export function clockOf(grid: TouGrid, calendar: Clock["calendar"]): Clock {
  const rules = grid.seasons.flatMap(({ months, rows }) => {
    const season = months.length === 12 ? {} : { months: [...months] };
    return dayRules(grid, rows).map(({ period, ...rule }): ClockRule => ({ period, ...season, ...rule }));
  });
  return { rules, otherwise: grid.otherwise, ...(calendar === undefined ? {} : { calendar }) };
}

function dayRules(grid: TouGrid, rows: readonly (readonly string[])[]): ClockRule[] {
  const runs = (row: readonly string[], all = false) =>
    runsOf(row, grid.step).filter(({ period }) => all || period !== grid.otherwise);
  const [first = []] = rows;
  if (rows.every((row) => isSame(row, first))) return runs(first);
  if (grid.days === "calendar") {
    const [workday = [], restday = [], holiday = []] = rows;
    const named = (days: ClockRule["days"], some: readonly ClockRule[]): ClockRule[] =>
      some.map(({ period, ...rule }) => ({ period, ...(days === undefined ? {} : { days }), ...rule }));
    return [
      ...(isSame(holiday, restday) ? [] : named("holiday", runs(holiday, true))),
      ...named("restday", runs(restday)),
      ...named("workday", runs(workday)),
    ];
  }
  const alike = Map.groupBy(
    rows.map((_, i) => i),
    (i) => JSON.stringify(rows[i]),
  );
  return [...alike.values()].flatMap((same) =>
    runs(rows[same[0] ?? 0] ?? []).map(({ period, ...rule }) => ({
      period,
      weekdays: same.map((i) => i + 1),
      ...rule,
    })),
  );
}

/** One rule for each run of equal cells; the run over midnight is one. */
function runsOf(row: readonly string[], step: number): ClockRule[] {
  const runs: { period: string; from: number; to: number }[] = [];
  for (const [cell, period] of row.entries()) {
    const last = runs.at(-1);
    if (last?.period === period) last.to = (cell + 1) * step;
    else runs.push({ period, from: cell * step, to: (cell + 1) * step });
  }
  const [first, last] = [runs[0], runs.at(-1)];
  if (first === undefined || last === undefined) return [];
  if (runs.length === 1) return [{ period: first.period }];
  if (first.period === last.period) {
    runs.pop();
    first.from = last.from;
  }
  return runs.map(({ period, from, to }) => ({ period, from: clockText(from), to: clockText(to) }));
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i]);

/** Cells of a rectangle in another time of use. */
export function painted(
  grid: TouGrid,
  season: number,
  area: { rows: [number, number]; cells: [number, number] },
  period: string,
): TouGrid {
  const within = (n: number, [a, b]: [number, number]) => n >= Math.min(a, b) && n <= Math.max(a, b);
  return {
    ...grid,
    seasons: grid.seasons.map((one, i) =>
      i !== season
        ? one
        : {
            ...one,
            rows: one.rows.map((row, r) =>
              within(r, area.rows) ? row.map((cell, c) => (within(c, area.cells) ? period : cell)) : row,
            ),
          },
    ),
  };
}

/** Other rows: each new one begins as the old one that is nearest to it. */
export function withDays(grid: TouGrid, days: GridDays): TouGrid {
  const from = (rows: readonly (readonly string[])[], row: number): readonly string[] => {
    const [first = []] = rows;
    if (grid.days === "weekdays" && days === "calendar") return rows[row === 0 ? 0 : 6] ?? first;
    if (grid.days === "calendar" && days === "weekdays") return rows[row < 5 ? 0 : 1] ?? first;
    return first;
  };
  const seasons = grid.seasons.map((one) => ({
    ...one,
    rows: Array.from({ length: ROWS[days] }, (_, row) => from(one.rows, row)),
  }));
  return { ...grid, days, seasons };
}

export function withStep(grid: TouGrid, step: TouGrid["step"]): TouGrid {
  const cell = (row: readonly string[], c: number): string => row[Math.floor((c * step) / grid.step)] ?? grid.otherwise;
  const fit = (row: readonly string[]) => Array.from({ length: DAY_MINUTES / step }, (_, c) => cell(row, c));
  return { ...grid, step, seasons: grid.seasons.map((one) => ({ ...one, rows: one.rows.map(fit) })) };
}

/** Months taken out of the seasons they are in and made one of their own, which begins as the first of them was. */
export function withSeason(grid: TouGrid, months: readonly number[]): TouGrid {
  const source = grid.seasons.find((one) => one.months.includes(months[0] ?? 0));
  if (source === undefined) return grid;
  const rest = grid.seasons
    .map((one) => ({ ...one, months: one.months.filter((month) => !months.includes(month)) }))
    .filter((one) => one.months.length > 0);
  return { ...grid, seasons: [...rest, { months: [...months].sort((a, b) => a - b), rows: source.rows }] };
}
