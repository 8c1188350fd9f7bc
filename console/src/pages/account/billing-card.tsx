import { Card, Checkbox, Form, Input, Select, Tag } from "antd";
import { Link } from "react-router-dom";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { DAY, Say } from "../../parts/say.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import {
  useAccountCycles,
  useAccountHolds,
  useCustomerClass,
  useCycles,
  useWaivers,
} from "../billing-settings/queries.ts";

/** How this account's bills are made out: its cycle, whether somebody holds them, what late fees it is spared. */
export function BillingCard({ accountId }: { accountId: string }) {
  const { t } = useSpeech();
  const { role } = useUser();
  return (
    <Card
      size="small"
      title={t("billingCard.title")}
      extra={<Link to="/billing-settings">{t("nav.billingSettings")}</Link>}
      data-testid="billing-card"
    >
      <dl className="billing-card">
        <CycleRow accountId={accountId} mayChange={role === "manager"} />
        <HoldRow accountId={accountId} mayChange={role !== "reader"} />
        <ClassRow accountId={accountId} mayChange={role !== "reader"} />
        <WaiverRow accountId={accountId} mayChange={role === "manager"} />
      </dl>
    </Card>
  );
}

type Row = { accountId: string; mayChange: boolean };

function CycleRow({ accountId, mayChange }: Row) {
  const { t, language } = useSpeech();
  const format = useFormat();
  const words = useAccountCycles(accountId);
  const cycles = useCycles();
  const titleOf = (code: string): string => {
    const cycle = cycles.data?.items.find((one) => one.code === code);
    if (cycle === undefined) return code;
    return language === "zh" ? cycle.titleZh : cycle.titleEn;
  };
  const known = cycles.data?.items ?? [];
  return (
    <>
      <dt>{t("billingCard.cycle")}</dt>
      <dd>
        <Loaded query={words} rows={1}>
          {({ items }) =>
            items.length === 0 ? (
              t("billingCard.monthly")
            ) : (
              <>
                {items.slice(-2).map(({ code, fromDay }) => (
                  <div key={fromDay}>
                    {t("billingCard.cycleFrom", { cycle: titleOf(code), day: format.day(fromDay) })}
                  </div>
                ))}
              </>
            )
          }
        </Loaded>
        {mayChange && known.length > 0 ? (
          <Say<{ code: string; month: string }>
            open={t("billingCard.change")}
            title={t("billingCard.cycle")}
            note={t("cycle.members.note")}
            initial={{ code: known[0]?.code ?? "" }}
            send={({ code, month }) =>
              ask(`/billing-cycles/${code}/accounts`, {
                method: "POST",
                body: { fromDay: `${month}-01`, members: { accountIds: [accountId] } },
              })
            }
            after={(answer) =>
              (answer as { billed: string[] }).billed.length > 0 ? t("billingCard.cycle.billed") : t("say.noted")
            }
            stale={["cycles", "accountCycles"]}
            testId="change-cycle"
          >
            <Form.Item name="code" label={t("billingCard.cycle")}>
              <Select options={known.map(({ code }) => ({ value: code, label: titleOf(code) }))} />
            </Form.Item>
            <Form.Item
              name="month"
              label={t("cycle.from")}
              rules={[{ required: true, pattern: /^\d{4}-\d\d$/, message: t("cycle.from.missing") }]}
            >
              <Input type="month" style={{ maxWidth: 220 }} />
            </Form.Item>
          </Say>
        ) : null}
      </dd>
    </>
  );
}

function HoldRow({ accountId, mayChange }: Row) {
  const { t } = useSpeech();
  const format = useFormat();
  const holds = useAccountHolds(accountId);
  const last = holds.data?.items[0];
  const isHeld = last?.held === true;
  return (
    <>
      <dt>{t("billingCard.hold")}</dt>
      <dd>
        <Loaded query={holds} rows={1}>
          {() =>
            isHeld ? (
              <>
                <Tag color="gold">
                  {last.untilDay === null
                    ? t("billingCard.held")
                    : t("billingCard.heldUntil", { day: format.day(last.untilDay) })}
                </Tag>
                {last.reason}
              </>
            ) : (
              t("billingCard.notHeld")
            )
          }
        </Loaded>
        {mayChange ? (
          <Say<{ reason: string; until?: string }>
            key={String(isHeld)}
            open={isHeld ? t("billingCard.release") : t("billingCard.holdNow")}
            title={isHeld ? t("billingCard.release") : t("billingCard.holdNow")}
            note={t("billingCard.hold.note")}
            initial={{}}
            send={({ reason, until = "" }) =>
              ask(`/accounts/${accountId}/holds`, {
                method: "POST",
                body: { held: !isHeld, reason: reason.trim(), untilDay: until === "" ? null : until },
              })
            }
            stale={["accountHolds", "billExceptions"]}
            testId="hold-account"
          >
            {isHeld ? null : (
              <Form.Item
                name="until"
                label={t("billingCard.until")}
                rules={[{ pattern: DAY, message: t("closing.day.missing") }]}
              >
                <Input type="date" style={{ maxWidth: 220 }} />
              </Form.Item>
            )}
            <Reason />
          </Say>
        ) : null}
      </dd>
    </>
  );
}

