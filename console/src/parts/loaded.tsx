import { Empty, Skeleton } from "antd";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useSpeech } from "../i18n/language.tsx";
import { ProblemNote } from "./problem.tsx";

/** One of four faces of a question to the service: waiting, refused, nothing there, or the answer. */
export function Loaded<T>({
  query,
  children,
  isEmpty,
  empty,
  rows = 5,
}: {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  rows?: number;
}) {
  const { t } = useSpeech();
  if (query.data === undefined) {
    if (query.error !== null) return <ProblemNote error={query.error} retry={() => void query.refetch()} />;
    return <Skeleton active paragraph={{ rows }} title={false} aria-label={t("state.loading")} />;
  }
  const stale = query.error === null ? null : <ProblemNote error={query.error} retry={() => void query.refetch()} />;
  return (
    <>
      {stale}
      {isEmpty?.(query.data) === true ? (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={empty ?? t("state.nothing")} />
      ) : (
        children(query.data)
      )}
    </>
  );
}
