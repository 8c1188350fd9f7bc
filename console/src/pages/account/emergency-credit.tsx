import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Card, Popconfirm } from "antd";
import type { EmergencyCreditJson } from "../../../../api/schemas/emergency-credit.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat } from "../../shell/operator.tsx";

/** What of emergency credit stands open to an account; nothing to show where its policy has none. Taken for the customer who asks. */
export function EmergencyCreditCard({ accountId, mayTake }: { accountId: string; mayTake: boolean }) {
  const { t } = useSpeech();
  const format = useFormat();
  const { message } = App.useApp();
  const client = useQueryClient();
  const path = `/accounts/${accountId}/emergency-credit`;
  const offer = useQuery({
    queryKey: ["account", accountId, "emergency"], // with the account: what makes that stale makes this stale
    queryFn: ({ signal }) => ask<EmergencyCreditJson>(path, { signal }),
  });
  const take = useMutation({
    mutationFn: () => ask(path, { method: "POST" }),
    onSuccess: () => void message.success(t("emergency.done")),
    onSettled: () =>
      Promise.all(["account", "timeline"].map((name) => client.invalidateQueries({ queryKey: [name, accountId] }))),
  });
  if (offer.data === undefined) return offer.error === null ? null : <ProblemNote error={offer.error} />;
  const { state, amount, used, takenAt, repaidAt, why } = offer.data;
  if (amount === null && repaidAt === null && why !== "too_little") return null;
  const money = { amount: amount === null ? "" : format.money(amount) };
  return (
    <Card size="small" title={t("emergency.title")} data-testid="emergency" data-state={state}>
      <div className="stack">
        {state === "offered" ? <span>{t("emergency.offer", money)}</span> : null}
        {state === "taken" && takenAt !== null ? (
          <span>{t("emergency.taken", { ...money, at: format.instant(takenAt) })}</span>
        ) : null}
        {used === null ? null : (
          <span data-testid="emergency-used">{t("emergency.used", { amount: format.money(used) })}</span>
        )}
        {why === "too_little" ? <span>{t("emergency.why.too_little")}</span> : null}
        {repaidAt === null ? null : (
          <span className="quiet">{t("emergency.repaid", { at: format.instant(repaidAt) })}</span>
        )}
        {state === "none" ? null : <span className="quiet">{t("emergency.what")}</span>}
        {take.error === null ? null : <ProblemNote error={take.error} />}
        {state === "offered" && mayTake ? (
          <div>
            <Popconfirm
              title={t("emergency.ask", money)}
              okText={t("emergency.confirm")}
              onConfirm={() => take.mutate()}
            >
              <Button loading={take.isPending} data-testid="emergency-take">
                {t("emergency.take", money)}
              </Button>
            </Popconfirm>
          </div>
        ) : null}
      </div>
    </Card>
  );
}
