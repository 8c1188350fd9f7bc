import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Descriptions, Drawer, Radio } from "antd";
import { useState } from "react";
import type { OneBillPreviewJson } from "../../../../api/schemas/correction.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Amount } from "../../parts/money.tsx";
import { useUser } from "../../shell/operator.tsx";
import { PostForm } from "../rebill/post-form.tsx";

type Kind = "cancel" | "anew";

/** One bill taken back whole, or made anew after that: what it comes to first, then the button that posts exactly this. */
export function CancelBill({ billId, accountId }: { billId: string; accountId: string }) {
  const { t } = useSpeech();
  const { role } = useUser();
  const [isOpen, setIsOpen] = useState(false);
  const [kind, setKind] = useState<Kind>("cancel");
  if (role === "reader") return null;
  return (
    <>
      <Button data-testid="cancel-bill" onClick={() => setIsOpen(true)}>
        {t("cancelBill.open")}
      </Button>
      <Drawer open={isOpen} onClose={() => setIsOpen(false)} title={t("cancelBill.title")} size="min(460px, 100vw)">
        <div className="stack">
          <Radio.Group
            value={kind}
            onChange={(event) => setKind(event.target.value as Kind)}
            options={[
              { value: "cancel", label: t("cancelBill.cancel") },
              { value: "anew", label: t("cancelBill.anew") },
            ]}
          />
          <p className="quiet">{t(kind === "cancel" ? "cancelBill.note" : "cancelBill.anewNote")}</p>
          {isOpen && <Preview key={kind} billId={billId} accountId={accountId} kind={kind} />}
        </div>
      </Drawer>
    </>
  );
}

function Preview({ billId, accountId, kind }: { billId: string; accountId: string; kind: Kind }) {
  const { t } = useSpeech();
  const preview = useQuery({
    queryKey: ["correction-preview", billId, kind],
    queryFn: ({ signal }) =>
      ask<OneBillPreviewJson>(`/bills/${billId}/correction-preview`, { query: { kind }, signal }),
    gcTime: 0, // what is shown is what is posted: never from before
  });
  return (
    <Loaded query={preview} rows={3}>
      {({ difference, supply, charges, digest }) => (
        <>
          {digest === null ? (
            <Alert type="info" title={t(kind === "cancel" ? "cancelBill.isCancelled" : "cancelBill.stands")} />
          ) : (
            <Descriptions
              size="small"
              column={1}
              items={[
                { key: "supply", label: t("cancelBill.supply"), children: <Amount money={supply} /> },
                { key: "charges", label: t("rebill.otherCharges"), children: <Amount money={charges} /> },
                {
                  key: "total",
                  label: t("rebill.total"),
                  children: (
                    <b data-testid="cancel-difference">
                      <Amount money={difference} />
                    </b>
                  ),
                },
              ]}
            />
          )}
          <PostForm accountId={accountId} digest={digest} of={{ kind, billId }} />
        </>
      )}
    </Loaded>
  );
}
