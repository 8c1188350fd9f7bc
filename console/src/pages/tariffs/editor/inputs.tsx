import { Checkbox, Input, InputNumber, Select, Space } from "antd";
import { useMemo } from "react";
import { useSpeech } from "../../../i18n/language.tsx";
import { useFieldWords } from "./context.tsx";
import { isList, isObject, type Json, textOf } from "./document.ts";
import { useEditor, useField } from "./context.tsx";
import type { Path } from "./document.ts";
import type { Schema } from "./schema.ts";

export const isDecimal = (text: string): boolean => /^-?\d{1,12}(\.\d{1,20})?$/.test(text.trim());

type Of = { readonly path: Path; readonly owner: string; readonly label: string; readonly schema: Schema };

/** Full-width digits and 。of a Chinese keyboard are read as meant. */
export const plainDecimal = (text: string): string =>
  text.normalize("NFKC").replaceAll("。", ".").replace(/[\s,]/g, "");

export function DecimalInput({ path, label, suffix }: { path: Path; label: string; suffix?: string }) {
  const { value, set, isReadOnly, problems } = useField(path);
  const text = textOf(value);
  return (
    <Input
      aria-label={label}
      inputMode="decimal"
      value={text}
      readOnly={isReadOnly}
      {...(suffix === undefined ? {} : { suffix })}
      status={problems.length > 0 || (text !== "" && !isDecimal(text)) ? "error" : ""}
      onChange={(event) => set(plainDecimal(event.target.value))}
    />
  );
}

export function TextInput({ path, label, name }: Of & { name: string }) {
  const { value, set, isReadOnly, problems } = useField(path);
  const isDay = /^(effectiveFrom|effectiveTo)$|^(from|to)$/.test(name) && /^\d{4}-\d\d-\d\d$/.test(textOf(value));
  return (
    <Input
      aria-label={label}
      value={textOf(value)}
      readOnly={isReadOnly}
      type={isDay || name.startsWith("effective") ? "date" : "text"}
      status={problems.length > 0 ? "error" : ""}
      onChange={(event) => set(event.target.value)}
    />
  );
}

export function ZoneInput({ path, label }: Of) {
  const { value, set, isReadOnly } = useField(path);
  const zones = useMemo(() => Intl.supportedValuesOf("timeZone").map((zone) => ({ value: zone, label: zone })), []);
  return (
    <Select aria-label={label} showSearch disabled={isReadOnly} value={textOf(value)} options={zones} onChange={set} />
  );
}

export function ChoiceInput({ path, owner, label, schema }: Of) {
  const { value, set, isReadOnly } = useField(path);
  const words = useFieldWords();
  const name = String(path.at(-1) ?? "");
  const isPlain = name === "unit" || name === "currency";
  const options = (schema.enum ?? []).map((one) => ({
    value: one,
    label: isPlain ? one : choiceWord(words, owner, name, one),
  }));
  return <Select aria-label={label} disabled={isReadOnly} value={textOf(value)} options={options} onChange={set} />;
}

/** `choice.basis.period` before `choice.period`. */
function choiceWord(words: ReturnType<typeof useFieldWords>, owner: string, name: string, value: string): string {
  const own = words.choice(name, value);
  return own === value ? words.choice(owner, value) : own;
}

export function WholeInput({ path, label, schema }: Of) {
  const { value, set, isReadOnly } = useField(path);
  return (
    <InputNumber
      aria-label={label}
      precision={0}
      readOnly={isReadOnly}
      value={typeof value === "number" ? value : null}
      {...(schema.minimum === undefined ? {} : { min: schema.minimum })}
      onChange={(n) => set(n ?? undefined)}
    />
  );
}

export function YesNoInput({ path, label }: Of) {
  const { value, set, isReadOnly } = useField(path);
  return (
    <Checkbox checked={value === true} disabled={isReadOnly} onChange={(event) => set(event.target.checked)}>
      {label}
    </Checkbox>
  );
}

/** A name in Chinese and in English, side by side. */
export function TitleInput({ path }: { path: Path }) {
  const words = useFieldWords();
  return (
    <Space.Compact block className="tariff-title">
      {(["zh", "en"] as const).map((language) => (
        <OneTitle key={language} path={[...path, language]} label={words.label("title", language)} />
      ))}
    </Space.Compact>
  );
}
function OneTitle({ path, label }: { path: Path; label: string }) {
  const { value, set, isReadOnly, problems } = useField(path);
  return (
    <Input
      aria-label={label}
      placeholder={label}
      value={textOf(value)}
      readOnly={isReadOnly}
      status={problems.length > 0 ? "error" : ""}
      onChange={(event) => set(event.target.value)}
    />
  );
}

const numbersOf = (value: Json | undefined): number[] =>
  isList(value) ? value.filter((one) => typeof one === "number") : [];

/** Months or weekdays, each a button. */
export function NumbersInput({
  path,
  label,
  last,
  nameOf,
}: {
  path: Path;
  label: string;
  last: number;
  nameOf: (n: number) => string;
}) {
  const { value, set, isReadOnly } = useField(path);
  const chosen = numbersOf(value);
  return (
    <Checkbox.Group
      aria-label={label}
      disabled={isReadOnly}
      value={chosen}
      options={Array.from({ length: last }, (_, i) => ({ value: i + 1, label: nameOf(i + 1) }))}
      onChange={(numbers) => set([...(numbers as number[])].sort((a, b) => a - b))}
    />
  );
}

/** Ids of charges before this one; `single`: exactly one. */
export function ChargesInput({ path, label, single }: { path: Path; label: string; single: boolean }) {
  const { language } = useSpeech();
  const { document } = useEditor();
  const { value, set, isReadOnly } = useField(path);
  const charges = isList(document.charges) ? document.charges : [];
  const at = typeof path[1] === "number" ? path[1] : charges.length;
  const options = charges.slice(0, at).flatMap((one) => {
    if (!isObject(one)) return [];
    const title = isObject(one.title) ? textOf(one.title[language]) : "";
    return [{ value: textOf(one.id), label: `${title} (${textOf(one.id)})` }];
  });
  return single ? (
    <Select aria-label={label} disabled={isReadOnly} value={textOf(value)} options={options} onChange={set} />
  ) : (
    <Select
      mode="multiple"
      aria-label={label}
      disabled={isReadOnly}
      value={isList(value) ? value.map(textOf) : []}
      options={options}
      onChange={(ids: string[]) => set(ids.length === 0 ? undefined : ids)}
    />
  );
}

/** Several texts, numbers or days: each a tag, typed or pasted with spaces between. */
export function TagsInput({ path, label, numbers }: { path: Path; label: string; numbers: boolean }) {
  const { value, set, isReadOnly } = useField(path);
  const all = isList(value) ? value.map(textOf) : [];
  return (
    <Select
      mode="tags"
      aria-label={label}
      disabled={isReadOnly}
      open={false}
      suffixIcon={null}
      tokenSeparators={[" ", ",", "，", "\n"]}
      value={all}
      onChange={(texts: string[]) => set(numbers ? texts.map(Number).filter(Number.isFinite) : texts)}
    />
  );
}
