import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Card, Checkbox } from "antd";
import { Link } from "react-router-dom";
import type { DepositListJson } from "../../../../api/schemas/deposit.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Amount } from "../../parts/money.tsx";
import { usePages } from "../../parts/pages.tsx";
import { useUrlFilter } from "../../parts/url-filter.ts";
import { useFormat } from "../../shell/operator.tsx";

type Row = DepositListJson["items"][number];

/** Deposits that are held and refunds that are due; the account's page is where they are given back. */
export function Deposits() {
  const { t } = useSpeech();
  const format = useFormat();
  const filter = useUrlFilter();
  const isDueOnly = filter.get("due") === "1";
  const query = { page: filter.page, pageSize: filter.pageSize, refundDue: isDueOnly ? true : undefined };
  const list = useQuery({
    queryKey: ["deposits", query],
    queryFn: ({ signal }) => ask<DepositListJson>("/deposits", { query, signal }),
    placeholderData: keepPreviousData,
  });
  const pages = usePages(filter, list.data?.total ?? 0);
  return (
    <Card
      size="small"
      title={t("settings.tab.deposits")}
      extra={
        <Checkbox checked={isDueOnly} onChange={(e) => filter.set({ due: e.target.checked ? "1" : undefined })}>
          {t("deposits.onlyDue")}
        </Checkbox>
      }
    >
      <Loaded query={list} isEmpty={({ total }) => total === 0} empty={t("deposits.none")}>
        {({ items, held, refundDue }) => (
          <>
            <p className="lead" data-testid="deposits-sum">
              {t("deposits.sum", { held: format.money(held), due: format.money(refundDue) })}
            </p>
            <ListTable<Row>
              rowKey="accountId"
              dataSource={items}
              empty={t("deposits.none")}
              pagination={pages}
              columns={[
                {
                  title: t("account.number"),
                  render: (_, one) => <Link to={`/accounts/${one.accountId}`}>{one.accountNumber}</Link>,
                },
                { title: t("deposits.name"), render: (_, one) => one.name },
                { title: t("deposits.held"), align: "right", render: (_, one) => <Amount money={one.held} /> },
                { title: t("deposits.owing"), align: "right", render: (_, one) => <Amount money={one.owing} /> },
                {
                  title: t("deposits.closed"),
                  render: (_, one) => (one.closedOn === null ? "–" : format.day(one.closedOn)),
                },
                { title: t("deposits.due"), align: "right", render: (_, one) => <Amount money={one.refundDue} /> },
              ]}
            />
          </>
        )}
      </Loaded>
    </Card>
  );
}
