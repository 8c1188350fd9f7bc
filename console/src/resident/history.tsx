import type { ResidentHistoryJson } from "../../../api/schemas/resident.ts";
import type { Format } from "../format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Waiting } from "./usage.tsx";
import { useAnswer } from "./use-answer.ts";

/** Money that moved, and what happened to supply. */
export function History({ format }: { format: Format }) {
  const { t, term } = useSpeech();
  const history = useAnswer<ResidentHistoryJson>("/resident/history");
  if (history.data === null) return <Waiting problem={history.problem} />;
  if (history.data.items.length === 0) return <p className="quiet">{t("resident.noHistory")}</p>;
  return (
    <section className="card list">
      {history.data.items.map((item) => (
        <div key={item.id} className="spread">
          <span className="grow">
            {item.kind === "payment" ? term("entry", item.what) : term("event", item.what)}
            {item.channel === null ? null : <span className="quiet"> {term("channel", item.channel)}</span>}
            <span className="quiet block">{format.instant(item.at)}</span>
          </span>
          {item.amount === null ? null : <b>{format.money(item.amount)}</b>}
        </div>
      ))}
    </section>
  );
}
