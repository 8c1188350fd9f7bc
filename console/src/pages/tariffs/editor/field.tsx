import { Button, Dropdown, Input, Select } from "antd";
import { unitText } from "../../../format.ts";
import { useSpeech } from "../../../i18n/language.tsx";
import { useEditor, useField, useFieldWords } from "./context.tsx";
import { getIn, isList, isObject, type Json, type JsonObject, type Path, textOf } from "./document.ts";
import { FieldFrame, Problems } from "./frame.tsx";
import {
  ChargesInput,
  ChoiceInput,
  DecimalInput,
  NumbersInput,
  TagsInput,
  TextInput,
  TitleInput,
  WholeInput,
  YesNoInput,
  ZoneInput,
} from "./inputs.tsx";
import { PriceInput } from "./price-input.tsx";
import { emptyOf, kindOf, marksOf, type Schema, variantFor, variantsOf } from "./schema.ts";
import { TierTable } from "./tier-table.tsx";
import { TouEditor } from "./tou-editor.tsx";

type Of = { readonly schema: Schema; readonly path: Path; readonly owner: string };

/** Fields that take the whole width: a table or a grid is in them. */
const WIDE: ReadonlySet<string> = new Set([
  "tiers",
  "tou",
  "seasons",
  "household",
  "source",
  "confirm",
  "title",
  "months",
  "rules",
  "values",
  "expect",
  "of",
  "ladder",
  "netting",
  "order",
  "channels",
]);

/** Any field of the language, filled in by what its schema says; those that people change most have editors of their own. */
export function Field({ schema, path, owner, remove }: Of & { remove?: (() => void) | undefined }) {
  const name = String(path.at(-1) ?? "");
  return (
    <FieldFrame path={path} owner={owner} remove={remove} wide={WIDE.has(name)}>
      <Filled schema={schema} path={path} owner={owner} />
    </FieldFrame>
  );
}

function Filled({ schema, path, owner }: Of) {
  const { t } = useSpeech();
  const { document } = useEditor();
  const words = useFieldWords();
  const name = String(path.at(-1) ?? "");
  const label = words.label(owner, name);
  const unit = unitText(textOf(document.unit));
  switch (name) {
    case "title":
    case "confirm":
      if (schema.type === "object") return <TitleInput path={path} />;
      break;
    case "tiers":
      return <TierTable path={path} owner={owner} />;
    case "tou":
      return <TouEditor path={path} schema={schema} />;
    case "months":
      if (kindOf(schema) === "list") return <NumbersInput path={path} label={label} last={12} nameOf={String} />;
      break;
    case "weekdays":
      return <NumbersInput path={path} label={label} last={7} nameOf={(n) => t(`weekday.${n as 1}`)} />;
    case "of":
      if (kindOf(schema) === "list" && owner !== "ratchet")
        return <ChargesInput path={path} label={label} single={false} />;
      if (owner === "allowance") return <ChargesInput path={path} label={label} single />;
      break;
    case "zone":
      return <ZoneInput schema={schema} path={path} owner={owner} label={label} />;
    default:
  }
  if (name === "price" && kindOf(schema) === "other")
    return (
      <PriceInput
        path={path}
        label={label}
        suffix={`${textOf(document.currency)}/${owner === "demand" ? "kW" : unit}`}
      />
    );
  if (kindOf(schema) === "other" && variantsOf(schema).some((one) => kindOf(one) === "table"))
    return <PriceInput path={path} label={label} suffix={unit} />;
  return <ByKind schema={schema} path={path} owner={owner} label={label} />;
}

function ByKind({ schema, path, owner, label }: Of & { label: string }) {
  const of = { schema, path, owner, label };
  switch (kindOf(schema)) {
    case "decimal":
      return <DecimalInput path={path} label={label} />;
    case "text":
      return <TextInput {...of} name={String(path.at(-1) ?? "")} />;
    case "choice":
      return <ChoiceInput {...of} />;
    case "whole":
      return <WholeInput {...of} />;
    case "yesno":
      return <YesNoInput {...of} />;
    case "object":
      return <Fields schema={schema} path={path} owner={String(path.at(-1) ?? owner)} />;
    case "list":
      return <ListField {...of} />;
    case "variants":
      return <Variants {...of} />;
    default:
      return <RawField path={path} label={label} />;
  }
}

/** What no form fits, as JSON; it is changed when it is whole. */
function RawField({ path, label }: { path: Path; label: string }) {
  const { value, set, isReadOnly } = useField(path);
  return (
    <Input.TextArea
      key={JSON.stringify(value)}
      aria-label={label}
      autoSize={{ minRows: 1, maxRows: 8 }}
      className="tariff-document"
      readOnly={isReadOnly}
      defaultValue={JSON.stringify(value)}
      onBlur={(event) => {
        try {
          set(JSON.parse(event.target.value) as Json);
        } catch {
          // left as it was: the text is still there to be mended
        }
      }}
    />
  );
}

/** One of several forms, as netting by interval or by period. */
function Variants({ schema, path, label }: Of & { label: string }) {
  const { value, set, isReadOnly } = useField(path);
  const words = useFieldWords();
  const chosen = variantFor(schema, value);
  const nameOf = (one: Schema): string => Object.values(marksOf(one)).map(textOf).join("/");
  const [mark = "by"] = Object.keys(marksOf(variantsOf(schema)[0] ?? {}));
  return (
    <div className="tariff-nested">
      <Select
        aria-label={label}
        disabled={isReadOnly}
        value={chosen === null ? null : nameOf(chosen)}
        options={variantsOf(schema).map((one) => ({ value: nameOf(one), label: words.choice(mark, nameOf(one)) }))}
        onChange={(name: string) => {
          const next = variantsOf(schema).find((one) => nameOf(one) === name);
          if (next !== undefined) set(emptyOf(next));
        }}
      />
      {chosen === null ? null : <Fields schema={chosen} path={path} owner={String(path.at(-1) ?? "")} />}
    </div>
  );
}

