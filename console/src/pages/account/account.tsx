import { Button, Card, Descriptions, Tag } from "antd";
import { Link, useParams } from "react-router-dom";
import type { AccountJson } from "../../../../api/schemas/account.ts";
import { useAccount } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { usePlace } from "../../parts/place.ts";
import { Ago, Heard } from "../../parts/heard.tsx";
import { RelayLamp } from "../../parts/lamp.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Balance } from "../../parts/money.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { Utility, UtilityIcon } from "../../parts/utility.tsx";
import { mayTakePayments } from "../../shell/frame.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { UTILITY_ORDER } from "../../theme.ts";
import { NoticeCard } from "./contacts.tsx";
import { BillingCard } from "./billing-card.tsx";
import { Certificates } from "./certificates.tsx";
import { DailyUse } from "./daily-use.tsx";
import { TaxCard } from "../tax/tax-card.tsx";
import { PlanCard } from "../moves/plan-card.tsx";
import { ClosedCard, DepositCard } from "./deposit.tsx";
import { ResidentPass } from "./resident-pass.tsx";
import { EmergencyCreditCard } from "./emergency-credit.tsx";
import { OfflineTokens } from "./offline-tokens.tsx";
import { StatedFacts } from "./stated-facts.tsx";
import { Timeline } from "./timeline.tsx";

