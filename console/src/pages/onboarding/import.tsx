import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Select, Space, Spin, Upload } from "antd";
import { useState } from "react";
import type { RegisterReportJson } from "../../../../api/schemas/onboarding.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { Report } from "./import-report.tsx";
import { type Bring, bringRegister } from "./queries.ts";

const KINDS = ["all", "points", "meters", "accounts"] as const;
type Kind = (typeof KINDS)[number];

function Templates() {
  const { t } = useSpeech();
  const link = (file: string, text: string) => <a href={`/api/v1/register-templates/${file}`}>{text}</a>;
  return (
    <p>
      {t("import.templates")}: {link("register.xlsx", t("import.template.book"))} ·{" "}
      {link("points.csv", `${t("import.kind.points")} .csv`)} · {link("meters.csv", `${t("import.kind.meters")} .csv`)}{" "}
      · {link("accounts.csv", `${t("import.kind.accounts")} .csv`)}
    </p>
  );
}

const countOf = ({ counts }: RegisterReportJson, ...of: ("created" | "changed" | "refused")[]): number =>
  Object.values(counts).reduce((sum, one) => sum + of.reduce((all, name) => all + one[name], 0), 0);

/** A file in three steps: choose, look at every row, write all of it. */
export function Import() {
  const { t } = useSpeech();
  const client = useQueryClient();
  const [file, setFile] = useState<File>();
  const [kind, setKind] = useState<Kind>("all");
  const [update, setUpdate] = useState(false);
  const bring = useMutation({
    mutationFn: (what: Bring) => bringRegister(what),
    onSuccess: (report) =>
      report.outcome === "applied" ? client.invalidateQueries().then(() => undefined) : undefined,
  });
  const look = (next: Partial<Bring> = {}): void => {
    const chosen = next.file ?? file;
    if (chosen !== undefined) bring.mutate({ file: chosen, kind, update, dryRun: true, ...next });
  };
  const again = (): void => {
    setFile(undefined);
    bring.reset();
  };
  const report = bring.data;
  const news = report === undefined ? 0 : countOf(report, "created", "changed");
  const isGood = report?.outcome === "rehearsed" && countOf(report, "refused") === 0;
  return (
    <>
      <p className="quiet">{t("import.lead")}</p>
      <Templates />
      <div className="filters">
        <Select<Kind>
          className="filter wide"
          aria-label={t("import.kind")}
          value={kind}
          onChange={(value) => {
            setKind(value);
            look({ kind: value });
          }}
          options={KINDS.map((value) => ({ value, label: `${t("import.kind")}: ${t(`import.kind.${value}`)}` }))}
        />
        <Checkbox
          checked={update}
          onChange={(event) => {
            setUpdate(event.target.checked);
            look({ update: event.target.checked });
          }}
        >
          {t("import.update")}
        </Checkbox>
      </div>
      {file === undefined ? (
        <Upload.Dragger
          accept=".xlsx,.csv,.txt"
          showUploadList={false}
          data-testid="import-file"
          beforeUpload={(chosen) => {
            setFile(chosen);
            look({ file: chosen });
            return false; // the page sends it itself
          }}
        >
          <p className="ant-upload-text">{t("import.choose")}</p>
          <p className="ant-upload-hint">{t("import.choose.hint")}</p>
        </Upload.Dragger>
      ) : (
        <Space className="problem" wrap>
          <b>{file.name}</b>
          {isGood && news > 0 ? (
            <Button
              type="primary"
              loading={bring.isPending}
              onClick={() => bring.mutate({ file, kind, update, dryRun: false })}
              data-testid="import-apply"
            >
              {t("import.apply", { n: news })}
            </Button>
          ) : null}
          {bring.isError ? <Button onClick={() => look()}>{t("action.retry")}</Button> : null}
          <Button onClick={again}>{t("import.another")}</Button>
        </Space>
      )}
      {bring.isPending ? (
        <Spin className="wait" description={t(bring.variables.dryRun ? "import.working" : "import.writing")} />
      ) : null}
      {bring.error === null ? null : <ProblemNote error={bring.error} />}
      {report === undefined || bring.isPending ? null : (
        <>
          <Said report={report} isGood={isGood} news={news} />
          <Report report={report} />
        </>
      )}
    </>
  );
}

function Said({ report, isGood, news }: { report: RegisterReportJson; isGood: boolean; news: number }) {
  const { t } = useSpeech();
  const file = report.fileName;
  if (report.outcome === "applied")
    return (
      <Alert
        type="success"
        showIcon
        role="status"
        className="problem"
        title={t("import.applied", { file })}
        {...(report.replayedReadings === 0 ? {} : { description: t("tray.booked", { n: report.replayedReadings }) })}
      />
    );
  if (isGood)
    return (
      <Alert
        type="info"
        showIcon
        role="status"
        className="problem"
        title={news === 0 ? t("import.nothingNew") : t("import.rehearsed.good", { file })}
      />
    );
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      className="problem"
      title={t("import.rehearsed.bad", { file, n: countOf(report, "refused") })}
      {...(report.refusedFile === null ? {} : { action: <a href={report.refusedFile}>{t("import.download")}</a> })}
    />
  );
}
