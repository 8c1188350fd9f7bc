import { Button, Dropdown } from "antd";
import { urlOf } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";

/** As many as the service puts into one PDF. */
const PAPERS_PER_PART = 100;
/** More parts than a menu shows are for the command line. */
const PARTS_SHOWN_MAX = 10;

/** The month's bills as files: for the accountant, and for the printer. */
export function CycleFiles({ month, bills }: { month: string; bills: number }) {
  const { t, language } = useSpeech();
  const of = (name: string, query = {}) => urlOf(`/bill-cycles/${month}/${name}`, query);
  const link = (key: string, href: string, words: string) => ({ key, label: <a href={href}>{words}</a> });
  const parts = Math.min(Math.ceil(bills / PAPERS_PER_PART), PARTS_SHOWN_MAX);
  const items = [
    link("xlsx", of("bills.xlsx"), t("cycle.xlsx")),
    link("csv", of("lines.csv"), t("cycle.lines")),
    link("summary", of("summary.csv"), t("cycle.summary")),
    { type: "divider" as const },
    ...Array.from({ length: parts }, (_, i) =>
      link(
        `pdf${i}`,
        of("papers.pdf", { lang: language, part: i + 1 }),
        parts === 1 ? t("cycle.papers") : t("cycle.part", { n: i + 1, of: parts }),
      ),
    ),
  ];
  return (
    <Dropdown menu={{ items }} trigger={["click"]} disabled={bills === 0}>
      <Button data-testid="cycle-files">{t("cycle.files")} ▾</Button>
    </Dropdown>
  );
}
