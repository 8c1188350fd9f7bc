import { useSpeech } from "../i18n/language.tsx";

const LAMP: Readonly<Record<string, "on" | "off" | "moving" | "fault" | "unknown">> = {
  connected: "on",
  disconnected: "off",
  limited: "moving",
  moving: "moving",
  fault: "fault",
};

/** The supply relay or valve as its meter last reported it: green, dark, or in between. `data-state` carries the service's word. */
export function RelayLamp({ state, large = false }: { state: string; large?: boolean }) {
  const { t, term } = useSpeech();
  const look = LAMP[state] ?? "unknown";
  return (
    <span
      className={`lamp lamp-${look}${large ? " lamp-large" : ""}`}
      data-testid="relay-lamp"
      data-state={state}
      role="status"
      aria-label={t("relay.label", { state: term("relay", state) })}
    >
      <i aria-hidden="true" />
      {term("relay", state)}
    </span>
  );
}
