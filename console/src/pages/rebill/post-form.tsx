import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Input, Space } from "antd";
import { useState } from "react";
import { Link } from "react-router-dom";
import { ApiError } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { type OneBill, postCorrection, proposeCorrection } from "./queries.ts";

/**
 * Why, and the button that posts exactly what is shown: one account's difference.
 * @param of the one bill that is cancelled or made anew; else every bill of the account
 * @param digest `null`: nothing can be posted, what was posted a moment ago is still told
 */
export function PostForm({ accountId, digest, of = {} }: { accountId: string; digest: string | null; of?: OneBill }) {
  const { t } = useSpeech();
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const body = { digest: digest ?? "", reason: reason.trim(), ...of };
  const post = useMutation({
    mutationFn: () => postCorrection(accountId, body),
    onSuccess: () => void client.invalidateQueries(),
  });
  const propose = useMutation({ mutationFn: () => proposeCorrection(accountId, body) });
  const needsSecond = post.error instanceof ApiError && post.error.problem.code === "rebill.second-person";
  return (
    <div className="stack">
      {digest !== null && (
        <Space wrap>
          <Input
            aria-label={t("rebill.reason")}
            placeholder={t("rebill.reason")}
            value={reason}
            maxLength={500}
            style={{ width: "min(320px, 62vw)" }}
            onChange={(event) => setReason(event.target.value)}
            onPressEnter={() => (body.reason === "" || post.isPending ? undefined : post.mutate())}
          />
          <Button
            type="primary"
            data-testid="rebill-post"
            disabled={body.reason === ""}
            loading={post.isPending}
            onClick={() => post.mutate()}
          >
            {t("rebill.post")}
          </Button>
          {needsSecond && (
            <Button loading={propose.isPending} onClick={() => propose.mutate()}>
              {t("rebill.propose")}
            </Button>
          )}
        </Space>
      )}
      {post.error !== null && <ProblemNote error={post.error} />}
      {propose.error !== null && <ProblemNote error={propose.error} />}
      {propose.isSuccess && <Alert type="success" title={t("rebill.proposed")} />}
      {post.data !== undefined && (
        <Alert
          type="success"
          title={
            post.data.id === null ? (
              t("rebill.nothing")
            ) : (
              <Link to={`/corrections/${post.data.id}`}>{t("rebill.posted", { number: post.data.number ?? "" })}</Link>
            )
          }
        />
      )}
    </div>
  );
}
