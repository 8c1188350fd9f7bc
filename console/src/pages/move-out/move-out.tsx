import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Card, Form, Input } from "antd";
import { useState } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router-dom";
import type { AccountJson } from "../../../../api/schemas/account.ts";
import type { ClosingJson, FinalBillBody, FinalBillJson } from "../../../../api/schemas/account-closing.ts";
import { ask } from "../../api/client.ts";
import { useAccount } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { usePlace } from "../../parts/place.ts";
import { ProblemNote } from "../../parts/problem.tsx";
import { FinalBillShown } from "./final-bill-shown.tsx";
import "./move-out.css";
import { Consent, MoveOutReadings, SetOffConsent, type ReadingFields } from "./move-out-fields.tsx";

type Fields = {
  onDay: string;
  readings?: ReadingFields;
  agreed?: Word;
  setOffConsent?: Word;
};
type Word = { by?: string; on?: string; reference?: string };

/** What is asked of the service: only what was filled in. */
function bodyOf({ onDay, readings = {}, agreed = {}, setOffConsent = {} }: Fields): FinalBillBody {
  const word = ({ by = "", on = "", reference = "" }: Word) => ({ by, on, reference });
  const read = Object.entries(readings).flatMap(([meterId, { value = "", confirmed = false }]) =>
    value.trim() === "" ? [] : [{ meterId, value: value.trim(), confirmed }],
  );
  return {
    onDay,
    ...(read.length === 0 ? {} : { readings: read }),
    ...((agreed.by ?? "") === "" ? {} : { agreed: word(agreed) }),
    ...((setOffConsent.by ?? "") === "" ? {} : { setOffConsent: word(setOffConsent) }),
  };
}

/** A move-out: pick the day, look at the final bill, close the account as it was shown. */
export default function MoveOut() {
  const { id = "" } = useParams();
  const { t } = useSpeech();
  const account = useAccount(id);
  return (
    <Loaded query={account} rows={8}>
      {(a) => (
        <>
          <Title account={a} />
          {a.closing === null ? <Steps account={a} /> : <Link to={`/accounts/${id}`}>{t("bill.toAccount")}</Link>}
        </>
      )}
    </Loaded>
  );
}

function Title({ account }: { account: AccountJson }) {
  const { t } = useSpeech();
  const place = usePlace();
  return (
    <PageTitle title={t("closing.title")} note={`${account.name} · ${place(account)} · ${account.number}`}>
      <Link to={`/accounts/${account.id}`}>
        <Button>{t("bill.toAccount")}</Button>
      </Link>
    </PageTitle>
  );
}

function Steps({ account }: { account: AccountJson }) {
  const { t } = useSpeech();
  const { message } = App.useApp();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [form] = Form.useForm<Fields>();
  const [params] = useSearchParams();
  const [asked, setAsked] = useState<FinalBillBody | null>(null);
  const path = `/accounts/${account.id}/final-bill`;
  const look = useMutation({
    mutationFn: (body: FinalBillBody) => ask<FinalBillJson>(`${path}/preview`, { method: "POST", body }),
  });
  const close = useMutation({
    mutationFn: (body: FinalBillBody & { digest: string }) => ask<ClosingJson>(path, { method: "POST", body }),
    onSuccess: async ({ closing }) => {
      void message.success(t("closing.done"));
      await Promise.all(
        ["account", "plan", "plans", "vacant", "timeline", "deposits", "accountBills", "bills"].map((name) =>
          client.invalidateQueries({ queryKey: [name] }),
        ),
      );
      await navigate(closing.bill === null ? `/accounts/${account.id}` : `/bills/${closing.bill.id}`);
    },
  });
  const shown = look.data;
  const preview = (fields: Fields) => {
    const body = bodyOf(fields);
    setAsked(body);
    close.reset();
    look.mutate(body);
  };
  // What was changed in the form since is not what was shown.
  const forget = () => {
    if (look.data !== undefined && asked !== null) setAsked(null);
  };
  return (
    <div className="stack">
      <Card size="small">
        <Form<Fields>
          form={form}
          layout="vertical"
          initialValues={{ onDay: params.get("on") ?? "" }}
          onFinish={preview}
          onValuesChange={forget}
        >
          <Form.Item
            name="onDay"
            label={t("closing.day")}
            extra={t("closing.day.hint")}
            rules={[{ required: true, pattern: /^\d{4}-\d\d-\d\d$/, message: t("closing.day.missing") }]}
          >
            <Input type="date" data-testid="closing-day" style={{ maxWidth: 220 }} />
          </Form.Item>
          <MoveOutReadings meters={account.meters} />
          {shown !== undefined && (shown.proposed.length > 0 || asked?.agreed !== undefined) ? (
            <Consent proposed={shown.proposed} />
          ) : null}
          {shown === undefined ? null : <SetOffConsent setOff={shown.setOff} />}
          <Button htmlType="submit" loading={look.isPending} data-testid="closing-look">
            {t("closing.look")}
          </Button>
        </Form>
        {look.error === null ? null : <ProblemNote error={look.error} />}
      </Card>
      {shown === undefined || look.isPending ? null : (
        <Card size="small" title={t("closing.total")}>
          <FinalBillShown shown={shown} />
          {close.error === null ? null : <ProblemNote error={close.error} />}
          {shown.digest === null ? null : (
            <Button
              type="primary"
              danger
              disabled={asked === null}
              loading={close.isPending}
              onClick={() =>
                asked !== null && shown.digest !== null && close.mutate({ ...asked, digest: shown.digest })
              }
              data-testid="closing-go"
            >
              {t("closing.go")}
            </Button>
          )}
        </Card>
      )}
    </div>
  );
}
