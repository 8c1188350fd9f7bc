import { Button, Checkbox, Flex, Form, Input, InputNumber, Modal } from "antd";
import { useState } from "react";
import type { NoticePolicyJson } from "../../../../api/schemas/notice.ts";
import { useNoticePolicy, useSetNoticePolicy } from "../../api/notices.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useUser } from "../../shell/operator.tsx";

/** When messages may leave, and how many a minute; a manager changes it. */
export function QuietHours() {
  const { t } = useSpeech();
  const user = useUser();
  const policy = useNoticePolicy();
  if (policy.data === undefined) return policy.error === null ? null : <ProblemNote error={policy.error} />;
  const { quietFrom, quietTo, perMinute } = policy.data;
  const hours = quietFrom === quietTo ? t("notices.noQuiet") : t("notices.quiet", { from: quietFrom, to: quietTo });
  return (
    <p className="quiet" data-testid="quiet-hours">
      {hours} {t("notices.perMinute", { n: perMinute })} {policy.data.payments ? null : `${t("notices.payments.off")} `}
      {policy.data.corrections ? null : `${t("notices.corrections.off")} `}
      {user.role === "manager" ? <Change policy={policy.data} /> : null}
    </p>
  );
}

function Change({ policy }: { policy: NoticePolicyJson }) {
  const { t } = useSpeech();
  const [isOpen, setOpen] = useState(false);
  const [form] = Form.useForm<NoticePolicyJson>();
  const set = useSetNoticePolicy();
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        {t("notices.change")}
      </Button>
      <Modal
        open={isOpen}
        title={t("notices.when.title")}
        okText={t("notices.change")}
        onOk={() => form.submit()}
        onCancel={() => setOpen(false)}
        confirmLoading={set.isPending}
      >
        {set.error === null ? null : <ProblemNote error={set.error} />}
        <p className="quiet">{t("notices.quiet.what")}</p>
        <Form<NoticePolicyJson>
          form={form}
          layout="vertical"
          initialValues={policy}
          onFinish={(said) => set.mutate(said, { onSuccess: () => setOpen(false) })}
        >
          <Form.Item name="quietFrom" label={t("notices.quietFrom")} rules={[{ required: true }]}>
            <Input type="time" />
          </Form.Item>
          <Form.Item
            name="quietTo"
            label={t("notices.quietTo")}
            extra={t("notices.quietSame")}
            rules={[{ required: true }]}
          >
            <Input type="time" />
          </Form.Item>
          <Form.Item name="perMinute" label={t("notices.rate")} rules={[{ required: true }]}>
            <InputNumber min={1} max={100_000} precision={0} />
          </Form.Item>
          <Flex vertical gap={4}>
            <Form.Item name="payments" valuePropName="checked" noStyle>
              <Checkbox>{t("notices.payments")}</Checkbox>
            </Form.Item>
            <Form.Item name="corrections" valuePropName="checked" noStyle>
              <Checkbox>{t("notices.corrections")}</Checkbox>
            </Form.Item>
          </Flex>
        </Form>
      </Modal>
    </>
  );
}
