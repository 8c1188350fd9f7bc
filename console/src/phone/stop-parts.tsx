import type { StopJson } from "../../../api/schemas/reading-route.ts";
import { type Format, unitText } from "../format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { usePlace } from "../parts/place.ts";
import { UtilityIcon } from "../parts/utility.tsx";
import type { KeptEntry } from "./store.ts";
import { useWhy } from "./waiting.tsx";

export type { StopJson };

/** As the service names them (ledger/manual-readings.ts). */
export const SKIPS = ["no_access", "meter_broken", "not_found", "unreadable"] as const;

/** Which meter, where, what it showed and what is expected of it now, with the reason. */
export function StopHead({ stop, format }: { stop: StopJson; format: Format }) {
  const { t, term } = useSpeech();
  const place = usePlace();
  const { meter, last, expected, unit } = stop;
  return (
    <section className="card head">
      <div className="spread">
        <h1>
          {meter === null ? null : <UtilityIcon utility={meter.utility} size={24} named />} {place(stop)}
        </h1>
        {meter === null ? null : <span className="quiet">{term("utility", meter.utility)}</span>}
      </div>
      <div className="quiet">{meter === null ? t("phone.noMeter") : meter.serial}</div>
      {stop.hint === "" ? null : <p className="hint">{stop.hint}</p>}
      {meter === null ? null : (
        <dl>
          <dt>{t("phone.last")}</dt>
          <dd>
            {last === null ? (
              t("phone.neverRead")
            ) : (
              <>
                <b>{last.value}</b> {unitText(unit)} <span className="quiet">{format.dayOfInstant(last.at)}</span>
              </>
            )}
          </dd>
          <dt>{t("phone.expected")}</dt>
          <dd data-testid="expected">
            <b>{rangeText(expected, t("phone.any"))}</b> {expected === null ? "" : unitText(unit)}
          </dd>
          {expected?.mostLikely == null ? null : (
            <>
              <dt>{t("phone.likely")}</dt>
              <dd>{expected.mostLikely}</dd>
            </>
          )}
        </dl>
      )}
      {expected === null ? null : (
        <p className="quiet why">
          {t(`phone.basis.${expected.basis}`, { n: expected.perDay ?? "", unit: unitText(unit) })}
          {expected.lastInDoubt ? ` ${t("phone.inDoubt")}` : ""}
          {expected.rollsOver ? ` ${t("phone.rollsOver")}` : ""}
        </p>
      )}
    </section>
  );
}

function rangeText(expected: StopJson["expected"], any: string): string {
  if (expected === null || (expected.low === null && expected.high === null)) return any;
  return `${expected.low ?? "…"} – ${expected.high ?? "…"}`;
}

/** What this round has of this meter already: on the phone, and in the books by whoever. */
export function Entered({ stop, waiting, format }: { stop: StopJson; waiting: KeptEntry | null; format: Format }) {
  const { t, term } = useSpeech();
  const why = useWhy();
  const unit = unitText(stop.unit);
  return (
    <>
      {stop.entries.map((entry) => (
        <p key={entry.id} className={entry.outcome === "conflict" ? "note bad" : "note good"} data-testid="entered">
          {term("entry", entry.outcome)}{" "}
          <b>{entry.value === null ? term("skip", entry.skip ?? "") : `${entry.value} ${unit}`}</b>{" "}
          <span className="quiet">
            {format.dayClockShort(entry.measuredAt)} {entry.by}
          </span>
        </p>
      ))}
      {waiting === null ? null : (
        <p
          className={waiting.state === "waiting" ? "note" : "note bad"}
          data-testid="on-phone"
          data-state={waiting.state}
        >
          {waiting.value === null ? term("skip", waiting.skip ?? "") : `${waiting.value} ${unit}`} ·{" "}
          {waiting.state === "waiting" ? t("phone.willBeSent") : why(waiting)}
        </p>
      )}
    </>
  );
}

export function Face({ digits }: { digits: StopJson["digits"] }) {
  const { t } = useSpeech();
  if (digits === null) return null;
  return <p className="quiet face">{t("phone.face", { whole: digits.whole, decimals: digits.decimals })}</p>;
}
