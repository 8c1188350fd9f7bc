import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Checkbox, Form, Input, Modal } from "antd";
import { useState } from "react";
import type { GapPatch, GapRowJson } from "../../../../api/schemas/gap.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useUser } from "../../shell/operator.tsx";

type Filled = { note: string; giveUp?: boolean; why?: string };

/** What somebody found out about a gap; one that is over can be given up, with the reason. */
export function GapNote({ gap }: { gap: GapRowJson }) {
  const { t } = useSpeech();
  const me = useUser();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm<Filled>();
  const giveUp = Form.useWatch("giveUp", form) ?? false;
  const keep = useMutation({
    mutationFn: ({ note, giveUp: givesUp, why }: Filled) => {
      const body: GapPatch = { note: note.trim(), ...(givesUp === true ? { givenUp: (why ?? "").trim() } : {}) };
      return ask<GapRowJson>(`/gaps/${gap.id}`, { method: "PATCH", body });
    },
    onSuccess: async () => {
      setOpen(false);
      await client.invalidateQueries({ queryKey: ["gaps"] });
    },
  });
  return (
    <>
      <span className="quiet">{gap.note}</span>{" "}
      {me.role === "reader" || gap.settledAt !== null ? null : (
        <Button size="small" type="link" onClick={() => setOpen(true)}>
          {t("gaps.note.write")}
        </Button>
      )}
      <Modal
        open={open}
        title={t("gaps.note.title", { serial: gap.serial })}
        footer={null}
        onCancel={() => setOpen(false)}
        destroyOnHidden
      >
        <Form<Filled> form={form} layout="vertical" initialValues={{ note: gap.note }} onFinish={(f) => keep.mutate(f)}>
          <p>{t("gaps.note.what")}</p>
          <Form.Item name="note" label={t("gaps.note")} rules={[{ max: 1000 }]}>
            <Input.TextArea autoFocus rows={3} />
          </Form.Item>
          {gap.to === null ? null : (
            <Form.Item name="giveUp" valuePropName="checked" help={giveUp ? t("gaps.note.giveUp.what") : null}>
              <Checkbox>{t("gaps.note.giveUp")}</Checkbox>
            </Form.Item>
          )}
          {giveUp ? (
            <Form.Item
              name="why"
              label={t("gaps.note.why")}
              rules={[{ required: true, min: 3, max: 300, whitespace: true, message: t("gaps.note.why.missing") }]}
            >
              <Input />
            </Form.Item>
          ) : null}
          {keep.error === null ? null : <ProblemNote error={keep.error} />}
          <Button type="primary" htmlType="submit" loading={keep.isPending}>
            {t("gaps.note.do")}
          </Button>
        </Form>
      </Modal>
    </>
  );
}
