import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Modal } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import type { ClosingJson } from "../../../../api/schemas/balance.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";

/** A manager closes a month, or closes it again and says why. The same figures append nothing. */
export function CloseMonth({
  masterPointId,
  period,
  isFirst = false,
}: {
  masterPointId: string;
  period: string;
  isFirst?: boolean;
}) {
  const { t } = useSpeech();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const close = useMutation({
    mutationFn: (body: { reason: string }) =>
      ask<ClosingJson>("/balances", { method: "POST", body: { ...body, masterPointId, period } }),
    onSuccess: async (done) => {
      if (done.outcome === "same") return;
      setOpen(false);
      await Promise.all(["balances", "balance"].map((name) => client.invalidateQueries({ queryKey: [name] })));
      if (!isFirst) void navigate(`/balances/${done.balanceId}`);
    },
  });
  if (isFirst) {
    return (
      <>
        <Button loading={close.isPending} onClick={() => close.mutate({ reason: "" })}>
          {t("balance.close")}
        </Button>
        {close.error === null ? null : <ProblemNote error={close.error} />}
      </>
    );
  }
  return (
    <>
      <Button
        onClick={() => {
          close.reset();
          setOpen(true);
        }}
      >
        {t("balance.again")}
      </Button>
      <Modal open={open} title={t("balance.again")} footer={null} onCancel={() => setOpen(false)} destroyOnHidden>
        <Form<{ reason: string }> layout="vertical" onFinish={(body) => close.mutate(body)}>
          <p>{t("balance.again.what")}</p>
          <Form.Item
            name="reason"
            label={t("balance.again.reason")}
            rules={[{ required: true, min: 3, max: 300, whitespace: true, message: t("balance.again.missing") }]}
          >
            <Input.TextArea autoFocus rows={3} />
          </Form.Item>
          {close.error === null ? null : <ProblemNote error={close.error} />}
          {close.data?.outcome === "same" ? (
            <Alert type="info" showIcon title={t("balance.same")} style={{ marginBottom: 12 }} />
          ) : null}
          <Button type="primary" htmlType="submit" loading={close.isPending}>
            {t("balance.again")}
          </Button>
        </Form>
      </Modal>
    </>
  );
}
