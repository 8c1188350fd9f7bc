import { Alert, Button, Checkbox, Form, Input, Modal, Select } from "antd";
import { useState } from "react";
import type { AccountFactBody, AccountFactJson } from "../../../../api/schemas/account-fact.ts";
import { useStateFact } from "../../api/account-facts.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat } from "../../shell/operator.tsx";

const KINDS = [
  "household",
  "contracted_kw",
  "contracted_kva",
  "low_income",
] as const satisfies readonly AccountFactJson["kind"][];
type Typed = {
  readonly kind: AccountFactJson["kind"];
  readonly fromDay: string;
  readonly value?: string;
  readonly lowIncome?: boolean;
};

/** The fact as the service takes it. */
export function bodyOf({ kind, fromDay, value = "", lowIncome = false }: Typed): AccountFactBody {
  const text = value.trim();
  switch (kind) {
    case "household":
      return { kind, fromDay, persons: Number(text) };
    case "contracted_kw":
      return { kind, fromDay, kw: text };
    case "contracted_kva":
      return { kind, fromDay, kva: text };
    case "low_income":
      return { kind, fromDay, lowIncome };
  }
}

const PERSONS = /^\s*[1-9]\d?\s*$/;
const CAPACITY = /^\s*\d{1,9}(\.\d{1,6})?\s*$/;

/** A button and its form: one fact from a day on. */
export function StateFact({ accountId, billedUntil }: { accountId: string; billedUntil: string | null }) {
  const { t } = useSpeech();
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm<Typed>();
  const deed = useStateFact(accountId);
  const [kind, fromDay] = [Form.useWatch("kind", form) ?? "household", Form.useWatch("fromDay", form)];
  const close = () => {
    setOpen(false);
    deed.reset();
    form.resetFields();
  };
  const say = (typed: Typed) =>
    deed.mutate(bodyOf(typed), { onSuccess: ({ outcome }) => (outcome === "noted" ? close() : undefined) });
  const fits = kind === "household" ? PERSONS : CAPACITY;
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)} data-testid="state-fact">
        {t("facts.state")}
      </Button>
      <Modal
        open={open}
        title={t("facts.state")}
        okText={t("facts.state")}
        onOk={() => form.submit()}
        onCancel={close}
        confirmLoading={deed.isPending}
        destroyOnHidden
      >
        {deed.error === null ? null : <ProblemNote error={deed.error} />}
        {deed.data?.outcome === "already" ? <Alert type="info" message={t("facts.already")} /> : null}
        <Form<Typed>
          form={form}
          layout="vertical"
          initialValues={{ kind: "household", fromDay: format.isoDay(new Date()), lowIncome: true }}
          onFinish={say}
          onValuesChange={() => deed.reset()}
        >
          <Form.Item name="kind" label={t("facts.kind")}>
            <Select options={KINDS.map((value) => ({ value, label: t(`facts.kind.${value}`) }))} />
          </Form.Item>
          {kind === "low_income" ? (
            <Form.Item name="lowIncome" valuePropName="checked">
              <Checkbox>{t("facts.kind.low_income")}</Checkbox>
            </Form.Item>
          ) : (
            <Form.Item
              name="value"
              label={t("facts.value")}
              rules={[
                {
                  required: true,
                  pattern: fits,
                  message: t(kind === "household" ? "facts.persons.needed" : "facts.value.needed"),
                },
              ]}
            >
              <Input inputMode="decimal" maxLength={16} autoFocus />
            </Form.Item>
          )}
          <Form.Item name="fromDay" label={t("facts.from")} rules={[{ required: true }]}>
            <Input type="date" />
          </Form.Item>
          {billedUntil !== null && fromDay !== undefined && fromDay < billedUntil ? (
            <Alert type="warning" showIcon message={t("facts.billed", { day: format.day(billedUntil) })} />
          ) : null}
        </Form>
      </Modal>
    </>
  );
}
