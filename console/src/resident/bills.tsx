import type { ResidentBillsJson } from "../../../api/schemas/resident.ts";
import { urlOf } from "../api/client.ts";
import type { Format } from "../format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Waiting } from "./usage.tsx";
import { useAnswer } from "./use-answer.ts";

export function Bills({ format }: { format: Format }) {
  const { t, term, language } = useSpeech();
  const bills = useAnswer<ResidentBillsJson>("/resident/bills");
  if (bills.data === null) return <Waiting problem={bills.problem} />;
  if (bills.data.items.length === 0) return <p className="quiet">{t("resident.noBills")}</p>;
  return (
    <>
      {bills.data.items.map((bill) => (
        <a
          key={bill.id}
          className="card link"
          href={urlOf(`/resident/bills/${bill.id}/paper.pdf`, { lang: language })}
          target="_blank"
          rel="noreferrer"
          data-testid="resident-bill"
        >
          <div className="spread">
            <b>
              {format.day(bill.periodFrom)} – {format.dayBefore(bill.periodTo)}
            </b>
            <b>{format.money(bill.total)}</b>
          </div>
          <div className="spread quiet">
            <span>{bill.number}</span>
            <span>{term("billStatus", bill.status)}</span>
          </div>
        </a>
      ))}
    </>
  );
}
