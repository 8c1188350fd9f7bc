import { Card, Progress, Tag } from "antd";
import { Link } from "react-router-dom";
import type { RunJson } from "../../../api/schemas/operation.ts";
import { useRunPace, useRuns } from "../api/queries.ts";
import { useSpeech } from "../i18n/language.tsx";
import { ListTable } from "../parts/list-table.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { PageTitle } from "../parts/page-title.tsx";
import { useFormat } from "../shell/operator.tsx";

const TONE: Readonly<Record<RunJson["state"], string>> = {
  due: "gold",
  running: "blue",
  done: "green",
  failed: "red",
};

function RunProgress({ run }: { run: RunJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const settled = run.done + run.refused;
  const share = settled === 0 ? 0 : Math.round((run.done / settled) * 100);
  return (
    <div className="run-progress">
      {run.state === "running" ? (
        <span className="working" aria-hidden="true" />
      ) : (
        <Progress
          percent={run.state === "due" ? 0 : share}
          size="small"
          showInfo={false}
          status={run.state === "failed" ? "exception" : run.refused > 0 ? "normal" : "success"}
        />
      )}
      <span>{t("runs.figures", { done: format.count(run.done), refused: format.count(run.refused) })}</span>
      {run.state === "running" && <RunPace runId={run.id} />}
    </div>
  );
}

/** What is left and how long it will take, while this service is at it. */
function RunPace({ runId }: { runId: string }) {
  const { t } = useSpeech();
  const format = useFormat();
  const { data } = useRunPace(runId);
  if (data?.left === undefined || data.left === 0 || data.state !== "running") return null;
  const left = t("runs.left", { left: format.count(data.left) });
  if (data.perSecond === undefined || data.perSecond <= 0) return <span className="quiet">{left}</span>;
  const rate = format.count(Math.round(data.perSecond));
  const seconds = format.count(Math.ceil(data.left / data.perSecond));
  return (
    <span className="quiet">
      {left} · {t("runs.pace", { rate, seconds })}
    </span>
  );
}

export default function Runs() {
  const { t, term } = useSpeech();
  const format = useFormat();
  const runs = useRuns();
  return (
    <>
      <PageTitle title={t("nav.runs")} />
      <Loaded query={runs}>
        {(data) => (
          <div className="stack">
            <Card size="small" title={t("runs.title")}>
              <ListTable
                dataSource={data.runs}
                pagination={{ hideOnSinglePage: true, pageSize: 20, size: "small" }}
                empty={t("runs.none")}
                columns={[
                  {
                    title: t("runs.what"),
                    render: (_, r) => `${term("runKind", r.kind)} · ${format.month(r.periodFrom)}`,
                  },
                  { title: t("runs.state"), render: (_, r) => <Tag color={TONE[r.state]}>{term("run", r.state)}</Tag> },
                  { title: t("runs.progress"), render: (_, r) => <RunProgress run={r} /> },
                  { title: t("runs.due"), render: (_, r) => format.instant(r.dueAt) },
                  {
                    title: t("runs.started"),
                    render: (_, r) => (r.startedAt === null ? "–" : format.instantSeconds(r.startedAt)),
                  },
                  {
                    title: t("runs.finished"),
                    render: (_, r) => (r.finishedAt === null ? "–" : format.instantSeconds(r.finishedAt)),
                  },
                  { title: t("runs.note"), render: (_, r) => <span className="quiet">{r.note}</span> },
                ]}
              />
            </Card>
            <Card size="small" title={t("runs.exceptions")}>
              <ListTable
                rowKey={(e) => `${e.runId}-${e.accountId}`}
                dataSource={data.exceptions}
                pagination={{ hideOnSinglePage: true, pageSize: 20, size: "small" }}
                empty={t("runs.noExceptions")}
                columns={[
                  {
                    title: t("account.name"),
                    render: (_, e) => (
                      <Link to={`/accounts/${e.accountId}`}>{`${e.accountName} · ${e.accountNumber}`}</Link>
                    ),
                  },
                  { title: t("runs.reason"), render: (_, e) => term("runReason", e.reason) },
                  { title: t("runs.detail"), render: (_, e) => e.detail },
                  { title: t("runs.at"), render: (_, e) => format.instant(e.at) },
                  {
                    title: t("runs.state"),
                    render: (_, e) => (
                      <Tag color={e.settledAt === null ? "red" : "green"}>
                        {t(e.settledAt === null ? "runs.openException" : "runs.settled")}
                      </Tag>
                    ),
                  },
                ]}
              />
            </Card>
          </div>
        )}
      </Loaded>
    </>
  );
}
