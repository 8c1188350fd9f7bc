import { useState } from "react";
import type { z } from "zod";
import type { SandboxJson } from "../../../api/schemas/channel.ts";
import { ask } from "../api/client.ts";
import { formatOf } from "../format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Bar } from "./app.tsx";
import { Waiting } from "./usage.tsx";
import { codeOf, useAnswer } from "./use-answer.ts";

const PRESSES = ["pay", "pay_twice", "fail", "refund"] as const;
type Sandbox = z.infer<typeof SandboxJson>;

/** The sandbox: what a wallet's own page would be. One presses what it shall say. */
export function Pay({ orderRef }: { orderRef: string }) {
  const { t, term, language } = useSpeech();
  const path = `/sandbox/orders/${orderRef}`;
  const order = useAnswer<Sandbox>(path);
  const [problem, setProblem] = useState<string | null>(null);
  const format = formatOf(language, "UTC");
  const press = async (what: (typeof PRESSES)[number]) => {
    try {
      await ask(`${path}/press`, { method: "POST", body: { press: what } });
      setProblem(null);
    } catch (error) {
      setProblem(codeOf(error));
    }
    order.again();
  };
  return (
    <div className="screen resident">
      <Bar title={t("resident.sandbox")} />
      <p className="note warn">{t("resident.sandboxWhat")}</p>
      {order.data === null ? (
        <Waiting problem={order.problem} />
      ) : (
        <section className="card figure" data-testid="sandbox-order" data-state={order.data.order.state}>
          <span className="quiet">
            {language === "zh" ? order.data.operatorZh : order.data.operatorEn} · {order.data.accountNumber}
          </span>
          <strong>{format.money(order.data.order.amount)}</strong>
          <span>{t(`resident.order.${order.data.order.state}`)}</span>
          {problem === null ? null : (
            <p className="note bad" role="alert">
              {term("error", problem)}
            </p>
          )}
          {PRESSES.map((what) => (
            <button
              key={what}
              type="button"
              className={what === "pay" ? "main" : ""}
              data-testid={`sandbox-${what}`}
              onClick={() => void press(what)}
            >
              {t(`resident.press.${what}`)}
            </button>
          ))}
        </section>
      )}
    </div>
  );
}
