import { Card, Form, Input, InputNumber, Select } from "antd";
import type { LateFeesJson } from "../../../../api/schemas/late-fee.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { shifted } from "../../parts/decimal-text.ts";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Amount } from "../../parts/money.tsx";
import { DAY, Say } from "../../parts/say.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { useLateFees } from "./queries.ts";

type Rule = LateFeesJson["items"][number];
const DEBTS = ["supply", "property"] as const;
const CLASSES = ["all", "resident", "non_resident"] as const;
/** A share per day is said in thousandths. */
const perMille = (share: string): string => shifted(share, 3);

/** What overdue debts cost per day, from which day on, for whom. */
export function LateFees({ mayChange }: { mayChange: boolean }) {
  const { t } = useSpeech();
  const format = useFormat();
  const rules = useLateFees();
  const keyOf = (one: Rule): string => `${one.fromDay}/${one.debtClass}/${one.customerClass}`;
  const rateOf = ({ rate, crossYearRate }: Rule): string =>
    rate === crossYearRate
      ? t("lateFee.rate.one", { rate: perMille(rate) })
      : t("lateFee.rate.two", { rate: perMille(rate), cross: perMille(crossYearRate) });
  return (
    <Card size="small" title={t("settings.tab.lateFees")} extra={mayChange ? <NewRule /> : null}>
      <p className="lead">{t("lateFee.lead")}</p>
      <Loaded query={rules} isEmpty={({ items }) => items.length === 0} empty={t("lateFee.none")}>
        {({ items }) => (
          <ListTable<Rule>
            rowKey={keyOf}
            dataSource={items.toReversed()}
            empty={t("lateFee.none")}
            pagination={false}
            columns={[
              { title: t("lateFee.from"), render: (_, one) => format.day(one.fromDay) },
              { title: t("lateFee.debt"), render: (_, one) => t(`statement.${one.debtClass}`) },
              { title: t("lateFee.class"), render: (_, one) => t(`customerClass.${one.customerClass}`) },
              { title: t("lateFee.rate"), render: (_, one) => rateOf(one) },
              { title: t("lateFee.grace"), align: "right", render: (_, one) => one.graceDays },
              { title: t("lateFee.minimum"), align: "right", render: (_, one) => <Amount money={one.minimum} /> },
              { title: t("lateFee.cap"), align: "right", render: (_, one) => `${shifted(one.capShare, 2)} %` },
              { title: t("lateFee.source"), render: (_, one) => one.source },
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}

type Fields = {
  fromDay: string;
  debtClass: (typeof DEBTS)[number];
  customerClass: (typeof CLASSES)[number];
  rate: string;
  crossYearRate?: string;
  graceDays: number;
  minimum: string;
  cap: string;
  source: string;
};

function bodyOf({ rate, crossYearRate = "", minimum, cap, source, ...rest }: Fields) {
  return {
    ...rest,
    rate: shifted(rate, -3),
    ...(crossYearRate.trim() === "" ? {} : { crossYearRate: shifted(crossYearRate, -3) }),
    minimumMinor: Number(shifted(minimum, 2)),
    capShare: shifted(cap, -2),
    source: source.trim(),
  };
}

function NewRule() {
  const { t } = useSpeech();
  const options = (group: "statement" | "customerClass", words: readonly string[]) =>
    words.map((value) => ({ value, label: t(`${group}.${value}` as "customerClass.all") }));
  const perDay = (required: boolean) => ({
    ...(required ? { required } : {}),
    pattern: /^\d{1,3}(\.\d)?$/,
    message: t("lateFee.rate.missing"),
  });
  return (
    <Say<Fields>
      open={t("lateFee.new")}
      title={t("lateFee.new")}
      note={t("lateFee.new.note")}
      initial={{ debtClass: "supply", customerClass: "all", rate: "1", graceDays: 0, minimum: "0", cap: "100" }}
      send={(fields) => ask("/late-fees", { method: "POST", body: bodyOf(fields) })}
      stale={["lateFees"]}
      testId="new-late-fee"
    >
      <Form.Item
        name="fromDay"
        label={t("lateFee.from")}
        rules={[{ required: true, pattern: DAY, message: t("closing.day.missing") }]}
      >
        <Input type="date" style={{ maxWidth: 220 }} data-testid="fee-from" />
      </Form.Item>
      <Form.Item name="debtClass" label={t("lateFee.debt")}>
        <Select options={options("statement", DEBTS)} />
      </Form.Item>
      <Form.Item name="customerClass" label={t("lateFee.class")}>
        <Select options={options("customerClass", CLASSES)} />
      </Form.Item>
      <Form.Item name="rate" label={t("lateFee.rate")} rules={[perDay(true)]}>
        <Input suffix="‰" inputMode="decimal" style={{ maxWidth: 160 }} data-testid="fee-rate" />
      </Form.Item>
      <Form.Item
        name="crossYearRate"
        label={t("lateFee.cross")}
        extra={t("lateFee.cross.hint")}
        rules={[perDay(false)]}
      >
        <Input suffix="‰" inputMode="decimal" style={{ maxWidth: 160 }} />
      </Form.Item>
      <Form.Item name="graceDays" label={t("lateFee.grace")} rules={[{ required: true }]}>
        <InputNumber min={0} max={365} precision={0} />
      </Form.Item>
      <Form.Item
        name="minimum"
        label={t("lateFee.minimum")}
        rules={[{ required: true, pattern: /^\d{1,4}(\.\d{1,2})?$/, message: t("lateFee.minimum.missing") }]}
      >
        <Input inputMode="decimal" style={{ maxWidth: 160 }} />
      </Form.Item>
      <Form.Item
        name="cap"
        label={t("lateFee.cap")}
        rules={[{ required: true, pattern: /^(100|[1-9]\d?)$/, message: t("lateFee.cap.missing") }]}
      >
        <Input suffix="%" inputMode="numeric" style={{ maxWidth: 160 }} />
      </Form.Item>
      <Form.Item
        name="source"
        label={t("lateFee.source")}
        rules={[{ required: true, whitespace: true, max: 300, message: t("closing.required") }]}
      >
        <Input data-testid="fee-source" />
      </Form.Item>
    </Say>
  );
}
