import { type FormEvent, useEffect, useState } from "react";
import type { BuyJson, ResidentHomeJson } from "../../../api/schemas/resident.ts";
import { ask } from "../api/client.ts";
import type { Format } from "../format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { codeOf, useAnswer } from "./use-answer.ts";

const AMOUNTS = ["20", "50", "100", "200"];
const LOOK_MS = 1_500;

/** One order per visit: pressing twice, or again after a line that broke, is the same order. */
export function Buy({ home, format, done }: { home: ResidentHomeJson; format: Format; done: () => void }) {
  const { t, term } = useSpeech();
  const { currency } = home.operator;
  const owed = home.balance.amount.startsWith("-") ? home.balance.amount.slice(1) : null;
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [amount, setAmount] = useState(home.prepaid === null && owed !== null ? owed : "");
  const [order, setOrder] = useState<BuyJson | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isAsking, setAsking] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isAsking) return;
    setAsking(true);
    try {
      setOrder(await ask<BuyJson>("/resident/orders", { method: "POST", body: { key, amount: amount.trim() } }));
      setProblem(null);
    } catch (error) {
      setProblem(codeOf(error));
    } finally {
      setAsking(false);
    }
  };
  if (order !== null) return <Waits order={order} format={format} done={done} />;
  return (
    <form className="card" onSubmit={(event) => void submit(event)}>
      <b>{home.prepaid === null ? t("resident.pay") : t("resident.topUp")}</b>
      <div className="keys">
        {AMOUNTS.map((one) => (
          <button key={one} type="button" aria-pressed={amount === one} onClick={() => setAmount(one)}>
            {format.money({ amount: one, currency })}
          </button>
        ))}
      </div>
      <label>
        {t("resident.amount")}
        <input
          value={amount}
          inputMode="decimal"
          data-testid="resident-amount"
          onChange={(e) => {
            setAmount(e.target.value);
            setKey(crypto.randomUUID()); // another sum is another order
          }}
          pattern="\d{1,6}([.]\d{1,2})?"
          required
        />
      </label>
      {problem === null ? null : (
        <p className="note bad" role="alert">
          {term("error", problem)}
        </p>
      )}
      <button type="submit" className="main" disabled={isAsking} data-testid="resident-order">
        {t("resident.goPay")}
      </button>
      <button type="button" onClick={done}>
        {t("resident.back")}
      </button>
    </form>
  );
}

/** Until the channel has said that it has the money: what the customer sees is what is in the books. */
function Waits({ order, format, done }: { order: BuyJson; format: Format; done: () => void }) {
  const { t } = useSpeech();
  const now = useAnswer<BuyJson>(`/resident/orders/${order.order.ref}`, LOOK_MS);
  const { state, amount } = now.data?.order ?? order.order;
  const isPaid = state === "paid" || state === "paid_late";
  useEffect(() => {
    if (!isPaid) return;
    const timer = setTimeout(done, 2_500); // long enough to read it
    return () => clearTimeout(timer);
  }, [isPaid, done]);
  return (
    <section className="card figure" data-testid="resident-order-state" data-state={state}>
      <span className="quiet">{t(`resident.order.${state}`)}</span>
      <strong>{format.money(amount)}</strong>
      {state === "open" ? (
        <a
          className="main button"
          href={order.payPath}
          target="_blank"
          rel="noreferrer"
          data-testid="resident-pay-link"
        >
          {t("resident.openPay")}
        </a>
      ) : null}
      <button type="button" onClick={done}>
        {t("resident.back")}
      </button>
    </section>
  );
}
