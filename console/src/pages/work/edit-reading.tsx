import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Form, Input, Modal, Radio } from "antd";
import { useState } from "react";
import type { QuantityJson } from "../../../../api/schemas/json.ts";
import type { WorkItemJson } from "../../../../api/schemas/work.ts";
import { ask } from "../../api/client.ts";
import { unitText } from "../../format.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat } from "../../shell/operator.tsx";

type Filled = { at: string; kind: "exclude" | "value"; value?: string; reason: string };

/** A clerk's entry about one of the two readings of an item. */
export function EditReading({ item, onDone }: { item: WorkItemJson; onDone: () => void }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [key] = useState(() => crypto.randomUUID());
  const [form] = Form.useForm<Filled>();
  const kind = Form.useWatch("kind", form) ?? "exclude";
  const write = useMutation({
    mutationFn: ({ at, value, reason, ...filled }: Filled) =>
      ask(`/meters/${item.meterId}/edits`, {
        method: "POST",
        key,
        body: {
          register: item.register,
          at,
          says: filled.kind === "exclude" ? { kind: "exclude" } : { kind: "value", value: value ?? "" },
          reason,
          settles: { from: item.from, to: item.to, rule: item.rule },
        },
      }),
    onSuccess: async () => {
      await Promise.all(
        ["work", "runs", "meter", "edits", "series"].map((name) => client.invalidateQueries({ queryKey: [name] })),
      );
      void message.success(t("work.done", { n: 1 }));
      onDone();
    },
  });
  const shown = (at: string, value: QuantityJson | null) => (
    <>
      {format.instantSeconds(at)} · {value === null ? t("edit.none.booked") : format.quantity(value, 3)}
    </>
  );
  return (
    <Modal open title={t("edit.title", { serial: item.serial })} footer={null} onCancel={onDone} destroyOnHidden>
      <Form<Filled>
        form={form}
        layout="vertical"
        initialValues={{ at: item.to, kind: item.end === null ? "value" : "exclude" }}
        onFinish={(filled) => write.mutate(filled)}
      >
        <p>
          {term("register", item.register)}. {t("edit.what")}
        </p>
        <Form.Item name="at" label={t("edit.at")}>
          <Radio.Group className="stack-radios">
            <Radio value={item.from}>{shown(item.from, item.start)}</Radio>
            {item.to === item.from ? null : <Radio value={item.to}>{shown(item.to, item.end)}</Radio>}
          </Radio.Group>
        </Form.Item>
        <Form.Item name="kind" label={t("edit.kind")}>
          <Radio.Group
            optionType="button"
            options={[
              { value: "exclude", label: t("edit.exclude") },
              { value: "value", label: t("edit.value") },
            ]}
          />
        </Form.Item>
        {kind === "value" ? (
          <Form.Item
            name="value"
            label={t("edit.newValue")}
            rules={[{ required: true, pattern: /^\d{1,12}(\.\d{1,6})?$/, message: t("edit.newValue.missing") }]}
          >
            <Input inputMode="decimal" autoFocus suffix={unitText((item.end ?? item.start)?.unit ?? "1")} />
          </Form.Item>
        ) : null}
        <Form.Item
          name="reason"
          label={t("work.reason")}
          rules={[{ required: true, min: 3, max: 500, whitespace: true, message: t("work.reason.missing") }]}
        >
          <Input.TextArea rows={2} />
        </Form.Item>
        {write.error === null ? null : <ProblemNote error={write.error} />}
        <Button type="primary" htmlType="submit" loading={write.isPending}>
          {t("edit.do")}
        </Button>
      </Form>
    </Modal>
  );
}
