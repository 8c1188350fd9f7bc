import { Alert, Button, Card, Progress, Segmented, Space, Table } from "antd";
import { useMemo, useState } from "react";
import { Link } from "react-router-dom";
import type { MoneyJson } from "../../../../api/schemas/json.ts";
import type { AccountChangeJson, WhatIfJson, WhatIfSummaryJson } from "../../../../api/schemas/what-if.ts";
import { urlOf } from "../../api/client.ts";
import type { Format } from "../../format.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { axis, Chart } from "../../parts/chart.tsx";
import { usePlace } from "../../parts/place.ts";
import { Utility } from "../../parts/utility.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { INK } from "../../theme.ts";
import { cancelWhatIf, type Side, useLeftOut, useWhatIfAccounts } from "./queries.ts";

/** A change with its sign; who pays more is red, who pays less green, and the sign says it without the colour. */
export function Change({ money }: { money: MoneyJson }) {
  const format = useFormat();
  const isLess = money.amount.startsWith("-");
  const isNone = /^-?0*(\.0*)?$/.test(money.amount);
  return (
    <span className={`amount ${isNone ? "quiet" : isLess ? "what-if-less" : "what-if-more"}`}>
      {isNone || isLess ? "" : "+"}
      {format.money(money)}
    </span>
  );
}

