import { Button, Card, Steps } from "antd";
import type { AccountJson } from "../../../../api/schemas/account.ts";
import type { PaymentJson } from "../../../../api/schemas/payment.ts";
import type { ControlJson } from "../../../../api/schemas/supply.ts";
import { useControls } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { usePlace } from "../../parts/place.ts";
import { RelayLamp } from "../../parts/lamp.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
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

/** Step three: the receipt to print, and the supply followed until it flows. */
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
  const place = usePlace();
  const { t, term, language } = useSpeech();
  const format = useFormat();
  const { operator, name } = useUser();
  const controls = useControls({ accountId: account.id, page: 1, pageSize: 10 });
  const order = controls.data?.items.find((c) =>
    payment.controlId === null
      ? c.action === "connect" && Date.parse(c.createdAt) >= Date.parse(payment.at)
      : c.id === payment.controlId,
  );
  const paid = (["supply", "property"] as const)
    .filter(() => sale.pays !== "supply")
    .map((of) => [t(`counter.pays.${of}`), format.money(payment.parts[of])] as const);
  const rows: readonly (readonly [string, string])[] = [
    [t("receipt.number"), payment.journalId],
    [t("receipt.at"), format.instantSeconds(payment.at)],
    [t("account.name"), account.name],
    [t("account.number"), account.number],
    [t("account.place"), place(account)],
    [t("counter.channel"), term("channel", sale.channel)],
    [t("counter.amount"), format.money(payment.amount)],
    ...paid,
    [t("counter.balanceAfter"), format.money(sale.pays === "property" ? payment.propertyBalance : payment.balance)],
    [t("receipt.by"), name],
  ];
  return (
    <Card
      size="small"
      className="receipt-card"
      onKeyDown={(e) => (e.key === "Enter" && e.repeat ? e.preventDefault() : undefined)}
      title={t(payment.outcome === "posted" ? "receipt.taken" : "receipt.already")}
    >
      <div className="no-print">
        {account.prepaid === null ? null : <Order order={order} relay={account.prepaid.reported} />}
      </div>
      <article className="receipt" data-testid="counter-receipt">
        <h2>{language === "zh" ? operator.nameZh : operator.nameEn}</h2>
        <h3>{t("receipt.title")}</h3>
        <dl>
          {rows.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </article>
      <div className="review-buttons no-print">
        <Button onClick={() => window.print()}>{t("receipt.print")}</Button>
        <Button autoFocus type="primary" onClick={next} data-testid="counter-next">
          {t("counter.next")} <kbd>Enter</kbd>
        </Button>
      </div>
    </Card>
  );
}
