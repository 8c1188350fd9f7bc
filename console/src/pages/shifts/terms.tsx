import { Button, Card, Checkbox, Input, Radio } from "antd";
import { type FormEvent, useState } from "react";
import type { CounterTermsJson } from "../../../../api/schemas/counter.ts";
import { useCounterDeed } from "../../api/counter.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useUser } from "../../shell/operator.tsx";

/** How counters are run here, and new drawers: a manager's. */
export function CounterTerms({ terms }: { terms: CounterTermsJson }) {
  const { t } = useSpeech();
  const { currency } = useUser().operator;
  const [draft, setDraft] = useState(terms);
  const [drawer, setDrawer] = useState({ code: "", name: "" });
  const keep = useCounterDeed<CounterTermsJson, CounterTermsJson>("/counter/terms", "PUT");
  const add = useCounterDeed<{ code: string; name: string }>("/counter/drawers");
  const limit = (name: "varianceLimit" | "reversalLimit") => (
    <label>
      <span>{t(`terms.${name}`)}</span>
      <Input
        inputMode="decimal"
        suffix={currency}
        placeholder={t("terms.noLimit")}
        value={draft[name]?.amount ?? ""}
        onChange={(e) => {
          const amount = e.target.value.trim();
          setDraft({ ...draft, [name]: amount === "" ? null : { amount, currency } });
        }}
      />
    </label>
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keep.mutate(draft);
  };
  return (
    <Card size="small" title={t("terms.title")}>
      <form className="counter-terms" onSubmit={submit}>
        <Checkbox
          checked={draft.shiftRequired}
          onChange={(e) => setDraft({ ...draft, shiftRequired: e.target.checked })}
        >
          {t("terms.shiftRequired")}
        </Checkbox>
        {limit("varianceLimit")}
        {limit("reversalLimit")}
        <Radio.Group
          value={draft.chequeCounts}
          onChange={(e) => setDraft({ ...draft, chequeCounts: e.target.value as CounterTermsJson["chequeCounts"] })}
          options={[
            { value: "cleared", label: t("terms.cheque.cleared") },
            { value: "received", label: t("terms.cheque.received") },
          ]}
        />
        {keep.error === null ? null : <ProblemNote error={keep.error} />}
        <Button htmlType="submit" type="primary" loading={keep.isPending} disabled={sameTerms(draft, terms)}>
          {t("terms.keep")}
        </Button>
      </form>
      <form
        className="counter-terms"
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate(drawer, { onSuccess: () => setDrawer({ code: "", name: "" }) });
        }}
      >
        <Input
          maxLength={20}
          aria-label={t("terms.drawer.code")}
          placeholder={t("terms.drawer.code")}
          value={drawer.code}
          onChange={(e) => setDrawer({ ...drawer, code: e.target.value })}
        />
        <Input
          maxLength={60}
          aria-label={t("terms.drawer.name")}
          placeholder={t("terms.drawer.name")}
          value={drawer.name}
          onChange={(e) => setDrawer({ ...drawer, name: e.target.value })}
        />
        <Button htmlType="submit" disabled={drawer.code.trim() === ""} loading={add.isPending}>
          {t("terms.drawer.add")}
        </Button>
        {add.error === null ? null : <ProblemNote error={add.error} />}
      </form>
    </Card>
  );
}

const sameTerms = (a: CounterTermsJson, b: CounterTermsJson): boolean =>
  a.shiftRequired === b.shiftRequired &&
  a.chequeCounts === b.chequeCounts &&
  a.varianceLimit?.amount === b.varianceLimit?.amount &&
  a.reversalLimit?.amount === b.reversalLimit?.amount;
