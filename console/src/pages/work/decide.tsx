import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Form, Input, Modal } from "antd";
import { useState } from "react";
import type { DecisionsJson, WorkItemJson } from "../../../../api/schemas/work.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";

export type DecisionName = "accept" | "no_use" | "rollover" | "reopen";

/** One reason for many items. The key is made when the window opens: a second click is the same decision. */
export function Decide({
  decision,
  items,
  onDone,
}: {
  decision: DecisionName;
  items: readonly WorkItemJson[];
  onDone: () => void;
}) {
  const { t } = useSpeech();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [key] = useState(() => crypto.randomUUID());
  const decide = useMutation({
    mutationFn: ({ reason }: { reason: string }) =>
      ask<DecisionsJson>("/exceptions/decisions", {
        method: "POST",
        key,
        body: {
          decision,
          reason,
          items: items.map(({ meterId, register, from, to, rule }) => ({ meterId, register, from, to, rule })),
        },
      }),
    onSuccess: async ({ outcomes }) => {
      await Promise.all(["work", "runs", "meter"].map((name) => client.invalidateQueries({ queryKey: [name] })));
      const refused = outcomes.filter(({ outcome }) => outcome === "refused");
      if (refused.length > 0) return;
      void message.success(t("work.done", { n: outcomes.length }));
      onDone();
    },
  });
  const refused = decide.data?.outcomes.filter(({ outcome }) => outcome === "refused") ?? [];
  return (
    <Modal
      open
      title={t(`work.${decision}.title`, { n: items.length })}
      footer={null}
      onCancel={onDone}
      destroyOnHidden
    >
      <Form<{ reason: string }> layout="vertical" onFinish={(body) => decide.mutate(body)}>
        <p>{t(`work.${decision}.what`)}</p>
        <Form.Item
          name="reason"
          label={t("work.reason")}
          rules={[{ required: true, min: 3, max: 500, whitespace: true, message: t("work.reason.missing") }]}
        >
          <Input.TextArea autoFocus rows={3} data-testid="work-reason" />
        </Form.Item>
        {decide.error === null ? null : <ProblemNote error={decide.error} />}
        {refused.length === 0 ? null : (
          <Alert
            type="warning"
            showIcon
            className="problem"
            title={t("work.refused", { n: refused.length })}
            description={refused.map((one) => <div key={`${one.meterId} ${one.from} ${one.rule}`}>{one.detail}</div>)}
          />
        )}
        <Button type="primary" htmlType="submit" loading={decide.isPending} data-testid="work-decide">
          {t("work.do")}
        </Button>
      </Form>
    </Modal>
  );
}
