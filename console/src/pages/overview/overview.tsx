import { Alert, Card, Progress, Statistic, Tag } from "antd";
import { Link } from "react-router-dom";
import type { OverviewJson } from "../../../../api/schemas/overview.ts";
import { useOverview } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { NextDark } from "./next-dark.tsx";
import { UtilityCard } from "./utility-card.tsx";

function MoneyIn({ overview }: { overview: OverviewJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const { moneyIn } = overview;
  return (
    <Card size="small" title={t("overview.moneyIn")}>
      <div className="figures">
        <Statistic
          title={t("overview.today")}
          value={format.money(moneyIn.today)}
          suffix={<small>{t("overview.payments", { n: format.count(moneyIn.todayCount) })}</small>}
        />
        <Statistic
          title={t("overview.month")}
          value={format.money(moneyIn.month)}
          suffix={<small>{t("overview.payments", { n: format.count(moneyIn.monthCount) })}</small>}
        />
      </div>
    </Card>
  );
}

function LastBills({ overview }: { overview: OverviewJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const bills = overview.billsLastMonth;
  const paid = bills.count === 0 ? 0 : Math.floor(((bills.count - bills.openCount) / bills.count) * 100);
  return (
    <Card
      size="small"
      title={t("overview.bills", { month: format.month(`${bills.period}-15T12:00:00Z`) })}
      extra={<Link to={`/bills?period=${bills.period}`}>{t("overview.all")}</Link>}
    >
      <div className="figures">
        <Statistic
          title={t("overview.billsTotal")}
          value={format.money(bills.total)}
          suffix={<small>{t("overview.billCount", { n: format.count(bills.count) })}</small>}
        />
        <Statistic
          title={t("overview.billsOpen")}
          value={format.money(bills.open)}
          suffix={<small>{t("overview.billCount", { n: format.count(bills.openCount) })}</small>}
        />
      </div>
      <Progress percent={paid} size="small" format={() => t("overview.paidShare", { n: paid })} />
    </Card>
  );
}

const TONE: Readonly<Record<string, string>> = {
  normal: "green",
  warned_1: "gold",
  warned_2: "orange",
  notice_served: "orange",
  cut_due: "volcano",
  cut_sent: "volcano",
  cut: "red",
  reconnect_due: "blue",
  reconnect_sent: "blue",
  close_permitted: "cyan",
};

function PrepaidStates({ overview }: { overview: OverviewJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  return (
    <Card size="small" title={t("overview.prepaid")} extra={<Link to="/prepaid">{t("overview.all")}</Link>}>
      {overview.prepaid.length === 0 ? (
        <span className="quiet">{t("overview.noPrepaid")}</span>
      ) : (
        <div className="tags">
          {overview.prepaid.map((p) => (
            <Link key={p.state} to={`/prepaid?state=${p.state}`}>
              <Tag color={TONE[p.state] ?? "default"} className="big-tag">
                {term("supply", p.state)} <b>{format.count(p.count)}</b>
              </Tag>
            </Link>
          ))}
        </div>
      )}
    </Card>
  );
}

function RefusedReasons({ overview }: { overview: OverviewJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const reasons = overview.refusedLast24h.toSorted((a, b) => b.times - a.times).slice(0, 8);
  const most = Math.max(1, ...reasons.map((r) => r.times));
  return (
    <Card size="small" title={t("overview.refused")} extra={<Link to="/refused">{t("overview.look")}</Link>}>
      {reasons.length === 0 ? (
        <span className="quiet">{t("overview.noRefused")}</span>
      ) : (
        <ul className="bars">
          {reasons.map((r) => (
            <li key={r.reason}>
              <Link to={`/refused?reason=${r.reason}`}>{term("reason", r.reason)}</Link>
              <span className="bar" style={{ width: `${(r.times / most) * 100}%` }} />
              <b>{format.count(r.times)}</b>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Runs({ overview }: { overview: OverviewJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  return (
    <Card size="small" title={t("overview.runs")} extra={<Link to="/runs">{t("overview.all")}</Link>}>
      {overview.runs.length === 0 ? <span className="quiet">{t("overview.noRuns")}</span> : null}
      {overview.runs.map((run) => (
        <div key={run.id} className="run-row">
          <span>
            {term("runKind", run.kind)} · {format.month(run.periodFrom)}
          </span>
          <Tag color={run.state === "done" ? "green" : run.state === "failed" ? "red" : "blue"}>
            {term("run", run.state)}
          </Tag>
          <span className="quiet">
            {t("runs.figures", { done: format.count(run.done), refused: format.count(run.refused) })}
          </span>
        </div>
      ))}
    </Card>
  );
}

function MoveOutsDue({ overview: { moveOutsDue } }: { overview: OverviewJson }) {
  const { t } = useSpeech();
  if (moveOutsDue === 0) return null;
  return (
    <Alert
      type="info"
      showIcon
      data-testid="move-outs-due"
      style={{ marginBottom: 12 }}
      title={t("plan.overview", { n: moveOutsDue })}
      action={<Link to="/moves?state=due">{t("plan.overview.look")}</Link>}
    />
  );
}

function Board({ overview }: { overview: OverviewJson }) {
  return (
    <>
      <MoveOutsDue overview={overview} />
      <div className="grid-3">
        {overview.meters.map((m) => (
          <UtilityCard key={m.utility} meters={m} use={overview.useToday.find((u) => u.utility === m.utility)} />
        ))}
      </div>
      <div className="grid-3">
        <MoneyIn overview={overview} />
        <LastBills overview={overview} />
        {overview.prepaid.length === 0 ? null : <NextDark />}
      </div>
      <div className="grid-3">
        {overview.prepaid.length === 0 ? null : <PrepaidStates overview={overview} />}
        <RefusedReasons overview={overview} />
        <Runs overview={overview} />
      </div>
    </>
  );
}

export default function Overview() {
  const { t } = useSpeech();
  const overview = useOverview();
  return (
    <>
      <PageTitle title={t("nav.overview")} />
      <Loaded query={overview} rows={12}>
        {(data) => <Board overview={data} />}
      </Loaded>
    </>
  );
}
