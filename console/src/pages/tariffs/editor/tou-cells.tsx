import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useSpeech } from "../../../i18n/language.tsx";
import { useTouName } from "./price-input.tsx";
import { CALENDAR_ROWS, clockText, painted, type TouGrid } from "./tou-grid.ts";
import { useFieldWords } from "./context.tsx";

/** The usual times of use keep their colours in every tariff; others take the next free one. */
const USUAL: Readonly<Record<string, string>> = {
  sharp: "#c2304a",
  peak: "#f08a3c",
  flat: "#f2d675",
  valley: "#7cc0e8",
  deep_valley: "#3b6fb6",
};
const OTHERS = ["#9c7bd1", "#5bb98c", "#d17bb0", "#8a9aa6", "#c9a227", "#4aa3a2"];
export function touColour(names: readonly string[], name: string): string {
  const free = names.filter((one) => USUAL[one] === undefined);
  return USUAL[name] ?? OTHERS[Math.max(0, free.indexOf(name)) % OTHERS.length] ?? "#8a9aa6";
}

type At = { readonly row: number; readonly cell: number };

/** A grid of hours: one paints by dragging, or with the keyboard. One cell at a time is in the tab order. */
export function TouCells({
  grid,
  season,
  names,
  brush,
  choose,
  isReadOnly,
  write,
}: {
  grid: TouGrid;
  season: number;
  names: readonly string[];
  brush: string;
  choose: (name: string) => void;
  isReadOnly: boolean;
  write: (grid: TouGrid) => void;
}) {
  const { t } = useSpeech();
  const words = useFieldWords();
  const tou = useTouName();
  const [at, setAt] = useState<At>({ row: 0, cell: 0 });
  const [drag, setDrag] = useState<{ from: At; to: At } | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const rows = grid.seasons[season]?.rows ?? [];
  const cells = rows[0]?.length ?? 0;
  const shown = drag === null ? grid : painted(grid, season, areaOf(drag), brush);
  const rowName = (row: number): string =>
    grid.days === "every"
      ? t("clock.days.every")
      : grid.days === "weekdays"
        ? t(`weekday.${(row + 1) as 1}`)
        : words.choice("days", CALENDAR_ROWS[row] ?? "workday");
  useEffect(() => {
    if (drag === null) return;
    const end = (): void => {
      write(painted(grid, season, areaOf(drag), brush));
      setDrag(null);
    };
    window.addEventListener("pointerup", end, { once: true });
    return () => window.removeEventListener("pointerup", end);
  }, [drag, grid, season, brush, write]);
  const go = (to: At): void => {
    setAt(to);
    box.current?.querySelector<HTMLElement>(`[data-at="${to.row}/${to.cell}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const [down, right] =
      { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [];
    if (down !== undefined && right !== undefined) {
      event.preventDefault();
      const to = { row: clamp(at.row + down, rows.length), cell: clamp(at.cell + right, cells) };
      if (event.shiftKey && !isReadOnly) write(painted(grid, season, areaOf({ from: at, to }), brush));
      go(to);
      return;
    }
    const named = /^[1-9]$/.test(event.key) ? names[Number(event.key) - 1] : undefined;
    if (isReadOnly || (event.key !== " " && named === undefined)) return;
    event.preventDefault();
    if (named !== undefined) choose(named);
    write(painted(grid, season, areaOf({ from: at, to: at }), named ?? brush));
  };
  const painting = shown.seasons[season]?.rows ?? [];
  return (
    <div className="tariff-grid-scroll">
      <div
        ref={box}
        className="tariff-grid"
        role="grid"
        aria-label={t("field.tou")}
        tabIndex={-1}
        onKeyDown={onKeyDown}
        style={{ gridTemplateColumns: `max-content repeat(${cells}, minmax(7px, 1fr))` }}
      >
        <span role="presentation" />
        {Array.from({ length: 8 }, (_, i) => (
          <span key={i} role="presentation" className="tariff-hour" style={{ gridColumn: `span ${cells / 8}` }}>
            {i * 3}
          </span>
        ))}
        {painting.map((row, r) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
          <div key={r} role="row" className="tariff-grid-row">
            <span role="rowheader" className="tariff-grid-name">
              {rowName(r)}
            </span>
            {row.map((name, c) => (
              <span
                // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its hour
                key={c}
                role="gridcell"
                tabIndex={r === Math.min(at.row, rows.length - 1) && c === Math.min(at.cell, cells - 1) ? 0 : -1}
                data-at={`${r}/${c}`}
                data-tou={name}
                aria-label={t("clock.cell", {
                  row: rowName(r),
                  from: clockText(c * grid.step),
                  to: clockText((c + 1) * grid.step),
                  tou: tou(name),
                })}
                title={`${clockText(c * grid.step)} ${tou(name)}`}
                style={{ background: touColour(names, name) }}
                onFocus={() => setAt({ row: r, cell: c })}
                onPointerDown={() =>
                  isReadOnly ? undefined : setDrag({ from: { row: r, cell: c }, to: { row: r, cell: c } })
                }
                onPointerEnter={() =>
                  setDrag((before) => (before === null ? null : { ...before, to: { row: r, cell: c } }))
                }
              />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

const clamp = (n: number, of: number): number => Math.max(0, Math.min(of - 1, n));
const areaOf = ({ from, to }: { from: At; to: At }) => ({
  rows: [from.row, to.row] as [number, number],
  cells: [from.cell, to.cell] as [number, number],
});
