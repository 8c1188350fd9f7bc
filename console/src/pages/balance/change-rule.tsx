import { useMutation } from "@tanstack/react-query";
import { Button, Checkbox, Form, Input, Modal, Select } from "antd";
import { useState } from "react";
import type { ApportionKey, ApportionedPart, BalanceJson } from "../../../../api/schemas/balance.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";

const KEYS: readonly ApportionKey[] = ["area", "household", "usage", "equal"];
const PARTS: readonly ApportionedPart[] = ["common", "loss", "residue"];
type Rule = { fromDay: string; key: ApportionKey; lossAllowancePercent: string; apportioned: ApportionedPart[] };

/** A manager says how a master's difference is shared, from a day on. */
export function ChangeRule({ balance }: { balance: BalanceJson }) {
  const { t, term } = useSpeech();
  const [open, setOpen] = useState(false);
  const save = useMutation({
    mutationFn: (body: Rule) => ask(`/masters/${balance.masterPointId}/rule`, { method: "PUT", body }),
    onSuccess: () => setOpen(false),
  });
  const { rule } = balance;
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        {t("balance.rule.change")}
      </Button>
      <Modal open={open} title={t("balance.rule")} footer={null} onCancel={() => setOpen(false)} destroyOnHidden>
        <Form<Rule>
          layout="vertical"
          onFinish={(body) => save.mutate(body)}
          initialValues={{
            fromDay: balance.periodFrom,
            key: rule?.key ?? "area",
            lossAllowancePercent: String(Number(rule?.lossAllowancePercent ?? "2")),
            apportioned: rule?.apportioned ?? ["common"],
          }}
        >
          <Form.Item
            name="fromDay"
            label={t("balance.rule.from")}
            rules={[{ required: true, pattern: /^\d{4}-\d\d-\d\d$/, message: t("balance.rule.from.missing") }]}
          >
            <Input />
          </Form.Item>
          <Form.Item name="key" label={t("balance.rule.key")}>
            <Select options={KEYS.map((key) => ({ value: key, label: term("apportionKey", key) }))} />
          </Form.Item>
          <Form.Item
            name="lossAllowancePercent"
            label={t("balance.rule.allowance")}
            rules={[
              { required: true, pattern: /^(100|\d{1,2}(\.\d{1,3})?)$/, message: t("balance.rule.allowance.missing") },
            ]}
          >
            <Input suffix="%" inputMode="decimal" />
          </Form.Item>
          <Form.Item name="apportioned" label={t("balance.rule.apportioned")}>
            <Checkbox.Group options={PARTS.map((part) => ({ value: part, label: term("apportionedPart", part) }))} />
          </Form.Item>
          <p className="quiet">{t("balance.rule.hint")}</p>
          {save.error === null ? null : <ProblemNote error={save.error} />}
          <Button type="primary" htmlType="submit" loading={save.isPending}>
            {t("balance.rule.save")}
          </Button>
        </Form>
      </Modal>
    </>
  );
}
