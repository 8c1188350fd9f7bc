import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Card, Form, Input, Tag } from "antd";
import type { DemoUserJson, MeJson, SignInBody } from "../../../api/schemas/session.ts";
import { ask } from "../api/client.ts";
import { useDemo } from "../api/queries.ts";
import { useSpeech } from "../i18n/language.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { UtilityIcon } from "../parts/utility.tsx";
import { Brand, LanguageSwitch } from "../shell/frame.tsx";

function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: SignInBody) => ask<MeJson>("/sign-in", { method: "POST", body }),
    onSuccess: (me) => client.setQueryData(["me"], me),
  });
}

function DemoUsers({
  users,
  choose,
  busy,
}: {
  users: readonly DemoUserJson[];
  choose: (user: DemoUserJson) => void;
  busy: string | null;
}) {
  const { t, term, language } = useSpeech();
  return (
    <Card className="demo-card" title={t("demo.title")}>
      <p>{t("demo.what")}</p>
      <ol className="demo-walk">
        <li>{t("demo.step1")}</li>
        <li>{t("demo.step2")}</li>
        <li>{t("demo.step3")}</li>
      </ol>
      <ul className="demo-users">
        {users.map((user) => (
          <li key={user.login}>
            <span>
              <b>{language === "zh" ? user.operatorZh : user.operatorEn}</b>
              <Tag>{term("role", user.role)}</Tag>
              <span className="quiet nobreak">
                {user.login} / {user.password}
              </span>
            </span>
            <Button data-testid={`demo-${user.login}`} loading={busy === user.login} onClick={() => choose(user)}>
              {t("signIn.as")}
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  );
}

export default function SignIn() {
  const { t } = useSpeech();
  const demo = useDemo();
  const signIn = useSignIn();
  const busy = signIn.isPending ? signIn.variables.login : null;
  return (
    <main className="start">
      <header>
        <Brand />
        <LanguageSwitch />
      </header>
      <section className="start-lead">
        <h1>{t("start.title")}</h1>
        <p>
          <UtilityIcon utility="electricity" size={18} />
          <UtilityIcon utility="gas" size={18} />
          <UtilityIcon utility="water" size={18} />
          {t("start.lead")}
        </p>
      </section>
      <div className="start-cards">
        <Card title={t("signIn.title")} className="sign-in-card">
          <Form<SignInBody> layout="vertical" requiredMark={false} onFinish={(body) => signIn.mutate(body)}>
            <Form.Item
              name="login"
              label={t("signIn.login")}
              rules={[{ required: true, message: t("signIn.login.missing") }]}
            >
              <Input autoFocus autoComplete="username" data-testid="login" />
            </Form.Item>
            <Form.Item
              name="password"
              label={t("signIn.password")}
              rules={[{ required: true, message: t("signIn.password.missing") }]}
            >
              <Input.Password autoComplete="current-password" data-testid="password" />
            </Form.Item>
            {signIn.error === null ? null : <ProblemNote error={signIn.error} />}
            <Button type="primary" htmlType="submit" block loading={signIn.isPending} data-testid="sign-in">
              {t("signIn.go")}
            </Button>
          </Form>
        </Card>
        {demo.data?.demo === true ? (
          <DemoUsers
            users={demo.data.users}
            choose={({ login, password }) => signIn.mutate({ login, password })}
            busy={busy}
          />
        ) : null}
        {demo.error === null ? null : <Alert type="warning" showIcon title={t("error.console.no-answer")} />}
      </div>
    </main>
  );
}
