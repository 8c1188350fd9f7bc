import { useCallback, useEffect, useState } from "react";
import type { ResidentHomeJson } from "../../../api/schemas/resident.ts";
import { ask } from "../api/client.ts";
import { formatOf } from "../format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { LanguageButton } from "../parts/language-button.tsx";
import { Bills } from "./bills.tsx";
import { Buy } from "./buy.tsx";
import { Enter } from "./enter.tsx";
import { History } from "./history.tsx";
import { Home } from "./home.tsx";
import { Messages } from "./messages.tsx";
import { Pay } from "./pay.tsx";
import { Usage } from "./usage.tsx";
import { codeOf, useAnswer } from "./use-answer.ts";

const TABS = ["home", "usage", "bills", "messages", "history"] as const;
type Tab = (typeof TABS)[number];
/** While the page is seen: the lamp and the money are never older. */
const LOOK_MS = 5_000;

/** `/r/pay/<ref>`: an order of the sandbox. */
const payRef = (path: string): string | null => /^\/r\/pay\/([\w-]{20,40})$/.exec(path)?.[1] ?? null;

export function ResidentApp() {
  const ref = payRef(location.pathname);
  return ref === null ? <Account /> : <Pay orderRef={ref} />;
}

/** The secret behind the `#` is used once and leaves the address at once. */
function takeLink(): string | null {
  const link = location.hash.slice(1);
  if (link === "") return null;
  history.replaceState(null, "", location.pathname);
  return link;
}

type Entering = { readonly isUnderWay: boolean; readonly problem: string | null };
const ENTERING: Entering = { isUnderWay: true, problem: null };
const ENTERED: Entering = { isUnderWay: false, problem: null };

function Account() {
  const { t } = useSpeech();
  const [entering, setEntering] = useState<Entering>(ENTERING);
  const home = useAnswer<ResidentHomeJson>(entering.isUnderWay ? null : "/resident/home", LOOK_MS);
  useEffect(() => {
    const link = takeLink();
    const entered = link === null ? Promise.resolve() : ask("/resident/enter", { method: "POST", body: { link } });
    entered.then(
      () => setEntering(ENTERED),
      (error: unknown) => setEntering({ isUnderWay: false, problem: codeOf(error) }),
    );
  }, []);
  const isOut = home.problem === "auth.pass" || home.problem === "auth.required";
  if (home.data !== null && !isOut) return <Pages home={home.data} refresh={home.again} />;
  if (entering.isUnderWay || (home.problem === null && entering.problem === null))
    return (
      <div className="screen">
        <Bar title={t("resident.title")} />
        <p className="quiet" role="status">
          {t("resident.wait")}
        </p>
      </div>
    );
  const problem = entering.problem ?? (isOut ? null : home.problem);
  return (
    <Enter
      problem={problem}
      entered={() => {
        setEntering(ENTERED);
        home.again();
      }}
    />
  );
}

export function Bar({ title }: { title: string }) {
  return (
    <header className="bar">
      <b className="grow cut">{title}</b>
      <LanguageButton />
    </header>
  );
}

function Pages({ home, refresh }: { home: ResidentHomeJson; refresh: () => void }) {
  const { t, language } = useSpeech();
  const [tab, setTab] = useState<Tab>("home");
  const [isBuying, setBuying] = useState(false);
  const format = formatOf(language, home.operator.zone);
  const done = useCallback(() => {
    setBuying(false);
    refresh();
  }, [refresh]);
  return (
    <div className="screen resident">
      <Bar title={language === "zh" ? home.operator.nameZh : home.operator.nameEn} />
      {isBuying ? (
        <Buy home={home} format={format} done={done} />
      ) : (
        <>
          {tab === "home" ? <Home home={home} format={format} buy={() => setBuying(true)} changed={refresh} /> : null}
          {tab === "usage" ? <Usage format={format} /> : null}
          {tab === "bills" ? <Bills format={format} /> : null}
          {tab === "messages" ? <Messages format={format} opened={refresh} /> : null}
          {tab === "history" ? <History format={format} /> : null}
        </>
      )}
      <nav className="tabs" aria-label={t("resident.title")}>
        {TABS.map((name) => (
          <button
            key={name}
            type="button"
            data-testid={`tab-${name}`}
            aria-current={tab === name && !isBuying ? "page" : undefined}
            onClick={() => {
              setBuying(false);
              setTab(name);
            }}
          >
            {t(`resident.tab.${name}`)}
            {name === "messages" && home.unread > 0 ? (
              <span className="badge" data-testid="resident-unread">
                {home.unread}
              </span>
            ) : null}
          </button>
        ))}
      </nav>
    </div>
  );
}
