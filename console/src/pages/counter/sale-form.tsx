import { Button, Card, Input, type InputRef } from "antd";
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import type { AccountJson } from "../../../../api/schemas/account.ts";
import type { PaymentChannel, PaysJson } from "../../../../api/schemas/payment.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { addMoney, typedAmount } from "../../parts/decimal-text.ts";
import { isDebt } from "../../parts/money.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { type Draft, missingOf, placesOf, saleOfDraft } from "./draft.ts";
import type { Sale } from "./sale.ts";
import { TenderFields } from "./tender.tsx";

export const QUICK_AMOUNTS = ["20", "50", "100", "200", "500"] as const;
/** Alt and this key choose the channel, wherever the cursor is. */
export const CHANNEL_KEYS: Readonly<Record<PaymentChannel, string>> = {
  cash: "C",
  wallet: "W",
  card: "K",
  bank: "B",
  cheque: "Q",
};
const CHANNELS: readonly PaymentChannel[] = ["cash", "wallet", "card", "bank", "cheque"];
const PAYS: readonly PaysJson[] = ["supply", "property", "split"];
function useShortcuts(
  act: { amount: (text: string) => void; channel: (channel: PaymentChannel) => void },
  active: boolean,
) {
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent) => {
      if (!event.altKey || event.ctrlKey || event.metaKey) return;
      const quick = /^Digit([1-5])$/.exec(event.code)?.[1];
      const channel = CHANNELS.find((c) => event.code === `Key${CHANNEL_KEYS[c]}`);
      if (quick === undefined && channel === undefined) return;
      event.preventDefault();
      if (quick !== undefined) act.amount(QUICK_AMOUNTS[Number(quick) - 1] ?? "");
      if (channel !== undefined) act.channel(channel);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [act, active]);
}

/** Alternatives of which one is chosen; the key that chooses it stands on it. */
function Choice({
  chosen,
  onClick,
  shortcut,
  testId,
  children,
}: {
  chosen: boolean;
  onClick: () => void;
  shortcut: string;
  testId: string;
  children: ReactNode;
}) {
  return (
    <Button
      className="choice"
      type={chosen ? "primary" : "default"}
      aria-pressed={chosen}
      data-testid={testId}
      onClick={onClick}
      tabIndex={-1}
    >
      {children}
      <kbd>{shortcut}</kbd>
    </Button>
  );
}

function Channels({ chosen, choose }: { chosen: PaymentChannel; choose: (channel: PaymentChannel) => void }) {
  const { t, term } = useSpeech();
  return (
    <fieldset className="choices" aria-label={t("counter.channel")}>
      <legend>{t("counter.channel")}</legend>
      {CHANNELS.map((channel) => (
        <Choice
          key={channel}
          chosen={channel === chosen}
          onClick={() => choose(channel)}
          shortcut={`Alt+${CHANNEL_KEYS[channel]}`}
          testId={`channel-${channel}`}
        >
          {term("channel", channel)}
        </Choice>
      ))}
    </fieldset>
  );
}

/** Which debt the payment is for: asked only where there is more than supply's. */
function Pays({ chosen, choose }: { chosen: PaysJson; choose: (pays: PaysJson) => void }) {
  const { t } = useSpeech();
  return (
    <fieldset className="choices" aria-label={t("counter.pays")}>
      <legend>{t("counter.pays")}</legend>
      {PAYS.map((pays) => (
        <Button
          key={pays}
          className="choice"
          type={pays === chosen ? "primary" : "default"}
          aria-pressed={pays === chosen}
          data-testid={`pays-${pays}`}
          onClick={() => choose(pays)}
        >
          {t(`counter.pays.${pays}`)}
        </Button>
      ))}
    </fieldset>
  );
}

