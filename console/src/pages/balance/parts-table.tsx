import { Card, Table, type TableColumnsType, Tag, Tooltip } from "antd";
import type { ReactNode } from "react";
import { useMemo } from "react";
import { Link } from "react-router-dom";
import type { BalanceJson, BalancePartJson, ShareJson } from "../../../../api/schemas/balance.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { addAmounts } from "../../parts/decimal-text.ts";
import { usePlace } from "../../parts/place.ts";
import { useFormat } from "../../shell/operator.tsx";

type Row = { readonly key: string; readonly part: BalancePartJson | null; readonly share: ShareJson | null };

/** Parts with the share of their account; accounts whose points hang deeper (below a sub-master) follow with their share alone. */
function rowsOf(balance: BalanceJson): Row[] {
  const open = new Map(balance.shares.map((share) => [share.accountId, share]));
  const rows = balance.parts.map((part): Row => {
    const share = part.accountId === null ? undefined : open.get(part.accountId);
    if (part.accountId !== null) open.delete(part.accountId);
    return { key: `${part.usagePointId}-${part.purpose}`, part, share: share ?? null };
  });
  return [...rows, ...[...open.values()].map((share) => ({ key: `a${share.accountId}`, part: null, share }))];
}

function useColumns(): TableColumnsType<Row> {
  const { t, term } = useSpeech();
  const format = useFormat();
  const place = usePlace();
  return useMemo(
    () => [
      {
        title: t("balance.part"),
        render: (_, { part }) =>
          part === null ? (
            "–"
          ) : (
            <>
              {place(part)} {part.purpose === "common" ? <Tag>{t("balance.purpose.common")}</Tag> : null}
              {part.isMaster ? <Tag color="blue">{t("balance.isMaster")}</Tag> : null}
            </>
          ),
      },
      {
        title: t("balance.account"),
        render: (_, { part, share }) => {
          const of = share ?? (part?.accountId == null ? null : { ...part, accountId: part.accountId });
          return of === null ? (
            "–"
          ) : (
            <Link to={`/accounts/${of.accountId}`}>{`${of.accountNumber} ${of.accountName}`}</Link>
          );
        },
      },
      {
        title: t("balance.meter"),
        render: (_, { part }) =>
          part?.meterId == null ? (part?.serial ?? "–") : <Link to={`/meters/${part.meterId}`}>{part.serial}</Link>,
      },
      {
        title: t("balance.quantity"),
        align: "right",
        render: (_, { part }) =>
          part === null ? "–" : <span className="amount">{format.quantity(part.quantity, 3)}</span>,
      },
      {
        title: t("balance.basis"),
        render: (_, { part }) =>
          part === null ? (
            ""
          ) : part.doubts.length === 0 ? (
            <span className="quiet">{term("usageBasis", part.basis)}</span>
          ) : (
            <Tooltip title={part.doubts.join("; ")}>
              <Tag color="red">{t("balance.doubts")}</Tag>
            </Tooltip>
          ),
      },
      {
        title: t("balance.weight"),
        align: "right",
        render: (_, { share }) =>
          share === null ? "" : <span className="amount quiet">{format.number(share.weight, 2)}</span>,
      },
      {
        title: t("balance.share"),
        align: "right",
        render: (_, { share }) =>
          share === null ? "" : <b className="amount">{format.quantity(share.quantity, 2)}</b>,
      },
    ],
    [t, term, format, place],
  );
}

/** Every point below the master with what it counted, and every account with what it bears. */
export function PartsTable({ balance, rule }: { balance: BalanceJson; rule: ReactNode }) {
  const { t } = useSpeech();
  const format = useFormat();
  const columns = useColumns();
  const rows = useMemo(() => rowsOf(balance), [balance]);
  const sum = balance.shares.reduce((all, share) => addAmounts(all, share.quantity.value), "0");
  return (
    <Card size="small" title={t("balance.parts")}>
      <div style={{ marginBottom: 8 }}>{rule}</div>
      <Table
        rowKey="key"
        size="small"
        columns={columns}
        dataSource={rows}
        pagination={{ hideOnSinglePage: true, pageSize: 50, size: "small" }}
        scroll={{ x: "max-content" }}
      />
      <p className="quiet">
        {balance.shares.length === 0
          ? t("balance.noShares")
          : [
              `${t("balance.apportioned")} ${format.quantity(balance.apportioned, 6)}`,
              `${t("balance.shares")} ${format.quantity({ value: sum, unit: balance.master.unit }, 6)}`,
              `${t("balance.remainder")} ${format.quantity(balance.remainder, 6)}`,
              t("balance.sharesNote"),
            ].join(" · ")}
      </p>
    </Card>
  );
}
