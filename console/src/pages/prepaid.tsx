import { Button, Card, type TableColumnsType, Tabs, Tag } from "antd";
import { useMemo } from "react";
import { Link } from "react-router-dom";
import type { ControlJson, PrepaidRowJson } from "../../../api/schemas/supply.ts";
import { useControls, usePrepaid } from "../api/queries.ts";
import { useSpeech } from "../i18n/language.tsx";
import { usePlace } from "../parts/place.ts";
import { Ago } from "../parts/heard.tsx";
import { RelayLamp } from "../parts/lamp.tsx";
import { ListTable } from "../parts/list-table.tsx";
import { FilterSelect } from "../parts/filter-select.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Balance } from "../parts/money.tsx";
import { PageTitle } from "../parts/page-title.tsx";
import { usePages } from "../parts/pages.tsx";
import { useUrlFilter, wordOf } from "../parts/url-filter.ts";
import { mayTakePayments } from "../shell/frame.tsx";
import { useFormat, useUser } from "../shell/operator.tsx";

const STATES = [
  "normal",
  "warned_1",
  "warned_2",
  "cut_due",
  "cut_sent",
  "cut",
  "reconnect_due",
  "reconnect_sent",
  "unknown",
] as const;
const TONE: Readonly<Record<string, string>> = {
  normal: "green",
  warned_1: "gold",
  warned_2: "orange",
  cut_due: "volcano",
  cut_sent: "volcano",
  cut: "red",
  reconnect_due: "blue",
  reconnect_sent: "blue",
};

export function SupplyTag({ state }: { state: string }) {
  const { term } = useSpeech();
  return <Tag color={TONE[state] ?? "default"}>{term("supply", state)}</Tag>;
}

function useColumns(): TableColumnsType<PrepaidRowJson> {
  const place = usePlace();
  const { t, term } = useSpeech();
  const format = useFormat();
  const me = useUser();
  return useMemo(
    () => [
      { title: t("account.place"), key: "place", render: (_, r) => place(r) },
      {
        title: t("account.name"),
        key: "name",
        render: (_, r) => <Link to={`/accounts/${r.accountId}`}>{r.accountName}</Link>,
      },
      {
        title: t("account.available"),
        key: "available",
        align: "right",
        render: (_, r) => (r.available === null ? "–" : <Balance money={r.available} />),
      },
      {
        title: t("prepaid.daysLeft"),
        key: "days",
        align: "right",
        render: (_, r) => (r.daysLeft === null ? "–" : format.number(r.daysLeft, 1)),
      },
      {
        title: t("prepaid.state"),
        key: "state",
        render: (_, r) => (
          <>
            <SupplyTag state={r.state} />
            {r.held === "" ? null : <small className="quiet">{term("held", r.held)}</small>}
          </>
        ),
      },
      { title: t("prepaid.relay"), key: "relay", render: (_, r) => <RelayLamp state={r.reported} /> },
      { title: t("account.lastReading"), key: "read", render: (_, r) => <Ago at={r.lastReadingAt} /> },
      {
        title: t("meter.serial"),
        key: "meter",
        render: (_, r) => (
          <Link className="quiet" to={`/meters/${r.meterId}`}>
            {r.serial}
          </Link>
        ),
      },
      {
        title: "",
        key: "do",
        align: "right",
        render: (_, r) =>
          mayTakePayments(me.role) ? (
            <Link to={`/counter?account=${r.accountId}`}>
              <Button size="small">{t("counter.topUp")}</Button>
            </Link>
          ) : null,
      },
    ],
    [t, term, format, me.role, place],
  );
}

function Board() {
  const { t, term } = useSpeech();
  const filter = useUrlFilter();
  const state = wordOf(filter.get("state"), STATES);
  const board = usePrepaid({ page: filter.page, pageSize: filter.pageSize, ...(state === undefined ? {} : { state }) });
  const columns = useColumns();
  const pagination = usePages(filter, board.data?.total ?? 0);
  return (
    <>
      <div className="filters">
        <FilterSelect
          filter={filter}
          name="state"
          all={t("prepaid.allStates")}
          value={state ?? null}
          options={STATES.map((s) => ({ value: s, label: term("supply", s) }))}
        />
      </div>
      <Loaded query={board}>
        {(data) => (
          <ListTable
            rowKey="accountId"
            columns={columns}
            dataSource={data.items}
            pagination={pagination}
            rowClassName={(r) => (r.reported === "disconnected" ? "row-dark" : "")}
            empty={t("prepaid.none")}
          />
        )}
      </Loaded>
    </>
  );
}

const CONTROL_TONE: Readonly<Record<ControlJson["state"], string>> = {
  queued: "gold",
  sent: "blue",
  confirmed: "green",
  cancelled: "default",
  unknown: "red",
};

function Orders() {
  const { t, term } = useSpeech();
  const filter = useUrlFilter();
  const controls = useControls({ page: filter.page, pageSize: filter.pageSize });
  const pagination = usePages(filter, controls.data?.total ?? 0);
  const columns: TableColumnsType<ControlJson> = [
    { title: t("order.at"), key: "at", render: (_, c) => <Ago at={c.createdAt} /> },
    { title: t("order.action"), key: "action", render: (_, c) => term("action", c.action) },
    {
      title: t("account.name"),
      key: "account",
      render: (_, c) =>
        c.accountId === null ? (
          "–"
        ) : (
          <Link to={`/accounts/${c.accountId}`}>{c.accountName ?? c.accountNumber ?? c.accountId}</Link>
        ),
    },
    { title: t("meter.serial"), key: "meter", render: (_, c) => <Link to={`/meters/${c.meterId}`}>{c.serial}</Link> },
    {
      title: t("order.state"),
      key: "state",
      render: (_, c) => <Tag color={CONTROL_TONE[c.state]}>{term("control", c.state)}</Tag>,
    },
    { title: t("order.attempts"), key: "attempts", align: "right", dataIndex: "attempts" },
    { title: t("order.readBack"), key: "readBack", render: (_, c) => <Ago at={c.readBackAt} /> },
    { title: t("order.note"), key: "note", render: (_, c) => <span className="quiet">{c.note}</span> },
  ];
  return (
    <Loaded query={controls}>
      {(data) => (
        <ListTable
          columns={columns}
          dataSource={data.items}
          pagination={pagination}
          expandable={{ expandedRowRender: (c) => <pre className="payload">{JSON.stringify(c.reason, null, 2)}</pre> }}
          empty={t("order.none")}
        />
      )}
    </Loaded>
  );
}

export default function Prepaid() {
  const { t } = useSpeech();
  const filter = useUrlFilter();
  return (
    <>
      <PageTitle title={t("nav.prepaid")} />
      <Card size="small">
        <Tabs
          activeKey={filter.get("tab") === "orders" ? "orders" : "board"}
          onChange={(tab) => filter.set({ tab: tab === "board" ? null : tab })}
          destroyOnHidden
          items={[
            { key: "board", label: t("prepaid.board"), children: <Board /> },
            { key: "orders", label: t("prepaid.orders"), children: <Orders /> },
          ]}
        />
      </Card>
    </>
  );
}
