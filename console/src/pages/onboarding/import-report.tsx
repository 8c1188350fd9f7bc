import { Segmented, Table, Tag } from "antd";
import { useState } from "react";
import type { RegisterReportJson } from "../../../../api/schemas/onboarding.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { useFormat } from "../../shell/operator.tsx";

type Row = RegisterReportJson["rows"][number];
const OUTCOMES = ["created", "changed", "already", "refused"] as const;
const COLOURS = { created: "green", changed: "blue", already: "default", refused: "red" } as const;

function Counts({ report }: { report: RegisterReportJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const rows = (["points", "meters", "accounts", "tables"] as const)
    .map((kind) => ({ kind, ...report.counts[kind] }))
    .filter((one) => OUTCOMES.some((outcome) => one[outcome] > 0));
  return (
    <Table
      rowKey="kind"
      size="small"
      className="problem"
      pagination={false}
      dataSource={rows}
      columns={[
        { title: t("import.what"), render: (_, { kind }) => term("import.kind", kind) },
        ...OUTCOMES.map((outcome) => ({
          title: t(`import.outcome.${outcome}`),
          align: "right" as const,
          render: (_: unknown, one: (typeof rows)[number]) => format.count(one[outcome]),
        })),
      ]}
    />
  );
}

/** Everything that was found in a row, in the reader's language. */
function Found({ row }: { row: Row }) {
  const { t, language } = useSpeech();
  return (
    <>
      {row.errors.map((error) => (
        <div key={`${error.column}/${error.code}`}>
          {error.column === null ? null : <b>{language === "zh" ? error.columnZh : error.column}</b>}{" "}
          {language === "zh" ? error.zh : error.en}
        </div>
      ))}
      {row.changes.map(({ column, from, to }) => (
        <div key={column}>{t("import.from", { column, from: from === "" ? t("import.empty") : from, to })}</div>
      ))}
    </>
  );
}

/** What becomes of each row: what is refused stands first. */
export function Report({ report }: { report: RegisterReportJson }) {
  const { t, term } = useSpeech();
  const [shown, setShown] = useState<string>("all");
  const rows = report.rows.filter((row) => shown === "all" || row.outcome === shown);
  const hasSheets = report.rows.some(({ sheet }) => sheet !== "");
  return (
    <>
      <Counts report={report} />
      <div className="filters">
        <Segmented<string>
          value={shown}
          onChange={setShown}
          options={[
            { value: "all", label: t("import.show.all") },
            ...OUTCOMES.map((outcome) => ({ value: outcome, label: t(`import.outcome.${outcome}`) })),
          ]}
        />
      </div>
      <Table<Row>
        rowKey={(row) => `${row.sheet}/${row.line}`}
        size="small"
        dataSource={rows}
        pagination={{ defaultPageSize: 20, hideOnSinglePage: true }}
        scroll={{ x: "max-content" }}
        locale={{ emptyText: t("state.nothing") }}
        columns={[
          ...(hasSheets ? [{ title: t("import.sheet"), dataIndex: "sheet" }] : []),
          { title: t("import.line"), dataIndex: "line", align: "right" },
          { title: t("import.what"), render: (_, { kind }) => (kind === null ? "" : term("import.kind", kind)) },
          { title: t("import.row"), dataIndex: "name" },
          {
            title: t("import.becomes"),
            render: (_, { outcome }) => <Tag color={COLOURS[outcome]}>{t(`import.outcome.${outcome}`)}</Tag>,
          },
          { title: t("import.found"), render: (_, row) => <Found row={row} /> },
        ]}
      />
      {report.rowsLeftOut === 0 ? null : <p className="quiet">{t("import.leftOut", { n: report.rowsLeftOut })}</p>}
    </>
  );
}
