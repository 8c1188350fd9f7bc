import { useMutation } from "@tanstack/react-query";
import { Empty } from "antd";
import type { WhatIfBody } from "../../../../api/schemas/what-if.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useUrlFilter } from "../../parts/url-filter.ts";
import { useFormat } from "../../shell/operator.tsx";
import { useNow } from "../../shell/town-clock.tsx";
import { Answer } from "./answer.tsx";
import { BestOption } from "./best.tsx";
import { pastMonths, Question } from "./question.tsx";
import { startWhatIf, useDraftOf, useTariffChoices, useWhatIf } from "./queries.ts";
import "./what-if.css";

/** One comparison as far as it is. */
export function Comparison({ id }: { id: string }) {
  const job = useWhatIf(id);
  return <Loaded query={job}>{(data) => <Answer job={data} onChanged={() => void job.refetch()} />}</Loaded>;
}

/** Other prices over months that are past. The comparison that is shown and the account stand in the address. */
export default function WhatIf() {
  const { t } = useSpeech();
  const format = useFormat();
  const now = useNow();
  const filter = useUrlFilter();
  const choices = useTariffChoices();
  const [id, accountId] = [filter.get("id"), filter.get("account")];
  const version = filter.get("version");
  const draft = useDraftOf(version);
  const start = useMutation({
    mutationFn: (body: WhatIfBody) => startWhatIf(body),
    onSuccess: (job) => filter.set({ id: job.id }),
  });
  return (
    <>
      <PageTitle title={t("nav.whatIf")} note={t("whatIf.lead")} />
      <div className="stack">
        <Loaded query={choices}>
          {(data) =>
            now === null || (version !== "" && draft.data === undefined && draft.error === null) ? null : (
              <Question
                document={draft.data?.document ?? null}
                choices={data}
                months={pastMonths(now, format.zone)}
                accountId={accountId}
                setAccountId={(account) => filter.set({ account })}
                busy={start.isPending}
                ask={(body) => start.mutate(body)}
              />
            )
          }
        </Loaded>
        {start.error === null ? null : <ProblemNote error={start.error} />}
        {accountId === "" ? null : <BestOption key={accountId} accountId={accountId} />}
        {id === "" ? (
          accountId === "" ? (
            <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("whatIf.none")} />
          ) : null
        ) : (
          <Comparison key={id} id={id} />
        )}
      </div>
    </>
  );
}
