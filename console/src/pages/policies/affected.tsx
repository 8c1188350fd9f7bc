import { Spin, Tag } from "antd";
import { Link } from "react-router-dom";
import type { AffectedJson } from "../../../../api/schemas/policy.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { usePlace } from "../../parts/place.ts";
import { useFormat } from "../../shell/operator.tsx";
import { SupplyTag } from "../supply/accounts.tsx";

type Standing = AffectedJson["items"][number]["before"];

/** Whose state or next step would be another if the version counted now. */
export function Affected({ affected, isAsking }: { affected: AffectedJson | null; isAsking: boolean }) {
  const { t } = useSpeech();
  const format = useFormat();
  const place = usePlace();
  if (affected === null) return isAsking ? <Spin size="small" /> : <p className="quiet">{t("policy.affected.wait")}</p>;
  const { looked, changed, cutNow, cutNoMore, leftOut, items } = affected;
  return (
    <div data-testid="policy-affected" data-changed={changed}>
      <p>
        {t("policy.affected.sum", { looked, changed })}{" "}
        {cutNow === 0 ? null : <Tag color="red">{t("policy.affected.cutNow", { n: cutNow })}</Tag>}
        {cutNoMore === 0 ? null : <Tag color="green">{t("policy.affected.cutNoMore", { n: cutNoMore })}</Tag>}
      </p>
      {leftOut === 0 ? null : <p className="quiet">{t("policy.affected.leftOut", { n: leftOut })}</p>}
      <ul className="policy-affected">
        {items.map(({ accountId, accountName, available, before, after, ...one }) => (
          <li key={one.meterId}>
            <Link to={`/accounts/${accountId}`}>{accountName}</Link> <span className="quiet">{place(one)}</span>{" "}
            {available === null ? null : <span>{format.money(available)}</span>}
            <div>
              <Stand at={before} /> → <Stand at={after} />
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Stand({ at }: { at: Standing }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  return (
    <>
      <SupplyTag state={at.state} />
      <span className="quiet">
        {term("policyNext", at.next)}
        {at.held === null ? "" : ` (${term("held", at.held)})`}
        {at.cutAt === null ? "" : ` · ${t("policy.affected.at", { at: format.instant(at.cutAt) })}`}
      </span>
    </>
  );
}
