import { Button, Card, Popconfirm, Tag } from "antd";
import type { TariffVersionJson } from "../../../../api/schemas/tariff.ts";
import { useSpeech } from "../../i18n/language.tsx";

type Examples = TariffVersionJson["examples"];

/** Worked examples, green or red; the ways to change them are there while it is a draft. */
export function Examples({
  examples,
  accept,
  remove,
}: {
  examples: Examples;
  accept?: (i: number) => void;
  remove?: (i: number) => void;
}) {
  const { t } = useSpeech();
  return (
    <Card size="small" title={t("tariff.examples")} data-testid="tariff-examples">
      {examples.length === 0 ? <div className="quiet">{t("example.none")}</div> : null}
      <ul className="tariff-examples">
        {examples.map((example, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two may have one title
          <li key={i}>
            <Verdict example={example} />
            {accept === undefined || example.differs.length === 0 || example.total === "" ? null : (
              <Popconfirm title={t("example.accept.ask")} onConfirm={() => accept(i)}>
                <Button size="small">{t("example.accept", { total: example.total })}</Button>
              </Popconfirm>
            )}
            {remove === undefined ? null : (
              <Button
                size="small"
                type="text"
                aria-label={t("tariff.remove", { name: example.title })}
                onClick={() => remove(i)}
              >
                ×
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Verdict({ example: { title, total, differs } }: { example: Examples[number] }) {
  const { t } = useSpeech();
  const [first] = differs;
  if (first === undefined) return <Tag color="green">✓ {t("tariff.example.right", { title, total })}</Tag>;
  const { line, expected, got } = first;
  return <Tag color="red">✗ {t("tariff.example.wrong", { title, line, expected, got: got ?? "–" })}</Tag>;
}
