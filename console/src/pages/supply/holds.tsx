import { Button, Popconfirm, Segmented, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router-dom";
import type { SupplyHoldJson } from "../../../../api/schemas/supply-hold.ts";
import { useHoldStep, useSupplyHolds } from "../../api/supply.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { Temperatures } from "./temperatures.tsx";
import { NoteHold } from "./note-hold.tsx";

/** What persons said that keeps a supply from being cut; who approved it, and until when. */
export function Holds() {
  const { t, term } = useSpeech();
  const format = useFormat();
  const user = useUser();
  const [state, setState] = useState<"open" | "all">("open");
  const holds = useSupplyHolds(state);
  return (
    <>
      <div className="filters">
        <Segmented<"open" | "all">
          value={state}
          onChange={setState}
          options={(["open", "all"] as const).map((value) => ({ value, label: t(`supply.holds.${value}`) }))}
        />
        {user.role === "reader" ? null : <NoteHold kind={null} />}
      </div>
      <Loaded query={holds}>
        {(data) => (
          <ListTable<SupplyHoldJson>
            dataSource={data.items}
            pagination={{ pageSize: 50, hideOnSinglePage: true }}
            empty={t("supply.holdsNone")}
            columns={[
              {
                title: t("supply.kind"),
                key: "kind",
                render: (_, h) => <Tag color={h.inForce ? "blue" : "default"}>{term("supplyHold", h.kind)}</Tag>,
              },
              {
                title: t("account.name"),
                key: "account",
                render: (_, h) =>
                  h.accountId === null ? (
                    t("supply.all")
                  ) : (
                    <Link to={`/accounts/${h.accountId}`}>
                      {h.accountNumber} {h.accountName}
                    </Link>
                  ),
              },
              { title: t("supply.from"), key: "from", render: (_, h) => format.instant(h.from) },
              {
                title: t("supply.untilLabel"),
                key: "until",
                render: (_, h) => (h.until === null ? "–" : format.instant(h.until)),
              },
              {
                title: t("supply.reason"),
                key: "reason",
                render: (_, h) => (
                  <>
                    {h.reason} <span className="quiet">{h.evidence}</span>
                  </>
                ),
              },
              { title: t("supply.standing"), key: "standing", render: (_, h) => <Standing hold={h} /> },
            ]}
          />
        )}
      </Loaded>
      <Temperatures />
    </>
  );
}

function Standing({ hold }: { hold: SupplyHoldJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const user = useUser();
  const approve = useHoldStep(hold.id, "approval");
  const end = useHoldStep(hold.id, "end");
  if (hold.endedAt !== null)
    return <span className="quiet">{t("supply.ended", { at: format.instant(hold.endedAt) })}</span>;
  const waits = hold.kind === "protection" && hold.approvedBy === null;
  const byManager = hold.kind === "protection" || hold.kind === "pause";
  const error = approve.error ?? end.error;
  return (
    <>
      {waits ? <Tag color="gold">{t("supply.waitsApproval")}</Tag> : null}
      {waits && user.role === "manager" ? (
        <Button size="small" loading={approve.isPending} onClick={() => approve.mutate({})}>
          {t("supply.approve")}
        </Button>
      ) : null}
      {user.role === "manager" || (user.role === "clerk" && !byManager) ? (
        <Popconfirm title={t("supply.endAsk")} okText={t("supply.end")} onConfirm={() => end.mutate({})}>
          <Button size="small" type="text" loading={end.isPending}>
            {t("supply.end")}
          </Button>
        </Popconfirm>
      ) : null}
      {error === null ? null : <ProblemNote error={error} />}
    </>
  );
}
