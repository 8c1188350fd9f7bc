import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Input, Popconfirm, Space, Tabs } from "antd";
import { useEffect, useMemo, useState } from "react";
import type { TariffLanguageJson, TariffVersionJson } from "../../../../api/schemas/tariff.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { Difference } from "./difference.tsx";
import { EditorProvider } from "./editor/context.tsx";
import { isList, isObject, type Json, type JsonObject, textOf } from "./editor/document.ts";
import { parsed } from "./editor/draft-state.ts";
import { TariffForm } from "./editor/form.tsx";
import { Examples } from "./examples.tsx";
import { History } from "./history.tsx";
import { Curve, type LiveChoice, LiveExample } from "./live.tsx";
import { ProblemList } from "./problem-list.tsx";
import { type Step, Steps } from "./steps.tsx";
import { type EditedDraft, useDraft } from "./use-draft.ts";
import { problemsOfTrial, useTariffLanguage, useTrial } from "./use-trial.ts";
import { WhoPays } from "./who-pays.tsx";

type Of = { readonly one: TariffVersionJson; readonly act: (step: Step) => void; readonly busy: boolean };

/** A draft under one's hands: form and JSON of one document, and beside it what it comes to. */
export function Editor(of: Of) {
  const language = useTariffLanguage();
  return <Loaded query={language}>{(data) => <Edited {...of} language={data} />}</Loaded>;
}

function Edited({ one, act, busy, language }: Of & { language: TariffLanguageJson }) {
  const draft = useDraft(one);
  const [choice, choose] = useState<LiveChoice>({ accountId: "", month: "" });
  const { trial, whole, isBroken, query } = useTrial(draft.document, choice, true);
  const problems = useMemo(() => problemsOfTrial(trial), [trial]);
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      ask<TariffVersionJson>(`/tariff-versions/${one.id}`, {
        method: "PUT",
        body: { edition: one.edition, document: draft.document },
      }),
    onSuccess: async (next) => {
      client.setQueryData(["tariff-version", one.id], next);
      await client.invalidateQueries({ queryKey: ["tariffs"] });
    },
  });
  const examples = isList(draft.document.examples) ? draft.document.examples : [];
  const accept = (i: number): void => {
    const [example, replayed] = [examples[i], trial?.examples[i]];
    if (!isObject(example) || replayed === undefined || !isObject(example.expect)) return;
    draft.set(["examples", i, "expect"], accepted(example.expect, replayed));
  };
  useUndoKeys(draft);
  return (
    <>
      <Tools
        draft={draft}
        one={one}
        save={() => save.mutate()}
        isSaving={save.isPending}
        isBroken={isBroken || isTextBroken(draft)}
      >
        <Steps one={one} act={act} busy={busy} isUnsaved={draft.isChanged || isTextBroken(draft)} />
      </Tools>
      {save.error === null ? null : <ProblemNote error={save.error} />}
      {query.error === null ? null : <ProblemNote error={query.error} retry={() => void query.refetch()} />}
      <div className="tariff-desk">
        <div className="stack">
          <ProblemList problems={problems} document={draft.document} />
          <EditorProvider
            document={draft.document}
            language={language}
            problems={problems}
            set={draft.set}
            isReadOnly={false}
          >
            <Sides draft={draft} one={one} trial={trial ?? whole} />
          </EditorProvider>
        </div>
        <aside className="stack tariff-beside">
          <LiveExample
            choice={choice}
            choose={choose}
            trial={isBroken ? whole : trial}
            isBroken={isBroken}
            keep={(example) => draft.set(["examples"], [...examples, withFreeTitle(example as Json, examples)])}
          />
          <Examples
            examples={(isBroken ? whole : trial)?.examples ?? []}
            accept={accept}
            remove={(i) => draft.set(["examples"], examples.toSpliced(i, 1))}
          />
          <Curve curve={(isBroken ? whole : trial)?.curve ?? null} unit={textOf(draft.document.unit)} />
        </aside>
      </div>
    </>
  );
}

/** What an example expects, with what its lines come to now; a line that is no longer there is no longer expected. */
function accepted(expect: JsonObject, { total, differs }: TariffVersionJson["examples"][number]): JsonObject {
  const { lines } = expect;
  if (!isObject(lines)) return { ...expect, total };
  const got = new Map(differs.map((one) => [one.line, one.got]));
  const kept = Object.entries(lines).flatMap(([line, amount]): [string, Json][] => {
    const now = got.has(line) ? (got.get(line) ?? null) : amount;
    return now === null ? [] : [[line, now]];
  });
  return { ...expect, lines: Object.fromEntries(kept), total };
}

const isTextBroken = (draft: EditedDraft): boolean => draft.text !== null && parsed(draft.text) === null;

/** Two months alike are two examples: examples go by their titles. */
function withFreeTitle(example: Json, all: readonly Json[]): Json {
  const titles = all.map((one) => (isObject(one) ? textOf(one.title) : ""));
  const title = isObject(example) ? textOf(example.title) : "";
  if (!isObject(example) || !titles.includes(title)) return example;
  for (let n = 2; ; n++) if (!titles.includes(`${title} (${n})`)) return { ...example, title: `${title} (${n})` };
}

