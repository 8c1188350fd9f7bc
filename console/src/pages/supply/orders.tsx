import { type TableColumnsType, Tag } from "antd";
import { Link } from "react-router-dom";
import type { ControlJson } from "../../../../api/schemas/supply.ts";
import { useControls } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Ago } from "../../parts/heard.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { usePages } from "../../parts/pages.tsx";
import { useUrlFilter } from "../../parts/url-filter.ts";

export const CONTROL_TONE: Readonly<Record<ControlJson["state"], string>> = {
  queued: "gold",
  sent: "blue",
  confirmed: "green",
  cancelled: "default",
  unknown: "red",
};

/** The outbox, newest first. */
export function Orders() {
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
