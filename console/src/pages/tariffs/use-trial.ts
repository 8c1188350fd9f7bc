import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import type { TariffLanguageJson, TariffTrialJson } from "../../../../api/schemas/tariff.ts";
import { ask } from "../../api/client.ts";
import type { JsonObject } from "./editor/document.ts";
import { type FieldProblem, problemOfText } from "./editor/problem-words.ts";
import type { LiveChoice } from "./live.tsx";
import { useSettled } from "./use-draft.ts";

/** Long enough that a word is typed in one go, short enough to feel live. Our choice. */
const SETTLED_MS = 350;

export const useTariffLanguage = () =>
  useQuery({
    queryKey: ["tariff-language"],
    queryFn: ({ signal }) => ask<TariffLanguageJson>("/tariff-language", { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** What the service says to a document as it is now; the last answer stays until the next. */
export function useTrial(document: JsonObject, choice: LiveChoice, isAsked: boolean) {
  const settled = useSettled(document, SETTLED_MS);
  const { accountId, month } = choice;
  const live = accountId === "" || month === "" ? {} : { accountId, month };
  const query = useQuery({
    queryKey: ["tariff-trial", JSON.stringify(settled), live],
    queryFn: ({ signal }) =>
      ask<TariffTrialJson>("/tariff-trials", { method: "POST", body: { document: settled, ...live }, signal }),
    placeholderData: keepPreviousData,
    enabled: isAsked,
  });
  const isBroken = (query.data?.problems.length ?? 0) > 0;
  // Figures stay in sight while a document has errors: those of the last one without.
  const whole = useRef<TariffTrialJson>(undefined);
  if (query.data !== undefined && !isBroken) whole.current = query.data;
  return {
    query,
    trial: query.data,
    whole: whole.current,
    isBroken,
    isSettled: settled === document && !query.isFetching,
  };
}

/** Everything that is wrong, each at its field. */
export const problemsOfTrial = (trial: TariffTrialJson | undefined): FieldProblem[] =>
  trial === undefined
    ? []
    : [
        ...trial.problems.map(({ path, message }) => ({ path: path === "(whole file)" ? "" : path, message })),
        ...trial.publication.map(problemOfText),
      ];
