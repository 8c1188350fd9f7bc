import { useMutation } from "@tanstack/react-query";
import { Button, Card, Descriptions } from "antd";
import { type KeyboardEvent, type ReactNode, useRef } from "react";
import type { AccountJson } from "../../../../api/schemas/account.ts";
import type { PaymentJson } from "../../../../api/schemas/payment.ts";
import { useSplit } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { usePlace } from "../../parts/place.ts";
import { addMoney } from "../../parts/decimal-text.ts";
import { Balance } from "../../parts/money.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { pay, type Sale } from "./sale.ts";

/** What goes to which debt; a shared payment is shared by the service, nothing is taken for the asking. */
function useParts(account: AccountJson, sale: Sale): { label: ReactNode; children: ReactNode }[] {
  const { t } = useSpeech();
  const format = useFormat();
  const split = useSplit(account.id, sale.pays === "split" ? sale.amount.amount : null);
  if (sale.pays !== "split") {
    const balance = sale.pays === "property" ? account.propertyBalance : account.balance;
    return [
      ...(sale.pays === "property" ? [{ label: t("counter.pays"), children: t("counter.pays.property") }] : []),
      { label: t("counter.balanceBefore"), children: <Balance money={balance} /> },
      { label: t("counter.balanceAfter"), children: <Balance money={addMoney(balance, sale.amount)} /> },
    ];
  }
  const part = (of: "supply" | "property") => (split.data === undefined ? "…" : format.money(split.data.parts[of]));
  return [
    { label: t("counter.pays.supply"), children: part("supply") },
    { label: t("counter.pays.property"), children: part("property") },
  ];
}

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
  const parts = useParts(account, sale);
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
          ...parts,
          ...(account.prepaid?.available == null || sale.pays !== "supply"
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