/** Step one: how much and by which channel. Enter goes on to the preview, Escape to the next customer. */
export function SaleForm({
  account,
  draft,
  setDraft,
  review,
  leave,
}: {
  account: AccountJson;
  draft: Draft;
  setDraft: (draft: Draft) => void;
  review: (sale: Sale) => void;
  leave: () => void;
}) {
  const { t } = useSpeech();
  const format = useFormat();
  const input = useRef<InputRef>(null);
  const tender = useRef<InputRef>(null);
  const [wrong, setWrong] = useState<"amount" | "tender" | null>(null);
  const { currency } = account.balance;
  const amount = typedAmount(draft.amount, placesOf(currency));
  const hasOther = isDebt(account.propertyBalance);
  const pays = hasOther ? draft.pays : "supply";
  const balance = pays === "property" ? account.propertyBalance : account.balance;
  const owed = pays !== "split" && isDebt(balance) ? balance.amount.slice(1) : null;
  const setAmount = useCallback(
    (text: string) => {
      setDraft({ ...draft, amount: text });
      setWrong(null);
      input.current?.focus();
    },
    [draft, setDraft],
  );
  const setChannel = useCallback(
    (channel: PaymentChannel) => {
      setDraft({ ...draft, channel });
      setWrong(null);
    },
    [draft, setDraft],
  );
  useShortcuts({ amount: setAmount, channel: setChannel }, true);
  const next = () => {
    const missing = missingOf(draft, amount);
    setWrong(missing);
    if (missing === "tender") tender.current?.focus();
    else if (amount !== null) review(saleOfDraft(draft, { accountId: account.id, amount, currency, pays }));
  };
  return (
    <Card
      size="small"
      onKeyDown={(e) => (e.key === "Escape" ? leave() : undefined)}
      title={t(account.paymentMode === "prepaid" ? "counter.topUp" : "counter.takePayment")}
    >
      <label className="amount-field">
        <span>{t("counter.amount")}</span>
        <Input
          ref={input}
          autoFocus
          size="large"
          inputMode="decimal"
          autoComplete="off"
          data-testid="counter-amount"
          aria-label={t("counter.amount")}
          aria-invalid={wrong === "amount"}
          status={wrong === "amount" ? "error" : ""}
          suffix={currency}
          value={draft.amount}
          onChange={(e) => setAmount(e.target.value)}
          onPressEnter={(e) => {
            e.preventDefault(); // else the same key press would click the button that takes the cursor next
            if (!e.nativeEvent.isComposing && !e.repeat) next();
          }}
        />
      </label>
      <div className="amount-note" role={wrong === null ? undefined : "alert"}>
        {wrong !== null ? (
          <span className="debt">{t(wrong === "amount" ? "counter.amount.wrong" : "counter.tender.missing")}</span>
        ) : amount === null || pays === "split" ? null : (
          t("counter.after", { amount: format.money(addMoney(balance, { amount, currency })) })
        )}
      </div>
      <fieldset className="choices" aria-label={t("counter.quick")}>
        <legend>{t("counter.quick")}</legend>
        {QUICK_AMOUNTS.map((quick, i) => (
          <Choice
            key={quick}
            chosen={draft.amount === quick}
            onClick={() => setAmount(quick)}
            shortcut={`Alt+${i + 1}`}
            testId={`quick-${quick}`}
          >
            {quick}
          </Choice>
        ))}
        {owed === null ? null : (
          <Button className="choice" onClick={() => setAmount(owed)} tabIndex={-1}>
            {t("counter.allOwed", { amount: owed })}
          </Button>
        )}
      </fieldset>
      {hasOther ? <Pays chosen={pays} choose={(chosen) => setDraft({ ...draft, pays: chosen })} /> : null}
      <Channels chosen={draft.channel} choose={setChannel} />
      <TenderFields
        key={draft.channel}
        first={tender}
        draft={draft}
        setDraft={setDraft}
        next={next}
        amount={amount}
        currency={currency}
      />
      <Button type="primary" size="large" block onClick={next} data-testid="counter-review">
        {t("counter.review")} <kbd>Enter</kbd>
      </Button>
    </Card>
  );
}
