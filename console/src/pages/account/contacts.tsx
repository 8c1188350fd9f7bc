import { Button, Card, Checkbox, Form, Input, Modal, Popconfirm, Select, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router-dom";
import type { ContactBody, ContactJson } from "../../../../api/schemas/notice.ts";
import { useContacts, useNoteContact, useNotices } from "../../api/notices.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { Served } from "../notices/delivery.tsx";

function AddContact({ accountId }: { accountId: string }) {
  const { t, term } = useSpeech();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm<ContactBody>();
  const note = useNoteContact(accountId);
  const done = (contact: ContactBody) =>
    note.mutate(
      { ...contact, address: contact.address.trim() },
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
        {t("contact.add")}
      </Button>
      <Modal
        open={open}
        title={t("contact.add")}
        okText={t("contact.add")}
        onOk={() => form.submit()}
        onCancel={() => setOpen(false)}
        confirmLoading={note.isPending}
      >
        {note.error === null ? null : <ProblemNote error={note.error} />}
        <Form<ContactBody>
          form={form}
          layout="vertical"
          initialValues={{ channel: "email", language: "zh", bills: false, verified: false, consent: "" }}
          onFinish={done}
        >
          <Form.Item name="channel" label={t("contact.channel")}>
            <Select
              options={(["email", "webhook", "inbox"] as const).map((value) => ({ value, label: term("way", value) }))}
            />
          </Form.Item>
          <Form.Item name="address" label={t("contact.address")} rules={[{ required: true, whitespace: true }]}>
            <Input maxLength={254} />
          </Form.Item>
          <Form.Item name="language" label={t("contact.language")}>
            <Select options={(["zh", "en"] as const).map((value) => ({ value, label: term("contact", value) }))} />
          </Form.Item>
          <Form.Item name="consent" label={t("contact.consent")}>
            <Input maxLength={200} />
          </Form.Item>
          <Form.Item name="bills" valuePropName="checked" noStyle>
            <Checkbox>{t("contact.bills")}</Checkbox>
          </Form.Item>
          <Form.Item name="verified" valuePropName="checked" noStyle>
            <Checkbox>{t("contact.verified")}</Checkbox>
          </Form.Item>
        </Form>
      </Modal>
    </>
  );
}

function ContactRow({ accountId, contact }: { accountId: string; contact: ContactJson }) {
  const { t, term } = useSpeech();
  const note = useNoteContact(accountId);
  const { channel, address, language, bills, verified } = contact;
  return (
    <li>
      <span>{term("way", channel)}</span>
      <b className="clip">{address}</b>
      <span className="quiet">{term("contact", language)}</span>
      <span>
        {bills ? <Tag>{t("contact.bills")}</Tag> : null}
        {verified ? <Tag color="green">{t("contact.verified")}</Tag> : null}
        <Popconfirm
          title={t("contact.remove.ask")}
          okText={t("contact.remove")}
          onConfirm={() => note.mutate({ channel, address, active: false })}
        >
          <Button size="small" type="text" loading={note.isPending}>
            {t("contact.remove")}
          </Button>
        </Popconfirm>
      </span>
    </li>
  );
}

function LastNotices({ accountId }: { accountId: string }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const notices = useNotices({ accountId, page: 1, pageSize: 5 });
  return (
    <Loaded query={notices} rows={2} isEmpty={(data) => data.items.length === 0} empty={t("notices.none")}>
      {(data) => (
        <ul className="notice-list">
          {data.items.map((notice) => (
            <li key={notice.id}>
              <span className="quiet">{format.instant(notice.createdAt)}</span>
              <span>{term("notice", notice.kind)}</span>
              <Served notice={notice} />
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  );
}

/** Where the customer is reached, for clerks, and what he was told last. */
export function NoticeCard({ accountId, mayEdit }: { accountId: string; mayEdit: boolean }) {
  const { t } = useSpeech();
  return (
    <Card
      size="small"
      title={t("notices.card")}
      extra={<Link to={`/notices?accountId=${accountId}`}>{t("notices.all")}</Link>}
    >
      {mayEdit ? <Contacts accountId={accountId} /> : null}
      <LastNotices accountId={accountId} />
    </Card>
  );
}

function Contacts({ accountId }: { accountId: string }) {
  const { t } = useSpeech();
  const contacts = useContacts(accountId);
  return (
    <>
      <Loaded query={contacts} rows={1} isEmpty={({ items }) => items.length === 0} empty={t("contact.none")}>
        {({ items }) => (
          <ul className="notice-list" data-testid="contacts">
            {items.map((contact) => (
              <ContactRow key={contact.id} accountId={accountId} contact={contact} />
            ))}
          </ul>
        )}
      </Loaded>
      <AddContact accountId={accountId} />
    </>
  );
}
