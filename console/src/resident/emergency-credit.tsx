import { useState } from "react";
import type { EmergencyCreditJson } from "../../../api/schemas/emergency-credit.ts";
import { ask } from "../api/client.ts";
import type { Format } from "../format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { codeOf, useAnswer } from "./use-answer.ts";

/** A meter or a payment may change what is offered while the page is seen. */
const LOOK_MS = 10_000;
type Step = "shown" | "asked" | "sent";

/** Emergency credit where it is offered or taken: what it means, one press and a word to confirm. Taking it twice is taking it once. */
export function EmergencyCredit({ format, taken }: { format: Format; taken: () => void }) {
  const { t, term } = useSpeech();
  const offer = useAnswer<EmergencyCreditJson>("/resident/emergency-credit", LOOK_MS);
  const [step, setStep] = useState<Step>("shown");
  const [problem, setProblem] = useState<string | null>(null);
  const take = async () => {
    setStep("sent");
    try {
      await ask("/resident/emergency-credit", { method: "POST" });
      setProblem(null);
      taken();
    } catch (error) {
      setProblem(codeOf(error));
    }
    offer.again();
    setStep("shown");
  };
  if (offer.data === null) return null;
  const { state, amount, used, takenAt, repaidAt } = offer.data;
  if (amount === null)
    return repaidAt === null ? null : (
      <p className="quiet" data-testid="emergency" data-state="repaid">
        {t("emergency.repaid", { at: format.instant(repaidAt) })}
      </p>
    );
  const money = { amount: format.money(amount) };
  return (
    <section className="card" data-testid="emergency" data-state={state}>
      <b>{t("emergency.title")}</b>
      {state === "taken" && takenAt !== null ? (
        <span>{t("emergency.taken", { ...money, at: format.instant(takenAt) })}</span>
      ) : (
        <span>{t("emergency.offer", money)}</span>
      )}
      {used === null ? null : (
        <span data-testid="emergency-used">{t("emergency.used", { amount: format.money(used) })}</span>
      )}
      <span className="quiet">{t("emergency.what")}</span>
      {problem === null ? null : (
        <p className="note bad" role="alert">
          {term("error", problem)}
        </p>
      )}
      {state !== "offered" ? null : step === "shown" ? (
        <button type="button" data-testid="emergency-take" onClick={() => setStep("asked")}>
          {t("emergency.take", money)}
        </button>
      ) : (
        <>
          <p className="note warn">{t("emergency.ask", money)}</p>
          <button
            type="button"
            className="main"
            disabled={step === "sent"}
            data-testid="emergency-confirm"
            onClick={() => void take()}
          >
            {t("emergency.confirm")}
          </button>
          <button type="button" disabled={step === "sent"} onClick={() => setStep("shown")}>
            {t("resident.back")}
          </button>
        </>
      )}
    </section>
  );
}
