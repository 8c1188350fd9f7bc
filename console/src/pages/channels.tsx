import { useQuery } from "@tanstack/react-query";
import { Card, Tag } from "antd";
import { Link } from "react-router-dom";
import type { ChannelsJson } from "../../../api/schemas/channel.ts";
import { ask } from "../api/client.ts";
import { useSpeech } from "../i18n/language.tsx";
import { ListTable } from "../parts/list-table.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Amount } from "../parts/money.tsx";
import { PageTitle } from "../parts/page-title.tsx";
import { useFormat } from "../shell/operator.tsx";

const LOOK_MS = 10_000;

/** What wallets and banks ordered, paid, and said that could not be booked. */
export default function Channels() {
  const { t, language } = useSpeech();
  const format = useFormat();
  const channels = useQuery({
    queryKey: ["payment-channels"],
    queryFn: ({ signal }) => ask<ChannelsJson>("/payment-channels", { signal }),
    refetchInterval: LOOK_MS,
  });
  return (
    <>
      <PageTitle title={t("nav.channels")} />
      <Loaded query={channels}>
        {(data) => (
          <>
            <div className="filters">
              {data.channels.map((channel) => (
                <Tag
                  key={channel.code}
                  color={channel.closed ? "default" : channel.kind === "sandbox" ? "gold" : "green"}
                >
                  {language === "zh" ? channel.titleZh : channel.titleEn}
                  {channel.closed ? ` (${t("channels.closed")})` : ""}
                </Tag>
              ))}
            </div>
            <Card size="small" title={t("channels.orders")}>
              <ListTable
                rowKey="ref"
                dataSource={data.orders}
                pagination={{ pageSize: 20, hideOnSinglePage: true }}
                empty={t("channels.none")}
                columns={[
                  { title: t("channels.ordered"), render: (_, o) => format.instant(o.openedAt) },
                  {
                    title: t("account.number"),
                    render: (_, o) => <Link to={`/accounts/${o.accountId}`}>{o.accountNumber}</Link>,
                  },
                  { title: t("resident.amount"), align: "right", render: (_, o) => <Amount money={o.amount} /> },
                  {
                    title: t("channels.paid"),
                    align: "right",
                    render: (_, o) => (o.paid === null ? "–" : <Amount money={o.paid} />),
                  },
                  { title: t("channels.state"), render: (_, o) => t(`resident.order.${o.state}`) },
                  { title: t("nav.channels"), render: (_, o) => o.channel },
                ]}
              />
            </Card>
            <Card size="small" title={t("channels.refused")}>
              <ListTable
                dataSource={data.refused}
                pagination={{ pageSize: 20, hideOnSinglePage: true }}
                empty={t("channels.noRefused")}
                columns={[
                  { title: t("channels.ordered"), render: (_, r) => format.instant(r.at) },
                  { title: t("channels.transaction"), render: (_, r) => <code>{r.transactionId}</code> },
                  { title: t("account.number"), render: (_, r) => r.account || "–" },
                  {
                    title: t("resident.amount"),
                    align: "right",
                    render: (_, r) => (r.amount === null ? "–" : <Amount money={r.amount} />),
                  },
                  { title: t("channels.why"), render: (_, r) => r.reason },
                ]}
              />
            </Card>
          </>
        )}
      </Loaded>
    </>
  );
}
