import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Form, Input, Modal, Table, Tag } from "antd";
import { useState } from "react";
import type { EditJson } from "../../../../api/schemas/work.ts";
import { ask } from "../../api/client.ts";
import { useEdits } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { mayTakePayments } from "../../shell/frame.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";

/** A further entry makes an entry as if it had never been. */
function Undo({ edit, onDone }: { edit: EditJson; onDone: () => void }) {
  const { t } = useSpeech();
  const client = useQueryClient();
  const [key] = useState(() => crypto.randomUUID());
  const undo = useMutation({
    mutationFn: (body: { reason: string }) =>
      ask(`/meters/${edit.meterId}/edits/${edit.id}/undo`, { method: "POST", key, body }),
    onSuccess: async () => {
      await Promise.all(["edits", "series", "work"].map((name) => client.invalidateQueries({ queryKey: [name] })));
      onDone();
    },
  });
  return (
    <Modal open title={t("edits.undo.title")} footer={null} onCancel={onDone} destroyOnHidden>
      <Form<{ reason: string }> layout="vertical" onFinish={(body) => undo.mutate(body)}>
        <p>{t("edits.undo.what")}</p>
        <Form.Item
          name="reason"
          label={t("work.reason")}
          rules={[{ required: true, min: 3, max: 500, whitespace: true, message: t("work.reason.missing") }]}
        >
          <Input.TextArea autoFocus rows={2} />
        </Form.Item>
        {undo.error === null ? null : <ProblemNote error={undo.error} />}
        <Button type="primary" htmlType="submit" loading={undo.isPending}>
          {t("edits.undo")}
        </Button>
      </Form>
    </Modal>
  );
}

/** What clerks and estimates say beside this meter's readings. */
export function Edits({ meterId }: { meterId: string }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const me = useUser();
  const edits = useEdits(meterId);
  const [undone, setUndone] = useState<EditJson | null>(null);
  return (
    <Card size="small" title={t("edits.title")}>
      <Loaded query={edits} isEmpty={(data) => data.items.length === 0} empty={t("edits.none")}>
        {(data) => (
          <Table
            rowKey="id"
            size="small"
            dataSource={data.items}
            pagination={{ pageSize: 8, hideOnSinglePage: true, size: "small" }}
            scroll={{ x: "max-content" }}
            columns={[
              { title: t("meter.register"), render: (_, e) => term("register", e.register) },
              { title: t("meter.measuredAt"), render: (_, e) => format.instantSeconds(e.at) },
              {
                title: t("edit.kind"),
                render: (_, e) => (
                  <>
                    <Tag>{t(`edits.origin.${e.origin}`)}</Tag>
                    {t(`edits.kind.${e.kind}`)}
                    {e.method === null ? "" : ` · ${term("method", e.method)}`}
                  </>
                ),
              },
              {
                title: t("edits.booked"),
                align: "right",
                render: (_, e) => (e.booked === null ? "–" : format.quantity(e.booked, 3)),
              },
              {
                title: t("edits.value"),
                align: "right",
                render: (_, e) => (e.value === null ? "–" : format.quantity(e.value, 3)),
              },
              { title: t("work.reason"), render: (_, e) => e.reason },
              { title: t("edits.who"), render: (_, e) => e.by ?? "–" },
              { title: t("edits.when"), render: (_, e) => format.instant(e.madeAt) },
              {
                render: (_, e) =>
                  e.stands && e.kind !== "restore" && mayTakePayments(me.role) ? (
                    <Button size="small" type="link" onClick={() => setUndone(e)}>
                      {t("edits.undo")}
                    </Button>
                  ) : null,
              },
            ]}
          />
        )}
      </Loaded>
      {undone === null ? null : <Undo edit={undone} onDone={() => setUndone(null)} />}
    </Card>
  );
}
