import { Alert } from "antd";
import { useSpeech } from "../../i18n/language.tsx";
import { spoken } from "./difference-words.ts";
import { isList, isObject, type JsonObject, textOf } from "./editor/document.ts";
import { type FieldProblem, problemWords } from "./editor/problem-words.ts";

/** Everything that is not right yet; a click goes to its field. */
export function ProblemList({ problems, document }: { problems: readonly FieldProblem[]; document: JsonObject }) {
  const { t, language } = useSpeech();
  if (problems.length === 0) return null;
  return (
    <Alert
      type="warning"
      showIcon
      data-testid="tariff-problems"
      title={t("tariff.problems.n", { n: problems.length })}
      description={
        <ul className="tariff-problem-list">
          {problems.map(({ path, message }) => (
            <li key={`${path} ${message}`}>
              <button type="button" className="tariff-link" onClick={() => goTo(path)}>
                {path === "" ? t("tariff.whole") : placeWords(path, document, language)}
              </button>
              {": "}
              {problemWords(message, language)}
            </li>
          ))}
        </ul>
      }
    />
  );
}

/** A path of the service as a person reads it. */
function placeWords(path: string, document: JsonObject, language: "zh" | "en"): string {
  const steps = path
    .split(/[.[\]]/)
    .filter(Boolean)
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
  const named = steps.map((step, i) => {
    if (typeof step !== "number" || (steps[i - 1] !== "charges" && steps[i - 1] !== "examples")) return step;
    const rows = document[String(steps[i - 1])];
    const row = isList(rows) ? rows[step] : undefined;
    return isObject(row) ? textOf(row.id) || textOf(row.title) || step : step;
  });
  return spoken({ path: named, before: null, after: null }, { language, document }).place;
}

/** The field of a path, or the nearest thing around it that is on the page. */
function goTo(path: string): void {
  for (let at = path; at !== ""; at = at.replace(/(\.[^.[\]]+|\[\d+\])$|^[^.[\]]+$/, "")) {
    const element = window.document.getElementById(`field-${at}`);
    if (element === null) continue;
    if (element instanceof HTMLDetailsElement) element.open = true;
    element.scrollIntoView({ block: "center", behavior: "smooth" });
    const input = element.matches("input")
      ? element
      : element.querySelector<HTMLElement>("input, textarea, [tabindex='0']");
    input?.focus({ preventScroll: true });
    return;
  }
}
