import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, Modal } from "antd";
import { useState } from "react";
import type { MoneyJson } from "../../../../api/schemas/json.ts";
import type { ReversalBody, ReversalJson } from "../../../../api/schemas/payment.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat } from "../../shell/operator.tsx";

/** A payment taken back, with a reason: a further entry, the first one stays. The service says who may. */
export function ReversePayment({
  journalId,
  amount,
  accountId,
}: {
  journalId: string;
  amount: MoneyJson;
  accountId: string;
}) {
  const { t } = useSpeech();
  const format = useFormat();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const reverse = useMutation({
    mutationFn: (body: ReversalBody) => ask<ReversalJson>(`/payments/${journalId}/reversal`, { method: "POST", body }),
    onSuccess: async () => {
      setOpen(false);
      await Promise.all(
        [
          ["account", accountId],
          ["timeline", accountId],
          ["accountBills", accountId],
          ["payment", journalId],
          ["shifts"],
        ].map((queryKey) => client.invalidateQueries({ queryKey })),
      );
    },
  });
  return (
    <>
      <Button size="small" type="link" danger onClick={() => setOpen(true)}>
        {t("reversal.open")}
      </Button>
      <Modal
        open={open}
        title={t("reversal.title", { amount: format.money(amount) })}
        footer={null}
        onCancel={() => setOpen(false)}
        destroyOnHidden
      >
        <Form<ReversalBody> layout="vertical" onFinish={(body) => reverse.mutate(body)}>
          <p>{t("reversal.what")}</p>
          <Form.Item
            name="reason"
            label={t("reversal.reason")}
            rules={[{ required: true, min: 3, max: 300, whitespace: true, message: t("reversal.reason.missing") }]}
          >
            <Input.TextArea autoFocus rows={3} />
          </Form.Item>
          {reverse.error === null ? null : <ProblemNote error={reverse.error} />}
          <Button danger type="primary" htmlType="submit" loading={reverse.isPending}>
            {t("reversal.go")}
          </Button>
        </Form>
      </Modal>
    </>
  );
}
