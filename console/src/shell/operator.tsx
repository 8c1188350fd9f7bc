import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { MeJson } from "../../../api/schemas/session.ts";
import { type Format, formatOf } from "../format.ts";
import { useSpeech } from "../i18n/language.tsx";

const MeContext = createContext<{ me: MeJson; format: Format } | null>(null);

/** Who is signed in and how numbers and times are written for the operator they work for. */
export function OperatorProvider({ me, children }: { me: MeJson; children: ReactNode }) {
  const { language } = useSpeech();
  const value = useMemo(() => ({ me, format: formatOf(language, me.operator.zone) }), [me, language]);
  return <MeContext value={value}>{children}</MeContext>;
}

function useSignedIn() {
  const value = useContext(MeContext);
  if (value === null) throw new Error("useSignedIn outside OperatorProvider");
  return value;
}
export const useFormat = (): Format => useSignedIn().format;
export const useUser = (): MeJson => useSignedIn().me;
