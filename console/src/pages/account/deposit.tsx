import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Card, Form, Input, Modal, Select, Space } from "antd";
import { useRef, useState } from "react";
import { Link } from "react-router-dom";
import type { AccountJson } from "../../../../api/schemas/account.ts";
import type { DepositsJson } from "../../../../api/schemas/deposit.ts";
import type { MoneyJson } from "../../../../api/schemas/json.ts";
import type { PaymentChannel } from "../../../../api/schemas/payment.ts";
import { ask } from "../../api/client.ts";
import { moveInPath } from "../moves/queries.ts";
import { newKey } from "../../api/key.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Amount } from "../../parts/money.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat } from "../../shell/operator.tsx";

const CHANNELS: readonly PaymentChannel[] = ["cash", "card", "wallet", "bank"];
const isZero = (money: MoneyJson): boolean => Number(money.amount) === 0;

function useMoneyMoved(accountId: string) {
  const client = useQueryClient();
  return () =>
    Promise.all(
      ["account", "deposits", "timeline"].map((name) => client.invalidateQueries({ queryKey: [name, accountId] })),
    );
}

/** One window, one key: a double click or a try again moves the money once. */
function MoveMoney({
  title,
  note,
  path,
  bodyOf,
  amount,
  done,
  close,
}: {
  title: string;
  note?: string;
  path: string;
  bodyOf: (said: { amount: string; channel: PaymentChannel }) => object;
  /** Fixed, or asked for. */
  amount?: MoneyJson;
  done: string;
  close: () => void;
}) {
  const { t, term } = useSpeech();
  const { message } = App.useApp();
  const [form] = Form.useForm<{ amount: string; channel: PaymentChannel }>();
  const key = useRef(newKey("deposit"));
  const accountId = path.split("/")[2] ?? "";
  const moved = useMoneyMoved(accountId);
  const move = useMutation({
    mutationFn: (said: { amount: string; channel: PaymentChannel }) =>
      ask(path, { method: "POST", body: bodyOf(said), key: key.current }),
    onSuccess: async () => {
      void message.success(done);
      close();
      await moved();
    },
  });
  return (
    <Modal open title={title} footer={null} onCancel={close} destroyOnHidden>
      {note === undefined ? null : <p>{note}</p>}
      <Form
        form={form}
        layout="vertical"
        initialValues={{ channel: "cash", amount: amount?.amount ?? "" }}
        onFinish={(said) => move.mutate(said)}
      >
        {amount === undefined ? (
          <Form.Item
            name="amount"
            label={t("deposit.amount")}
            rules={[
              { required: true, pattern: /^(?=.*[1-9])\d{1,9}(\.\d{1,2})?$/, message: t("deposit.amount.missing") },
            ]}
          >
            <Input inputMode="decimal" autoFocus data-testid="deposit-amount" />
          </Form.Item>
        ) : (
          <Form.Item name="amount" hidden>
            <Input />
          </Form.Item>
        )}
        <Form.Item name="channel" label={t("deposit.channel")}>
          <Select options={CHANNELS.map((value) => ({ value, label: term("channel", value) }))} />
        </Form.Item>
        {move.error === null ? null : <ProblemNote error={move.error} />}
        <Button type="primary" htmlType="submit" loading={move.isPending} data-testid="deposit-go">
          {title}
        </Button>
      </Form>
    </Modal>
  );
}

