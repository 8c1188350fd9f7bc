import { type FormEvent, useState } from "react";
import { ask } from "../api/client.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Bar } from "./app.tsx";
import { codeOf } from "./use-answer.ts";

const KEPT_AS = "sanbiao.resident";

/** With the code that the counter gave; who has a link comes in by that. */
export function Enter({ problem, entered }: { problem: string | null; entered: () => void }) {
  const { t, term } = useSpeech();
  const kept = JSON.parse(localStorage.getItem(KEPT_AS) ?? "{}") as { operator?: string; accountNumber?: string };
  const [operator, setOperator] = useState(kept.operator ?? "");
  const [accountNumber, setAccountNumber] = useState(kept.accountNumber ?? "");
  const [code, setCode] = useState("");
  const [wrong, setWrong] = useState(problem);
  const [isSent, setSent] = useState(false);
  const send = async () => {
    try {
      const body = { operator: operator.trim(), accountNumber: accountNumber.trim() };
      await ask("/resident/code", { method: "POST", body });
      setSent(true);
      setWrong(null);
    } catch (error) {
      setWrong(codeOf(error));
    }
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const body = { operator: operator.trim(), accountNumber: accountNumber.trim(), code: code.replaceAll(/\D/g, "") };
      await ask("/resident/enter", { method: "POST", body });
      localStorage.setItem(KEPT_AS, JSON.stringify({ operator: body.operator, accountNumber: body.accountNumber }));
      entered();
    } catch (error) {
      setWrong(codeOf(error));
    }
  };
  return (
    <div className="screen">
      <Bar title={t("resident.title")} />
      <form className="card" onSubmit={(event) => void submit(event)}>
        <p>{t("resident.how")}</p>
        {wrong === null ? null : (
          <p className="note bad" role="alert" data-testid="resident-wrong">
            {term("error", wrong)}
          </p>
        )}
        <label>
          {t("resident.operator")}
          <input value={operator} onChange={(e) => setOperator(e.target.value)} autoCapitalize="none" required />
        </label>
        <label>
          {t("resident.account")}
          <input
            value={accountNumber}
            onChange={(e) => setAccountNumber(e.target.value)}
            autoCapitalize="none"
            required
          />
        </label>
        <label>
          {t("resident.code")}
          <input
            value={code}
            onChange={(e) => setCode(e.target.value)}
            inputMode="numeric"
            autoComplete="one-time-code"
            required
          />
        </label>
        {isSent ? (
          <p className="note" role="status" data-testid="resident-sent">
            {t("resident.codeSent")}
          </p>
        ) : (
          <button
            type="button"
            data-testid="resident-send"
            disabled={operator.trim() === "" || accountNumber.trim() === ""}
            onClick={() => void send()}
          >
            {t("resident.sendCode")}
          </button>
        )}
        <button type="submit" className="main" data-testid="resident-enter">
          {t("resident.enter")}
        </button>
      </form>
    </div>
  );
}
