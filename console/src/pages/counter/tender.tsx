import { Input, type InputRef } from "antd";
import type { Ref } from "react";
import type { PaymentChannel } from "../../../../api/schemas/payment.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { changeOf, type Draft } from "./draft.ts";

type Told = { draft: Draft; setDraft: (draft: Draft) => void; next: () => void; first: Ref<InputRef> };

/** What a way of paying asks besides the amount. Enter goes on from every field. */
export function TenderFields({ amount, currency, ...told }: Told & { amount: string | null; currency: string }) {
  const { channel } = told.draft;
  if (channel === "cash") return <Given amount={amount} currency={currency} {...told} />;
  if (channel === "cheque")
    return (
      <div className="tender">
        <Field name="chequeNumber" {...told} />
        <Field name="bank" {...told} first={null} />
      </div>
    );
  return (
    <div className="tender">
      <Field name="reference" {...told} />
    </div>
  );
}

function Field({ name, draft, setDraft, next, first }: Told & { name: "reference" | "chequeNumber" | "bank" }) {
  const { t } = useSpeech();
  const label = t(name === "reference" ? referenceLabel(draft.channel) : `counter.${name}`);
  return (
    <label>
      <span>{label}</span>
      <Input
        ref={first}
        autoComplete="off"
        maxLength={name === "chequeNumber" ? 40 : 60}
        data-testid={`counter-${name}`}
        aria-label={label}
        value={draft[name]}
        onChange={(e) => setDraft({ ...draft, [name]: e.target.value })}
        onPressEnter={(e) => {
          e.preventDefault();
          if (!e.nativeEvent.isComposing && !e.repeat) next();
        }}
      />
    </label>
  );
}

const referenceLabel = (channel: PaymentChannel) =>
  channel === "bank" ? ("counter.reference.bank" as const) : ("counter.reference" as const);

/** Cash: what was handed over, and the change, to read while the drawer is open. */
function Given({ draft, setDraft, next, first, amount, currency }: Told & { amount: string | null; currency: string }) {
  const { t } = useSpeech();
  const format = useFormat();
  const change = changeOf(draft.given, amount);
  return (
    <div className="tender">
      <label>
        <span>{t("counter.given")}</span>
        <Input
          ref={first}
          inputMode="decimal"
          autoComplete="off"
          data-testid="counter-given"
          aria-label={t("counter.given")}
          status={change === "short" ? "error" : ""}
          suffix={currency}
          value={draft.given}
          onChange={(e) => setDraft({ ...draft, given: e.target.value })}
          onPressEnter={(e) => {
            e.preventDefault();
            if (!e.nativeEvent.isComposing && !e.repeat) next();
          }}
        />
      </label>
      <output className={change === "short" ? "debt" : ""}>
        {change === null
          ? ""
          : change === "short"
            ? t("counter.given.short")
            : t("counter.change", { amount: format.money({ amount: change, currency }) })}
      </output>
    </div>
  );
}