/** Control-Z and Control-Y, but not in a field that has its own. */
function useUndoKeys(draft: EditedDraft): void {
  const { dispatch } = draft;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.target instanceof HTMLTextAreaElement) return;
      const key = event.key.toLowerCase();
      if (key !== "z" && key !== "y") return;
      event.preventDefault();
      dispatch({ kind: key === "y" || event.shiftKey ? "redo" : "undo" });
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [dispatch]);
}

function Tools({
  draft,
  one,
  save,
  isSaving,
  isBroken,
  children,
}: {
  draft: EditedDraft;
  one: TariffVersionJson;
  save: () => void;
  isSaving: boolean;
  isBroken: boolean;
  children: React.ReactNode;
}) {
  const { t } = useSpeech();
  return (
    <div className="stack">
      {draft.stale === null ? null : (
        <Alert
          type="warning"
          showIcon
          title={t("tariff.stale", { n: one.edition, kept: draft.stale.edition })}
          action={
            <Space wrap>
              <Button size="small" onClick={draft.useStale}>
                {t("tariff.stale.use")}
              </Button>
              <Button size="small" danger onClick={draft.dropStale}>
                {t("tariff.discard")}
              </Button>
            </Space>
          }
        />
      )}
      <div className="tariff-tools">
        <Button disabled={draft.past.length === 0} onClick={() => draft.dispatch({ kind: "undo" })}>
          ↶ {t("tariff.undo")}
        </Button>
        <Button disabled={draft.future.length === 0} onClick={() => draft.dispatch({ kind: "redo" })}>
          ↷ {t("tariff.redo")}
        </Button>
        <Button
          type={draft.isChanged ? "primary" : "default"}
          loading={isSaving}
          disabled={!draft.isChanged || isBroken}
          onClick={save}
          data-testid="tariff-save"
        >
          {t("tariff.save")}
        </Button>
        {draft.isChanged ? (
          <>
            <span className="tariff-unsaved" data-testid="tariff-unsaved">
              {t(draft.isRestored ? "tariff.restored" : "tariff.unsaved")}
            </span>
            <Popconfirm title={t("tariff.discard.ask")} onConfirm={draft.discard}>
              <Button type="text" size="small">
                {t("tariff.discard")}
              </Button>
            </Popconfirm>
          </>
        ) : (
          <span className="quiet" data-testid="tariff-saved">
            {t("tariff.saved")}
          </span>
        )}
        <span className="grow" />
        {children}
      </div>
    </div>
  );
}

function Sides({ draft, one, trial }: { draft: EditedDraft; one: TariffVersionJson; trial: Trial | undefined }) {
  const { t } = useSpeech();
  return (
    <Tabs
      // A text that is broken comes back with the reload that kept it.
      defaultActiveKey={isTextBroken(draft) ? "json" : "form"}
      items={[
        {
          key: "form",
          label: t("tariff.tab.form"),
          children: (
            <div className="stack">
              {isTextBroken(draft) ? <BrokenText draft={draft} /> : null}
              <TariffForm />
            </div>
          ),
        },
        { key: "json", label: t("tariff.tab.json"), children: <JsonSide draft={draft} /> },
        {
          key: "difference",
          label: t("tariff.tab.difference"),
          children: (
            <div className="stack">
              <Difference
                against={trial?.against ?? one.against}
                differences={trial?.differences ?? one.differences}
                document={draft.document}
              />
              <WhoPays one={{ ...one, document: draft.document }} />
            </div>
          ),
        },
        { key: "history", label: t("tariff.tab.history"), children: <History one={one} /> },
      ]}
    />
  );
}
type Trial = { readonly against: TariffVersionJson["against"]; readonly differences: TariffVersionJson["differences"] };

function BrokenText({ draft }: { draft: EditedDraft }) {
  const { t } = useSpeech();
  return (
    <Alert
      type="error"
      showIcon
      title={t("tariff.text.broken")}
      action={
        <Button size="small" onClick={() => draft.dispatch({ kind: "leave-text" })}>
          {t("tariff.text.leave")}
        </Button>
      }
    />
  );
}

function JsonSide({ draft }: { draft: EditedDraft }) {
  const { t } = useSpeech();
  const text = draft.text ?? JSON.stringify(draft.document, null, 2);
  return (
    <div className="stack">
      {isTextBroken(draft) ? <BrokenText draft={draft} /> : null}
      <Input.TextArea
        aria-label={t("tariff.document")}
        rows={28}
        spellCheck={false}
        className="tariff-document"
        value={text}
        onChange={(event) => draft.dispatch({ kind: "text", text: event.target.value })}
        onBlur={() => (isTextBroken(draft) ? undefined : draft.dispatch({ kind: "leave-text" }))}
      />
    </div>
  );
}
