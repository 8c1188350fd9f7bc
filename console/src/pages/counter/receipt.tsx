import { Alert, Button, Card, Steps } from "antd";
import { useCallback, useEffect, useMemo } from "react";
import { Link } from "react-router-dom";
import type { AccountJson } from "../../../../api/schemas/account.ts";
import type { PaymentJson } from "../../../../api/schemas/payment.ts";
import type { ControlJson } from "../../../../api/schemas/supply.ts";
import { type ReceiptFormat, usePrintReceipt } from "../../api/counter.ts";
import { useControls } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { usePlace } from "../../parts/place.ts";
import { RelayLamp } from "../../parts/lamp.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { ReversePayment } from "../account/reverse-payment.tsx";
import { repaymentRows } from "./repayment.ts";
import type { Sale } from "./sale.ts";

const REACHED: Readonly<Record<ControlJson["state"], number>> = {
  queued: 1,
  sent: 2,
  confirmed: 4,
  cancelled: 1,
  unknown: 2,
};

/** The way of the reconnection: booked, waiting, sent, and the relay itself, which alone ends it. */
function Order({ order, relay }: { order: ControlJson | undefined; relay: string }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const on = relay === "connected";
  const step = on ? 4 : order === undefined ? 1 : Math.min(3, REACHED[order.state]);
  return (
    <div className="order" data-testid="order" data-state={order?.state ?? "none"}>
      <Steps
        size="small"
        current={step}
        status={order?.state === "unknown" && !on ? "error" : "process"}
        items={[
          { title: t("order.booked") },
          { title: t("order.queued"), ...(order === undefined ? {} : { content: format.clock(order.createdAt) }) },
          { title: t("order.sent"), ...(order?.sentAt == null ? {} : { content: format.clock(order.sentAt) }) },
          {
            title: t("order.relay"),
            ...(order?.readBackAt == null ? {} : { content: format.clock(order.readBackAt) }),
          },
        ]}
      />
      <div className="order-lamp">
        <RelayLamp state={relay} large />
        <span className="quiet">
          {on
            ? t("order.done")
            : order === undefined
              ? t("order.deciding")
              : t("order.waiting", { state: term("control", order.state) })}
        </span>
      </div>
    </div>
  );
}

/** Alt and a letter: what can be done with the receipt without the mouse. */
function useReceiptKeys(act: { print: (format: ReceiptFormat) => void }) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!event.altKey || event.ctrlKey || event.metaKey || event.repeat) return;
      const format = event.code === "KeyP" ? "80mm" : event.code === "KeyA" ? "a5" : null;
      if (format === null) return;
      event.preventDefault();
      act.print(format);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [act]);
}

function PrintButtons({ payment }: { payment: PaymentJson }) {
  const { t, language } = useSpeech();
  const printing = usePrintReceipt(payment.journalId, language);
  const { mutate, isPending, error } = printing;
  const print = useCallback(
    (format: ReceiptFormat) => {
      if (!isPending) mutate(format);
    },
    [mutate, isPending],
  );
  useReceiptKeys(useMemo(() => ({ print }), [print]));
  return (
    <>
      {error === null ? null : <ProblemNote error={error} />}
      <Button onClick={() => print("80mm")} disabled={isPending} data-testid="print-80mm">
        {t("receipt.print.80mm")} <kbd>Alt+P</kbd>
      </Button>
      <Button onClick={() => print("a5")} disabled={isPending}>
        {t("receipt.print.a5")} <kbd>Alt+A</kbd>
      </Button>
    </>
  );
}

/** What the clerk reads off: number, change, who paid what. The paper itself is the service's. */
function Taken({ account, sale, payment }: { account: AccountJson; sale: Sale; payment: PaymentJson }) {
  const place = usePlace();
  const { t, term } = useSpeech();
  const format = useFormat();
  const { name } = useUser();
  const parts = (["supply", "property"] as const)
    .filter(() => sale.pays !== "supply")
    .map((of) => [t(`counter.pays.${of}`), format.money(payment.parts[of])] as const);
  const rows: readonly (readonly [string, string])[] = [
    [t("receipt.at"), format.instantSeconds(payment.at)],
    [t("account.name"), [account.name, place(account)].filter(Boolean).join(" · ")],
    [t("account.number"), account.number],
    [t("counter.channel"), term("channel", sale.channel)],
    ...(sale.reference === undefined ? [] : [[t("counter.reference"), sale.reference] as const]),
    ...(sale.cheque === undefined
      ? []
      : [[t("counter.chequeNumber"), `${sale.cheque.number} · ${sale.cheque.bank}`] as const]),
    [t("counter.amount"), format.money(payment.amount)],
    ...parts,
    ...repaymentRows(payment.repayment, t).map(([label, money]) => [label, format.money(money)] as const),
    [t("counter.balanceAfter"), format.money(sale.pays === "property" ? payment.propertyBalance : payment.balance)],
    [t("receipt.by"), name],
  ];
  return (
    <article className="receipt" data-testid="counter-receipt">
      <h2>
        <Link to={`/payments/${payment.journalId}`}>{`${t("receipt.title")} ${payment.receipt ?? ""}`}</Link>
      </h2>
      {payment.change === null ? null : (
        <p className="receipt-change" data-testid="counter-change">
          {t("receipt.change")} <b>{format.money(payment.change)}</b>
        </p>
      )}
      <dl>
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </article>
  );
}

/** Step three: what was taken, its receipt on a key, and the supply followed until it flows. */
export function Receipt({
  account,
  sale,
  payment,
  next,
}: {
  account: AccountJson;
  sale: Sale;
  payment: PaymentJson;
  next: () => void;
}) {
  const { t } = useSpeech();
  const controls = useControls({ accountId: account.id, page: 1, pageSize: 10 });
  const order = controls.data?.items.find((c) =>
    payment.controlId === null
      ? c.action === "connect" && Date.parse(c.createdAt) >= Date.parse(payment.at)
      : c.id === payment.controlId,
  );
  const isHeld = payment.cheque?.counts === "cleared";
  return (
    <Card
      size="small"
      className="receipt-card"
      onKeyDown={(e) => (e.key === "Enter" && e.repeat ? e.preventDefault() : undefined)}
      title={t(payment.outcome === "posted" ? "receipt.taken" : "receipt.already")}
    >
      {isHeld ? <Alert type="info" showIcon title={t("receipt.held")} /> : null}
      {account.prepaid === null || isHeld ? null : <Order order={order} relay={account.prepaid.reported} />}
      <Taken account={account} sale={sale} payment={payment} />
      <div className="review-buttons">
        {sale.channel === "cheque" ? null : (
          <ReversePayment journalId={payment.journalId} amount={payment.amount} accountId={account.id} />
        )}
        <PrintButtons payment={payment} />
        <Button autoFocus type="primary" onClick={next} data-testid="counter-next">
          {t("counter.next")} <kbd>Enter</kbd>
        </Button>
      </div>
    </Card>
  );
}
