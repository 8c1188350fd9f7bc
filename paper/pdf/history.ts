import { UTILITY_COLOURS } from "../colours.ts";
import type { BillSheet, History } from "../bill-sheet.ts";
import { quantityText, unitText } from "../figures.ts";
import { useChartOf } from "../use-chart.ts";
import { firstOf, type PaperLanguage, secondOf, UTILITY_WORDS, WORDS } from "../words.ts";
import { draw, need, PAGE, type Pages, WIDTH } from "./pages.ts";
import { box, COLOURS, rule, text } from "./pen.ts";

const HEIGHT = 50;
const HEIGHT_COMPACT = 40;
const GAP = 22;
/** Charts side by side; a fourth utility opens a second row. */
const PER_ROW = 3;

/** Twelve months of use per utility, as vectors. */
export function historyBlock(to: Pages, sheet: BillSheet, language: PaperLanguage): void {
  if (sheet.history.length === 0) return;
  const tall = to.compact ? HEIGHT_COMPACT : HEIGHT;
  for (let i = 0; i < sheet.history.length; i += PER_ROW) {
    const row = sheet.history.slice(i, i + PER_ROW);
    need(to, tall + 44);
    if (i === 0) heading(to, sheet, language);
    const width = (WIDTH - GAP * (PER_ROW - 1)) / PER_ROW;
    row.forEach((history, n) => chart(to, history, PAGE.left + n * (width + GAP), width, language));
    to.y += tall + 30;
  }
}

function heading(to: Pages, sheet: BillSheet, language: PaperLanguage): void {
  const words = [firstOf(language, WORDS.history), secondOf(language, WORDS.history)].filter((part) => part !== null);
  draw(to, text(words.join(" "), PAGE.left, to.y + 8, { size: 9, weight: 700 }));
  if (sheet.history.some(({ months }) => months.some(({ estimated }) => estimated)))
    draw(
      to,
      text(firstOf(language, WORDS.estimatedMark), PAGE.left + WIDTH, to.y + 8, {
        size: 7,
        colour: COLOURS.quiet,
        align: "right",
      }),
    );
  to.y += 16;
}

function chart(to: Pages, history: History, x: number, width: number, language: PaperLanguage): void {
  const tall = to.compact ? HEIGHT_COMPACT : HEIGHT;
  const { bars } = useChartOf(history);
  const colours = UTILITY_COLOURS[history.utility];
  const ground = to.y + 16 + tall;
  draw(
    to,
    text(firstOf(language, UTILITY_WORDS[history.utility]), x, to.y + 9, {
      size: 8,
      weight: 500,
      colour: colours.deep,
    }),
  );
  draw(
    to,
    text(unitText(history.unit, language), x + width, to.y + 9, { size: 7, colour: COLOURS.quiet, align: "right" }),
  );
  draw(to, rule(x, ground, width, COLOURS.line, 0.6));
  bars.forEach((bar, i) => {
    const left = x + bar.x * width;
    const centre = left + (bar.width * width) / 2;
    const high = bar.height * (tall - 12);
    if (bar.billed) {
      const colour = bar.estimated ? colours.soft : colours.main;
      draw(to, box(left, ground - Math.max(high, 0.8), bar.width * width, Math.max(high, 0.8), colour));
    }
    draw(
      to,
      text(bar.label, centre, ground + 8.5, {
        size: 6.2,
        colour: bar.own ? COLOURS.text : COLOURS.quiet,
        weight: bar.own ? 700 : 400,
        align: "centre",
      }),
    );
    const quantity = history.months[i]?.quantity ?? null;
    // Figures stand above the bars where twelve of them do not touch: whole units.
    if (quantity !== null) {
      const figure = quantityText(quantity, quantity >= 100_000_000n ? 0 : 1);
      draw(
        to,
        text(figure, centre, ground - high - 2.6, {
          size: figure.length > 4 ? 4.4 : 5.2,
          colour: bar.own ? COLOURS.text : COLOURS.quiet,
          align: "centre",
        }),
      );
    }
  });
}
