import { useState } from "react";
import { useSpeech } from "../i18n/language.tsx";
import { usePhone } from "./phone.tsx";
import { ownerOf } from "./store.ts";
import { WaitingList } from "./waiting.tsx";

/** Above every screen: where one is, whether there is a line, and how much waits. */
export function Bar({
  title,
  back,
  open,
  signIn,
}: {
  title: string;
  back: (() => void) | null;
  open: (routeId: string, meterId: string) => void;
  signIn: () => void;
}) {
  const { t } = useSpeech();
  const { me, line, entries, signedOut, clockWrongSeconds } = usePhone();
  const [listed, setListed] = useState(false);
  const owner = me === null ? "" : ownerOf(me);
  const mine = entries.filter((entry) => entry.owner === owner);
  const others = entries.length - mine.length;
  const waiting = mine.filter((entry) => entry.state === "waiting").length;
  const toMend = mine.length - waiting;
  return (
    <>
      <header className="bar">
        {back === null ? null : (
          <button type="button" className="icon" aria-label={t("phone.back")} onClick={back}>
            ‹
          </button>
        )}
        <b className="grow cut">{title}</b>
        <button
          type="button"
          className={`chip line-${line}`}
          data-testid="waiting"
          data-waiting={waiting}
          data-stuck={toMend}
          data-line={line}
          onClick={() => setListed(true)}
        >
          <i aria-hidden="true" />
          {line === "away" ? `${t("phone.away")} · ` : ""}
          {toMend > 0
            ? t("phone.toMend", { n: toMend })
            : waiting > 0
              ? t("phone.waiting", { n: waiting })
              : t("phone.allSent")}
        </button>
      </header>
      {signedOut ? (
        <button type="button" className="banner" data-testid="signed-out" onClick={signIn}>
          {t("phone.signedOut", { n: waiting })}
        </button>
      ) : null}
      {others === 0 ? null : (
        <p className="banner quiet-banner" data-testid="others">
          {t("phone.others", { n: others })}
        </p>
      )}
      {clockWrongSeconds === null ? null : (
        <p className="banner" role="alert">
          {t("phone.clockWrong", { n: Math.abs(Math.round(clockWrongSeconds / 60)) })}
        </p>
      )}
      {listed ? (
        <WaitingList
          entries={mine}
          close={() => setListed(false)}
          open={(routeId, meterId) => {
            setListed(false);
            open(routeId, meterId);
          }}
        />
      ) : null}
    </>
  );
}
