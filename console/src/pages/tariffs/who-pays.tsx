import { useMutation } from "@tanstack/react-query";
import { Button, Card } from "antd";
import { useState } from "react";
import { Link } from "react-router-dom";
import type { TariffVersionJson } from "../../../../api/schemas/tariff.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { useNow } from "../../shell/town-clock.tsx";
import { Comparison } from "../what-if/what-if.tsx";
import { pastMonths } from "../what-if/question.tsx";
import { startWhatIf } from "../what-if/queries.ts";
import "../what-if/what-if.css";

/** Last month of every account under this version: who pays more, who less. A further question is asked on the page of comparisons. */
export function WhoPays({ one }: { one: TariffVersionJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const now = useNow();
  const [id, setId] = useState("");
  const [month = ""] = now === null ? [] : pastMonths(now, format.zone);
  const start = useMutation({
    mutationFn: () => {
      const limit = one.against === null ? {} : { insteadOf: [one.tariffId] };
      return startWhatIf({ from: month, to: month, tariffs: [{ document: one.document, ...limit }] });
    },
    onSuccess: (job) => setId(job.id),
  });
  return (
    <Card
      size="small"
      title={t("tariff.who")}
      extra={<Link to={`/what-if?version=${one.id}`}>{t("tariff.who.page")}</Link>}
    >
      <div className="stack">
        {id === "" ? (
          <div>
            <Button
              loading={start.isPending}
              disabled={month === ""}
              onClick={() => start.mutate()}
              data-testid="tariff-who"
            >
              {t("tariff.who.ask", { month: month === "" ? "" : format.month(`${month}-15T12:00:00Z`) })}
            </Button>
          </div>
        ) : (
          <Comparison key={id} id={id} />
        )}
        {start.error === null ? null : <ProblemNote error={start.error} />}
      </div>
    </Card>
  );
}
