import { Link, useParams } from "react-router-dom";
import type { JsonObject } from "../tariffs/editor/document.ts";
import { usePolicyLanguage, usePublishedPolicy } from "../../api/policies.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { PolicyForm } from "./form.tsx";
import "../tariffs/tariffs.css";

const NONE: readonly [] = [];
const unchanged = (): void => undefined;

/** A version that is published, of the catalogue or one's own, to read. */
export default function PublishedPolicy() {
  const { policyId = "", version = "" } = useParams();
  const { t, language: spoken } = useSpeech();
  const format = useFormat();
  const policy = usePublishedPolicy(policyId, version);
  const language = usePolicyLanguage();
  return (
    <Loaded query={policy}>
      {(one) => (
        <>
          <PageTitle
            title={one.title[spoken]}
            note={
              <>
                <code>{`${policyId}@${version}`}</code> · {format.day(one.effectiveFrom)} ·{" "}
                {t("policy.decides", { n: one.supplies })}
              </>
            }
          >
            <Link to="/prepaid?tab=policies">{t("policy.back")}</Link>
          </PageTitle>
          <Loaded query={language}>
            {(data) => (
              <PolicyForm
                document={one.document as JsonObject}
                language={data}
                problems={NONE}
                set={unchanged}
                isReadOnly
              />
            )}
          </Loaded>
        </>
      )}
    </Loaded>
  );
}
