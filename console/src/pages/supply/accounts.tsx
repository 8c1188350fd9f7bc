import { Button, type TableColumnsType, Tag } from "antd";
import { useMemo } from "react";
import { Link } from "react-router-dom";
import type { PrepaidRowJson } from "../../../../api/schemas/supply.ts";
import { usePrepaid } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { usePlace } from "../../parts/place.ts";
import { Ago } from "../../parts/heard.tsx";
import { RelayLamp } from "../../parts/lamp.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { FilterSelect } from "../../parts/filter-select.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Balance } from "../../parts/money.tsx";
import { usePages } from "../../parts/pages.tsx";
import { useUrlFilter, wordOf } from "../../parts/url-filter.ts";
import { mayTakePayments } from "../../shell/frame.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";

export const SUPPLY_STATES = [
  "normal",
  "warned_1",
  "warned_2",
  "notice_served",
  "cut_due",
  "cut_sent",
  "cut",
  "reconnect_due",
  "reconnect_sent",
  "close_permitted",
  "unknown",
] as const;
const TONE: Readonly<Record<string, string>> = {
  normal: "green",
  warned_1: "gold",
  warned_2: "orange",
  notice_served: "orange",
  cut_due: "volcano",
  cut_sent: "volcano",
  cut: "red",
  reconnect_due: "blue",
  reconnect_sent: "blue",
  close_permitted: "cyan",
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

/** Every prepaid supply, the least money first. */
export function SupplyAccounts() {
  const { t, term } = useSpeech();
  const filter = useUrlFilter();
  const state = wordOf(filter.get("state"), SUPPLY_STATES);
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
          options={SUPPLY_STATES.map((s) => ({ value: s, label: term("supply", s) }))}
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
