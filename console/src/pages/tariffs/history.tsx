import { Timeline } from "antd";
import type { TariffVersionJson } from "../../../../api/schemas/tariff.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { Changes } from "./difference.tsx";
import { DEED_COLOURS } from "./state-colours.ts";
import type { JsonObject } from "./editor/document.ts";

/** Every deed on a version, the newest first, with what a change changed and why it was sent back. */
export function History({ one }: { one: TariffVersionJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  return (
    <Timeline
      className="tariff-history"
      items={one.history.toReversed().map(({ deed, by, edition, reason, differences }) => ({
        key: `${deed} ${edition}`,
        color: DEED_COLOURS[deed],
        content: (
          <>
            <div>
              <b>{t(`history.${deed}`)}</b> {by.name}, {format.instant(by.at)}{" "}
              <span className="quiet">{t("tariff.edition", { n: edition })}</span>
            </div>
            {reason === "" ? null : <blockquote>{reason}</blockquote>}
            {deed === "changed" ? <Changes differences={differences} document={one.document as JsonObject} /> : null}
          </>
        ),
      }))}
    />
  );
}
