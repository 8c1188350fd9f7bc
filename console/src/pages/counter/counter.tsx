import { Alert, type InputRef, Result } from "antd";
import { useCallback, useEffect, useRef, useState } from "react";
import { Link, useSearchParams } from "react-router-dom";
import type { AccountJson } from "../../../../api/schemas/account.ts";
import type { PaymentJson } from "../../../../api/schemas/payment.ts";
import { useAccount } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { usePlace } from "../../parts/place.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { mayTakePayments } from "../../shell/frame.tsx";
import { useUser } from "../../shell/operator.tsx";
import { Standing } from "../account/account.tsx";
import { EmergencyCreditCard } from "../account/emergency-credit.tsx";
import { FindAccount } from "./find-account.tsx";
import { ShiftBar } from "./shift-bar.tsx";
import { Receipt } from "./receipt.tsx";
import type { Sale } from "./sale.ts";
import { type Draft, EMPTY } from "./draft.ts";
import { SaleForm } from "./sale-form.tsx";
import { SaleReview } from "./sale-review.tsx";

type Step =
  | { readonly kind: "form" }
  | { readonly kind: "review"; readonly sale: Sale }
  | { readonly kind: "paid"; readonly sale: Sale; readonly payment: PaymentJson };

function SaleDesk({ account, next }: { account: AccountJson; next: () => void }) {
  const place = usePlace();
  const { t } = useSpeech();
  const [step, setStep] = useState<Step>({ kind: "form" });
  const [draft, setDraft] = useState<Draft>(EMPTY);
  return (
    <div className="stack">
      <h2 className="sale-name">
        <Link to={`/accounts/${account.id}`}>{account.name}</Link>{" "}
        <small className="quiet">{`${place(account)} · ${account.number}`}</small>
      </h2>
      {account.closedOn === null ? null : <Alert type="warning" showIcon title={t("counter.closed")} />}
      <Standing account={account} />
      {account.prepaid === null || step.kind === "review" ? null : (
        <EmergencyCreditCard accountId={account.id} mayTake />
      )}
      {step.kind === "form" ? (
        <SaleForm
          account={account}
          draft={draft}
          setDraft={setDraft}
          review={(sale) => setStep({ kind: "review", sale })}
          leave={next}
        />
      ) : null}
      {step.kind === "review" ? (
        <SaleReview
          account={account}
          sale={step.sale}
          back={() => setStep({ kind: "form" })}
          paid={(payment) => setStep({ ...step, kind: "paid", payment })}
        />
      ) : null}
      {step.kind === "paid" ? <Receipt account={account} sale={step.sale} payment={step.payment} next={next} /> : null}
    </div>
  );
}

function ChosenAccount({ id, next }: { id: string; next: () => void }) {
  const account = useAccount(id);
  return (
    <Loaded query={account} rows={8}>
      {(a) => <SaleDesk account={a} next={next} />}
    </Loaded>
  );
}

/** A letter typed while nothing has the cursor goes to the search, so that a clerk never needs the mouse. */
function useTypeToSearch(input: React.RefObject<InputRef | null>) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const idle = document.activeElement === document.body || document.activeElement === null;
      if (idle && event.key.length === 1 && !event.altKey && !event.ctrlKey && !event.metaKey) input.current?.focus();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [input]);
}

export default function Counter() {
  const { t } = useSpeech();
  const me = useUser();
  const search = useRef<InputRef>(null);
  const [params, setParams] = useSearchParams();
  const [served, setServed] = useState(0);
  const id = params.get("account");
  useTypeToSearch(search);
  const choose = useCallback((account: string) => setParams({ account }), [setParams]);
  const next = useCallback(() => {
    setParams({});
    setServed((n) => n + 1);
  }, [setParams]);
  if (!mayTakePayments(me.role))
    return <Result status="403" title={t("error.auth.forbidden")} subTitle={t("hint.auth.forbidden")} />;
  return (
    <>
      <PageTitle title={t("nav.counter")} note={t("counter.keys")} />
      <ShiftBar />
      <div className="counter">
        <FindAccount key={`find-${served}`} input={search} choose={choose} />
        {id === null ? (
          <div className="counter-empty quiet no-print">{t("counter.begin")}</div>
        ) : (
          <ChosenAccount key={id} id={id} next={next} />
        )}
      </div>
    </>
  );
}
