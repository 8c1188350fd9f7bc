import { Button, Progress, Tag, Tooltip } from "antd";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { BusJson, ScanJson } from "../../../../api/schemas/bus.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";

/** Asks again which scan runs: pressed twice it is still one scan. */
export function ScanButton({ bus }: { bus: BusJson }) {
  const { t } = useSpeech();
  const me = useUser();
  const client = useQueryClient();
  const begin = useMutation({
    mutationFn: () => ask<ScanJson>(`/buses/${bus.id}/scans`, { method: "POST" }),
    onSettled: () => client.invalidateQueries({ queryKey: ["buses"] }),
  });
  if (me.role === "reader" || bus.link === "closed") return null;
  return (
    <>
      {begin.error === null ? null : <ProblemNote error={begin.error} retry={() => begin.mutate()} />}
      <Tooltip title={t("buses.scanHint")}>
        <Button
          size="small"
          data-testid="scan"
          loading={begin.isPending || bus.scan?.state === "running"}
          onClick={() => begin.mutate()}
        >
          {t("buses.scan")}
        </Button>
      </Tooltip>
    </>
  );
}

/** How far the newest scan is, and what answered. */
export function Scan({ scan }: { scan: ScanJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const { asked, total, state, found } = scan;
  const at = format.instant(scan.startedAt);
  const title = {
    running: t("buses.scanning", { asked, total }),
    done: t("buses.scanDone", { asked, at }),
    failed: t("buses.scanFailed", { asked, total, at }),
  }[state];
  return (
    <section className="scan" data-testid="scan-result" data-state={state}>
      <p>
        <b>{title}</b>
      </p>
      {state === "running" ? (
        <Progress percent={total === 0 ? 100 : Math.floor((asked / total) * 100)} size="small" status="active" />
      ) : null}
      {found.length === 0 ? <p className="quiet">{t("buses.foundNone")}</p> : null}
      <ul className="scan-found">
        {found.map((unit) => (
          <Found key={unit.unitId} unit={unit} />
        ))}
      </ul>
    </section>
  );
}

function Found({ unit }: { unit: ScanJson["found"][number] }) {
  const { t, term } = useSpeech();
  const [best, ...others] = unit.candidates;
  return (
    <li>
      <b>{t("buses.foundOne", { unit: unit.unitId })}</b>{" "}
      {unit.trouble !== null ? (
        <span className="bus-ill">{t("buses.trouble", { reason: term("reason", unit.trouble) })}</span>
      ) : best === undefined ? (
        <span className="quiet">{t("buses.noProfile")}</span>
      ) : (
        <>
          {t("buses.looksLike")} <code>{best.profileId}</code>{" "}
          {best.evidence
            .filter(({ kind }) => kind === "identity")
            .map(({ detail }) => (
              <Tag key={detail} color="green">
                {detail}
              </Tag>
            ))}
          {best.sample.map(({ register, value, unit: of }) => (
            <Tag key={register}>
              {term("register", register)} {value} {of}
            </Tag>
          ))}
          {others.length === 0 ? null : (
            <span className="quiet">
              {t("buses.orLike")} {others.map(({ profileId }) => profileId).join(", ")}
            </span>
          )}
        </>
      )}
    </li>
  );
}
