import { useEffect, useRef } from "react";
import type { ResidentNoticesJson } from "../../../api/schemas/resident.ts";
import { ask } from "../api/client.ts";
import type { Format } from "../format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Waiting } from "./usage.tsx";
import { useAnswer } from "./use-answer.ts";

/** What the account was told. What stands here on the screen was opened: the books say so from then on. */
export function Messages({ format, opened }: { format: Format; opened: () => void }) {
  const { t, language } = useSpeech();
  const notices = useAnswer<ResidentNoticesJson>(`/resident/notices?lang=${language}`);
  const told = useRef(new Set<string>());
  const items = notices.data?.items ?? null;
  useEffect(() => {
    const unread = (items ?? []).filter(({ id, unread: isUnread }) => isUnread && !told.current.has(id));
    if (unread.length === 0) return;
    for (const { id } of unread) told.current.add(id);
    const calls = unread.map(({ id }) => ask(`/resident/notices/${id}/opened`, { method: "POST" }));
    void Promise.allSettled(calls).then(opened); // what did not get through stays unread, and is told at the next look
  }, [items, opened]);
  if (items === null) return <Waiting problem={notices.problem} />;
  if (items.length === 0) return <p className="quiet">{t("resident.noMessages")}</p>;
  return (
    <section className="card list">
      {items.map(({ id, at, subject, text, unread }) => (
        <article key={id} data-testid="resident-message" data-unread={unread}>
          <b>{subject}</b>
          <p>{text}</p>
          <span className="quiet">{format.instant(at)}</span>
        </article>
      ))}
    </section>
  );
}
