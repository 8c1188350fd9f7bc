import { useMutation } from "@tanstack/react-query";
import { Button, Modal, QRCode, Typography } from "antd";
import type { z } from "zod";
import type { ResidentPassJson } from "../../../../api/schemas/resident.ts";
import type { AccountJson } from "../../../../api/schemas/account.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useUser } from "../../shell/operator.tsx";

type Pass = z.infer<typeof ResidentPassJson>;

/** Hands a resident the way to his own page: scanned from the screen, opened here, or a code to write down. */
export function ResidentPass({ account }: { account: AccountJson }) {
  const { t } = useSpeech();
  const user = useUser();
  const pass = useMutation({
    mutationFn: () => ask<Pass>(`/accounts/${account.id}/resident-pass`, { method: "POST" }),
  });
  if (user.role === "reader") return null;
  const address = pass.data === undefined ? "" : new URL(pass.data.path, location.origin).href;
  return (
    <>
      <Button data-testid="resident-pass" loading={pass.isPending} onClick={() => pass.mutate()}>
        {t("resident.pass")}
      </Button>
      {pass.error === null ? null : <ProblemNote error={pass.error} />}
      <Modal open={pass.data !== undefined} onCancel={() => pass.reset()} footer={null} title={t("resident.pass")}>
        <p>{t("resident.passWhat")}</p>
        <QRCode value={address || "-"} bordered={false} />
        <Typography.Paragraph copyable={{ text: address }} data-testid="resident-link">
          {t("resident.passLink")}:{" "}
          <a href={address} target="_blank" rel="noreferrer">
            {t("resident.passOpen")}
          </a>
        </Typography.Paragraph>
        <p>
          {t("resident.passCode", { operator: user.operator.code, account: account.number })}:{" "}
          <b data-testid="resident-code">{pass.data?.code}</b>
        </p>
      </Modal>
    </>
  );
}
