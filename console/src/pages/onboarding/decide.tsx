import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, Modal } from "antd";
import { useState } from "react";
import type { FoundDeviceJson } from "../../../../api/schemas/onboarding.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";

/** One key for one decision that a person means: a second click is the same one. */
function useDecision(device: FoundDeviceJson, what: "ignore" | "take-back", done: () => void) {
  const client = useQueryClient();
  const [key] = useState(() => crypto.randomUUID());
  return useMutation({
    mutationFn: (body: { reason?: string }) =>
      ask(`/found-devices/${device.id}/${what}`, { method: "POST", body, key }),
    onSuccess: async () => {
      done();
      await client.invalidateQueries({ queryKey: ["found"] });
    },
  });
}

export function Ignore({ device }: { device: FoundDeviceJson }) {
  const { t } = useSpeech();
  const [open, setOpen] = useState(false);
  const ignore = useDecision(device, "ignore", () => setOpen(false));
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)} data-testid={`ignore-${device.id}`}>
        {t("tray.ignore")}
      </Button>
      <Modal
        open={open}
        title={`${t("tray.ignore")}: ${device.deviceKey ?? device.unitId ?? ""}`}
        footer={null}
        onCancel={() => setOpen(false)}
        destroyOnHidden
      >
        <Form<{ reason?: string }> layout="vertical" onFinish={(body) => ignore.mutate(body)}>
          <p>{t("tray.ignore.what")}</p>
          <Form.Item name="reason" label={t("tray.ignore.reason")} rules={[{ max: 300 }]}>
            <Input autoFocus />
          </Form.Item>
          {ignore.error === null ? null : <ProblemNote error={ignore.error} />}
          <Button type="primary" htmlType="submit" loading={ignore.isPending}>
            {t("tray.ignore")}
          </Button>
        </Form>
      </Modal>
    </>
  );
}

export function TakeBack({ device }: { device: FoundDeviceJson }) {
  const { t } = useSpeech();
  const back = useDecision(device, "take-back", () => undefined);
  return (
    <>
      <Button size="small" loading={back.isPending} onClick={() => back.mutate({})}>
        {t("tray.takeBack")}
      </Button>
      {back.error === null ? null : <ProblemNote error={back.error} />}
    </>
  );
}