function Totals({ summary }: { summary: WhatIfSummaryJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const row = (key: string, name: React.ReactNode, of: { before: MoneyJson; after: MoneyJson; change: MoneyJson }) => (
    <tr key={key}>
      <th scope="row">{name}</th>
      <td className="amount">{format.money(of.before)}</td>
      <td className="amount">{format.money(of.after)}</td>
      <td>
        <Change money={of.change} />
      </td>
    </tr>
  );
  const guessed = summary.utilities.filter((one) => Number(one.guessed.value) > 0);
  return (
    <Card size="small" title={t("whatIf.total")}>
      <table className="what-if-totals">
        <thead>
          <tr>
            <td />
            <th scope="col">{t("whatIf.before")}</th>
            <th scope="col">{t("whatIf.after")}</th>
            <th scope="col">{t("whatIf.change")}</th>
          </tr>
        </thead>
        <tbody>
          {summary.utilities.map((one) => row(one.utility, <Utility utility={one.utility} />, one))}
          {row("total", <b>{t("whatIf.total")}</b>, summary)}
        </tbody>
      </table>
      <ul className="what-if-who">
        <li>
          {t("whatIf.more", { n: summary.more })} <Change money={summary.moreBy} />
        </li>
        <li>
          {t("whatIf.less", { n: summary.less })} <Change money={summary.lessBy} />
        </li>
        <li className="quiet">{t("whatIf.same", { n: summary.same })}</li>
      </ul>
      {guessed.map((one) => (
        <Alert
          key={one.utility}
          type="warning"
          showIcon
          title={t("whatIf.guessed", { quantity: format.quantity(one.guessed, 0) })}
        />
      ))}
    </Card>
  );
}

type Bin = WhatIfSummaryJson["bins"][number];

function binName(
  { from, to }: Bin,
  format: Format,
  words: { none: string; beyond: (amount: string) => string },
): string {
  if (from === null) return words.beyond(to === null ? "" : format.money(to));
  if (to === null) return words.beyond(format.money(from));
  return from.amount === to.amount ? words.none : `${format.money(from)} … ${format.money(to)}`;
}

function Spread({ summary }: { summary: WhatIfSummaryJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const option = useMemo(() => {
    const words = { none: t("whatIf.noChange"), beyond: (amount: string) => t("whatIf.beyond", { amount }) };
    const middle = (summary.bins.length - 1) / 2;
    const colourOf = (i: number) => (i < middle ? INK.good : i > middle ? INK.bad : INK.quiet);
    return {
      grid: { left: 44, right: 12, top: 12, bottom: 56 },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" } },
      xAxis: axis({
        type: "category",
        data: summary.bins.map((bin) => binName(bin, format, words)),
        axisLabel: { color: INK.quiet, rotate: 28, fontSize: 10, hideOverlap: true },
      }),
      yAxis: axis({ type: "value", minInterval: 1, splitNumber: 3 }),
      series: [
        {
          name: t("whatIf.accounts"),
          type: "bar",
          barCategoryGap: "18%",
          data: summary.bins.map(({ accounts }, i) => ({ value: accounts, itemStyle: { color: colourOf(i) } })),
        },
      ],
    };
  }, [summary, format, t]);
  return (
    <Card size="small" title={t("whatIf.spread")}>
      <Chart option={option} height={250} label={t("whatIf.spread")} />
    </Card>
  );
}

function Accounts({ job }: { job: WhatIfJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const place = usePlace();
  const [side, setSide] = useState<Side>("all");
  const [page, setPage] = useState({ page: 1, pageSize: 20 });
  const accounts = useWhatIfAccounts(job.id, { side, ...page }, job.done);
  return (
    <Card
      size="small"
      title={t("whatIf.table")}
      extra={
        <Space wrap>
          <Segmented
            size="small"
            value={side}
            onChange={(value) => {
              setSide(value);
              setPage({ ...page, page: 1 });
            }}
            options={(["all", "more", "less"] as const).map((value) => ({ value, label: t(`whatIf.side.${value}`) }))}
          />
          <Button
            size="small"
            href={urlOf(`/what-ifs/${job.id}/accounts.csv`)}
            download
            disabled={job.state === "running"}
          >
            {t("whatIf.csv")}
          </Button>
        </Space>
      }
    >
      <Table<AccountChangeJson>
        rowKey="accountId"
        size="small"
        dataSource={accounts.data?.items ?? []}
        loading={accounts.isPending}
        scroll={{ x: "max-content" }}
        locale={{ emptyText: t("whatIf.nobody") }}
        pagination={{
          current: page.page,
          pageSize: page.pageSize,
          total: accounts.data?.total ?? 0,
          size: "small",
          hideOnSinglePage: true,
          showSizeChanger: false,
          showTotal: (n) => t("table.total", { n }),
          onChange: (to, pageSize) => setPage({ page: to, pageSize }),
        }}
        columns={[
          {
            title: t("account.name"),
            render: (_, one) => <Link to={`/accounts/${one.accountId}`}>{`${one.name} · ${one.number}`}</Link>,
          },
          { title: t("meter.place"), render: (_, one) => place(one) },
          {
            title: t("meter.utility"),
            render: (_, one) =>
              one.utilities.map((u) => (
                <div key={u.utility}>
                  <Utility utility={u.utility} /> <span className="quiet">{format.quantity(u.quantity, 1)}</span>
                </div>
              )),
          },
          {
            title: t("whatIf.before"),
            align: "right",
            render: (_, one) => <span className="amount">{format.money(one.before)}</span>,
          },
          {
            title: t("whatIf.after"),
            align: "right",
            render: (_, one) => <span className="amount">{format.money(one.after)}</span>,
          },
          { title: t("whatIf.change"), align: "right", render: (_, one) => <Change money={one.change} /> },
        ]}
      />
    </Card>
  );
}

function LeftOut({ job }: { job: WhatIfJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const { leftOut } = job.summary;
  const query = useLeftOut(job.id, leftOut);
  if (leftOut === 0) return null;
  return (
    <Card size="small" title={t("whatIf.leftOut", { n: leftOut })}>
      <Table
        rowKey="accountId"
        size="small"
        dataSource={query.data?.items ?? []}
        pagination={{ hideOnSinglePage: true, pageSize: 10, size: "small" }}
        columns={[
          {
            title: t("account.name"),
            render: (_, one) => <Link to={`/accounts/${one.accountId}`}>{`${one.name} · ${one.number}`}</Link>,
          },
          { title: t("runs.reason"), render: (_, one) => term("runReason", one.reason) },
          { title: t("whatIf.from"), render: (_, one) => format.month(`${one.month}-15T12:00:00Z`) },
          { title: t("runs.detail"), render: (_, one) => <span className="quiet tariff">{one.detail}</span> },
        ]}
      />
    </Card>
  );
}

/** What a comparison says, while it runs and when it is over. */
export function Answer({ job, onChanged }: { job: WhatIfJson; onChanged: () => void }) {
  const { t } = useSpeech();
  const percent = job.of === 0 ? 100 : Math.floor((job.done / job.of) * 100);
  const cancel = (): void => void cancelWhatIf(job.id).then(onChanged, onChanged);
  return (
    <div className="stack" data-testid="what-if-answer" data-state={job.state}>
      {job.state === "running" ? (
        <Card size="small">
          <div className="what-if-progress">
            <Progress percent={percent} size="small" status="active" />
            <span>{t("whatIf.progress", { done: job.done, of: job.of })}</span>
            <Button size="small" onClick={cancel}>
              {t("whatIf.cancel")}
            </Button>
          </div>
        </Card>
      ) : null}
      {job.state === "cancelled" ? <Alert type="warning" showIcon title={t("whatIf.cancelled")} /> : null}
      {job.state === "failed" ? <Alert type="error" showIcon title={t("whatIf.failed", { why: job.trouble })} /> : null}
      {job.summary.accounts === 0 ? (
        job.state === "running" ? null : (
          <Alert type="info" showIcon title={t("whatIf.nobody")} />
        )
      ) : (
        <>
          <div className="grid-2">
            <Totals summary={job.summary} />
            <Spread summary={job.summary} />
          </div>
          <Accounts key={job.id} job={job} />
        </>
      )}
      <LeftOut job={job} />
    </div>
  );
}
