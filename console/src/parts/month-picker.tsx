import { Button, Space } from "antd";
import { useSpeech } from "../i18n/language.tsx";
import { useFormat } from "../shell/operator.tsx";
import type { UrlFilter } from "./url-filter.ts";

/** `YYYY-MM` some months away. */
function monthAway(month: string | undefined, away: number): string | null {
  const m = /^(\d{4})-(\d\d)$/.exec(month ?? "");
  if (m === null) return null;
  const months = Number(m[1]) * 12 + Number(m[2]) - 1 + away;
  return `${String(Math.floor(months / 12)).padStart(4, "0")}-${String((months % 12) + 1).padStart(2, "0")}`;
}

/** One month back or on; the month stands in the address as `period`. Without a month nothing can be chosen yet. */
export function MonthPicker({
  month,
  filter,
  testId,
}: {
  month: string | undefined;
  filter: UrlFilter;
  testId: string;
}) {
  const { t } = useSpeech();
  const format = useFormat();
  const step = (away: number, label: string, sign: string) => (
    <Button
      aria-label={label}
      disabled={month === undefined}
      onClick={() => filter.set({ period: monthAway(month, away) })}
    >
      {sign}
    </Button>
  );
  return (
    <Space.Compact>
      {step(-1, t("bills.before"), "‹")}
      <Button disabled data-testid={testId} className="month">
        {month === undefined ? "…" : format.month(`${month}-15T12:00:00Z`)}
      </Button>
      {step(1, t("bills.after"), "›")}
    </Space.Compact>
  );
}
