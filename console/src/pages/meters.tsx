import { type TableColumnsType } from "antd";
import { useCallback, useMemo } from "react";
import { Link } from "react-router-dom";
import type { MeterRowJson } from "../../../api/schemas/meter.ts";
import { type MetersAsked, useMeters } from "../api/queries.ts";
import { useSpeech } from "../i18n/language.tsx";
import { usePlace } from "../parts/place.ts";
import { Ago, Heard } from "../parts/heard.tsx";
import { RelayLamp } from "../parts/lamp.tsx";
import { ListTable } from "../parts/list-table.tsx";
import { FilterSelect } from "../parts/filter-select.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { PageTitle } from "../parts/page-title.tsx";
import { usePages } from "../parts/pages.tsx";
import { SearchBox } from "../parts/search-box.tsx";
import { type UrlFilter, useUrlFilter, wordOf } from "../parts/url-filter.ts";
import { Utility } from "../parts/utility.tsx";
import { useFormat } from "../shell/operator.tsx";

const UTILITIES = ["electricity", "gas", "water", "heat"] as const;
const STATUSES = ["heard", "late", "silent"] as const;

function askedOf(filter: UrlFilter): MetersAsked {
  const status = wordOf(filter.get("status"), STATUSES);
  const utility = wordOf(filter.get("utility"), UTILITIES);
  return {
    search: filter.get("search"),
    building: filter.get("building"),
    page: filter.page,
    pageSize: filter.pageSize,
    ...(status === undefined ? {} : { status }),
    ...(utility === undefined ? {} : { utility }),
  };
}

function useColumns(): TableColumnsType<MeterRowJson> {
  const place = usePlace();
  const { t } = useSpeech();
  const format = useFormat();
  return useMemo(
    () => [
      { title: t("meter.serial"), key: "serial", render: (_, m) => <Link to={`/meters/${m.id}`}>{m.serial}</Link> },
      { title: t("meter.utility"), key: "utility", render: (_, m) => <Utility utility={m.utility} /> },
      {
        title: t("meter.place"),
        key: "place",
        render: (_, m) =>
          m.role === null ? (
            <span className="quiet">{t("meter.notInstalled")}</span>
          ) : (
            place({ building: m.building, room: m.role === "master" ? t("meter.master") : m.room })
          ),
      },
      {
        title: t("meter.account"),
        key: "account",
        render: (_, m) => (m.account === null ? null : <Link to={`/accounts/${m.account.id}`}>{m.account.name}</Link>),
      },
      { title: t("meter.profile"), key: "profile", render: (_, m) => <span className="quiet">{m.profileId}</span> },
      {
        title: t("meter.latest"),
        key: "latest",
        align: "right",
        render: (_, m) => (m.latest === null ? "–" : <span className="amount">{format.quantity(m.latest)}</span>),
      },
      {
        title: t("meter.relay"),
        key: "relay",
        render: (_, m) => (m.relay === null ? null : <RelayLamp state={m.relay} />),
      },
      { title: t("meter.status"), key: "status", render: (_, m) => <Heard status={m.status} at={m.heardAt} /> },
      { title: t("meter.heardAt"), key: "heardAt", align: "right", render: (_, m) => <Ago at={m.heardAt} /> },
    ],
    [t, format, place],
  );
}

function Filters({ filter, buildings }: { filter: UrlFilter; buildings: readonly string[] }) {
  const { t, term } = useSpeech();
  const { set } = filter;
  const search = useCallback((text: string) => set({ search: text }), [set]);
  return (
    <div className="filters">
      <SearchBox value={filter.get("search")} onSearch={search} label={t("meters.search")} testId="meters-search" />
      <FilterSelect
        filter={filter}
        name="utility"
        all={t("meters.allUtilities")}
        options={UTILITIES.map((u) => ({ value: u, label: term("utility", u) }))}
      />
      <FilterSelect
        filter={filter}
        name="status"
        all={t("meters.allStatuses")}
        options={STATUSES.map((s) => ({ value: s, label: t(`meterStatus.${s}`) }))}
      />
      <FilterSelect
        filter={filter}
        name="building"
        all={t("meters.allBuildings")}
        options={buildings.map((b) => ({ value: b, label: b }))}
      />
    </div>
  );
}

export default function Meters() {
  const { t } = useSpeech();
  const filter = useUrlFilter();
  const meters = useMeters(askedOf(filter));
  const columns = useColumns();
  const pagination = usePages(filter, meters.data?.total ?? 0);
  return (
    <>
      <PageTitle title={t("nav.meters")} />
      <Filters filter={filter} buildings={meters.data?.buildings ?? []} />
      <Loaded query={meters}>
        {(data) => (
          <ListTable
            columns={columns}
            dataSource={data.items}
            pagination={pagination}
            loading={meters.isPlaceholderData}
            empty={t("meters.none")}
          />
        )}
      </Loaded>
    </>
  );
}
