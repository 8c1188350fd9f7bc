import { Button, Card, Modal, Tag } from "antd";
import { useState } from "react";
import type { AccountJson } from "../../../../api/schemas/account.ts";
import { urlOf } from "../../api/client.ts";
import { useCertificate, useCertificates } from "../../api/supply.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { useFormat } from "../../shell/operator.tsx";

/** What was proven before each order to cut this account left, and what was seen after it. */
export function Certificates({ account }: { account: AccountJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const [page, setPage] = useState(1);
  const [open, setOpen] = useState<string | null>(null);
  const certificates = useCertificates(account.id, page);
  if (account.prepaid === null) return null;
  return (
    <Card size="small" title={t("certificate.title")}>
      <Loaded query={certificates} rows={1} isEmpty={({ total }) => total === 0} empty={t("certificate.none")}>
        {(data) => (
          <ListTable
            rowKey="number"
            dataSource={data.items}
            pagination={{
              current: page,
              pageSize: data.pageSize,
              total: data.total,
              onChange: setPage,
              hideOnSinglePage: true,
            }}
            empty={t("certificate.none")}
            columns={[
              {
                title: t("certificate.number"),
                key: "number",
                render: (_, c) => (
                  <Button type="link" size="small" onClick={() => setOpen(c.number)} data-testid="certificate">
                    {c.number}
                  </Button>
                ),
              },
              { title: t("certificate.kind"), key: "kind", render: (_, c) => term("certificate", c.kind) },
              { title: t("certificate.at"), key: "at", render: (_, c) => format.instant(c.writtenAt) },
              {
                title: "SHA-256",
                key: "hash",
                render: (_, c) => <code className="quiet">{c.hash.slice(0, 12)}…</code>,
              },
            ]}
          />
        )}
      </Loaded>
      {open === null ? null : <OneCertificate number={open} close={() => setOpen(null)} />}
    </Card>
  );
}

function OneCertificate({ number, close }: { number: string; close: () => void }) {
  const { t, term } = useSpeech();
  const certificate = useCertificate(number);
  return (
    <Modal open width={760} onCancel={close} footer={null} title={t("certificate.one", { number })}>
      <Loaded query={certificate}>
        {(data) => (
          <>
            <p>
              {term("certificate", data.kind)}{" "}
              {data.proof.ok ? (
                <Tag color="green">{t("certificate.proven")}</Tag>
              ) : (
                <Tag color="red">{t("certificate.wrong", { what: data.proof.wrong.join("; ") })}</Tag>
              )}
              <a href={urlOf(`/supply/certificates/${number}/file`)} download>
                {t("certificate.file")}
              </a>
            </p>
            {data.evidence.length === 0 ? null : (
              <p className="quiet">{t("certificate.seen", { numbers: data.evidence.join(", ") })}</p>
            )}
            <pre className="payload">{JSON.stringify(data.document, null, 2)}</pre>
          </>
        )}
      </Loaded>
    </Modal>
  );
}
