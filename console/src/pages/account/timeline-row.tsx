import { Tag } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router-dom";
import type { TimelineEntry } from "../../../../api/schemas/account.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Amount, isDebt } from "../../parts/money.tsx";
import { UtilityIcon } from "../../parts/utility.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { UTILITY_ORDER } from "../../theme.ts";
import { verdictColour } from "../meter/judgements.tsx";
import { ReversePayment } from "./reverse-payment.tsx";

type Of<K extends TimelineEntry["kind"]> = Extract<TimelineEntry, { kind: K }>;

function Row({
  at,
  mark,
  kind,
  children,
  right,
}: {
  at: string;
  mark: ReactNode;
  kind: string;
  children: ReactNode;
  right?: ReactNode;
}) {
  const format = useFormat();
  return (
    <div className={`tl-row tl-${kind}`} data-testid={`timeline-${kind}`}>
      <time dateTime={at}>{format.clock(at)}</time>
      <span className="tl-mark">{mark}</span>
      <span className="tl-text">{children}</span>
      <span className="tl-right">{right}</span>
    </div>
  );
}

export type ReadingEntry = Of<"reading">;

/** What the account used on a day and where its meters stood when it closed: in the day's own heading. */
export function DayReadings({ readings }: { readings: readonly ReadingEntry[] }) {
  const { t } = useSpeech();
  const format = useFormat();
  const ordered = readings.toSorted((a, b) => UTILITY_ORDER.indexOf(a.utility) - UTILITY_ORDER.indexOf(b.utility));
  return (
    <span className="tl-uses" data-testid="timeline-reading">
      {ordered.map((r) => (
        <span key={r.id}>
          <UtilityIcon utility={r.utility} named /> {r.used === null ? "" : <b>+{format.quantity(r.used)}</b>}{" "}
          <Link to={`/meters/${r.meterId}`} className="quiet" title={`${r.serial} ${format.instant(r.at)}`}>
            {t("timeline.closing", { value: format.number(r.closing.value, 2) })}
          </Link>
        </span>
      ))}
    </span>
  );
}

function Bill({ entry: { at, bill } }: { entry: Of<"bill"> }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const tone = bill.status === "paid" ? "green" : bill.status === "open" ? "orange" : "gold";
  return (
    <Row
      at={at}
      kind="bill"
      mark="📄"
      right={
        <b>
          <Amount money={bill.total} />
        </b>
      }
    >
      <Link to={`/bills/${bill.id}`}>
        {t("timeline.bill", { month: format.month(`${bill.periodFrom}T12:00:00Z`), number: bill.number })}
      </Link>{" "}
      <Tag color={tone}>{term("billStatus", bill.status)}</Tag>
    </Row>
  );
}

function Payment({ entry, accountId }: { entry: Of<"payment">; accountId: string }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const me = useUser();
  const reversible =
    entry.entry === "payment" && entry.reversedBy === null && entry.channel !== "cheque" && me.role === "manager";
  return (
    <Row
      at={entry.at}
      kind="payment"
      mark="¥"
      right={
        <b className={entry.entry === "set_off" ? "" : isDebt(entry.amount) ? "debt" : "gain"}>
          {isDebt(entry.amount) || entry.entry === "set_off" ? "" : "+"}
          {format.money(entry.amount)}
        </b>
      }
    >
      {entry.entry === "payment" ? (
        <Link to={`/payments/${entry.journalId}`}>{term("entry", entry.entry)}</Link>
      ) : (
        term("entry", entry.entry)
      )}
      {entry.pays === null ? null : ` · ${t(`bill.final.setOff.${entry.pays}`)}`}
      {entry.channel === null ? null : ` · ${term("channel", entry.channel)}`}
      {entry.by === null ? null : <span className="quiet"> · {entry.by}</span>}
      {entry.reason === null ? null : <span className="quiet"> · {entry.reason}</span>}
      {entry.reversedBy === null ? null : <Tag color="red">{t("timeline.reversed")}</Tag>}
      {reversible ? <ReversePayment journalId={entry.journalId} amount={entry.amount} accountId={accountId} /> : null}
    </Row>
  );
}

const wordOf = (detail: Readonly<Record<string, unknown>>, name: string): string =>
  typeof detail[name] === "string" ? detail[name] : "";

function Supply({ entry }: { entry: Of<"supply"> }) {
  const { t, term } = useSpeech();
  const isBorrowed = entry.event === "credit" && "emergency" in entry.detail; // no money came
  const format = useFormat();
  const repaid =
    entry.event === "emergency_repaid"
      ? { amount: wordOf(entry.detail, "emergency"), currency: wordOf(entry.detail, "currency") }
      : null;
  const note = ["note", "reason", "detail"].map((name) => entry.detail[name]).find((v) => typeof v === "string");
  return (
    <Row at={entry.at} kind="supply" mark={<i className={`supply-dot ${entry.event}`} aria-hidden="true" />}>
      <span title={JSON.stringify(entry.detail)}>{isBorrowed ? t("emergency.title") : term("event", entry.event)}</span>
      {repaid === null ? null : ` · ${format.money(repaid)}`}
      {typeof note === "string" ? <span className="quiet"> · {note}</span> : null}
    </Row>
  );
}

function Verdict({ entry }: { entry: Of<"verdict"> }) {
  const { term } = useSpeech();
  const format = useFormat();
  return (
    <Row at={entry.at} kind="verdict" mark={<UtilityIcon utility={entry.utility} named />}>
      <Tag color={verdictColour(entry.result)}>{term("verdict", entry.result)}</Tag>
      <Link to={`/meters/${entry.meterId}`}>{entry.serial}</Link>{" "}
      <span className="quiet">
        {format.dayClockShort(entry.from)} – {format.dayClockShort(entry.to)}
      </span>
    </Row>
  );
}

export function TimelineRow({ entry, accountId }: { entry: Exclude<TimelineEntry, ReadingEntry>; accountId: string }) {
  switch (entry.kind) {
    case "bill":
      return <Bill entry={entry} />;
    case "payment":
      return <Payment entry={entry} accountId={accountId} />;
    case "supply":
      return <Supply entry={entry} />;
    case "verdict":
      return <Verdict entry={entry} />;
  }
}