/** What is held of the account, everything that moved it, and the ways to move it that fit now. */
export function DepositCard({ account, role }: { account: AccountJson; role: "manager" | "clerk" | "reader" }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const [open, setOpen] = useState<"take" | "refund" | null>(null);
  const path = `/accounts/${account.id}/deposits`;
  const deposits = useQuery({
    queryKey: ["deposits", account.id],
    queryFn: () => ask<DepositsJson>(path),
  });
  const isClosed = account.closing !== null;
  const { currency } = account.balance;
  return (
    <Card
      size="small"
      title={t("deposit.card")}
      extra={
        role === "reader" ? null : (
          <Space wrap>
            {isClosed ? null : (
              <Button size="small" onClick={() => setOpen("take")} data-testid="deposit-take">
                {t("deposit.take")}
              </Button>
            )}
            {role === "manager" && !isClosed && !isZero(account.deposit) ? (
              <Button size="small" onClick={() => setOpen("refund")}>
                {t("deposit.refund")}
              </Button>
            ) : null}
          </Space>
        )
      }
    >
      {account.moveIn?.depositAsked == null || account.closing !== null ? null : (
        <p>
          {t("moveIn.asked")}{" "}
          <b data-testid="deposit-asked">
            <Amount money={account.moveIn.depositAsked} />
          </b>
        </p>
      )}
      <Loaded query={deposits} rows={2} isEmpty={({ items }) => items.length === 0} empty={t("deposit.none")}>
        {({ held, items }) => (
          <>
            <p>
              {t("deposit.held")}{" "}
              <b data-testid="deposit-held">
                <Amount money={held} />
              </b>
            </p>
            <ul className="notice-list">
              {items.map((one) => (
                <li key={one.journalId}>
                  <span className="quiet">{format.instant(one.at)}</span>
                  <span>
                    {term("depositMove", one.kind)}
                    {one.channel === null ? "" : ` · ${term("channel", one.channel)}`}
                  </span>
                  <Amount money={one.amount} />
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
      {open === null ? null : (
        <MoveMoney
          title={t(`deposit.title.${open}`)}
          path={path}
          bodyOf={({ amount, channel }) => ({ kind: open, amount: { amount, currency }, channel })}
          done={t("deposit.done")}
          close={() => setOpen(null)}
        />
      )}
    </Card>
  );
}

/** How the account was closed, and what is to be given back. */
export function ClosedCard({ account, mayRefund }: { account: AccountJson; mayRefund: boolean }) {
  const { t } = useSpeech();
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const { closing } = account;
  if (closing === null) return null;
  const { bill, figures, refundDue } = closing;
  const total = format.money(refundDue.total);
  return (
    <Card size="small" title={t("closing.card", { day: format.day(closing.onDay) })} data-testid="closed">
      <p>
        {bill === null ? (
          t("closing.card.noBill")
        ) : (
          <>
            {t("closing.card.bill")} <Link to={`/bills/${bill.id}`}>{bill.number}</Link>
          </>
        )}
        {isZero(figures.stillOwed)
          ? ""
          : ` · ${t("closing.card.stillOwed", { amount: format.money(figures.stillOwed) })}`}
      </p>
      {(["supply", "property"] as const).map((pays) =>
        isZero(figures.setOff[pays]) ? null : (
          <p key={pays}>
            {t(`bill.final.setOff.${pays}`)} <b>{format.money(figures.setOff[pays])}</b>
          </p>
        ),
      )}
      {isZero(refundDue.total) ? (
        <p className="quiet">{t("closing.nothingDue")}</p>
      ) : (
        <>
          <p>
            {t("closing.refundDue")} <b data-testid="refund-due">{total}</b>{" "}
            <span className="quiet">
              {t("closing.refundDue.parts", {
                deposit: format.money(refundDue.deposit),
                credit: format.money(refundDue.credit),
              })}
            </span>
          </p>
          {mayRefund ? (
            <Button type="primary" onClick={() => setOpen(true)} data-testid="refund">
              {t("closing.refund", { amount: total })}
            </Button>
          ) : null}
        </>
      )}
      {mayRefund ? (
        <Link to={moveInPath(account)} data-testid="next-customer">
          {t("moves.next")}
        </Link>
      ) : null}
      {open ? (
        <MoveMoney
          title={t("closing.refund.title", { amount: total })}
          note={t("closing.refund.what")}
          path={`/accounts/${account.id}/refund`}
          amount={refundDue.total}
          bodyOf={({ channel }) => ({ amount: refundDue.total, channel })}
          done={t("closing.refund.done")}
          close={() => setOpen(false)}
        />
      ) : null}
    </Card>
  );
}
