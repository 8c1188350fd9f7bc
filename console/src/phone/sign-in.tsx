import { type FormEvent, useEffect, useState } from "react";
import type { DemoJson, MeJson } from "../../../api/schemas/session.ts";
import { ApiError, ask, NO_ANSWER } from "../api/client.ts";
import { useSpeech } from "../i18n/language.tsx";
import { LanguageButton } from "../parts/language-button.tsx";
import { usePhone } from "./phone.tsx";

/** Who signs in. What another reader entered on this phone stays his and waits for him. */
export function SignIn({ done, cancel }: { done: () => void; cancel: (() => void) | null }) {
  const { t, term, language } = useSpeech();
  const { signedIn, entries, me } = usePhone();
  const [login, setLogin] = useState(me?.login ?? "");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [demo, setDemo] = useState<DemoJson["users"]>([]);
  useEffect(() => {
    ask<DemoJson>("/demo").then(
      (answer) => setDemo(answer.users),
      () => undefined,
    );
  }, []);
  const enter = async (body: { login: string; password: string }) => {
    try {
      await signedIn(await ask<MeJson>("/sign-in", { method: "POST", body }));
      done();
    } catch (error) {
      const code = error instanceof ApiError ? error.problem.code : NO_ANSWER;
      setProblem(term("error", code));
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void enter({ login, password });
  };
  const waiting = entries.length;
  return (
    <div className="screen">
      <header className="bar">
        <b className="grow">{t("phone.title")}</b>
        <LanguageButton />
      </header>
      <form className="card" onSubmit={submit}>
        {waiting === 0 ? null : <p className="note">{t("phone.keptFor", { n: waiting })}</p>}
        {problem === null ? null : (
          <p className="note bad" role="alert">
            {problem}
          </p>
        )}
        <label>
          {t("signIn.login")}
          <input
            value={login}
            autoCapitalize="none"
            autoComplete="username"
            onChange={(e) => setLogin(e.target.value)}
            required
          />
        </label>
        <label>
          {t("signIn.password")}
          <input
            type="password"
            value={password}
            autoComplete="current-password"
            onChange={(e) => setPassword(e.target.value)}
            required
          />
        </label>
        <button type="submit" className="main">
          {t("signIn.go")}
        </button>
        {cancel === null ? null : (
          <button type="button" onClick={cancel}>
            {t("phone.back")}
          </button>
        )}
      </form>
      {demo.map((user) => (
        <button
          key={user.login}
          type="button"
          className="row"
          data-testid={`demo-${user.login}`}
          onClick={() => void enter({ login: user.login, password: user.password })}
        >
          <span className="grow">
            {language === "zh" ? user.operatorZh : user.operatorEn} · {term("role", user.role)}
          </span>
          <span className="quiet">{user.login}</span>
        </button>
      ))}
    </div>
  );
}
