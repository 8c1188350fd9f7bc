import { Alert, Card, Collapse } from "antd";
import { useState } from "react";
import type { TariffVersionJson } from "../../../../api/schemas/tariff.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { useUser } from "../../shell/operator.tsx";
import { Difference } from "./difference.tsx";
import { EditorProvider } from "./editor/context.tsx";
import { type JsonObject, textOf } from "./editor/document.ts";
import { TariffForm } from "./editor/form.tsx";
import { problemOfText, problemWords } from "./editor/problem-words.ts";
import { Examples } from "./examples.tsx";
import { History } from "./history.tsx";
import { Curve, type LiveChoice, LiveExample } from "./live.tsx";
import { type Step, Steps } from "./steps.tsx";
import { problemsOfTrial, useTariffLanguage, useTrial } from "./use-trial.ts";
import { WhoPays } from "./who-pays.tsx";

const NONE: readonly [] = [];
const unchanged = (): void => undefined;

/** A version that is no draft, for the second person and for whoever looks it up: what it changes, its examples, who pays, who did what. */
export function Review({ one, act, busy }: { one: TariffVersionJson; act: (step: Step) => void; busy: boolean }) {
  const { t, language } = useSpeech();
  const { role } = useUser();
  const [choice, choose] = useState<LiveChoice>({ accountId: "", month: "" });
  const document = one.document as JsonObject;
  const schema = useTariffLanguage();
  const { trial, query } = useTrial(document, choice, role !== "reader");
  const isClerk = role !== "reader";
  return (
    <>
      {one.state === "proposed" && role === "manager" ? (
        <Alert type="info" showIcon title={t("tariff.second")} />
      ) : null}
      {one.problems.length === 0 ? null : (
        <Alert
          type="warning"
          showIcon
          title={t("tariff.problems")}
          description={one.problems.map((problem) => {
            const { path, message } = problemOfText(problem);
            return <div key={problem}>{`${path === "" ? "" : `${path}: `}${problemWords(message, language)}`}</div>;
          })}
        />
      )}
      <div>
        <Steps one={one} act={act} busy={busy} isUnsaved={false} />
      </div>
      <div className="grid-2">
        <Card size="small" title={t("tariff.tab.difference")}>
          <Difference against={one.against} differences={one.differences} document={document} />
        </Card>
        <div className="stack">
          <Examples examples={one.examples} />
          {isClerk ? (
            <LiveExample
              choice={choice}
              choose={choose}
              trial={trial}
              isBroken={problemsOfTrial(trial).length > 0 && query.data?.live == null}
              keep={null}
            />
          ) : null}
          {isClerk ? <Curve curve={trial?.curve ?? null} unit={textOf(document.unit)} /> : null}
        </div>
      </div>
      {isClerk && one.state !== "withdrawn" ? <WhoPays one={one} /> : null}
      <Card size="small" title={t("tariff.tab.history")}>
        <History one={one} />
      </Card>
      <Collapse
        items={[
          {
            key: "document",
            label: t("tariff.document"),
            children: (
              <Loaded query={schema}>
                {(data) => (
                  <EditorProvider document={document} language={data} problems={NONE} set={unchanged} isReadOnly>
                    <TariffForm />
                  </EditorProvider>
                )}
              </Loaded>
            ),
          },
          {
            key: "json",
            label: t("tariff.tab.json"),
            children: <pre className="tariff-document">{JSON.stringify(document, null, 2)}</pre>,
          },
        ]}
      />
    </>
  );
}
