import { useMutation } from "@tanstack/react-query";
import { Button, Card, Descriptions } from "antd";
import { type KeyboardEvent, type ReactNode, useRef } from "react";
import type { AccountJson } from "../../../../api/schemas/account.ts";
import type { MoneyJson } from "../../../../api/schemas/json.ts";
import type { PaymentJson } from "../../../../api/schemas/payment.ts";
import { useSplit } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { usePlace } from "../../parts/place.ts";
import { addMoney } from "../../parts/decimal-text.ts";
import { Balance } from "../../parts/money.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { pay, type Sale } from "./sale.ts";

type Item = { label: ReactNode; children: ReactNode };

/** What the money does, as the service would share it now: old debt, what was used beyond the credit, credit, other debts. */
function useParts(account: AccountJson, sale: Sale): Item[] {
  const { t } = useSpeech();
  const format = useFormat();
  const split = useSplit(account.id, { amount: sale.amount.amount, pays: sale.pays });
  const { data } = split;
  if (data === undefined) return [{ label: t("counter.split"), children: "…" }];
  const line = (label: ReactNode, money: MoneyJson): Item[] =>
    isNothing(money) ? [] : [{ label, children: format.money(money) }];
  return [
    ...line(t("counter.split.debt"), data.supply.debt),
    ...line(t("counter.split.emergency"), data.supply.emergency),
    ...line(t("counter.split.overdraft"), data.supply.overdraft),
    ...line(t("counter.split.credit"), data.supply.credit),
    ...line(t("counter.split.property"), data.parts.property),
    ...(data.emergencyLeft === null
      ? []
      : [{ label: t("counter.split.left"), children: format.money(data.emergencyLeft) }]),
    ...(sale.pays === "property"
      ? []
      : [
          {
            label: t("counter.balanceAfter"),
            children: <Balance money={addMoney(account.balance, data.parts.supply)} />,
          },
        ]),
  ];
}

const isNothing = ({ amount }: MoneyJson): boolean => !/[1-9]/.test(amount);

/** What changes hands besides the amount. */
function tenderItems(sale: Sale, t: ReturnType<typeof useSpeech>["t"], format: ReturnType<typeof useFormat>): Item[] {
  const { given, reference, cheque } = sale;
  return [
    ...(given === undefined
      ? []
      : [
          { label: t("counter.given"), children: format.money(given) },
          {
            label: t("receipt.change"),
            children: <b>{format.money(addMoney(given, { ...sale.amount, amount: `-${sale.amount.amount}` }))}</b>,
          },
        ]),
    ...(reference === undefined ? [] : [{ label: t("counter.reference"), children: reference }]),
    ...(cheque === undefined
      ? []
      : [{ label: t("counter.chequeNumber"), children: `${cheque.number} · ${cheque.bank}` }]),
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
          ...tenderItems(sale, t, format),
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
