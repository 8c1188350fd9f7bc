import { Button, Input, Segmented } from "antd";
import { type FormEvent, useRef, useState } from "react";
import type { CounterJson, OpenShiftBody } from "../../../../api/schemas/counter.ts";
import type { z } from "zod";
import { useCounterDeed } from "../../api/counter.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { typedAmount } from "../../parts/decimal-text.ts";
import { ProblemNote } from "../../parts/problem.tsx";
import { useUser } from "../../shell/operator.tsx";
import { placesOf } from "../counter/draft.ts";
import { newKey } from "../../api/key.ts";

/** A drawer and the float in it. One key for one wish: a double click opens one shift. */
export function OpenShift({ counter, done }: { counter: CounterJson; done: () => void }) {
  const { t } = useSpeech();
  const { currency } = useUser().operator;
  const free = counter.drawers.filter(({ takenBy }) => takenBy === null);
  const [drawer, setDrawer] = useState(free[0]?.id);
  const [float, setFloat] = useState("");
  const key = useRef(newKey("shift"));
  const open = useCounterDeed<z.infer<typeof OpenShiftBody>>("/counter/shifts");
  const zero = /^0*(\.0*)?$/.test(float.trim());
  const amount = zero ? "0" : typedAmount(float, placesOf(currency));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (drawer === undefined || amount === null) return;
    const body = { drawerId: drawer, float: { amount, currency } };
    open.mutate(
      { ...body, key: key.current },
      {
        onSuccess: done,
        onError: () => {
          key.current = newKey("shift");
        },
      },
    );
  };
  if (counter.drawers.length === 0) return <p>{t("shift.noDrawers")}</p>;
  return (
    <form onSubmit={submit} className="shift-open" data-testid="shift-open">
      <div>
        <span className="quiet">{t("shift.drawer")}</span>
        <Segmented
          value={drawer ?? ""}
          onChange={setDrawer}
          options={counter.drawers.map(({ id, code, name, takenBy }) => ({
            value: id,
            disabled: takenBy !== null,
            label: takenBy === null ? `${code} ${name}` : t("shift.takenBy", { drawer: code, clerk: takenBy.clerk }),
          }))}
        />
      </div>
      <label>
        <span className="quiet">{t("shift.float")}</span>
        <Input
          autoFocus
          inputMode="decimal"
          autoComplete="off"
          data-testid="shift-float"
          status={amount === null ? "error" : ""}
          suffix={currency}
          placeholder="0"
          value={float}
          onChange={(e) => setFloat(e.target.value)}
        />
      </label>
      <Button
        type="primary"
        htmlType="submit"
        disabled={drawer === undefined || amount === null}
        loading={open.isPending}
      >
        {t("shift.open")}
      </Button>
      {open.error === null ? null : <ProblemNote error={open.error} />}
    </form>
  );
}
