import { Button, Statistic, type TableColumnsType } from "antd";
import { useMemo } from "react";
import { Link } from "react-router-dom";
import type { BillRowJson } from "../../../api/schemas/bill.ts";
import { useBills } from "../api/queries.ts";
import { useSpeech } from "../i18n/language.tsx";
import { usePlace } from "../parts/place.ts";
import { ListTable } from "../parts/list-table.tsx";
import { FilterSelect } from "../parts/filter-select.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Amount } from "../parts/money.tsx";
import { MonthPicker } from "../parts/month-picker.tsx";
import { PageTitle } from "../parts/page-title.tsx";
import { usePages } from "../parts/pages.tsx";
import { useUrlFilter, wordOf } from "../parts/url-filter.ts";
import { useFormat, useUser } from "../shell/operator.tsx";
import { BillStatusTag } from "./bill/bill.tsx";
import { MailMonth } from "./bill/mail-month.tsx";
import { CycleFiles } from "./bill/cycle-files.tsx";

const STATUSES = ["open", "part_paid", "paid"] as const;

function useColumns(): TableColumnsType<BillRowJson> {
  const place = usePlace();
  const { t } = useSpeech();
  const format = useFormat();
  return useMemo(
    () => [
      { title: t("bill.number"), key: "number", render: (_, b) => <Link to={`/bills/${b.id}`}>{b.number}</Link> },
      {
        title: t("account.name"),
        key: "name",
        render: (_, b) => <Link to={`/accounts/${b.accountId}`}>{b.accountName}</Link>,
      },
      { title: t("account.place"), key: "place", render: (_, b) => place(b) },
      { title: t("bill.issued"), key: "issued", render: (_, b) => format.day(b.issuedOn) },
      { title: t("bill.due"), key: "due", render: (_, b) => format.day(b.dueOn) },
      { title: t("bill.total"), key: "total", align: "right", render: (_, b) => <Amount money={b.total} /> },
      { title: t("bill.open"), key: "open", align: "right", render: (_, b) => <Amount money={b.open} /> },
      { title: t("bill.status"), key: "status", render: (_, b) => <BillStatusTag status={b.status} /> },
    ],
    [t, format, place],
  );
}

export default function Bills() {
  const { t, term } = useSpeech();
  const format = useFormat();
  const { role } = useUser();
  const filter = useUrlFilter();
  const status = wordOf(filter.get("status"), STATUSES);
  const period = filter.get("period");
  const bills = useBills({
    page: filter.page,
    pageSize: filter.pageSize,
    ...(period === "" ? {} : { period }),
    ...(status === undefined ? {} : { status }),
  });
  const columns = useColumns();
  const pagination = usePages(filter, bills.data?.total ?? 0);
  const month = period === "" ? bills.data?.period : period;
  return (
    <>
      <PageTitle title={t("nav.bills")}>
        {month === undefined || role === "reader" || status !== undefined || bills.data === undefined ? null : (
          <>
            {bills.data.total > 0 && <MailMonth key={month} month={month} />}
            <CycleFiles month={month} bills={bills.data.total} />
          </>
        )}
      </PageTitle>
      <div className="filters">
        <MonthPicker month={month} filter={filter} testId="bills-month" />
        <FilterSelect
          filter={filter}
          name="status"
          all={t("bills.allStatuses")}
          value={status ?? null}
          options={STATUSES.map((s) => ({ value: s, label: term("billStatus", s) }))}
        />
        {bills.data === undefined ? null : (
          <Statistic
            className="inline-statistic"
            title={t("bills.sum", { n: format.count(bills.data.total) })}
            value={format.money(bills.data.sum)}
          />
        )}
      </div>
      <Loaded query={bills}>
        {(data) => (
          <ListTable
            columns={columns}
            dataSource={data.items}
            pagination={pagination}
            loading={bills.isPlaceholderData}
            empty={
              <>
                {t("bills.none")}{" "}
                <Link to="/runs">
                  <Button type="link">{t("nav.runs")}</Button>
                </Link>
              </>
            }
          />
        )}
      </Loaded>
    </>
  );
}
