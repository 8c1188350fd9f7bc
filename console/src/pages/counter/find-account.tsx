import { Empty, Input, type InputRef } from "antd";
import { type KeyboardEvent, type RefObject, useEffect, useState } from "react";
import type { AccountRowJson } from "../../../../api/schemas/account.ts";
import { useFoundAccounts } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { usePlace } from "../../parts/place.ts";
import { RelayLamp } from "../../parts/lamp.tsx";
import { Balance } from "../../parts/money.tsx";
import { ProblemNote } from "../../parts/problem.tsx";

const TYPING_PAUSE_MS = 120;
const SHOWN = 9;

/** The text once the fingers rest: what is asked, and what the rows below belong to. */
function useRested(text: string): string {
  const [rested, setRested] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(() => setRested(text.trim()), TYPING_PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  return rested;
}

function Row({ row, active, choose, id }: { row: AccountRowJson; active: boolean; choose: () => void; id: string }) {
  const place = usePlace();
  const { t, term } = useSpeech();
  return (
    // biome-ignore lint: keys are handled by the search field that owns this list
    <li
      id={id}
      role="option"
      aria-selected={active}
      className={active ? "active" : ""}
      data-testid="counter-result"
      data-account={row.number}
      onMouseDown={choose}
    >
      <span>
        <b>{row.name}</b> {place(row)}
        <small className="quiet">
          {row.number} · {row.phone} · {term("mode", row.paymentMode)}
          {row.closedOn === null ? "" : ` · ${t("account.closed")}`}
        </small>
      </span>
      <span className="right">
        <Balance money={row.balance} />
        {row.relay === null ? null : <RelayLamp state={row.relay} />}
      </span>
    </li>
  );
}

/** Find the customer while typing: arrows move, Enter chooses. An Enter that comes before the answer waits for it. */
export function FindAccount({ input, choose }: { input: RefObject<InputRef | null>; choose: (id: string) => void }) {
  const { t } = useSpeech();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [waiting, setWaiting] = useState(false);
  const rested = useRested(text);
  const found = useFoundAccounts({ text: rested, limit: SHOWN });
  const current = rested === text.trim() && !found.isPlaceholderData && found.data !== undefined;
  const rows = rested === "" ? [] : (found.data?.items ?? []);
  useEffect(() => {
    if (!waiting || !current) return;
    setWaiting(false);
    const [only, second] = rows;
    if (only !== undefined && second === undefined) choose(only.id);
  }, [waiting, current, rows, choose]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return; // Enter and arrows belong to the input method while it composes
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setAt((before) => Math.max(0, Math.min(rows.length - 1, before + (event.key === "ArrowDown" ? 1 : -1))));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (event.repeat) return;
      const row = rows[at];
      if (!current) setWaiting(text.trim() !== "");
      else if (row !== undefined) choose(row.id);
    } else if (event.key === "Escape") setText("");
  };
  return (
    <div className="find-account">
      <Input
        ref={input}
        autoFocus
        size="large"
        allowClear
        role="combobox"
        aria-label={t("counter.search")}
        aria-expanded={rows.length > 0}
        aria-controls="counter-results"
        aria-activedescendant={rows.length > 0 ? `counter-result-${at}` : undefined}
        aria-autocomplete="list"
        autoComplete="off"
        data-testid="counter-search"
        placeholder={t("counter.search")}
        value={text}
        onChange={(e) => {
          setText(e.target.value);
          setAt(0);
          setWaiting(false);
        }}
        onKeyDown={onKeyDown}
      />
      {found.error === null ? null : <ProblemNote error={found.error} />}
      {current && rested !== "" && rows.length === 0 ? (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("counter.nobody")} />
      ) : null}
      <ul id="counter-results" role="listbox" aria-label={t("counter.results")} className="results">
        {rows.map((row, i) => (
          <Row key={row.id} id={`counter-result-${i}`} row={row} active={i === at} choose={() => choose(row.id)} />
        ))}
      </ul>
      {rows.length > 0 && found.data?.more === true ? <p className="quiet results-more">{t("counter.more")}</p> : null}
    </div>
  );
}
