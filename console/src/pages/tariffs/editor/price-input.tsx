import { Checkbox, Input } from "antd";
import { useSpeech } from "../../../i18n/language.tsx";
import { useEditor, useField } from "./context.tsx";
import { isObject, type Json, type Path, textOf } from "./document.ts";
import { DecimalInput } from "./inputs.tsx";

/** What a time of use is called: the word of the language for the usual ones, else its own name. */
export function useTouName(): (name: string) => string {
  const { term } = useSpeech();
  return (name) => term("tou", name);
}

/** One figure made one for each time of use, and back to the first of them. */
export function byTou(value: Json | undefined, names: readonly string[]): Json {
  const text = isObject(value) ? textOf(Object.values(value)[0]) : textOf(value);
  const all = names.length > 0 ? names : ["peak", "valley"];
  return Object.fromEntries(all.map((name) => [name, text === "" ? "0" : text]));
}
export const asOne = (value: Json | undefined): Json =>
  isObject(value) ? textOf(Object.values(value)[0]) : textOf(value);

/** One price, or one for each time of use. */
export function PriceInput({ path, label, suffix }: { path: Path; label: string; suffix: string }) {
  const { t } = useSpeech();
  const { touNames } = useEditor();
  const { value, set, isReadOnly } = useField(path);
  const tou = useTouName();
  const names = isObject(value) ? [...new Set([...Object.keys(value), ...touNames])] : [];
  return (
    <div className="tariff-price">
      {isObject(value) ? (
        names.map((name) => (
          <label key={name} className="tariff-price-tou">
            <span>{tou(name)}</span>
            <DecimalInput path={[...path, name]} label={`${label} ${tou(name)}`} suffix={suffix} />
          </label>
        ))
      ) : (
        <DecimalInput path={path} label={label} suffix={suffix} />
      )}
      <Checkbox
        checked={isObject(value)}
        disabled={isReadOnly}
        onChange={(event) => set(event.target.checked ? byTou(value, touNames) : asOne(value))}
      >
        {t("price.byTou")}
      </Checkbox>
      {isObject(value) && !isReadOnly ? (
        <FurtherTou names={names} add={(name) => set({ ...value, [name]: "0" })} />
      ) : null}
    </div>
  );
}

/** A time of use that nothing names yet: typed, and added with Enter. */
export function FurtherTou({ names, add }: { names: readonly string[]; add: (name: string) => void }) {
  const { t } = useSpeech();
  return (
    <Input
      className="tariff-tou-add"
      size="small"
      aria-label={t("price.tou.add")}
      placeholder={t("price.tou.add")}
      onPressEnter={(event) => {
        event.preventDefault();
        const name = event.currentTarget.value.trim();
        if (!/^[a-z][a-z0-9_]{0,31}$/.test(name) || names.includes(name)) return;
        add(name);
        event.currentTarget.value = "";
      }}
    />
  );
}
