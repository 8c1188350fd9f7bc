import { Button, Input, Popconfirm, Space } from "antd";
import { useState } from "react";
import type { PolicyVersionJson } from "../../../../api/schemas/policy.ts";
import type { PolicyStep } from "../../api/policies.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { useUser } from "../../shell/operator.tsx";

/** The next step of a version, for whom it is to take. */
export function PolicySteps({
  one,
  act,
  busy,
  isUnsaved,
  isWrong,
}: {
  one: PolicyVersionJson;
  act: (step: PolicyStep) => void;
  busy: boolean;
  isUnsaved: boolean;
  isWrong: boolean;
}) {
  const { t } = useSpeech();
  const { role, name } = useUser();
  const [reason, setReason] = useState("");
  if (role === "reader") return null;
  const why = (
    <Input
      placeholder={t("policy.reason")}
      aria-label={t("policy.reason")}
      maxLength={300}
      value={reason}
      onChange={(event) => setReason(event.target.value)}
    />
  );
  switch (one.state) {
    case "draft":
      return (
        <Space wrap>
          {why}
          <Button
            type="primary"
            loading={busy}
            disabled={isUnsaved || isWrong}
            title={isUnsaved ? t("tariff.propose.first") : undefined}
            onClick={() => act({ name: "proposal", body: { reason } })}
            data-testid="policy-propose"
          >
            {t("tariff.propose")}
          </Button>
        </Space>
      );
    case "proposed": {
      const isOwn = one.proposed?.name === name;
      return (
        <Space wrap>
          {isOwn ? <span className="quiet">{t("tariff.own.proposal")}</span> : why}
          <Button
            danger={!isOwn}
            loading={busy}
            disabled={!isOwn && reason.trim() === ""}
            onClick={() => act({ name: "draft", body: { reason } })}
          >
            {t(isOwn ? "tariff.takeBack" : "tariff.sendBack")}
          </Button>
          {role === "manager" && !isOwn ? (
            <Popconfirm title={t("policy.publish.ask")} onConfirm={() => act({ name: "publication", body: {} })}>
              <Button type="primary" loading={busy} data-testid="policy-publish">
                {t("tariff.publish")}
              </Button>
            </Popconfirm>
          ) : null}
        </Space>
      );
    }
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
