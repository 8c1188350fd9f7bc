import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Drawer, Input, Popconfirm, Space, Tag } from "antd";
import { useState } from "react";
import type { TariffVersionJson } from "../../../../api/schemas/tariff.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";

export const STATE_COLOURS = { draft: "default", proposed: "gold", published: "green", withdrawn: "red" } as const;

type Step = { readonly path: string; readonly method: "POST" | "PUT"; readonly body: Record<string, unknown> };

function Who({ one }: { one: TariffVersionJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  return (
    <ul className="tariff-who quiet">
      {(["made", "changed", "proposed", "approved", "withdrawn"] as const).map((deed) => {
        const actor = one[deed];
        return actor === null ? null : (
          <li key={deed}>{t(`tariff.${deed}`, { name: actor.name, at: format.instant(actor.at) })}</li>
        );
      })}
    </ul>
  );
}

function Examples({ one }: { one: TariffVersionJson }) {
  const { t } = useSpeech();
  if (one.examples.length === 0) return null;
  return (
    <section>
      <h3>{t("tariff.examples")}</h3>
      <ul className="tariff-examples">
        {one.examples.map(({ title, total, differs }) => {
          const [first] = differs;
          return (
            <li key={title}>
              {first === undefined ? (
                <Tag color="green">✓ {t("tariff.example.right", { title, total })}</Tag>
              ) : (
                <Tag color="red">
                  ✗{" "}
                  {t("tariff.example.wrong", {
                    title,
                    line: first.line,
                    expected: first.expected,
                    got: first.got ?? "–",
                  })}
                </Tag>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Steps({
  one,
  text,
  act,
  busy,
}: {
  one: TariffVersionJson;
  text: string;
  act: (step: Step) => void;
  busy: boolean;
}) {
  const { t } = useSpeech();
  const { role } = useUser();
  const [isCorrection, setCorrection] = useState(false);
  const [reason, setReason] = useState("");
  const path = `/tariff-versions/${one.id}`;
  const { edition } = one;
  const post = (name: string, more: Record<string, unknown> = {}): void =>
    act({ path: `${path}/${name}`, method: "POST", body: { edition, ...more } });
  if (role === "reader") return null;
  switch (one.state) {
    case "draft":
      return (
        <Space wrap>
          <Button
            loading={busy}
            onClick={() => act({ path, method: "PUT", body: { edition, document: JSON.parse(text) as unknown } })}
            data-testid="tariff-save"
          >
            {t("tariff.save")}
          </Button>
          {one.billedBeyond === 0 ? null : (
            <>
              <Checkbox checked={isCorrection} onChange={(event) => setCorrection(event.target.checked)}>
                {t("tariff.correction")}
              </Checkbox>
              <Input
                placeholder={t("tariff.reason")}
                aria-label={t("tariff.reason")}
                value={reason}
                disabled={!isCorrection}
                onChange={(event) => setReason(event.target.value)}
              />
            </>
          )}
          <Button
            type="primary"
            loading={busy}
            disabled={one.problems.length > 0}
            onClick={() => post("proposal", { isCorrection, reason: isCorrection ? reason : "" })}
            data-testid="tariff-propose"
          >
            {t("tariff.propose")}
          </Button>
        </Space>
      );
    case "proposed":
      return (
        <Space wrap>
          <Button loading={busy} onClick={() => post("draft")}>
            {t("tariff.takeBack")}
          </Button>
          {role === "manager" ? (
            <Popconfirm title={t("tariff.publish.ask")} onConfirm={() => post("publication")}>
              <Button type="primary" loading={busy} data-testid="tariff-publish">
                {t("tariff.publish")}
              </Button>
            </Popconfirm>
          ) : null}
        </Space>
      );
    case "published":
      return role === "manager" && !one.inForce ? (
        <Popconfirm title={t("tariff.withdraw.ask")} onConfirm={() => post("withdrawal")}>
          <Button danger loading={busy}>
            {t("tariff.withdraw")}
          </Button>
        </Popconfirm>
      ) : null;
    case "withdrawn":
      return null;
  }
}

function Version({ one }: { one: TariffVersionJson }) {
  const { t, term } = useSpeech();
  const client = useQueryClient();
  const [text, setText] = useState(() => JSON.stringify(one.document, null, 2));
  const act = useMutation({
    mutationFn: ({ path, method, body }: Step) => ask<TariffVersionJson>(path, { method, body }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["tariff-version", one.id] });
      await client.invalidateQueries({ queryKey: ["tariffs"] });
    },
  });
  const broken = messageOf(text);
  return (
    <div className="stack">
      <div>
        <Tag color={STATE_COLOURS[one.state]}>{term("tariffState", one.state)}</Tag>
        <code>{`${one.tariffId}@${one.version}`}</code>
      </div>
      <Who one={one} />
      {one.problems.length === 0 ? null : (
        <Alert
          type="warning"
          showIcon
          title={t("tariff.problems")}
          description={one.problems.map((problem) => <div key={problem}>{problem}</div>)}
        />
      )}
      {one.billedBeyond === 0 ? null : (
        <Alert type="warning" showIcon title={t("tariff.billed", { n: one.billedBeyond })} />
      )}
      <Examples one={one} />
      <label htmlFor="tariff-document">{t("tariff.document")}</label>
      <Input.TextArea
        id="tariff-document"
        rows={18}
        spellCheck={false}
        className="tariff-document"
        readOnly={one.state !== "draft"}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {broken === null ? null : <Alert type="error" showIcon title={t("tariff.broken", { message: broken })} />}
      {act.error === null ? null : <ProblemNote error={act.error} />}
      {broken === null ? <Steps one={one} text={text} act={(step) => act.mutate(step)} busy={act.isPending} /> : null}
    </div>
  );
}

function messageOf(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** One own version at the side: its document, who did what, and the next step. */
export function VersionDrawer({ id, close }: { id: string; close: () => void }) {
  const { t } = useSpeech();
  const version = useQuery({
    queryKey: ["tariff-version", id],
    queryFn: ({ signal }) => ask<TariffVersionJson>(`/tariff-versions/${id}`, { signal }),
    enabled: id !== "",
  });
  return (
    <Drawer open={id !== ""} onClose={close} size={640} title={t("nav.tariffs")} destroyOnHidden>
      {id === "" ? null : (
        <Loaded query={version}>{(one) => <Version key={`${one.id} ${one.edition} ${one.state}`} one={one} />}</Loaded>
      )}
    </Drawer>
  );
}
