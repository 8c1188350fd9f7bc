import { Alert, Button, Card, Empty, Tag } from "antd";
import { Link, useParams } from "react-router-dom";
import type { AccountReplayJson } from "../../../../api/schemas/replay.ts";
import { useAccountReplay } from "../../api/queries.ts";
import { unitText } from "../../format.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Amount } from "../../parts/money.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { PostForm } from "../rebill/post-form.tsx";

type ReplayedBill = AccountReplayJson["bills"][number];
type Point = ReplayedBill["points"][number];

const isTold = ({ points }: ReplayedBill): boolean =>
  points.some(({ kind, lines }) => (kind === "compared" ? lines.length > 0 : kind !== "true_up_open"));

function Lines({ lines }: { lines: Point["lines"] }) {
  const { t, term, language } = useSpeech();
  const format = useFormat();
  return (
    <table className="paper-table">
      <thead>
        <tr>
          <th>{t("bill.charge")}</th>
          <th className="num">{t("replay.quantity")}</th>
          <th className="num">{t("replay.billed")}</th>
          <th className="num">{t("replay.shouldBe")}</th>
          <th className="num">{t("replay.difference")}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={line.key}>
            <td>
              {language === "zh" ? line.titleZh : line.titleEn}
              {line.tier === null ? null : <span className="chip">{t("bill.tier", { n: line.tier })}</span>}
              {line.tou === null ? null : <span className={`chip tou-${line.tou}`}>{term("tou", line.tou)}</span>}
            </td>
            <td className="num">
              {line.unit === null ? "" : `${format.number(line.quantity, 3)} ${term("per", unitText(line.unit))}`}
            </td>
            <td className="num">
              <Amount money={line.billed} />
            </td>
            <td className="num">
              <Amount money={line.shouldBe} />
            </td>
            <td className="num">
              <b>
                <Amount money={line.difference} />
              </b>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function BillCard({ bill }: { bill: ReplayedBill }) {
  const { t } = useSpeech();
  const format = useFormat();
  return (
    <Card
      size="small"
      style={{ marginBottom: 12 }}
      title={
        <>
          <Link to={`/bills/${bill.id}`}>{bill.number}</Link>{" "}
          <span className="quiet">{format.month(`${bill.periodFrom}T12:00:00Z`)}</span>
        </>
      }
      extra={<Amount money={bill.difference} />}
    >
      {bill.points.map((point) =>
        point.kind === "compared" ? (
          point.lines.length === 0 ? null : (
            <Lines key={point.usagePointId} lines={point.lines} />
          )
        ) : (
          <div key={point.usagePointId}>
            <Tag color="gold">{t(`replay.kind.${point.kind}`)}</Tag>
            <span className="quiet">{point.detail.join("; ")}</span>
          </div>
        ),
      )}
    </Card>
  );
}

/** What an account's issued bills would be today: looked at before anybody corrects anything. */
export default function Replay() {
  const { id = "" } = useParams();
  const { t } = useSpeech();
  const format = useFormat();
  const replay = useAccountReplay(id);
  return (
    <Loaded query={replay} rows={10}>
      {(one) => {
        const told = one.bills.filter(isTold);
        return (
          <>
            <PageTitle
              title={t("replay.title", { account: one.number })}
              note={<span className="quiet">{one.name}</span>}
            >
              <Link to={`/accounts/${one.accountId}`}>
                <Button>{t("bill.toAccount")}</Button>
              </Link>
            </PageTitle>
            <Alert
              type="info"
              style={{ marginBottom: 12 }}
              title={t("replay.note", { n: one.bills.length, from: format.day(one.from) })}
            />
            <PostForm key={one.accountId} accountId={one.accountId} digest={one.digest} />
            {told.length === 0 ? (
              <Empty description={t("replay.none")} />
            ) : (
              <>
                <p>
                  {t("replay.total")}{" "}
                  <b data-testid="replay-total">
                    <Amount money={one.difference} />
                  </b>
                </p>
                {one.digest === null ? null : (
                  <p>
                    {t("replay.postable")} <Amount money={one.postable} />
                  </p>
                )}
                {told.map((bill) => (
                  <BillCard key={bill.id} bill={bill} />
                ))}
              </>
            )}
          </>
        );
      }}
    </Loaded>
  );
}