function Reason() {
  const { t } = useSpeech();
  return (
    <Form.Item
      name="reason"
      label={t("holdRule.reason")}
      rules={[{ required: true, whitespace: true, min: 3, max: 300, message: t("settings.reason.missing") }]}
    >
      <Input data-testid="say-reason" />
    </Form.Item>
  );
}

function ClassRow({ accountId, mayChange }: Row) {
  const { t } = useSpeech();
  const format = useFormat();
  const said = useCustomerClass(accountId);
  const last = said.data?.items.at(-1);
  return (
    <>
      <dt>{t("lateFee.class")}</dt>
      <dd>
        <Loaded query={said} rows={1}>
          {() =>
            last === undefined
              ? t("customerClass.resident")
              : t("billingCard.cycleFrom", {
                  cycle: t(`customerClass.${last.class}`),
                  day: format.day(last.fromDay),
                })
          }
        </Loaded>
        {mayChange ? (
          <Say<{ fromDay: string; isHome: boolean }>
            open={t("billingCard.change")}
            title={t("lateFee.class")}
            note={t("billingCard.class.note")}
            initial={{ isHome: last?.class === "non_resident" }}
            send={({ fromDay, isHome }) =>
              ask(`/accounts/${accountId}/customer-class`, {
                method: "POST",
                body: { fromDay, class: isHome ? "resident" : "non_resident" },
              })
            }
            stale={["customerClass"]}
            testId="change-class"
          >
            <Form.Item
              name="fromDay"
              label={t("lateFee.from")}
              rules={[{ required: true, pattern: DAY, message: t("closing.day.missing") }]}
            >
              <Input type="date" style={{ maxWidth: 220 }} />
            </Form.Item>
            <Form.Item name="isHome" valuePropName="checked">
              <Checkbox>{t("billingCard.isHome")}</Checkbox>
            </Form.Item>
          </Say>
        ) : null}
      </dd>
    </>
  );
}

function WaiverRow({ accountId, mayChange }: Row) {
  const { t } = useSpeech();
  const format = useFormat();
  const waivers = useWaivers(accountId);
  return (
    <>
      <dt>{t("billingCard.waivers")}</dt>
      <dd>
        <Loaded query={waivers} rows={1}>
          {({ items }) =>
            items.length === 0 ? (
              t("billingCard.noWaivers")
            ) : (
              <>
                {items.map(({ fromDay, toDay, reason }) => (
                  <div key={`${fromDay}/${toDay}/${reason}`}>
                    {t("billingCard.waived", { from: format.day(fromDay), to: format.dayBefore(toDay) })}{" "}
                    <span className="quiet">{reason}</span>
                  </div>
                ))}
              </>
            )
          }
        </Loaded>
        {mayChange ? (
          <Say<{ fromDay: string; toDay: string; reason: string }>
            open={t("billingCard.waive")}
            title={t("billingCard.waive")}
            note={t("billingCard.waive.note")}
            initial={{}}
            send={(body) => ask(`/accounts/${accountId}/late-fee-waivers`, { method: "POST", body })}
            stale={["waivers"]}
            testId="waive"
          >
            {(["fromDay", "toDay"] as const).map((name) => (
              <Form.Item
                key={name}
                name={name}
                label={t(`billingCard.${name}`)}
                rules={[{ required: true, pattern: DAY, message: t("closing.day.missing") }]}
              >
                <Input type="date" style={{ maxWidth: 220 }} />
              </Form.Item>
            ))}
            <Reason />
          </Say>
        ) : null}
      </dd>
    </>
  );
}
