import { type TableColumnsType, Tag } from "antd";
import { useCallback, useMemo } from "react";
import { Link } from "react-router-dom";
import type { AccountRowJson } from "../../../api/schemas/account.ts";
import { useAccounts } from "../api/queries.ts";
import { useSpeech } from "../i18n/language.tsx";
import { usePlace } from "../parts/place.ts";
import { RelayLamp } from "../parts/lamp.tsx";
import { ListTable } from "../parts/list-table.tsx";
import { FilterSelect } from "../parts/filter-select.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Balance } from "../parts/money.tsx";
import { PageTitle } from "../parts/page-title.tsx";
import { usePages } from "../parts/pages.tsx";
import { SearchBox } from "../parts/search-box.tsx";
import { useUrlFilter, wordOf } from "../parts/url-filter.ts";

const MODES = ["postpaid", "prepaid"] as const;

function useColumns(): TableColumnsType<AccountRowJson> {
  const place = usePlace();
  const { t, term } = useSpeech();
  return useMemo(
    () => [
      { title: t("account.number"), key: "number", render: (_, a) => <Link to={`/accounts/${a.id}`}>{a.number}</Link> },
      { title: t("account.name"), key: "name", render: (_, a) => <Link to={`/accounts/${a.id}`}>{a.name}</Link> },
      { title: t("account.place"), key: "place", render: (_, a) => place(a) },
      { title: t("account.phone"), key: "phone", render: (_, a) => a.phone },
      { title: t("account.mode"), key: "mode", render: (_, a) => <Tag>{term("mode", a.paymentMode)}</Tag> },
      { title: t("account.balance"), key: "balance", align: "right", render: (_, a) => <Balance money={a.balance} /> },
      {
        title: t("account.supply"),
        key: "supply",
        render: (_, a) => (a.relay === null ? null : <RelayLamp state={a.relay} />),
      },
      {
        title: "",
        key: "closed",
        render: (_, a) => (a.closedOn === null ? null : <Tag>{t("account.closed")}</Tag>),
      },
    ],
    [t, term, place],
  );
}

export default function Accounts() {
  const { t, term } = useSpeech();
  const filter = useUrlFilter();
  const paymentMode = wordOf(filter.get("mode"), MODES);
  const accounts = useAccounts({
    search: filter.get("search"),
    page: filter.page,
    pageSize: filter.pageSize,
    ...(paymentMode === undefined ? {} : { paymentMode }),
  });
  const columns = useColumns();
  const pagination = usePages(filter, accounts.data?.total ?? 0);
  const { set } = filter;
  const search = useCallback((text: string) => set({ search: text }), [set]);
  return (
    <>
      <PageTitle title={t("nav.accounts")} />
      <div className="filters">
        <SearchBox
          value={filter.get("search")}
          onSearch={search}
          label={t("accounts.search")}
          testId="accounts-search"
        />
        <FilterSelect
          filter={filter}
          name="mode"
          all={t("accounts.allModes")}
          value={paymentMode ?? null}
          options={MODES.map((m) => ({ value: m, label: term("mode", m) }))}
        />
      </div>
      <Loaded query={accounts}>
        {(data) => (
          <ListTable
            columns={columns}
            dataSource={data.items}
            pagination={pagination}
            loading={accounts.isPlaceholderData}
            empty={t("accounts.none")}
          />
        )}
      </Loaded>
    </>
  );
}
