import type { AccountUsageJson } from "../../../api/schemas/account.ts";
import { type Format, unitText } from "../format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { useAnswer } from "./use-answer.ts";

const DAYS = 30;

/** Use by day, a row of bars per utility. A picture, not a bill. */
export function Usage({ format }: { format: Format }) {
  const { t, term } = useSpeech();
  const usage = useAnswer<AccountUsageJson>("/resident/usage");
  if (usage.data === null) return <Waiting problem={usage.problem} />;
  const shown = usage.data.utilities.filter(({ days }) => days.some(({ value }) => value !== null));
  if (shown.length === 0) return <p className="quiet">{t("resident.noUse")}</p>;
  return (
    <>
      {shown.map(({ utility, unit, days }) => {
        const last = days.slice(-DAYS);
        const most = Math.max(...last.map(({ value }) => Number(value ?? 0)), 0.000001);
        return (
          <section key={utility} className="card" data-testid={`use-${utility}`}>
            <b>
              {term("utility", utility)} <span className="quiet">({unitText(unit)})</span>
            </b>
            <div
              className="bars"
              role="img"
              aria-label={t("resident.barsOf", { n: last.length, what: term("utility", utility) })}
            >
              {last.map(({ day, value }) => (
                <i
                  key={day}
                  className={value === null ? "gone" : utility}
                  style={{ height: `${value === null ? 4 : 4 + (Number(value) / most) * 92}%` }}
                  title={`${format.dayShort(day)} ${value === null ? "–" : format.number(value, 2)}`}
                />
              ))}
            </div>
            <div className="spread quiet">
              <span>{format.dayShort(last[0]?.day ?? "")}</span>
              <span>{t("resident.most", { value: format.number(most, 2), unit: unitText(unit) })}</span>
              <span>{format.dayShort(last.at(-1)?.day ?? "")}</span>
            </div>
          </section>
        );
      })}
    </>
  );
}

export function Waiting({ problem }: { problem: string | null }) {
  const { t, term } = useSpeech();
  return problem === null ? (
    <p className="quiet" role="status">
      {t("resident.wait")}
    </p>
  ) : (
    <p className="note bad" role="alert">
      {term("error", problem)}
    </p>
  );
}
