import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Tag } from "antd";
import { Link, useParams } from "react-router-dom";
import type { TariffVersionJson } from "../../../../api/schemas/tariff.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { Editor } from "./editor-page.tsx";
import { Review } from "./review.tsx";
import { STATE_COLOURS } from "./state-colours.ts";
import type { Step } from "./steps.tsx";
import "./tariffs.css";

/** One own version: edited while it is a draft, read by the second person when it is proposed, and what became of it. */
export default function TariffVersion() {
  const { id = "" } = useParams();
  const version = useQuery({
    queryKey: ["tariff-version", id],
    queryFn: ({ signal }) => ask<TariffVersionJson>(`/tariff-versions/${id}`, { signal }),
  });
  return (
    <Loaded query={version}>{(one) => <Version key={`${one.id} ${one.edition} ${one.state}`} one={one} />}</Loaded>
  );
}

function Version({ one }: { one: TariffVersionJson }) {
  const { t, term, language } = useSpeech();
  const format = useFormat();
  const { role } = useUser();
  const client = useQueryClient();
  const act = useMutation({
    mutationFn: ({ name, body }: Step) =>
      ask<TariffVersionJson>(`/tariff-versions/${one.id}/${name}`, {
        method: "POST",
        body: { edition: one.edition, ...body },
      }),
    onSuccess: async (next) => {
      client.setQueryData(["tariff-version", one.id], next);
      await client.invalidateQueries({ queryKey: ["tariffs"] });
    },
  });
  const returned = one.state === "draft" ? one.history.findLast(({ deed }) => deed !== "changed") : undefined;
  const of = { one, act: (step: Step) => act.mutate(step), busy: act.isPending };
  return (
    <>
      <PageTitle
        title={one.title[language]}
        note={
          <>
            <code>{`${one.tariffId}@${one.version}`}</code> · {format.day(one.effectiveFrom)}{" "}
            <Tag color={STATE_COLOURS[one.state]} data-testid="tariff-state" data-state={one.state}>
              {term("tariffState", one.state)}
            </Tag>
          </>
        }
      >
        <Link to="/tariffs">{t("tariff.back")}</Link>
      </PageTitle>
      <div className="stack">
        {returned?.deed === "returned" && returned.reason !== "" ? (
          <Alert
            type="warning"
            showIcon
            title={t("tariff.returned", { name: returned.by.name, reason: returned.reason })}
          />
        ) : null}
        {one.billedBeyond === 0 ? null : (
          <Alert type="warning" showIcon title={t("tariff.billed", { n: one.billedBeyond })} />
        )}
        {act.error === null ? null : <ProblemNote error={act.error} />}
        {one.state === "draft" && role !== "reader" ? <Editor {...of} /> : <Review {...of} />}
      </div>
    </>
  );
}
