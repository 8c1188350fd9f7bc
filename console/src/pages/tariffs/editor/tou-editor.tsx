import { Button, Checkbox, Radio, Segmented, Select, Space } from "antd";
import { useMemo, useState } from "react";
import { useSpeech } from "../../../i18n/language.tsx";
import { useEditor, useField } from "./context.tsx";
import { isList, isObject, type Json, type Path, textOf } from "./document.ts";
import { Fields } from "./field.tsx";
import { Problems } from "./frame.tsx";
import { FurtherTou, useTouName } from "./price-input.tsx";
import type { Schema } from "./schema.ts";
import {
  type Clock,
  clockOf,
  type GridDays,
  gridOf,
  type TouGrid,
  withDays,
  withSeason,
  withStep,
} from "./tou-grid.ts";
import { TouCells, touColour } from "./tou-cells.tsx";

const MONTHS = Array.from({ length: 12 }, (_, i) => i + 1);

/** The clock of times of use: a grid that is painted, seasons, and a calendar of holidays. */
export function TouEditor({ path, schema }: { path: Path; schema: Schema }) {
  const { t } = useSpeech();
  const { touNames, problemsAt, set } = useEditor();
  const { value, isReadOnly } = useField(path);
  // What the hours are is kept by the grid while it is worked in: rows that happen to be alike are still rows.
  const [shape, setShape] = useState<{ days: GridDays; step: TouGrid["step"] } | null>(null);
  const [season, setSeason] = useState(0);
  const [further, setFurther] = useState<readonly string[]>([]);
  const [brush, setBrush] = useState<string | null>(null);
  const clock = useMemo(() => clockOfJson(value), [value]);
  const grid = useMemo(() => {
    const seen = gridOf(clock);
    if (seen === null || shape === null) return seen;
    const stepped = shape.step < seen.step ? withStep(seen, shape.step) : seen;
    return stepped.days === shape.days ? stepped : withDays(stepped, shape.days);
  }, [clock, shape]);
  if (grid === null) {
    return (
      <div className="tariff-nested">
        <div className="quiet">{t("clock.rules")}</div>
        <Fields schema={schema} path={path} owner="tou" />
      </div>
    );
  }
  const names = [...new Set([...touNames, ...clock.rules.map(({ period }) => period), clock.otherwise, ...further])];
  const chosen =
    brush !== null && names.includes(brush)
      ? brush
      : (names.find((name) => name !== clock.otherwise) ?? clock.otherwise);
  const write = (next: TouGrid): void => {
    setShape({ days: next.days, step: next.step });
    set(path, clockOf(next, clock.calendar) as unknown as Json);
  };
  const at = Math.min(season, grid.seasons.length - 1);
  return (
    <div className="tariff-clock">
      <Brushes names={names} chosen={chosen} choose={setBrush} />
      {isReadOnly ? null : (
        <FurtherTou names={names} add={(name) => (setFurther([...further, name]), setBrush(name))} />
      )}
      <Shape grid={grid} isReadOnly={isReadOnly} write={write} />
      <Seasons grid={grid} at={at} choose={setSeason} isReadOnly={isReadOnly} write={write} />
      <TouCells
        grid={grid}
        season={at}
        names={names}
        brush={chosen}
        choose={setBrush}
        isReadOnly={isReadOnly}
        write={write}
      />
      <div className="quiet">{t("clock.help")}</div>
      <Calendar path={path} clock={clock} />
      <Problems
        problems={[
          ...problemsAt([...path, "otherwise"]),
          ...problemsAt([...path, "rules"]),
          ...clock.rules.flatMap((rule, i) =>
            [[], ...Object.keys(rule).map((key) => [key])].flatMap((rest) =>
              problemsAt([...path, "rules", i, ...rest]),
            ),
          ),
        ]}
      />
    </div>
  );
}

const clockOfJson = (value: Json | undefined): Clock =>
  isObject(value) && isList(value.rules)
    ? (value as unknown as Clock)
    : { rules: [], otherwise: isObject(value) ? textOf(value.otherwise) || "flat" : "flat" };

function Brushes({
  names,
  chosen,
  choose,
}: {
  names: readonly string[];
  chosen: string;
  choose: (name: string) => void;
}) {
  const { t } = useSpeech();
  const tou = useTouName();
  return (
    <Radio.Group
      aria-label={t("clock.paint")}
      value={chosen}
      onChange={(event) => choose(event.target.value as string)}
    >
      {names.map((name, i) => (
        <Radio.Button key={name} value={name}>
          <span className="tariff-swatch" style={{ background: touColour(names, name) }} /> {i + 1} {tou(name)}
        </Radio.Button>
      ))}
    </Radio.Group>
  );
}

