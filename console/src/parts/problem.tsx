import { Alert, Button } from "antd";
import { ApiError } from "../api/client.ts";
import { useSpeech } from "../i18n/language.tsx";

/** What went wrong, what to do about it, and a code to name on the telephone. */
export function ProblemNote({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const { t, term } = useSpeech();
  const problem = error instanceof ApiError ? error.problem : null;
  const code = problem?.code ?? "console.fault";
  const known = (group: string) => {
    const text = term(group, code);
    return text === code ? null : text;
  };
  const detail = problem?.detail ?? (problem === null && error instanceof Error ? error.message : undefined);
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      className="problem"
      title={known("error") ?? problem?.title ?? t("error.console.fault")}
      description={
        <>
          <div>{known("hint") ?? problem?.hint}</div>
          {detail === undefined ? null : <div className="quiet">{detail}</div>}
          {problem?.errors?.map((e) => (
            <div key={e.path} className="quiet">
              <code>{e.path}</code> {e.message}
            </div>
          ))}
          <div className="quiet">
            {t("error.code")} <code>{code}</code>
          </div>
        </>
      }
      action={
        retry === undefined ? null : (
          <Button size="small" onClick={retry}>
            {t("action.retry")}
          </Button>
        )
      }
    />
  );
}
