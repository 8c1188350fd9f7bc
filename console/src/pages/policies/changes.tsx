import { Timeline } from "antd";
import type { PolicyVersionJson } from "../../../../api/schemas/policy.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { DEED_COLOURS } from "../tariffs/state-colours.ts";
import { useFieldWords } from "../tariffs/editor/context.tsx";

/** What a version changes of the one before it. */
export function PolicyChanges({ against, differences }: Pick<PolicyVersionJson, "against" | "differences">) {
  const { t } = useSpeech();
  const format = useFormat();
  const words = useFieldWords();
  if (against === null) return <p className="quiet">{t("difference.first")}</p>;
  const text = (value: unknown): string =>
    typeof value === "string" ? value : value === null || value === undefined ? "" : JSON.stringify(value);
  return (
    <div data-testid="policy-difference">
      <div className="quiet">
        {t("difference.against", { version: against.version, from: format.day(against.effectiveFrom) })}
      </div>
      {differences.length === 0 ? <p className="quiet">{t("difference.none")}</p> : null}
      <ul className="tariff-changes">
        {differences.map(({ path, before, after }) => (
          <li key={path.join("/")}>
            <span>
              {path
                .map((step) => (typeof step === "number" ? String(step + 1) : words.label("policy", step)))
                .join(" · ")}
            </span>
            <span>
              {before === null ? null : <del>{text(before)}</del>} {before !== null && after !== null ? "→" : ""}{" "}
              {after === null ? null : <ins>{text(after)}</ins>}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Every deed on a version, the newest first. */
export function PolicyHistory({ history }: Pick<PolicyVersionJson, "history">) {
  const { t } = useSpeech();
  const format = useFormat();
  return (
    <Timeline
      items={history.toReversed().map(({ deed, by, edition, reason }) => ({
        key: `${deed} ${edition} ${by.at}`,
        color: DEED_COLOURS[deed],
        content: (
          <>
            <b>{t(`history.${deed}`)}</b> {by.name}, {format.instant(by.at)}
            {reason === "" ? null : <blockquote>{reason}</blockquote>}
          </>
        ),
      }))}
    />
  );
}
