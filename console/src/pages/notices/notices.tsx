import { Alert, Card } from "antd";
import { Link } from "react-router-dom";
import { useNotices } from "../../api/notices.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { noticesEn } from "../../i18n/notices-en.ts";
import { FilterSelect } from "../../parts/filter-select.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { usePages } from "../../parts/pages.tsx";
import { useUrlFilter } from "../../parts/url-filter.ts";
import { useFormat } from "../../shell/operator.tsx";
import { DeliveryTag, Served } from "./delivery.tsx";
import { QuietHours } from "./quiet-hours.tsx";
import { OneNotice } from "./one-notice.tsx";

const wordsOf = (group: string): string[] =>
  Object.keys(noticesEn).flatMap((key) => (key.startsWith(`${group}.`) ? [key.slice(group.length + 1)] : []));
const FILTERS = ["kind", "state", "channel"] as const;

/** What customers were told, whether it reached them, and what a clerk can do where it did not. */
export default function Notices() {
  const { t, term } = useSpeech();
  const format = useFormat();
  const filter = useUrlFilter();
  const asked = Object.fromEntries(
    [...FILTERS, "accountId"].flatMap((name) => (filter.get(name) === "" ? [] : [[name, filter.get(name)]])),
  );
  const notices = useNotices({ ...asked, page: filter.page, pageSize: filter.pageSize });
  const pagination = usePages(filter, notices.data?.total ?? 0);
  const optionsOf = (group: string) => wordsOf(group).map((word) => ({ value: word, label: term(group, word) }));
  const missing = (["email", "webhook"] as const).filter((way) => notices.data?.channels.includes(way) === false);
  return (
    <>
      <PageTitle title={t("nav.notices")} />
      <p className="quiet">{t("notices.lead")}</p>
      <QuietHours />
      {notices.data?.channels.includes("sandbox") === true ? (
        <Alert type="warning" showIcon title={t("notices.sandbox")} style={{ marginBottom: 12 }} />
      ) : null}
      {missing.length === 0 ? null : (
        <p className="quiet">{t("notices.notSetUp", { ways: missing.map((way) => term("way", way)).join(", ") })}</p>
      )}
      <Card size="small">
        <div className="filters">
          <FilterSelect filter={filter} name="kind" all={t("notices.allKinds")} options={optionsOf("notice")} />
          <FilterSelect filter={filter} name="state" all={t("notices.allStates")} options={optionsOf("delivery")} />
          <FilterSelect filter={filter} name="channel" all={t("notices.allChannels")} options={optionsOf("way")} />
        </div>
        <Loaded query={notices}>
          {(data) => (
            <ListTable
              dataSource={data.items}
              pagination={pagination}
              expandable={{ expandedRowRender: (notice) => <OneNotice notice={notice} />, expandRowByClick: true }}
              empty={t("notices.none")}
              columns={[
                { title: t("notices.when"), render: (_, n) => format.instant(n.createdAt) },
                { title: t("notices.kind"), render: (_, n) => term("notice", n.kind) },
                {
                  title: t("notices.account"),
                  render: (_, n) => (
                    <Link to={`/accounts/${n.accountId}`}>
                      {n.accountNumber} {n.accountName}
                    </Link>
                  ),
                },
                { title: t("notices.served"), render: (_, n) => <Served notice={n} /> },
                {
                  title: t("notices.deliveries"),
                  render: (_, n) =>
                    n.deliveries.length === 0 ? (
                      <span className="quiet">{t("notices.noContact")}</span>
                    ) : (
                      n.deliveries.map((one) => <DeliveryTag key={one.id} delivery={one} />)
                    ),
                },
              ]}
            />
          )}
        </Loaded>
      </Card>
    </>
  );
}