function Shape({ grid, isReadOnly, write }: { grid: TouGrid; isReadOnly: boolean; write: (grid: TouGrid) => void }) {
  const { t } = useSpeech();
  return (
    <Space wrap>
      <Segmented<GridDays>
        aria-label={t("clock.days")}
        disabled={isReadOnly}
        value={grid.days}
        options={(["every", "weekdays", "calendar"] as const).map((days) => ({
          value: days,
          label: t(`clock.days.${days}`),
        }))}
        onChange={(days) => write(withDays(grid, days))}
      />
      <Segmented<TouGrid["step"]>
        aria-label={t("clock.step")}
        disabled={isReadOnly}
        value={grid.step}
        options={([60, 30, 15] as const).map((step) => ({
          value: step,
          label: t("clock.step.n", { n: step }),
          disabled: step > grid.step,
        }))}
        onChange={(step) => write(withStep(grid, step))}
      />
    </Space>
  );
}

function Seasons({
  grid,
  at,
  choose,
  isReadOnly,
  write,
}: {
  grid: TouGrid;
  at: number;
  choose: (season: number) => void;
  isReadOnly: boolean;
  write: (grid: TouGrid) => void;
}) {
  const { t } = useSpeech();
  const [months, setMonths] = useState<number[]>([]);
  const nameOf = (of: readonly number[]) =>
    of.length === 12 ? t("clock.season.all") : t("clock.season", { months: of.join(", ") });
  return (
    <div className="tariff-seasons">
      <Segmented<number>
        value={at}
        options={grid.seasons.map((one, i) => ({ value: i, label: nameOf(one.months) }))}
        onChange={choose}
      />
      {isReadOnly ? null : (
        <div>
          <Checkbox.Group
            value={months}
            options={MONTHS.map((n) => ({ value: n, label: String(n) }))}
            onChange={(all) => setMonths(all as number[])}
          />
          <Button
            size="small"
            disabled={months.length === 0 || months.length === 12}
            onClick={() => {
              // Seasons alike are one: the new one is told apart by its first painted hour.
              write(marked(withSeason(grid, months)));
              choose(grid.seasons.length);
              setMonths([]);
            }}
          >
            {t("clock.season.add")}
          </Button>
        </div>
      )}
    </div>
  );
}

/** The newest season with its first cell in another time of use, so that it stays one of its own until it is painted. */
function marked(grid: TouGrid): TouGrid {
  const newest = grid.seasons.length - 1;
  const other =
    grid.seasons.flatMap((one) => one.rows.flat()).find((cell) => cell !== grid.seasons[newest]?.rows[0]?.[0]) ??
    "peak";
  return {
    ...grid,
    seasons: grid.seasons.map((one, i) =>
      i === newest ? { ...one, rows: one.rows.map((row, r) => (r === 0 ? [other, ...row.slice(1)] : row)) } : one,
    ),
  };
}

/** No calendar, one that the service knows, or days of its own. */
function Calendar({ path, clock }: { path: Path; clock: Clock }) {
  const { t, language: speech } = useSpeech();
  const { language, set, isReadOnly } = useEditor();
  const known = language.calendars;
  const { calendar } = clock;
  const same = known.find((one) => calendar !== undefined && one.holidays.join() === calendar.holidays.join());
  const value = calendar === undefined ? "none" : (same?.id ?? "own");
  const options = [
    { value: "none", label: t("clock.calendar.none") },
    ...known.map((one) => ({
      value: one.id,
      label: t("clock.calendar.of", { name: one.title[speech], years: one.years.join(", ") }),
    })),
    { value: "own", label: t("clock.calendar.own"), disabled: calendar === undefined },
  ];
  return (
    <Select
      className="tariff-calendar"
      aria-label={t("field.calendar")}
      disabled={isReadOnly}
      value={value}
      options={options}
      onChange={(id) => {
        const chosen = known.find((one) => one.id === id);
        if (id === "none") set([...path, "calendar"], undefined);
        else if (chosen !== undefined)
          set([...path, "calendar"], { holidays: chosen.holidays, workdays: chosen.workdays });
      }}
    />
  );
}
