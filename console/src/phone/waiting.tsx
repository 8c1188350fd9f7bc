import { useSpeech } from "../i18n/language.tsx";
import { unitText } from "../format.ts";
import { usePlace } from "../parts/place.ts";
import { usePhone } from "./phone.tsx";
import type { KeptEntry } from "./store.ts";

/** Why the service did not take an entry, in words. */
export function useWhy(): (entry: KeptEntry) => string {
  const { t, term } = useSpeech();
  return ({ answer, unit }) => {
    switch (answer?.outcome) {
      case "conflict":
        return t("phone.conflict", {
          value: answer.booked?.value ?? "",
          unit: unitText(unit),
          by: answer.booked?.by ?? "–",
        });
      case "outside":
        return t("phone.outsideNow", { low: answer.expected?.low ?? "–", high: answer.expected?.high ?? "–" });
      case "different":
        return t("phone.different");
      default:
        return term("refusal", answer?.reason ?? "unknown");
    }
  };
}

/** Everything of this reader that is not in the books, each with its reason, until it is sent, mended or thrown away. */
export function WaitingList({
  entries,
  close,
  open,
}: {
  entries: readonly KeptEntry[];
  close: () => void;
  open: (routeId: string, meterId: string) => void;
}) {
  const { t, term } = useSpeech();
  const { discard, me, signOut } = usePhone();
  const place = usePlace();
  const why = useWhy();
  return (
    <div className="sheet" role="dialog" aria-label={t("phone.unsent")}>
      <header className="bar">
        <b className="grow">{t("phone.unsent")}</b>
        <button type="button" className="icon" aria-label={t("phone.close")} onClick={close}>
          ×
        </button>
      </header>
      {entries.length === 0 ? <p className="empty">{t("phone.nothingWaits")}</p> : null}
      {entries.map((entry) => (
        <div key={entry.id} className="card" data-testid="unsent" data-state={entry.state}>
          <div className="spread">
            <b>{place(entry)}</b>
            <span>
              {entry.value === null ? term("skip", entry.skip ?? "") : `${entry.value} ${unitText(entry.unit)}`}
            </span>
          </div>
          <div className="quiet">{entry.serial}</div>
          <p className={entry.state === "waiting" ? "note" : "note bad"}>
            {entry.state === "waiting" ? t("phone.willBeSent") : why(entry)}
          </p>
          {entry.state === "waiting" ? null : (
            <div className="pair">
              {entry.state === "stuck" ? (
                <button type="button" onClick={() => open(entry.routeId, entry.meterId)}>
                  {t("phone.mend")}
                </button>
              ) : null}
              <button type="button" onClick={() => void discard(entry)}>
                {entry.state === "conflict" ? t("phone.seen") : t("phone.discard")}
              </button>
            </div>
          )}
        </div>
      ))}
      <p className="quiet signed">
        {me?.name}{" "}
        <button type="button" className="link" data-testid="phone-sign-out" onClick={() => void signOut()}>
          {t("signIn.out")}
        </button>
      </p>
    </div>
  );
}
