import { Button } from "antd";
import { Link } from "react-router-dom";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { usePages } from "../../parts/pages.tsx";
import { usePlace } from "../../parts/place.ts";
import { SearchBox } from "../../parts/search-box.tsx";
import { useUrlFilter } from "../../parts/url-filter.ts";
import { UtilityIcon } from "../../parts/utility.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { homesOf, moveInPath, useVacant, type VacantPoint } from "./queries.ts";

/** Homes that stand vacant, each with its meters and who had it last. */
export function Vacant() {
  const { t } = useSpeech();
  const filter = useUrlFilter();
  const search = filter.get("search");
  const vacant = useVacant({ search, page: filter.page, pageSize: filter.pageSize });
  const pages = usePages(filter, vacant.data?.total ?? 0);
  return (
    <>
      <p className="lead">{t("moves.vacant.lead")}</p>
      <div className="filters">
        <SearchBox
          value={search}
          onSearch={(text) => filter.set({ search: text })}
          label={t("moves.search")}
          testId="vacant-search"
        />
      </div>
      <Loaded query={vacant}>{({ items }) => <Homes homes={homesOf(items)} pages={pages} />}</Loaded>
    </>
  );
}

function Homes({ homes, pages }: { homes: VacantPoint[][]; pages: ReturnType<typeof usePages> }) {
  const { t } = useSpeech();
  const place = usePlace();
  const mayMove = useUser().role !== "reader";
  const first = (home: VacantPoint[]) => home[0] ?? { building: "", room: "" };
  return (
    <ListTable<VacantPoint[]>
      rowKey={(home) => home[0]?.pointId ?? ""}
      dataSource={homes}
      empty={t("moves.vacant.none")}
      pagination={pages}
      columns={[
        { title: t("moves.home"), render: (_, home) => place(first(home)) },
        {
          title: t("moves.points"),
          render: (_, home) =>
            home.map(({ pointId, utility, meter }) => (
              <div key={pointId}>
                <UtilityIcon utility={utility} named />{" "}
                {meter === null ? "–" : <Link to={`/meters/${meter.id}`}>{meter.serial}</Link>}
              </div>
            )),
        },
        { title: t("moves.last"), render: (_, home) => home.map((one) => <LastStay key={one.pointId} point={one} />) },
        {
          title: "",
          render: (_, home) =>
            mayMove ? (
              <Link to={moveInPath(first(home))}>
                <Button size="small" data-testid="move-in">
                  {t("moves.in")}
                </Button>
              </Link>
            ) : null,
        },
      ]}
    />
  );
}

function LastStay({ point: { last } }: { point: VacantPoint }) {
  const { t } = useSpeech();
  const format = useFormat();
  if (last === null) return <div className="quiet">{t("moves.never")}</div>;
  return (
    <div>
      <Link to={`/accounts/${last.accountId}`}>{last.number}</Link>{" "}
      <span className="quiet">
        {last.endedOn === null ? "" : t("moves.last.up", { day: format.day(last.endedOn) })}
      </span>
    </div>
  );
}
