import { Alert, Button, Modal, Progress } from "antd";
import { useRef, useState } from "react";
import type { CycleMailJson } from "../../../../api/schemas/paper.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat } from "../../shell/operator.tsx";

type Sum = Pick<CycleMailJson, "queued" | "already" | "withoutAddress" | "total">;
const NONE: Sum = { queued: 0, already: 0, withoutAddress: 0, total: 0 };
const seen = ({ queued, already, withoutAddress }: Sum): number => queued + already + withoutAddress;

type State = "counting" | "counted" | "sending" | "sent" | "failed";

/** All bills of a month by mail: how many first, then page by page with what was done so far. A stop or a second time sends none twice. */
export function MailMonth({ month }: { month: string }) {
  const { t } = useSpeech();
  const format = useFormat();
  const [isOpen, setIsOpen] = useState(false);
  const [state, setState] = useState<State>("counting");
  const [sum, setSum] = useState<Sum>(NONE);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<AbortController>(new AbortController());

  async function walk(dryRun: boolean): Promise<void> {
    const own = new AbortController();
    stop.current = own;
    setState(dryRun ? "counting" : "sending");
    setError(null);
    let all = NONE;
    try {
      for (let after: string | null = "0"; after !== null && !own.signal.aborted; ) {
        const part: CycleMailJson = await ask<CycleMailJson>(`/bill-cycles/${month}/mail`, {
          method: "POST",
          body: { after, dryRun },
          signal: own.signal,
        });
        all = {
          queued: all.queued + part.queued,
          already: all.already + part.already,
          withoutAddress: all.withoutAddress + part.withoutAddress,
          total: part.total,
        };
        setSum(all);
        after = part.after;
      }
      if (stop.current === own) setState(dryRun ? "counted" : "sent");
    } catch (problem) {
      if (own.signal.aborted) return;
      setError(problem);
      setState("failed");
    }
  }

  const open = (): void => {
    setSum(NONE);
    setIsOpen(true);
    void walk(true);
  };
  const close = (): void => {
    stop.current.abort();
    setIsOpen(false);
  };
  const figures = {
    queued: format.count(sum.queued),
    already: format.count(sum.already),
    without: format.count(sum.withoutAddress),
  };
  return (
    <>
      <Button data-testid="mail-month" onClick={open}>
        {t("cycle.mail")}
      </Button>
      <Modal
        open={isOpen}
        onCancel={close}
        title={t("cycle.mailTitle", { month: format.month(`${month}-01T12:00:00Z`) })}
        okText={t("cycle.mailSend", { n: figures.queued })}
        cancelText={t("cycle.mailClose")}
        okButtonProps={{ disabled: state !== "counted" || sum.queued === 0, loading: state === "sending" }}
        onOk={() => void walk(false)}
      >
        <div className="stack">
          <Progress percent={Math.round((seen(sum) / Math.max(sum.total, 1)) * 100)} size="small" />
          <p aria-live="polite">
            {t(state === "counting" || state === "counted" ? "cycle.mailWould" : "cycle.mailDone", figures)}
          </p>
          {state === "sent" && <Alert type="success" title={t("cycle.mailSent")} />}
          {error !== null && <ProblemNote error={error} />}
        </div>
      </Modal>
    </>
  );
}
