import { Alert, Table } from "antd";
import type { LifeJson } from "../../../../api/schemas/meter-life.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { useFormat } from "../../shell/operator.tsx";

/** What the place will be billed after the deed: each part with its dial's values. Nothing is done yet. */
export function LifePreview({ life: { preview, rebill } }: { life: LifeJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const value = (text: string | null) =>
    text === null ? "–" : <span className="amount">{format.number(text, 3)}</span>;
  return (
    <div className="stack" data-testid="life-preview">
      {preview === null ? (
        <p>{t("life.preview.none")}</p>
      ) : (
        <Table
          size="small"
          rowKey={(part) => `${part.meterId} ${part.register} ${part.from}`}
          pagination={false}
          dataSource={preview.parts}
          scroll={{ x: "max-content" }}
          title={() => t("life.preview.title", { from: format.instant(preview.from), to: format.instant(preview.to) })}
          footer={() => (
            <strong>
              {t("life.preview.total")} {format.quantity(preview.quantity, 3)}
              {preview.amount === null ? "" : ` · ${format.money(preview.amount)}`}
            </strong>
          )}
          columns={[
            {
              title: t("life.part"),
              render: (_, part) => (
                <>
                  <div>
                    {part.serial} · {term("register", part.register)}
                  </div>
                  <div className="quiet">
                    {format.instant(part.from)} – {format.instant(part.to)}
                  </div>
                </>
              ),
            },
            { title: t("life.ratioShort"), align: "right", render: (_, part) => part.ratio ?? "1" },
            { title: t("life.start"), align: "right", render: (_, part) => value(part.start) },
            { title: t("life.end"), align: "right", render: (_, part) => value(part.end) },
            { title: t("life.used"), align: "right", render: (_, part) => value(part.used) },
          ]}
        />
      )}
      {preview === null || preview.doubts.length === 0 ? null : (
        <Alert type="warning" showIcon title={t("life.doubts")} description={preview.doubts.join("; ")} />
      )}
      {rebill.length === 0 ? null : (
        <Alert type="info" showIcon title={t("life.rebill", { numbers: rebill.join(", ") })} />
      )}
    </div>
  );
}
