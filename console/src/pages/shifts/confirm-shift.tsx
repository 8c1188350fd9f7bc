import { Alert, Button, Card, Form, Input } from "antd";
import type { ShiftJson } from "../../../../api/schemas/counter.ts";
import { useCounterDeed } from "../../api/counter.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { isDebt } from "../../parts/money.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";

/** A drawer that does not come out even: somebody says why, and it is closed. */
export function ConfirmShift({ shift }: { shift: ShiftJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const me = useUser();
  const confirm = useCounterDeed<{ reason: string }>(`/counter/shifts/${shift.id}/confirmation`);
  const { variance } = shift;
  if (variance === null) return null;
  const amount = format.money({ ...variance, amount: variance.amount.replace(/^-/, "") });
  const mayConfirm = !shift.secondPerson || (me.role === "manager" && !shift.mine);
  return (
    <Card size="small" title={t("shift.variance")} className="shift-confirm">
      <Alert type="warning" showIcon title={t(isDebt(variance) ? "shift.short" : "shift.over", { amount })} />
      {mayConfirm ? (
        <Form<{ reason: string }> layout="vertical" onFinish={(body) => confirm.mutate(body)}>
          <Form.Item
            name="reason"
            label={t("shift.reason")}
            rules={[{ required: true, min: 3, max: 300, whitespace: true, message: t("reversal.reason.missing") }]}
          >
            <Input.TextArea autoFocus rows={2} data-testid="shift-reason" />
          </Form.Item>
          {confirm.error === null ? null : <ProblemNote error={confirm.error} />}
          <Button type="primary" htmlType="submit" loading={confirm.isPending} data-testid="shift-confirm">
            {t("shift.confirm")}
          </Button>
        </Form>
      ) : (
        <p>{t("shift.waits")}</p>
      )}
    </Card>
  );
}