/** Rows of objects, or several plain values. */
function ListField({ schema, path, label }: Of & { label: string }) {
  const { t } = useSpeech();
  const { value, set, isReadOnly } = useField(path);
  const { problemsAt } = useEditor();
  const items = schema.items ?? {};
  const rows = isList(value) ? value : [];
  const name = String(path.at(-1) ?? "");
  if (kindOf(items) !== "object") {
    const wrong = rows.flatMap((_, i) => problemsAt([...path, i]));
    return (
      <>
        <TagsInput path={path} label={label} numbers={kindOf(items) === "whole"} />
        <Problems problems={wrong} />
      </>
    );
  }
  const columns = Object.entries(items.properties ?? {});
  if (columns.every(([, one]) => PLAIN.has(kindOf(one)))) return <PlainRows path={path} items={items} name={name} />;
  return (
    <div className="tariff-nested">
      {rows.map((_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
        <div key={i} className="tariff-row">
          <Fields schema={items} path={[...path, i]} owner={name} />
          {isReadOnly ? null : (
            <Button
              size="small"
              type="text"
              aria-label={t("tariff.remove", { name: `${label} ${i + 1}` })}
              onClick={() => set(rows.toSpliced(i, 1))}
            >
              ×
            </Button>
          )}
        </div>
      ))}
      {isReadOnly ? null : (
        <Button size="small" onClick={() => set([...rows, emptyOf(items)])}>
          {t("tariff.more")}
        </Button>
      )}
    </div>
  );
}

const PLAIN: ReadonlySet<string> = new Set(["decimal", "text", "whole", "choice"]);

/** Rows of plain figures, as the steps of a power factor: a table. */
function PlainRows({ path, items, name }: { path: Path; items: Schema; name: string }) {
  const { t } = useSpeech();
  const { value, set, isReadOnly } = useField(path);
  const { problemsAt } = useEditor();
  const words = useFieldWords();
  const rows = isList(value) ? value : [];
  const columns = Object.entries(items.properties ?? {});
  const wrong = rows.flatMap((_, i) => columns.flatMap(([column]) => problemsAt([...path, i, column])));
  return (
    <div className="tariff-tiers">
      <table>
        <thead>
          <tr>
            {columns.map(([column]) => (
              <th key={column} scope="col">
                {words.label(name, column)}
              </th>
            ))}
            <td />
          </tr>
        </thead>
        <tbody>
          {rows.map((_, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
            <tr key={i}>
              {columns.map(([column, one]) => (
                <td key={column}>
                  <ByKind
                    schema={one}
                    path={[...path, i, column]}
                    owner={name}
                    label={`${words.label(name, column)} ${i + 1}`}
                  />
                </td>
              ))}
              <td>
                {isReadOnly ? null : (
                  <Button
                    size="small"
                    type="text"
                    aria-label={t("tariff.remove", { name: `${words.label("", name)} ${i + 1}` })}
                    onClick={() => set(rows.toSpliced(i, 1))}
                  >
                    ×
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {isReadOnly ? null : (
        <Button size="small" onClick={() => set([...rows, rows.at(-1) ?? emptyOf(items)])}>
          {t("tariff.more")}
        </Button>
      )}
      <Problems problems={[...new Set(wrong)]} />
    </div>
  );
}

/** The fields of an object: those that are needed or there, and a way to add the others. What the schema does not know is named and kept. */
export function Fields({ schema, path, owner, without = [] }: Of & { without?: readonly string[] }) {
  const { t } = useSpeech();
  const { document, set, isReadOnly, problemsAt } = useEditor();
  const words = useFieldWords();
  const value = getIn(document, path);
  const object: JsonObject = isObject(value) ? value : {};
  const known = Object.entries(schema.properties ?? {}).filter(
    ([name, one]) => one.const === undefined && !without.includes(name),
  );
  const needed = new Set(schema.required ?? []);
  const shown = known.filter(([name]) => needed.has(name) || name in object);
  const more = known.filter(([name]) => !needed.has(name) && !(name in object));
  const strange = Object.keys(object).filter((name) => schema.properties?.[name] === undefined);
  return (
    <div className="tariff-fields">
      {shown.map(([name, one]) => (
        <Field
          key={name}
          schema={one}
          path={[...path, name]}
          owner={owner}
          remove={needed.has(name) ? undefined : () => set([...path, name], undefined)}
        />
      ))}
      {strange.length === 0 ? null : (
        <div className="quiet">
          {t("tariff.only.json")}: <code>{strange.join(", ")}</code>
        </div>
      )}
      {path.length === 0 || typeof path.at(-1) === "number" ? <Problems problems={problemsAt(path)} /> : null}
      {more.length === 0 || isReadOnly ? null : (
        <Dropdown
          trigger={["click"]}
          menu={{
            items: more.map(([name]) => ({ key: name, label: words.label(owner, name) })),
            onClick: ({ key }) => set([...path, key], firstOf(schema.properties?.[key] ?? {}, key)),
          }}
        >
          <Button size="small" type="dashed" className="tariff-more">
            ＋ {t("tariff.more")}…
          </Button>
        </Dropdown>
      )}
    </div>
  );
}

/** What a field begins with when it is added; a clock begins with one time of use for all hours. */
function firstOf(schema: Schema, name: string): Json {
  if (name === "tou") return { rules: [], otherwise: "flat" };
  if (name === "months") return [1];
  return emptyOf(schema);
}
