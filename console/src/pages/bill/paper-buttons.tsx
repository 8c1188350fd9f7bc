import { Button, Dropdown, Space } from "antd";
import { urlOf } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";

/** The bill as it is handed out: in the reader's language by one click, the others one further away. */
export function PaperButtons({ billId }: { billId: string }) {
  const { t, language } = useSpeech();
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
    { key: "print", label: t("paper.print"), onClick: () => window.print() },
  ];
  return (
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
  );
}
