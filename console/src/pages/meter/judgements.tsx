import { Card, Table, Tag } from "antd";
import type { MeterJson, VerdictJson } from "../../../../api/schemas/meter.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { useFormat } from "../../shell/operator.tsx";

const HELD = new Set(["invalid_zero", "backwards", "implausible_jump", "exchange_incomplete"]);
const CALM = new Set(["normal", "rollover", "exchange", "noted"]);

export const verdictColour = (result: string): string =>
  HELD.has(result) ? "red" : CALM.has(result) ? "default" : "gold";

function Inputs({ verdict }: { verdict: VerdictJson }) {
  return (
    <dl className="inputs">
      {Object.entries({ ...verdict.inputs, ...verdict.threshold }).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

export function VerdictTable({ verdicts }: { verdicts: MeterJson["verdicts"] }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  return (
    <Card size="small" title={t("meter.verdicts")}>
      <ListTable
        dataSource={verdicts}
        pagination={{ pageSize: 10, hideOnSinglePage: true, size: "small" }}
        empty={t("meter.noVerdicts")}
        expandable={{ expandedRowRender: (v) => <Inputs verdict={v} /> }}
        columns={[
          {
            title: t("meter.result"),
            render: (_, v) => <Tag color={verdictColour(v.result)}>{term("verdict", v.result)}</Tag>,
          },
          { title: t("meter.register"), render: (_, v) => term("register", v.register) },
          { title: t("meter.from"), render: (_, v) => format.instant(v.from) },
          { title: t("meter.to"), render: (_, v) => format.instant(v.to) },
          { title: t("meter.rule"), render: (_, v) => <code>{`${v.rule} v${v.ruleVersion}`}</code> },
          { title: t("meter.judgedAt"), render: (_, v) => format.instant(v.judgedAt) },
        ]}
      />
    </Card>
  );
}

export function GapTable({ gaps }: { gaps: MeterJson["gaps"] }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  return (
    <Card size="small" title={t("meter.gaps")}>
      <Table
        rowKey="from"
        size="small"
        dataSource={gaps}
        pagination={{ pageSize: 8, hideOnSinglePage: true, size: "small" }}
        locale={{ emptyText: t("meter.noGaps") }}
        columns={[
          { title: t("meter.from"), render: (_, g) => format.instant(g.from) },
          {
            title: t("meter.to"),
            render: (_, g) => (g.to === null ? <Tag color="red">{t("meter.gapOpen")}</Tag> : format.instant(g.to)),
          },
          { title: t("meter.reason"), render: (_, g) => term("reason", g.reason) },
        ]}
      />
    </Card>
  );
}

export function ConflictTable({ conflicts }: { conflicts: MeterJson["conflicts"] }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  return (
    <Card size="small" title={t("meter.conflicts")}>
      <Table
        rowKey="id"
        size="small"
        dataSource={conflicts}
        pagination={{ pageSize: 8, hideOnSinglePage: true, size: "small" }}
        locale={{ emptyText: t("meter.noConflicts") }}
        columns={[
          { title: t("meter.register"), render: (_, c) => term("register", c.register) },
          { title: t("meter.measuredAt"), render: (_, c) => format.instantSeconds(c.measuredAt) },
          { title: t("conflict.booked"), align: "right", render: (_, c) => format.quantity(c.booked, 6) },
          { title: t("conflict.offered"), align: "right", render: (_, c) => format.quantity(c.offered, 6) },
        ]}
      />
    </Card>
  );
}
