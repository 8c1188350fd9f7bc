import { Button, Card, Input, InputNumber, Segmented } from "antd";
import { type FormEvent, useState } from "react";
import type { CountBody, ShiftJson } from "../../../../api/schemas/counter.ts";
import { useCounterDeed } from "../../api/counter.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { addAmounts, typedAmount } from "../../parts/decimal-text.ts";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { placesOf } from "../counter/draft.ts";

/** Notes and coins as they are in use; of another currency a sum is typed. */
const FACES: Readonly<Record<string, readonly string[]>> = {
  CNY: ["100", "50", "20", "10", "5", "1", "0.5", "0.1"],
  EUR: ["200", "100", "50", "20", "10", "5", "2", "1", "0.50", "0.20", "0.10", "0.05", "0.02", "0.01"],
};

/** The blind count: nothing here says what should be in the drawer. */
export function CountShift({ shift }: { shift: ShiftJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const { currency } = shift.float;
  const faces = FACES[currency] ?? [];
  const [how, setHow] = useState<"pieces" | "sum">(faces.length > 0 ? "pieces" : "sum");
  const [pieces, setPieces] = useState<Readonly<Record<string, number>>>({});
  const [text, setText] = useState("");
  const count = useCounterDeed<CountBody>(`/counter/shifts/${shift.id}/count`);
  const isZero = /^0+(\.0*)?$/.test(text.trim());
  const typed = isZero ? "0" : typedAmount(text, placesOf(currency));
  const sum = faces.reduce((total, face) => addAmounts(total, times(face, pieces[face] ?? 0)), "0.00");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (how === "pieces") count.mutate({ pieces: faces.map((face) => ({ face, pieces: pieces[face] ?? 0 })) });
    else if (typed !== null) count.mutate({ counted: { amount: typed, currency } });
  };
  return (
    <Card size="small" title={t("shift.count")} className="shift-count">
      <p className="quiet">{t("shift.count.blind")}</p>
      <form onSubmit={submit} data-testid="shift-count">
        {faces.length === 0 ? null : (
          <Segmented
            value={how}
            onChange={(v) => setHow(v as typeof how)}
            options={[
              { value: "pieces", label: t("shift.pieces") },
              { value: "sum", label: t("shift.sum") },
            ]}
          />
        )}
        {how === "sum" ? (
          <Input
            autoFocus
            size="large"
            inputMode="decimal"
            autoComplete="off"
            data-testid="shift-sum"
            aria-label={t("shift.sum")}
            suffix={currency}
            value={text}
            onChange={(e) => setText(e.target.value)}
          />
        ) : (
          <div className="faces">
            {faces.map((face, i) => (
              <label key={face}>
                <span>{format.money({ amount: face, currency })} ×</span>
                <InputNumber
                  autoFocus={i === 0}
                  min={0}
                  max={100_000}
                  precision={0}
                  controls={false}
                  aria-label={`${face} ${currency}`}
                  value={pieces[face] ?? null}
                  onChange={(n) => setPieces({ ...pieces, [face]: n ?? 0 })}
                />
                <span className="amount quiet">
                  {format.money({ amount: times(face, pieces[face] ?? 0), currency })}
                </span>
              </label>
            ))}
          </div>
        )}
        {how === "pieces" ? (
          <p className="faces-sum">{t("shift.counted", { amount: format.money({ amount: sum, currency }) })}</p>
        ) : null}
        {count.error === null ? null : <ProblemNote error={count.error} />}
        <Button
          type="primary"
          size="large"
          htmlType="submit"
          loading={count.isPending}
          disabled={how === "sum" && typed === null}
          data-testid="shift-count-go"
        >
          {t("shift.count.go")}
        </Button>
      </form>
    </Card>
  );
}

/** A face value so many times, exact. */
function times(face: string, pieces: number): string {
  const [whole = "0", part = ""] = face.split(".");
  const minor = BigInt(whole + part.padEnd(2, "0")) * BigInt(Math.trunc(pieces));
  const digits = minor.toString().padStart(3, "0");
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
