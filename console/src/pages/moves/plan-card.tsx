import { Card, Form, Input, Space, Tag } from "antd";
import { Link } from "react-router-dom";
import type { AccountJson } from "../../../../api/schemas/account.ts";
import type { PlannedMoveOutJson } from "../../../../api/schemas/planned-move-out.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { DAY, Say } from "../../parts/say.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { moveOutPath, usePlan } from "./queries.ts";

const STALE = ["plan", "plans", "overview"];

/** What the customer said of moving out: noted, changed, withdrawn; everything that was said stays. */
export function PlanCard({ account, mayChange }: { account: AccountJson; mayChange: boolean }) {
  const { t } = useSpeech();
  const plan = usePlan(account.id);
  const isOpen = account.closing === null && account.agreements.length > 0;
  return (
    <Card
      size="small"
      title={t("plan.card")}
      data-testid="plan-card"
      extra={mayChange && isOpen && plan.data !== undefined ? <Deeds accountId={account.id} plan={plan.data} /> : null}
    >
      <Loaded query={plan} rows={1}>
        {(data) => <Standing accountId={account.id} plan={data} mayChange={mayChange && isOpen} />}
      </Loaded>
    </Card>
  );
}

type Known = { accountId: string; plan: PlannedMoveOutJson };

function Standing({ accountId, plan, mayChange }: Known & { mayChange: boolean }) {
  const { t } = useSpeech();
  const format = useFormat();
  const { current, words, isDue } = plan;
  return (
    <>
      {current?.onDay == null ? (
        <p className="quiet">{t("plan.card.none")}</p>
      ) : (
        <>
          <p>
            {t("plan.day")} <b data-testid="plan-day">{format.day(current.onDay)}</b>{" "}
            {isDue ? <Tag color="orange">{t("plan.due")}</Tag> : null}
            {isDue && mayChange ? <Link to={moveOutPath(accountId, current.onDay)}>{t("plan.do")}</Link> : null}
          </p>
          {(
            [
              ["contact", current.contact],
              ["forwarding", current.forwardingAddress],
              ["note", current.note],
            ] as const
          ).map(([name, text]) =>
            text === "" ? null : (
              <p key={name}>
                <span className="quiet">{t(`plan.${name}`)}</span> {text}
              </p>
            ),
          )}
        </>
      )}
      {words.length === 0 ? null : (
        <details>
          <summary>{t("plan.card.words", { n: words.length })}</summary>
          <ul className="notice-list">
            {words.map(({ id, onDay, note, notedAt, notedBy }) => (
              <li key={id}>
                <span className="quiet">{format.instant(notedAt)}</span>
                <span>
                  {onDay === null ? t("plan.card.withdrawn") : format.day(onDay)}
                  {note === "" ? "" : ` · ${note}`}
                </span>
                <span className="quiet">{notedBy ?? ""}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

type Fields = { onDay: string; contact?: string; forwardingAddress?: string; note?: string };

function Deeds({ accountId, plan: { current, last } }: Known) {
  const { t } = useSpeech();
  const path = `/accounts/${accountId}/planned-move-out`;
  const isNew = current === null;
  const post = (to: string, body: object) => ask(to, { method: "POST", body: { ...body, after: last } });
  return (
    <Space wrap>
      <Say<Fields>
        key={last ?? "none"}
        open={t(isNew ? "plan.new" : "plan.change")}
        title={t("plan.card")}
        note={t("plan.new.note")}
        initial={
          current === null
            ? {}
            : {
                onDay: current.onDay ?? "",
                contact: current.contact,
                forwardingAddress: current.forwardingAddress,
                note: current.note,
              }
        }
        send={(fields) => post(path, fields)}
        stale={STALE}
        testId="plan-say"
      >
        <Form.Item
          name="onDay"
          label={t("plan.day")}
          rules={[{ required: true, pattern: DAY, message: t("closing.day.missing") }]}
        >
          <Input type="date" style={{ maxWidth: 220 }} data-testid="plan-on" />
        </Form.Item>
        <Form.Item name="contact" label={t("plan.contact")}>
          <Input maxLength={100} data-testid="plan-contact" />
        </Form.Item>
        <Form.Item name="forwardingAddress" label={t("plan.forwarding")}>
          <Input maxLength={200} data-testid="plan-forwarding" />
        </Form.Item>
        <Form.Item name="note" label={t("plan.note")}>
          <Input maxLength={300} />
        </Form.Item>
      </Say>
      {isNew ? null : (
        <Say<{ reason: string }>
          open={t("plan.withdraw")}
          title={t("plan.withdraw")}
          note={t("plan.withdraw.note")}
          initial={{}}
          send={(fields) => post(`${path}/withdrawal`, fields)}
          stale={STALE}
          testId="plan-withdraw"
        >
          <Form.Item
            name="reason"
            label={t("plan.reason")}
            rules={[{ required: true, whitespace: true, min: 2, message: t("closing.required") }]}
          >
            <Input maxLength={300} data-testid="plan-reason" />
          </Form.Item>
        </Say>
      )}
    </Space>
  );
}
