import { Button, Checkbox, Input, Popconfirm, Popover, Space } from "antd";
import { useState } from "react";
import type { TariffVersionJson } from "../../../../api/schemas/tariff.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { useUser } from "../../shell/operator.tsx";

export type Step = {
  readonly name: "proposal" | "draft" | "publication" | "withdrawal";
  readonly body: Record<string, unknown>;
};

/** The next step of a version, for whom it is to take. */
export function Steps({
  one,
  act,
  busy,
  isUnsaved,
}: {
  one: TariffVersionJson;
  act: (step: Step) => void;
  busy: boolean;
  isUnsaved: boolean;
}) {
  const { t } = useSpeech();
  const { role, name } = useUser();
  if (role === "reader") return null;
  switch (one.state) {
    case "draft":
      return <Propose one={one} act={act} busy={busy} isUnsaved={isUnsaved} />;
    case "proposed":
      return (
        <Space wrap>
          {one.proposed?.name === name ? (
            <>
              <Button loading={busy} onClick={() => act({ name: "draft", body: {} })}>
                {t("tariff.takeBack")}
              </Button>
              <span className="quiet">{t("tariff.own.proposal")}</span>
            </>
          ) : (
            <SendBack act={act} busy={busy} />
          )}
          {role === "manager" ? (
            <Popconfirm title={t("tariff.publish.ask")} onConfirm={() => act({ name: "publication", body: {} })}>
              <Button type="primary" loading={busy} data-testid="tariff-publish">
                {t("tariff.publish")}
              </Button>
            </Popconfirm>
          ) : null}
        </Space>
      );
    case "published":
      return role === "manager" && !one.inForce ? (
        <Popconfirm title={t("tariff.withdraw.ask")} onConfirm={() => act({ name: "withdrawal", body: {} })}>
          <Button danger loading={busy}>
            {t("tariff.withdraw")}
          </Button>
        </Popconfirm>
      ) : null;
    case "withdrawn":
      return null;
  }
}

function Propose({
  one,
  act,
  busy,
  isUnsaved,
}: {
  one: TariffVersionJson;
  act: (step: Step) => void;
  busy: boolean;
  isUnsaved: boolean;
}) {
  const { t } = useSpeech();
  const [isCorrection, setCorrection] = useState(false);
  const [reason, setReason] = useState("");
  return (
    <Space wrap>
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
        disabled={one.problems.length > 0 || isUnsaved}
        title={isUnsaved ? t("tariff.propose.first") : undefined}
        onClick={() => act({ name: "proposal", body: { isCorrection, reason: isCorrection ? reason : "" } })}
        data-testid="tariff-propose"
      >
        {t("tariff.propose")}
      </Button>
    </Space>
  );
}

function SendBack({ act, busy }: { act: (step: Step) => void; busy: boolean }) {
  const { t } = useSpeech();
  const [reason, setReason] = useState("");
  return (
    <Popover
      trigger="click"
      destroyOnHidden
      content={
        <form
          className="tariff-copy"
          onSubmit={(event) => {
            event.preventDefault();
            act({ name: "draft", body: { reason } });
          }}
        >
          <Input.TextArea
            autoFocus
            aria-label={t("tariff.sendBack.reason")}
            placeholder={t("tariff.sendBack.reason")}
            maxLength={300}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
          <Button danger htmlType="submit" loading={busy} disabled={reason.trim() === ""}>
            {t("tariff.sendBack")}
          </Button>
        </form>
      }
    >
      <Button danger>{t("tariff.sendBack")}</Button>
    </Popover>
  );
}
