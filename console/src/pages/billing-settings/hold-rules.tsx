import { Card, Form, Input, Switch, Tag } from "antd";
import { Link } from "react-router-dom";
import type { HoldRulesJson } from "../../../../api/schemas/bill-hold.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Say } from "../../parts/say.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { shifted } from "../../parts/decimal-text.ts";
import { useHoldRules } from "./queries.ts";

type Rule = HoldRulesJson["items"][number];
type Kind = Rule["kind"];
const KINDS: readonly Kind[] = ["high", "low", "first", "zero_use", "estimated", "total_above", "negative"];
/** Kinds that have a figure to set; the others are on or off. */
const FIGURE: Partial<Record<Kind, { readonly pattern: RegExp; readonly decimals: number; readonly usual: string }>> = {
  high: { pattern: /^[1-9]\d{0,5}$/, decimals: 0, usual: "300" },
  low: { pattern: /^\d{1,2}$/, decimals: 0, usual: "30" },
  estimated: { pattern: /^[1-9]\d?$/, decimals: 0, usual: "3" },
  total_above: { pattern: /^\d{1,9}(\.\d{1,2})?$/, decimals: 2, usual: "5000" },
};

/** What holds a computed bill before it is issued. Each kind is there, on or off. */
export function HoldRules({ mayChange }: { mayChange: boolean }) {
  const { t } = useSpeech();
  const rules = useHoldRules();
  const format = useFormat();
  const { operator } = useUser();
  const figureOf = ({ kind, threshold }: Rule): string => {
    const figure = FIGURE[kind];
    if (figure === undefined) return "";
    const text = shifted(String(threshold), -figure.decimals);
    return kind === "total_above" ? format.money({ amount: text, currency: operator.currency }) : text;
  };
  return (
    <Card size="small" title={t("settings.tab.holds")} extra={<Link to="/exceptions">{t("nav.exceptions")}</Link>}>
      <p className="lead">{t("holdRule.lead")}</p>
      <Loaded query={rules}>
        {({ items }) => (
          <ListTable<{ kind: Kind; rule: Rule | undefined }>
            rowKey="kind"
            dataSource={KINDS.map((kind) => ({ kind, rule: items.find((one) => one.kind === kind) }))}
            empty=""
            pagination={false}
            columns={[
              {
                title: t("holdRule.holds"),
                render: (_, { kind, rule }) =>
                  t(`holdRule.${kind}`, { figure: rule === undefined ? "…" : figureOf(rule) }),
              },
              {
                title: t("holdRule.state"),
                render: (_, { rule }) =>
                  rule === undefined ? <Tag>{t("holdRule.off")}</Tag> : <Tag color="gold">{t("holdRule.on")}</Tag>,
              },
              { title: t("holdRule.reason"), render: (_, { rule }) => rule?.reason ?? "" },
              ...(mayChange
                ? [
                    {
                      title: "",
                      render: (_: unknown, { kind, rule }: { kind: Kind; rule: Rule | undefined }) => (
                        <ChangeRule kind={kind} rule={rule} />
                      ),
                    },
                  ]
                : []),
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}

type Fields = { on: boolean; figure?: string; reason: string };

function ChangeRule({ kind, rule }: { kind: Kind; rule: Rule | undefined }) {
  const { t } = useSpeech();
  const figure = FIGURE[kind];
  const thresholdOf = ({ on, figure: text = "1" }: Fields): number | null => {
    if (!on) return null;
    return figure === undefined ? 1 : Number(shifted(text, figure.decimals));
  };
  return (
    <Say<Fields>
      open={t("holdRule.change")}
      title={t(`holdRule.${kind}`, { figure: "…" })}
      initial={{
        on: true,
        figure: rule === undefined ? (figure?.usual ?? "") : shifted(String(rule.threshold), -(figure?.decimals ?? 0)),
        reason: rule?.reason ?? "",
      }}
      send={(fields) =>
        ask("/hold-rules", {
          method: "POST",
          body: { kind, threshold: thresholdOf(fields), reason: fields.reason.trim() },
        })
      }
      stale={["holdRules"]}
      testId={`rule-${kind}`}
    >
      <Form.Item name="on" label={t("holdRule.state")} valuePropName="checked">
        <Switch checkedChildren={t("holdRule.on")} unCheckedChildren={t("holdRule.off")} />
      </Form.Item>
      {figure === undefined ? null : (
        <Form.Item noStyle dependencies={["on"]}>
          {({ getFieldValue }) =>
            getFieldValue("on") === true ? (
              <Form.Item
                name="figure"
                label={t(`holdRule.figure.${kind as "high" | "low" | "estimated" | "total_above"}`)}
                rules={[{ required: true, pattern: figure.pattern, message: t("holdRule.figure.missing") }]}
              >
                <Input inputMode="decimal" style={{ maxWidth: 200 }} data-testid="rule-figure" />
              </Form.Item>
            ) : null
          }
        </Form.Item>
      )}
      <Form.Item
        name="reason"
        label={t("holdRule.reason")}
        rules={[{ required: true, whitespace: true, min: 3, max: 300, message: t("settings.reason.missing") }]}
      >
        <Input data-testid="rule-reason" />
      </Form.Item>
    </Say>
  );
}
