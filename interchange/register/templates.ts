import { stringify } from "csv-stringify/sync";
import writeWorkbook from "write-excel-file/node";
import { COLUMNS, type Kind, KINDS } from "./columns.ts";
import { BOM } from "./refused-file.ts";

const SHEET: Readonly<Record<Kind, string>> = { points: "计量点", meters: "表计", accounts: "用户" };
const heading = ({ zh, name }: { zh: string; name: string }): string => `${zh} ${name}`;

/** An example is a remark until the # before it is taken away. */
const exampleOf = (kind: Kind): string[] => COLUMNS[kind].map(({ example }, i) => (i === 0 ? `#${example}` : example));

/** One kind as CSV: headings in both languages, what they mean and an example as remarks. */
export function templateCsv(kind: Kind): string {
  const columns = COLUMNS[kind];
  const remarks = columns.map(({ zh, name, required, helpZh, helpEn }) => [
    `# ${zh} ${name}${required === true ? " *" : ""}: ${helpZh}. ${helpEn}`,
  ]);
  return BOM + stringify([columns.map(heading), exampleOf(kind), ...remarks]);
}

const text = (value: string, more: Readonly<Record<string, unknown>> = {}) => ({
  value,
  type: String,
  format: "@",
  ...more,
});

/** All kinds as one workbook with a sheet each and one that explains; every cell is text, so that leading zeros stay. */
export async function templateWorkbook(): Promise<Buffer> {
  const sheets = KINDS.map((kind) => ({
    sheet: SHEET[kind],
    data: [
      COLUMNS[kind].map((column) =>
        text(heading(column), {
          fontWeight: "bold",
          ...(column.required === true ? { backgroundColor: "#fde9c8" } : {}),
        }),
      ),
      exampleOf(kind).map((value) => text(value, { textColor: "#8a8a8a" })),
      // Empty rows that are text already: a serial number that is typed into them keeps its zeros.
      ...Array.from({ length: 200 }, () => COLUMNS[kind].map(() => text(""))),
    ],
    columns: COLUMNS[kind].map(({ zh, name }) => ({ width: Math.max(12, zh.length * 2 + name.length + 2) })),
    stickyRowsCount: 1,
  }));
  const help = {
    sheet: "说明 help",
    data: [
      ["表 sheet", "列 column", "必填 required", "含义", "meaning", "示例 example"].map((value) =>
        text(value, { fontWeight: "bold" }),
      ),
      ...KINDS.flatMap((kind) =>
        COLUMNS[kind].map((column) =>
          [
            SHEET[kind],
            heading(column),
            column.required === true ? "是 yes" : "",
            column.helpZh,
            column.helpEn,
            column.example,
          ].map((value) => text(value)),
        ),
      ),
    ],
    columns: [10, 28, 12, 50, 60, 24].map((width) => ({ width })),
    stickyRowsCount: 1,
  };
  return writeWorkbook([...sheets, help]).toBuffer();
}
