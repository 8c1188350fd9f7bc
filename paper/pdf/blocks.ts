import type { Money } from "../../domain/money.ts";
import { moneyText } from "../figures.ts";
import { firstOf, type PaperLanguage, secondOf, type Words } from "../words.ts";
import { draw, need, PAGE, type Pages, WIDTH } from "./pages.ts";
import { box, COLOURS, text, type TextStyle, widthAt, wrapped } from "./pen.ts";

/** What bills and correction notes have in common on a page. */
export const RIGHT = PAGE.left + WIDTH;

/** `标签 Label` on one line. */
export const joined = (language: PaperLanguage, words: Words): string =>
  [firstOf(language, words), secondOf(language, words)].filter((part) => part !== null).join(" ");

export const columnHead = (language: PaperLanguage, words: Words) => ({
  title: firstOf(language, words),
  second: secondOf(language, words),
});

/** The one sum that the paper is about. */
export function totalBar(to: Pages, words: Words, total: Money, language: PaperLanguage): void {
  need(to, 30);
  draw(to, box(PAGE.left, to.y, WIDTH, 25, COLOURS.brand, 4));
  draw(
    to,
    text(joined(language, words), PAGE.left + 12, to.y + 16.4, { size: 10, weight: 500, colour: COLOURS.white }),
  );
  draw(
    to,
    text(moneyText(total), RIGHT - 12, to.y + 17, { size: 13, weight: 700, colour: COLOURS.white, align: "right" }),
  );
  to.y += 34;
}

/** Who issues the paper, in as many lines as it takes, and its number opposite. */
export function letterhead(to: Pages, operator: Words, number: string, language: PaperLanguage): void {
  const small: TextStyle = { size: 8.5, colour: COLOURS.quiet };
  const name: TextStyle = { size: 10.5, weight: 700, colour: COLOURS.brand };
  const room = WIDTH - widthAt(number, small) - 16;
  const names = [firstOf(language, operator), secondOf(language, operator)].filter((part) => part !== null);
  const whole = names.join(" ");
  const lines = widthAt(whole, name) <= room ? [whole] : names.flatMap((one) => wrapped(one, name, room));
  draw(to, text(number, RIGHT, to.y + 9, { ...small, align: "right" }));
  lines.forEach((line, i) => draw(to, text(line, PAGE.left, to.y + 9 + i * 14, name)));
  to.y += 19 + (lines.length - 1) * 14;
}
