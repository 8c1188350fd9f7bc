import { Button, Tag } from "antd";
import { Link, useParams } from "react-router-dom";
import type { BillJson } from "../../../../api/schemas/bill.ts";
import { useBill } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { usePlace } from "../../parts/place.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Amount, isDebt } from "../../parts/money.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { CancelBill } from "./cancel-bill.tsx";
import { ChargeSection } from "./charge-section.tsx";
import { DepositTable, FinalTable, StatementTable } from "./statement-table.tsx";
import { PaperButtons } from "./paper-buttons.tsx";
import { sectionsOf } from "./sections.ts";
import { UtilitySection } from "./utility-section.tsx";

export function BillStatusTag({ status }: { status: BillJson["status"] }) {
  const { term } = useSpeech();
  return (
    <Tag color={status === "paid" ? "green" : status === "open" ? "orange" : "gold"}>{term("billStatus", status)}</Tag>
  );
}

function Head({ bill }: { bill: BillJson }) {
  const { t, language } = useSpeech();
  const format = useFormat();
  const { operator } = useUser();
  return (
    <header className="paper-head">
      <div>
        <h2>{language === "zh" ? operator.nameZh : operator.nameEn}</h2>
        <h1>
          {t(bill.isFinal ? "bill.title.final" : "bill.title", { month: format.month(`${bill.periodFrom}T12:00:00Z`) })}
        </h1>
      </div>
      <dl>
        <dt>{t("bill.number")}</dt>
        <dd>{bill.number}</dd>
        <dt>{t("bill.issued")}</dt>
        <dd>{format.day(bill.issuedOn)}</dd>
        <dt>{t("bill.due")}</dt>
        <dd>{format.day(bill.dueOn)}</dd>
      </dl>
    </header>
  );
}

function Paper({ bill }: { bill: BillJson }) {
  const place = usePlace();
  const { t } = useSpeech();
  const format = useFormat();
  const lastDay = format.dayBefore(bill.periodTo);
  return (
    <article className="paper" data-testid="bill">
      <Head bill={bill} />
      <section className="paper-who">
        <div>
          <b>{bill.accountName}</b>
          <div>{place(bill)}</div>
          <div className="quiet">{t("bill.account", { number: bill.accountNumber })}</div>
        </div>
        <div className="paper-sum">
          <span>{t("bill.total")}</span>
          <b data-testid="bill-total">
            <Amount money={bill.total} />
          </b>
          <small>{t("bill.period", { from: format.day(bill.periodFrom), to: lastDay })}</small>
        </div>
      </section>
      {sectionsOf(bill).map((section) => (
        <UtilitySection key={section.usagePointId} section={section} billId={bill.id} />
      ))}
      <ChargeSection bill={bill} />
      <footer className="paper-foot">
        <div className="paper-total">
          <span>{t("bill.total")}</span>
          <b>
            <Amount money={bill.total} />
          </b>
        </div>
        <StatementTable bill={bill} />
        <DepositTable deposit={bill.deposit} />
        {bill.final === null ? null : <FinalTable final={bill.final} />}
        {bill.open.amount === bill.total.amount || isDebt(bill.open) ? null : (
          <div className="paper-total small">
            <span>{t("bill.open")}</span>
            <span>
              <Amount money={bill.open} />
            </span>
          </div>
        )}
        {bill.ladders.map((run) => (
          <p key={run} className="quiet">
            {t(`ladderRun.${run}`)}
          </p>
        ))}
        <p className="quiet">{t("bill.note")}</p>
      </footer>
    </article>
  );
}

export default function Bill() {
  const { id = "" } = useParams();
  const { t } = useSpeech();
  const bill = useBill(id);
  return (
    <Loaded query={bill} rows={14}>
      {(b) => (
        <>
          <PageTitle
            title={t("bill.page", { number: b.number })}
            note={
              <>
                <BillStatusTag status={b.status} />
                {b.isFinal ? <Tag color="geekblue">{t("bill.final")}</Tag> : null}
              </>
            }
          >
            <Link to={`/accounts/${b.accountId}`}>
              <Button>{t("bill.toAccount")}</Button>
            </Link>
            <Button href={`/api/v1/bills/${b.id}/bundle`} download={`bill-${b.number}.json`}>
              {t("explain.download")}
            </Button>
            <CancelBill billId={b.id} accountId={b.accountId} />
            <PaperButtons billId={b.id} number={b.number} />
          </PageTitle>
          <Paper bill={b} />
        </>
      )}
    </Loaded>
  );
}
