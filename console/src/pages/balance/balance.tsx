import { Alert, Button, Card, Space, Table } from "antd";
import { useMemo } from "react";
import { Link, useParams } from "react-router-dom";
import type { BalanceFiguresJson, BalanceJson } from "../../../../api/schemas/balance.ts";
import { useBalance } from "../../api/queries.ts";
import { type Format, unitText } from "../../format.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { axis, Chart } from "../../parts/chart.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { Utility } from "../../parts/utility.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { BalanceTags, useBuilding } from "./balances.tsx";
import { ChangeRule } from "./change-rule.tsx";
import { CloseMonth } from "./close-month.tsx";
import { csvOf, FLOWS, sizeOf } from "./figures.ts";
import { BalanceFlow } from "./flow.tsx";
import { MissingValues } from "./missing-values.tsx";
import { PartsTable } from "./parts-table.tsx";

function historyOption(history: readonly BalanceFiguresJson[], format: Format, words: (name: string) => string) {
  const unit = unitText(history[0]?.master.unit ?? "");
  return {
    grid: { left: 48, right: 8, top: 10, bottom: 24 },
    tooltip: { trigger: "axis", valueFormatter: (v: unknown) => `${format.number(Number(v), 1)} ${unit}` },
    xAxis: axis({ type: "category", data: history.map((month) => month.periodFrom.slice(0, 7)) }),
    yAxis: axis({ type: "value", splitNumber: 3 }),
    series: FLOWS.map(({ name, colour }) => ({
      name: words(name),
      type: "bar",
      stack: "master",
      barMaxWidth: 40,
      itemStyle: { color: colour },
      data: history.map((month) => sizeOf(month, name)),
    })),
  };
}

function History({ balance }: { balance: BalanceJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const option = useMemo(
    () => historyOption(balance.history, format, (name) => t(`balance.${name}` as "balance.sub")),
    [balance.history, format, t],
  );
  return (
    <Card size="small" title={t("balance.history")}>
      <Chart option={option} height={220} label={t("balance.history")} />
    </Card>
  );
}

function Closings({ balance }: { balance: BalanceJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  return (
    <Card size="small" title={t("balance.closings")}>
      <Table
        rowKey="id"
        size="small"
        dataSource={balance.closings}
        pagination={{ hideOnSinglePage: true, pageSize: 12, size: "small" }}
        scroll={{ x: "max-content" }}
        columns={[
          {
            title: t("balance.closing.no"),
            render: (_, c) =>
              c.id === balance.id ? <b>{c.closingNo}</b> : <Link to={`/balances/${c.id}`}>{c.closingNo}</Link>,
          },
          { title: t("balance.closing.at"), render: (_, c) => format.instant(c.closedAt) },
          {
            title: t("balance.residue"),
            align: "right",
            render: (_, c) => <span className="amount">{format.quantity(c.residue, 2)}</span>,
          },
          {
            title: t("balance.closing.reason"),
            render: (_, c) => (c.reason === "" ? t("balance.closing.first") : c.reason),
          },
        ]}
      />
    </Card>
  );
}

function Rule({ balance }: { balance: BalanceJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const user = useUser();
  const { rule } = balance;
  const parts = rule?.apportioned.map((part) => term("apportionedPart", part)) ?? [];
  return (
    <Space wrap>
      <span>
        {rule === null
          ? t("balance.rule.none")
          : t("balance.rule.says", {
              key: term("apportionKey", rule.key),
              allowance: format.number(rule.lossAllowancePercent, 3),
              parts: parts.length === 0 ? t("balance.rule.nobody") : parts.join(" + "),
              day: format.day(rule.fromDay),
            })}
      </span>
      {user.role === "manager" ? <ChangeRule balance={balance} /> : null}
    </Space>
  );
}

function downloadCsv(balance: BalanceJson): void {
  // The mark at the beginning tells spreadsheets that it is UTF-8.
  const url = URL.createObjectURL(new Blob([`\uFEFF${csvOf(balance)}`], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `balance-${balance.building || "site"}-${balance.utility}-${balance.periodFrom.slice(0, 7)}-${balance.closingNo}.csv`;
  link.click();
  URL.revokeObjectURL(url);
}

function Doubts({ balance }: { balance: BalanceJson }) {
  const { t } = useSpeech();
  const latest = balance.closings[0];
  return (
    <>
      {latest === undefined || latest.id === balance.id ? null : (
        <Alert
          type="warning"
          showIcon
          title={t("balance.superseded")}
          action={<Link to={`/balances/${latest.id}`}>{t("balance.latest")}</Link>}
        />
      )}
      {balance.provisional ? (
        <Alert type="error" showIcon title={t("balance.provisional")} description={t("balance.provisional.hint")} />
      ) : null}
      <MissingValues balance={balance} />
    </>
  );
}

export default function Balance() {
  const { id = "" } = useParams();
  const { t } = useSpeech();
  const format = useFormat();
  const user = useUser();
  const building = useBuilding();
  const query = useBalance(id);
  return (
    <Loaded query={query}>
      {(balance) => (
        <>
          <PageTitle
            title={
              <Space wrap>
                <Utility utility={balance.utility} />
                {`${building(balance.building)} · ${format.month(`${balance.periodFrom.slice(0, 7)}-15T12:00:00Z`)}`}
              </Space>
            }
            note={<Link to={`/balances?period=${balance.periodFrom.slice(0, 7)}`}>{t("balance.back")}</Link>}
          >
            <Space>
              <Button onClick={() => downloadCsv(balance)}>{t("balance.csv")}</Button>
              {user.role === "manager" ? (
                <CloseMonth masterPointId={balance.masterPointId} period={balance.periodFrom.slice(0, 7)} />
              ) : null}
            </Space>
          </PageTitle>
          <div className="stack">
            <Doubts balance={balance} />
            <Card size="small">
              <BalanceFlow figures={balance} />
              <div style={{ marginTop: 12 }}>
                <BalanceTags figures={balance} />
              </div>
            </Card>
            <PartsTable balance={balance} rule={<Rule balance={balance} />} />
            <div className="grid-2">
              <History balance={balance} />
              <Closings balance={balance} />
            </div>
          </div>
        </>
      )}
    </Loaded>
  );
}
