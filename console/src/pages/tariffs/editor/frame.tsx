import { Button, Tooltip } from "antd";
import type { ReactNode } from "react";
import { useSpeech } from "../../../i18n/language.tsx";
import { fieldId, useEditor, useFieldWords } from "./context.tsx";
import type { Path } from "./document.ts";

/** A field with its name, its help, what is wrong with it, and, where it may be left out, the way to do so. */
export function FieldFrame({
  path,
  owner,
  remove,
  wide = false,
  children,
}: {
  path: Path;
  owner: string;
  remove?: (() => void) | undefined;
  wide?: boolean;
  children: ReactNode;
}) {
  const { t } = useSpeech();
  const { problemsAt, isReadOnly } = useEditor();
  const words = useFieldWords();
  const name = String(path.at(-1) ?? "");
  const help = words.help(owner, name);
  const label = words.label(owner, name);
  const problems = problemsAt(path);
  return (
    <div className={`tariff-field${wide ? " wide" : ""}`} id={fieldId(path)} data-path={fieldId(path)}>
      <div className="tariff-field-name">
        <span>{label}</span>
        {help === null ? null : (
          <Tooltip title={help} trigger={["hover", "focus"]}>
            <button type="button" className="tariff-help" aria-label={help}>
              ?
            </button>
          </Tooltip>
        )}
        {remove === undefined || isReadOnly ? null : (
          <Button size="small" type="text" aria-label={t("tariff.remove", { name: label })} onClick={remove}>
            ×
          </Button>
        )}
      </div>
      {children}
      <Problems problems={problems} />
    </div>
  );
}

export function Problems({ problems }: { problems: readonly string[] }) {
  return problems.map((problem) => (
    <div key={problem} className="tariff-problem" role="alert">
      {problem}
    </div>
  ));
}
