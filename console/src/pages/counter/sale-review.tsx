import { useMutation } from "@tanstack/react-query";
import { Button, Card, Descriptions } from "antd";
import { type KeyboardEvent, useRef } from "react";
import type { AccountJson } from "../../../../api/schemas/account.ts";
import type { PaymentJson } from "../../../../api/schemas/payment.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { usePlace } from "../../parts/place.ts";
import { addMoney } from "../../parts/decimal-text.ts";
import { Balance } from "../../parts/money.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { pay, type Sale } from "./sale.ts";

/** Step two: what will be booked, once more to read. Enter takes the payment, Escape goes back. */
export function SaleReview({
  account,
  sale,
  back,
  paid,
}: {
  account: AccountJson;
  sale: Sale;
  back: () => void;
  paid: (payment: PaymentJson) => void;
}) {
  const place = usePlace();
  const { t, term } = useSpeech();
  const format = useFormat();
  const sent = useRef(false);
  const payment = useMutation({
    mutationFn: pay,
    onSuccess: paid,
    onError: () => {
      sent.current = false;
    },
  });
  const take = () => {
    if (sent.current) return; // the second click of a double click; the key would make it harmless as well
    sent.current = true;
    payment.mutate(sale);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && event.repeat) event.preventDefault(); // a key held down from the step before takes no money
    if (event.key === "Escape" && !payment.isPending) back();
  };
  return (
    <Card size="small" title={t("counter.confirm")} className="review" onKeyDown={onKeyDown}>
      <div className="review-amount">{format.money(sale.amount)}</div>
      <Descriptions
        size="small"
        column={1}
        items={[
          { label: t("account.name"), children: <b>{account.name}</b> },
          { label: t("account.place"), children: place(account) },
          { label: t("account.number"), children: account.number },
          { label: t("counter.channel"), children: term("channel", sale.channel) },
          { label: t("counter.balanceBefore"), children: <Balance money={account.balance} /> },
          { label: t("counter.balanceAfter"), children: <Balance money={addMoney(account.balance, sale.amount)} /> },
          ...(account.prepaid?.available == null
            ? []
            : [
                {
                  label: t("counter.availableAfter"),
                  children: <Balance money={addMoney(account.prepaid.available, sale.amount)} />,
                },
              ]),
        ]}
      />
      {payment.error === null ? null : <ProblemNote error={payment.error} />}
      {payment.error === null ? null : <p className="quiet">{t("counter.tryAgain")}</p>}
      <div className="review-buttons">
        <Button size="large" onClick={back} disabled={payment.isPending} data-testid="counter-back">
          {t("counter.back")} <kbd>Esc</kbd>
        </Button>
        <Button
          autoFocus
          type="primary"
          size="large"
          loading={payment.isPending}
          onClick={take}
          data-testid="counter-pay"
        >
          {t("counter.pay", { amount: format.money(sale.amount) })} <kbd>Enter</kbd>
        </Button>
      </div>
    </Card>
  );
}
