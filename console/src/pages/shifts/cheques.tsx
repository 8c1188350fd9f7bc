import { Button, Card, Input, Modal, Space, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router-dom";
import type { ChequeJson } from "../../../../api/schemas/counter.ts";
import { useCheques, useCounterDeed } from "../../api/counter.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Amount } from "../../parts/money.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat } from "../../shell/operator.tsx";

const PAGE_SIZE = 10;
const TONE = { in_hand: "orange", cleared: "green", returned: "red" } as const;

/** The bank has paid it, or it came back. */
function EndCheque({ cheque }: { cheque: ChequeJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const [outcome, setOutcome] = useState<"cleared" | "returned" | null>(null);
  const [reason, setReason] = useState("");
  const end = useCounterDeed<{ outcome: string; reason?: string }>(`/cheques/${cheque.id}/ending`);
  const go = () =>
    end.mutate(outcome === "returned" ? { outcome, reason: reason.trim() } : { outcome: "cleared" }, {
      onSuccess: () => setOutcome(null),
    });
  return (
    <Space size={4}>
      <Button size="small" onClick={() => setOutcome("cleared")}>
        {t("cheque.clear")}
      </Button>
      <Button size="small" danger onClick={() => setOutcome("returned")}>
        {t("cheque.return")}
      </Button>
      <Modal
        open={outcome !== null}
        title={t(outcome === "returned" ? "cheque.return.title" : "cheque.clear.title", {
          number: cheque.number,
          amount: format.money(cheque.amount),
        })}
        onCancel={() => setOutcome(null)}
        onOk={go}
        okButtonProps={{ disabled: outcome === "returned" && reason.trim().length < 3, loading: end.isPending }}
      >
        <p>{t(outcome === "returned" ? "cheque.return.what" : `cheque.clear.${cheque.counts}`)}</p>
        {outcome === "returned" ? (
          <Input.TextArea
            autoFocus
            rows={2}
            maxLength={300}
            aria-label={t("shift.reason")}
            placeholder={t("shift.reason")}
            value={reason}
            onChange={(e) => setReason(e.target.value)}
          />
        ) : null}
        {end.error === null ? null : <ProblemNote error={end.error} />}
      </Modal>
    </Space>
  );
}

export function Cheques() {
  const { t } = useSpeech();
  const format = useFormat();
  const [page, setPage] = useState(1);
  const cheques = useCheques({ page, pageSize: PAGE_SIZE });
  return (
    <Loaded query={cheques}>
      {(data) => (
        <Card size="small" title={t("cheque.list")}>
          <ListTable
            dataSource={data.items}
            empty={t("cheque.none")}
            pagination={{
              current: page,
              pageSize: PAGE_SIZE,
              total: data.total,
              onChange: setPage,
              hideOnSinglePage: true,
            }}
            columns={[
              {
                title: t("receipt.at"),
                render: (_, c) => <Link to={`/payments/${c.journalId}`}>{format.instant(c.receivedAt)}</Link>,
              },
              {
                title: t("account.name"),
                render: (_, c) => <Link to={`/accounts/${c.accountId}`}>{c.accountName}</Link>,
              },
              { title: t("counter.chequeNumber"), render: (_, c) => `${c.number} · ${c.bank}` },
              { title: t("counter.amount"), align: "right", render: (_, c) => <Amount money={c.amount} /> },
              {
                title: t("shift.state"),
                render: (_, c) => (
                  <>
                    <Tag color={TONE[c.state]}>{t(`cheque.state.${c.state}`)}</Tag>
                    {c.state === "in_hand" ? <span className="quiet">{t(`cheque.counts.${c.counts}`)}</span> : c.reason}
                  </>
                ),
              },
              { title: "", render: (_, c) => (c.state === "in_hand" ? <EndCheque cheque={c} /> : null) },
            ]}
          />
        </Card>
      )}
    </Loaded>
  );
}
