import { Select, Tag } from "antd";
import { Link } from "react-router-dom";
import { useCalibrations } from "../api/meter-life.ts";
import { useSpeech } from "../i18n/language.tsx";
import { ListTable } from "../parts/list-table.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { PageTitle } from "../parts/page-title.tsx";
import { usePages } from "../parts/pages.tsx";
import { usePlace } from "../parts/place.ts";
import { useUrlFilter } from "../parts/url-filter.ts";
import { Utility } from "../parts/utility.tsx";
import { useFormat } from "../shell/operator.tsx";

const DAYS = [30, 90, 180, 365, 3650] as const;

/** Which verification ends soon, or has ended: the most urgent first. */
export default function Calibrations() {
  const { t } = useSpeech();
  const format = useFormat();
  const place = usePlace();
  const filter = useUrlFilter();
  const days = DAYS.find((n) => String(n) === filter.get("days")) ?? 90;
  const due = useCalibrations({ dueWithinDays: days, page: filter.page, pageSize: filter.pageSize });
  const pagination = usePages(filter, due.data?.total ?? 0);
  return (
    <>
      <PageTitle title={t("nav.calibrations")} />
      <div className="filters">
        <Select
          className="filter"
          aria-label={t("calibrations.within")}
          value={String(days)}
          onChange={(value: string) => filter.set({ days: value })}
          options={DAYS.map((n) => ({ value: String(n), label: t("calibrations.days", { n }) }))}
        />
        {due.data === undefined ? null : (
          <span className="quiet" data-testid="calibrations-summary">
            {t("calibrations.summary", { overdue: due.data.overdue, unrecorded: due.data.unrecorded })}
          </span>
        )}
      </div>
      <Loaded query={due}>
        {(data) => (
          <ListTable
            rowKey="meterId"
            dataSource={data.items}
            pagination={pagination}
            empty={t("calibrations.none")}
            columns={[
              { title: t("meter.serial"), render: (_, m) => <Link to={`/meters/${m.meterId}`}>{m.serial}</Link> },
              { title: t("meter.utility"), render: (_, m) => <Utility utility={m.utility} /> },
              { title: t("meter.place"), render: (_, m) => place(m) },
              { title: t("life.certificate"), dataIndex: "certificate" },
              { title: t("life.verifiedOn"), render: (_, m) => format.day(m.verifiedOn) },
              {
                title: t("life.dueOn"),
                render: (_, m) => (
                  <>
                    {format.day(m.dueOn)} {m.overdue ? <Tag color="red">{t("calibrations.overdue")}</Tag> : null}
                  </>
                ),
              },
            ]}
          />
        )}
      </Loaded>
    </>
  );
}
