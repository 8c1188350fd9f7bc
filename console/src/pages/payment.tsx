import { Button, Card, Descriptions, Space, Tag } from "antd";
import { Link, useParams } from "react-router-dom";
import type { PaymentDetailJson } from "../../../api/schemas/payment.ts";
import { usePayment, usePrintReceipt } from "../api/counter.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Amount } from "../parts/money.tsx";
import { PageTitle } from "../parts/page-title.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { mayTakePayments } from "../shell/frame.tsx";
import { useFormat, useUser } from "../shell/operator.tsx";
import { ReversePayment } from "./account/reverse-payment.tsx";
import { repaymentRows } from "./counter/repayment.ts";

function Payment({ payment }: { payment: PaymentDetailJson }) {
  const { t, term, language } = useSpeech();
  const format = useFormat();
  const me = useUser();
  const print = usePrintReceipt(payment.journalId, language);
  const { reversal, cheque } = payment;
  const may = mayTakePayments(me.role);
  const reversible = may && payment.entry === "payment" && reversal === null && cheque === null;
  const row = (label: string, text: string | null) => (text === null || text === "" ? [] : [{ label, children: text }]);
  return (
    <>
      <PageTitle title={t("payment.title", { amount: format.money(payment.amount) })}>
        <Link to={`/accounts/${payment.accountId}`}>{payment.accountName}</Link>
      </PageTitle>
      <Card
        size="small"
        title={payment.receipt === null ? t("payment.noReceipt") : `${t("receipt.number")} ${payment.receipt}`}
        extra={reversal === null ? null : <Tag color="red">{t("timeline.reversed")}</Tag>}
        className="payment-card"
      >
        <Descriptions
          size="small"
          column={{ xs: 1, sm: 2 }}
          items={[
            { label: t("counter.amount"), children: <b>{format.money(payment.amount)}</b> },
            { label: t("counter.channel"), children: term("channel", payment.channel) },
            { label: t("receipt.at"), children: format.instantSeconds(payment.at) },
            ...row(t("receipt.by"), payment.by),
            {
              label: t("account.number"),
              children: <Link to={`/accounts/${payment.accountId}`}>{payment.accountNumber}</Link>,
            },
            { label: t("counter.pays.supply"), children: <Amount money={payment.parts.supply} /> },
            { label: t("counter.pays.property"), children: <Amount money={payment.parts.property} /> },
            ...repaymentRows(payment.repayment, t).map(([label, money]) => ({
              label,
              children: <Amount money={money} />,
            })),
            ...(payment.given === null
              ? []
              : [{ label: t("counter.given"), children: <Amount money={payment.given} /> }]),
            ...(payment.change === null
              ? []
              : [{ label: t("receipt.change"), children: <Amount money={payment.change} /> }]),
            ...row(t("counter.reference"), cheque === null ? payment.reference : null),
            ...(cheque === null
              ? []
              : [
                  {
                    label: t("counter.chequeNumber"),
                    children: `${cheque.number} · ${cheque.bank} · ${t(`cheque.state.${cheque.state}`)}`,
                  },
                ]),
            ...(payment.shiftId === null
              ? []
              : [
                  {
                    label: t("nav.shifts"),
                    children: (
                      <Link to={`/shifts/${payment.shiftId}`}>{`${payment.shiftId} · ${payment.drawer ?? ""}`}</Link>
                    ),
                  },
                ]),
            ...(reversal === null
              ? []
              : [
                  {
                    label: t("payment.reversed"),
                    children: `${format.instant(reversal.at)} · ${reversal.by ?? ""} · ${reversal.reason}`,
                  },
                ]),
          ]}
        />
        {print.error === null ? null : <ProblemNote error={print.error} />}
        {may ? (
          <Space wrap className="payment-deeds">
            <Button onClick={() => print.mutate("80mm")} loading={print.isPending} data-testid="print-80mm">
              {t("receipt.print.80mm")}
            </Button>
            <Button onClick={() => print.mutate("a5")} loading={print.isPending}>
              {t("receipt.print.a5")}
            </Button>
            {reversible ? (
              <ReversePayment journalId={payment.journalId} amount={payment.amount} accountId={payment.accountId} />
            ) : null}
          </Space>
        ) : null}
        {payment.prints.length === 0 ? null : (
          <ul className="quiet">
            {payment.prints.map((one) => (
              <li key={one.print}>
                {one.print === 1 ? t("payment.original") : t("payment.copy", { n: one.print - 1 })} ·{" "}
                {t(`receipt.print.${one.format}`)} · {format.instant(one.at)} · {one.by ?? ""}
              </li>
            ))}
          </ul>
        )}
      </Card>
    </>
  );
}

/** One payment from the books: how it changed hands, its receipt to print again, and whether it was taken back. */
export default function PaymentPage() {
  const { journalId = "" } = useParams();
  const payment = usePayment(journalId);
  return <Loaded query={payment}>{(data) => <Payment payment={data} />}</Loaded>;
}
