import { App, Button, Form, Input, Modal, Timeline } from "antd";
import { useState } from "react";
import type { NoticeJson, NoticeTextJson } from "../../../../api/schemas/notice.ts";
import { useNoticeDeed, useNoticeText } from "../../api/notices.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";

/** A deed that wants a sentence of the clerk: what he did or saw. */
function DeedWithWords({
  path,
  field,
  label,
  title,
  hint,
  min,
}: {
  path: string;
  field: "evidence" | "detail";
  label: string;
  title: string;
  hint: string;
  min: number;
}) {
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm<{ words: string }>();
  const deed = useNoticeDeed<Record<string, string>>(path);
  const done = (words: string) =>
    deed.mutate(
      { [field]: words },
      {
        onSuccess: () => {
          setOpen(false);
          form.resetFields();
        },
      },
    );
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Modal
        open={open}
        title={title}
        okText={label}
        onOk={() => form.submit()}
        onCancel={() => setOpen(false)}
        confirmLoading={deed.isPending}
      >
        {deed.error === null ? null : <ProblemNote error={deed.error} />}
        <Form form={form} layout="vertical" onFinish={({ words }) => done(words)}>
          <Form.Item name="words" label={hint} rules={[{ required: true, min, whitespace: true }]}>
            <Input.TextArea rows={3} maxLength={500} autoFocus />
          </Form.Item>
        </Form>
      </Modal>
    </>
  );
}

function Deeds({ notice }: { notice: NoticeJson }) {
  const { t } = useSpeech();
  const { message } = App.useApp();
  const retry = useNoticeDeed<undefined, { queued: number }>(`/notices/${notice.id}/retry`);
  const counted = notice.deliveries.filter(({ state }) => state === "delivered" || state === "accepted");
  return (
    <div className="filters">
      <Button
        size="small"
        loading={retry.isPending}
        onClick={() =>
          retry.mutate(undefined, {
            onSuccess: ({ queued }) => void message.info(t("notices.retried", { n: queued })),
          })
        }
      >
        {t("notices.retry")}
      </Button>
      <DeedWithWords
        path={`/notices/${notice.id}/hand-over`}
        field="evidence"
        label={t("notices.handOver")}
        title={t("notices.handOver")}
        hint={t("notices.evidence.hint")}
        min={5}
      />
      {counted.map(({ id, channel, address }) => (
        <DeedWithWords
          key={id}
          path={`/notice-deliveries/${id}/bounce`}
          field="detail"
          label={
            counted.length === 1 ? t("notices.bounce") : `${t("notices.bounce")}: ${channel} ${address.slice(0, 20)}`
          }
          title={t("notices.bounce.title")}
          hint={t("notices.bounce.detail")}
          min={3}
        />
      ))}
      {retry.error === null ? null : <ProblemNote error={retry.error} />}
    </div>
  );
}

function Words({ text }: { text: NoticeTextJson }) {
  const { t } = useSpeech();
  const left = text.events.findLast(({ body }) => body !== null);
  if (left === undefined) return <p className="quiet">{t("notices.notSent")}</p>;
  return (
    <>
      <b>{left.subject}</b>
      <pre className="notice-body" data-testid="notice-body">
        {left.body}
      </pre>
    </>
  );
}

/** The message as it left, and all that happened to it. */
export function OneNotice({ notice }: { notice: NoticeJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const user = useUser();
  const text = useNoticeText(notice.id);
  const wayOf = (id: string) => notice.deliveries.find((one) => one.id === id);
  return (
    <Loaded query={text} rows={3}>
      {(data) => (
        <div className="frame-detail">
          {user.role === "reader" ? null : <Deeds notice={notice} />}
          <p className="quiet">{t("notices.message")}</p>
          <Words text={data} />
          {data.events.length === 0 ? null : (
            <>
              <p className="quiet">{t("notices.story")}</p>
              <Timeline
                items={data.events.map((event, i) => ({
                  key: i,
                  content: (
                    <>
                      {format.instantSeconds(event.at)} {term("way", wayOf(event.deliveryId)?.channel ?? "")}{" "}
                      <b>{term("delivery", event.state)}</b> {event.detail}
                      {event.by === null ? "" : ` (${event.by})`}
                    </>
                  ),
                }))}
              />
            </>
          )}
        </div>
      )}
    </Loaded>
  );
}
