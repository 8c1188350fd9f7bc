import { Input } from "antd";
import { useEffect, useState } from "react";

const TYPING_PAUSE_MS = 200;

/** A search that asks as someone types, once the fingers rest a moment. */
export function SearchBox({
  value,
  onSearch,
  label,
  testId,
}: {
  value: string;
  onSearch: (text: string) => void;
  label: string;
  testId: string;
}) {
  const [text, setText] = useState(value);
  useEffect(() => {
    if (text === value) return;
    const timer = window.setTimeout(() => onSearch(text), TYPING_PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [text, value, onSearch]);
  return (
    <Input.Search
      allowClear
      className="search-box"
      placeholder={label}
      aria-label={label}
      data-testid={testId}
      value={text}
      onChange={(e) => setText(e.target.value)}
      onSearch={onSearch}
    />
  );
}
