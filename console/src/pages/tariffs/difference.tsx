import { Empty } from "antd";
import type { TariffDifferenceJson } from "../../../../api/schemas/tariff.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { spoken } from "./difference-words.ts";
import type { JsonObject } from "./editor/document.ts";

type Against = { readonly version: string; readonly effectiveFrom: string } | null;

/** What a version changes of the one before it, place by place. */
export function Difference({
  against,
  differences,
  document,
}: {
  against: Against;
  differences: readonly TariffDifferenceJson[];
  document: JsonObject;
}) {
  const { t } = useSpeech();
  const format = useFormat();
  if (against === null) return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("difference.first")} />;
  return (
    <section className="stack" data-testid="tariff-difference">
      <div className="quiet">
        {t("difference.against", { version: against.version, from: format.day(against.effectiveFrom) })}
      </div>
      <Changes differences={differences} document={document} />
    </section>
  );
}

export function Changes({
  differences,
  document,
}: {
  differences: readonly TariffDifferenceJson[];
  document: JsonObject;
}) {
  const { t, language } = useSpeech();
  if (differences.length === 0) return <div className="quiet">{t("difference.none")}</div>;
  return (
    <ul className="tariff-changes">
      {differences.map((difference) => {
        const { place, before, after, note } = spoken(difference, { language, document });
        return (
          <li key={JSON.stringify(difference)}>
            <span>{place}</span>
            <span>
              {before === null ? null : <del>{before}</del>}
              {before !== null && after !== null ? " → " : null}
              {after === null ? null : <ins>{after}</ins>}
              {note === null ? null : <span className="quiet"> {t(`difference.${note}`)}</span>}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