/** What the account has, and whether its supply flows: followed live. */
export function Standing({ account }: { account: AccountJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const { prepaid, daysLeft } = account;
  return (
    <Card size="small" className="standing">
      <div className="figure">
        <span className="quiet">{t("account.balance")}</span>
        <b data-testid="balance">
          <Balance money={account.balance} />
        </b>
      </div>
      {Number(account.propertyBalance.amount) === 0 ? null : (
        <div className="figure">
          <span className="quiet">{t("charge.section")}</span>
          <b data-testid="property-balance">
            <Balance money={account.propertyBalance} />
          </b>
          <small className="quiet">{t("charge.classNote")}</small>
        </div>
      )}
      {prepaid === null ? null : (
        <>
          <div className="figure">
            <span className="quiet">{t("account.available")}</span>
            <b data-testid="available">{prepaid.available === null ? "–" : <Balance money={prepaid.available} />}</b>
            <small className="quiet">
              {prepaid.unbilled === null ? "" : t("account.unbilled", { amount: format.money(prepaid.unbilled) })}
            </small>
          </div>
          <div className="figure">
            <span className="quiet">{t("account.daysLeft")}</span>
            <b>{daysLeft === null ? "–" : t("account.days", { n: daysLeft.expected })}</b>
            <small className="quiet">
              {daysLeft === null || daysLeft.low === daysLeft.high
                ? null
                : `${t("account.daysBand", { low: daysLeft.low, high: daysLeft.high })} · `}
              {t("account.lastReading")} <Ago at={prepaid.lastReadingAt} />
            </small>
          </div>
        </>
      )}
      {account.relay === null && prepaid === null ? null : (
        <div className="figure">
          <span className="quiet">{t("account.supply")}</span>
          <RelayLamp state={prepaid?.reported ?? account.relay ?? "unknown"} large />
          {prepaid === null ? null : (
            <small className="quiet">
              {term("supply", prepaid.state)}
              {prepaid.held === "" ? "" : `: ${term("held", prepaid.held)}`} · <Ago at={prepaid.reportedAt} />
            </small>
          )}
        </div>
      )}
    </Card>
  );
}

function Facts({ account }: { account: AccountJson }) {
  const place = usePlace();
  const { t, term } = useSpeech();
  const format = useFormat();
  const user = useUser();
  const compare = user.role === "reader" ? null : <Link to={`/what-if?account=${account.id}`}>{t("whatIf.link")}</Link>;
  return (
    <Card size="small" title={t("account.facts")} extra={compare}>
      <Descriptions
        size="small"
        column={1}
        items={[
          { label: t("account.number"), children: account.number },
          { label: t("account.phone"), children: account.phone === "" ? "–" : account.phone },
          {
            label: t("account.address"),
            children: account.address === "" ? place(account) : account.address,
          },
          { label: t("account.opened"), children: format.day(account.openedOn) },
          ...(account.closedOn === null
            ? []
            : [{ label: t("account.closed"), children: format.day(account.closedOn) }]),
          ...account.agreements
            .filter((a) => a.toDay === null)
            .toSorted((a, b) => UTILITY_ORDER.indexOf(a.utility) - UTILITY_ORDER.indexOf(b.utility))
            .map((a) => ({
              key: a.id,
              label: <Utility utility={a.utility} />,
              children: <code className="tariff">{a.tariffId}</code>,
            })),
          ...(account.protectedReason === null
            ? []
            : [
                {
                  label: t("account.protected"),
                  children: <Tag color="purple">{term("protected", account.protectedReason)}</Tag>,
                },
              ]),
        ]}
      />
    </Card>
  );
}

function MeterList({ account }: { account: AccountJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  return (
    <Card size="small" title={t("account.meters")}>
      {account.meters.length === 0 ? <span className="quiet">{t("account.noMeters")}</span> : null}
      <ul className="meter-list">
        {account.meters.map((m) => (
          <li key={m.id}>
            <UtilityIcon utility={m.utility} named />
            <Link to={`/meters/${m.id}`}>{m.serial}</Link>
            <span className="amount">{m.latest === null ? "–" : format.quantity(m.latest)}</span>
            <Heard status={m.status} at={m.heardAt} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

export default function Account() {
  const place = usePlace();
  const { id = "" } = useParams();
  const { t, term } = useSpeech();
  const me = useUser();
  const account = useAccount(id);
  return (
    <Loaded query={account} rows={12}>
      {(a) => (
        <>
          <PageTitle
            title={a.name}
            note={
              <>
                {place(a)} · {a.number} <Tag>{term("mode", a.paymentMode)}</Tag>
              </>
            }
          >
            {mayTakePayments(me.role) ? (
              <>
                <ResidentPass account={a} />
                <OfflineTokens accountId={a.id} />
                <Link to={`/accounts/${a.id}/replay`}>
                  <Button>{t("replay.link")}</Button>
                </Link>
                {a.closing === null && a.agreements.length > 0 ? (
                  <Link to={`/accounts/${a.id}/move-out`}>
                    <Button data-testid="move-out">{t("closing.open")}</Button>
                  </Link>
                ) : null}
                <Link to={`/counter?account=${a.id}`}>
                  <Button type="primary" data-testid="top-up">
                    {t(a.paymentMode === "prepaid" ? "counter.topUp" : "counter.takePayment")}
                  </Button>
                </Link>
              </>
            ) : null}
          </PageTitle>
          <div className="stack">
            <ClosedCard account={a} mayRefund={mayTakePayments(me.role)} />
            <Standing account={a} />
            <div className="grid-account">
              <div className="stack">
                <DailyUse accountId={a.id} />
                <Timeline accountId={a.id} />
                <Certificates account={a} />
              </div>
              <div className="stack">
                <Facts account={a} />
                {a.prepaid === null ? null : (
                  <EmergencyCreditCard accountId={a.id} mayTake={mayTakePayments(me.role)} />
                )}
                <StatedFacts accountId={a.id} mayEdit={mayTakePayments(me.role)} />
                <MeterList account={a} />
                <BillingCard accountId={a.id} />
                <DepositCard account={a} role={me.role} />
                <TaxCard path={`/accounts/${a.id}/tax-identity`} mayChange={mayTakePayments(me.role)} />
                <PlanCard account={a} mayChange={mayTakePayments(me.role)} />
                <NoticeCard accountId={a.id} mayEdit={mayTakePayments(me.role)} />
              </div>
            </div>
          </div>
        </>
      )}
    </Loaded>
  );
}
