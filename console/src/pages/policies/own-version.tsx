import { Alert, Button, Card, Space, Tag } from "antd";
import { useCallback, useMemo, useState } from "react";
import { Link, useParams } from "react-router-dom";
import type { PolicyLanguageJson, PolicyVersionJson } from "../../../../api/schemas/policy.ts";
import {
  usePolicyDeed,
  usePolicyLanguage,
  usePolicyStep,
  usePolicyTrial,
  usePolicyVersion,
} from "../../api/policies.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { type Json, type JsonObject, type Path, setIn } from "../tariffs/editor/document.ts";
import { problemOfText, problemWords } from "../tariffs/editor/problem-words.ts";
import { STATE_COLOURS } from "../tariffs/state-colours.ts";
import { useSettled } from "../tariffs/use-draft.ts";
import { Affected } from "./affected.tsx";
import { PolicyChanges, PolicyHistory } from "./changes.tsx";
import { PolicyForm } from "./form.tsx";
import { PolicySteps } from "./steps.tsx";
import "../tariffs/tariffs.css";

/** One of the operator's own versions: edited while it is a draft, read by the second person, and what became of it. */
export default function OwnPolicy() {
  const { id = "" } = useParams();
  const version = usePolicyVersion(id);
  const language = usePolicyLanguage();
  return (
    <Loaded query={version}>
      {(one) => (
        <Loaded query={language}>
          {(data) => <Version key={`${one.id} ${one.edition} ${one.state}`} one={one} language={data} />}
        </Loaded>
      )}
    </Loaded>
  );
}

const SETTLED_MS = 400;

function Version({ one, language }: { one: PolicyVersionJson; language: PolicyLanguageJson }) {
  const { t, term, language: spoken } = useSpeech();
  const format = useFormat();
  const { role } = useUser();
  const saved = one.document as JsonObject;
  const [document, setDocument] = useState<JsonObject>(saved);
  const set = useCallback(
    (path: Path, value: Json | undefined) => setDocument((now) => setIn(now, path, value) as JsonObject),
    [],
  );
  const isDraft = one.state === "draft" && role !== "reader";
  const isChanged = JSON.stringify(document) !== JSON.stringify(saved);
  const trial = usePolicyTrial(useSettled(document, SETTLED_MS), role !== "reader");
  const problems = useMemo(
    () => [...(trial.data?.problems ?? []), ...(trial.data?.publication ?? []).map(problemOfText)],
    [trial.data],
  );
  const save = usePolicyDeed<object, PolicyVersionJson>("PUT", `/policy-versions/${one.id}`);
  const act = usePolicyStep(one);
  return (
    <>
      <PageTitle
        title={one.title[spoken]}
        note={
          <>
            <code>{`${one.policyId}@${one.version}`}</code> · {format.day(one.effectiveFrom)}{" "}
            <Tag color={STATE_COLOURS[one.state]} data-testid="policy-state" data-state={one.state}>
              {term("tariffState", one.state)}
            </Tag>
          </>
        }
      >
        <Link to="/prepaid?tab=policies">{t("policy.back")}</Link>
      </PageTitle>
      <div className="stack">
        <Space wrap>
          {isDraft ? (
            <Button
              type={isChanged ? "primary" : "default"}
              disabled={!isChanged}
              loading={save.isPending}
              onClick={() => save.mutate({ edition: one.edition, document })}
              data-testid="policy-save"
            >
              {t("tariff.save")}
            </Button>
          ) : null}
          {isChanged ? (
            <Button type="text" onClick={() => setDocument(saved)}>
              {t("tariff.discard")}
            </Button>
          ) : null}
          <PolicySteps
            one={one}
            act={(step) => act.mutate(step)}
            busy={act.isPending}
            isUnsaved={isChanged}
            isWrong={problems.length > 0}
          />
        </Space>
        {[save.error, act.error, trial.error].map((error) =>
          error === null ? null : <ProblemNote key={String(error)} error={error} />,
        )}
        {problems.length === 0 ? null : (
          <Alert
            type="warning"
            showIcon
            data-testid="policy-problems"
            title={t("tariff.problems.n", { n: problems.length })}
            description={problems.map(({ path, message }) => (
              <div key={`${path} ${message}`}>
                {path === "" ? "" : <code>{path}</code>} {problemWords(message, spoken)}
              </div>
            ))}
          />
        )}
        <div className="tariff-desk">
          <PolicyForm document={document} language={language} problems={problems} set={set} isReadOnly={!isDraft} />
          <aside className="stack tariff-beside">
            {role === "reader" ? null : (
              <Card size="small" title={t("policy.affected")}>
                <Affected affected={trial.data?.affected ?? null} isAsking={trial.isFetching} />
              </Card>
            )}
            <Card size="small" title={t("tariff.tab.difference")}>
              <PolicyChanges
                against={trial.data?.against ?? one.against}
                differences={trial.data?.differences ?? one.differences}
              />
            </Card>
            <Card size="small" title={t("tariff.tab.history")}>
              <PolicyHistory history={one.history} />
            </Card>
          </aside>
        </div>
      </div>
    </>
  );
}
