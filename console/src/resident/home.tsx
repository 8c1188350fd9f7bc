import type { ResidentHomeJson } from "../../../api/schemas/resident.ts";
import type { Format } from "../format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { EmergencyCredit } from "./emergency-credit.tsx";

/** States in which money is what the resident should think of. */
const LOW: ReadonlySet<string> = new Set(["warned_1", "warned_2", "notice_served", "cut_due"]);
/** A reading older than this is said to be old. Our choice: a day and a bit. */
const OLD_SECONDS = 26 * 3600;

/** How one stands: money, how long it lasts, whether supply is on. */
export function Home({
  home,
  format,
  buy,
  changed,
}: {
  home: ResidentHomeJson;
  format: Format;
  buy: () => void;
  changed: () => void;
}) {
  const { t } = useSpeech();
  const { prepaid, place } = home;
  const isDebt = home.balance.amount.startsWith("-");
  return (
    <>
      <section className="card head">
        <div className="spread">
          <b className="cut">{home.name}</b>
          <span className="quiet">{home.accountNumber}</span>
        </div>
        {place.building === "" ? null : (
          <span className="quiet">{t("resident.place", { building: place.building, room: place.room })}</span>
        )}
      </section>
      {prepaid === null ? (
        <section className="card figure">
          <span className="quiet">{isDebt ? t("resident.owed") : t("resident.credit")}</span>
          <strong data-testid="resident-balance">
            {format.money({ ...home.balance, amount: home.balance.amount.replace("-", "") })}
          </strong>
        </section>
      ) : (
        <Prepaid prepaid={prepaid} home={home} format={format} />
      )}
      {home.propertyBalance.amount.startsWith("-") ? (
        <section className="card spread">
          <span>{t("resident.property")}</span>
          <b>{format.money({ ...home.propertyBalance, amount: home.propertyBalance.amount.slice(1) })}</b>
        </section>
      ) : null}
      {home.payable ? (
        <button type="button" className="main" data-testid="resident-buy" onClick={buy}>
          {prepaid === null ? t("resident.pay") : t("resident.topUp")}
        </button>
      ) : (
        <p className="quiet">{t("resident.atCounter")}</p>
      )}
      {prepaid === null ? null : <EmergencyCredit format={format} taken={changed} />}
    </>
  );
}

function Prepaid({
  prepaid,
  home,
  format,
}: {
  prepaid: NonNullable<ResidentHomeJson["prepaid"]>;
  home: ResidentHomeJson;
  format: Format;
}) {
  const { t, term } = useSpeech();
  const { available, daysLeft, lastReadingAt, readingAgeSeconds, relay } = prepaid;
  return (
    <section className="card figure" data-relay={relay}>
      <div className="spread">
        <span className="quiet">{t("resident.available")}</span>
        <span className={`lamp ${relay}`} data-testid="resident-relay" data-state={relay}>
          {term("relay", relay)}
        </span>
      </div>
      <strong data-testid="resident-available" className={available?.amount.startsWith("-") === true ? "bad" : ""}>
        {available === null ? t("resident.notKnown") : format.money(available)}
      </strong>
      {available === null ? <span>{t("resident.inBooks", { amount: format.money(home.balance) })}</span> : null}
      {daysLeft === null ? (
        <span className="quiet">{t("resident.daysUnknown")}</span>
      ) : (
        <span data-testid="resident-days">
          {daysLeft.low === daysLeft.high
            ? t("resident.days", { n: daysLeft.expected })
            : t("resident.daysBand", { n: daysLeft.expected, low: daysLeft.low, high: daysLeft.high })}
        </span>
      )}
      {lastReadingAt === null ? null : (
        <span className={(readingAgeSeconds ?? 0) > OLD_SECONDS ? "note warn" : "quiet"}>
          {t("resident.readAt", { ago: format.ago(lastReadingAt, Date.parse(home.now)) })}
        </span>
      )}
      {LOW.has(prepaid.state) ? <span className="note warn">{t("resident.low")}</span> : null}
      {relay === "disconnected" ? <span className="note bad">{t("resident.off")}</span> : null}
    </section>
  );
}
