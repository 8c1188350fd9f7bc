import { useMutation } from "@tanstack/react-query";
import { App, Button, Dropdown, Space } from "antd";
import { useState } from "react";
import type { BillMailJson } from "../../../../api/schemas/paper.ts";
import { ApiError, ask, NO_ANSWER, urlOf } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { useUser } from "../../shell/operator.tsx";
import { type InvoiceFormat, InvoiceForm } from "./invoice-form.tsx";

/** The bill as it is handed out: in the reader's language by one click, the others one further away. */
export function PaperButtons({ billId, number }: { billId: string; number: string }) {
  const { t, term, language } = useSpeech();
  const user = useUser();
  const { message } = App.useApp();
  const mail = useMutation({
    mutationFn: () => ask<BillMailJson>(`/bills/${billId}/mail`, { method: "POST" }),
    onSuccess: ({ queued, already }) =>
      void message.info(t(queued > 0 ? "paper.mailed" : already > 0 ? "paper.mailedBefore" : "paper.noAddress")),
    onError: (error) => void message.error(term("error", error instanceof ApiError ? error.problem.code : NO_ANSWER)),
  });
  const [asks, setAsks] = useState<InvoiceFormat | null>(null);
  const paper = (kind: "pdf" | "html", lang: string) => urlOf(`/bills/${billId}/paper.${kind}`, { lang });
  const link = (key: string, href: string, words: string) => ({
    key,
    label: (
      <a href={href} target="_blank" rel="noreferrer">
        {words}
      </a>
    ),
  });
  const items = [
    link("zh", paper("pdf", "zh"), t("paper.zh")),
    link("en", paper("pdf", "en"), t("paper.en")),
    link("both", paper("pdf", "both"), t("paper.both")),
    link("html", paper("html", language), t("paper.html")),
    ...(user.role === "reader"
      ? []
      : [
          { type: "divider" as const },
          { key: "ubl", label: t("invoice.ubl"), onClick: () => setAsks("xml") },
          { key: "shudian", label: t("invoice.shudian"), onClick: () => setAsks("json") },
          { type: "divider" as const },
        ]),
    { key: "print", label: t("paper.print"), onClick: () => window.print() },
    ...(user.role === "reader" ? [] : [{ key: "mail", label: t("paper.mail"), onClick: () => mail.mutate() }]),
  ];
  return (
    <>
      {asks !== null && <InvoiceForm billId={billId} number={number} format={asks} close={() => setAsks(null)} />}
      <Space.Compact>
        <Button type="primary" href={paper("pdf", language)} target="_blank" rel="noreferrer" data-testid="paper-pdf">
          {t("paper.open")}
        </Button>
        <Dropdown menu={{ items }} trigger={["click"]}>
          <Button type="primary" aria-label={t("paper.more")}>
            ▾
          </Button>
        </Dropdown>
      </Space.Compact>
    </>
  );
}
