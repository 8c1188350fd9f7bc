import { Button, Select, Tag } from "antd";
import { useState } from "react";
import { useSpeech } from "../../../i18n/language.tsx";
import { TEXTS, termOf } from "../../../i18n/texts.ts";
import { fieldId, useEditor } from "./context.tsx";
import { isList, isObject, type Json, textOf } from "./document.ts";
import { Fields } from "./field.tsx";
import { Problems } from "./frame.tsx";
import { kindName, newCharge } from "./new-charge.ts";
import { marksOf, type Schema, variantFor, variantsOf } from "./schema.ts";

/** All charges, in the order of the bill, each with the fields of its kind. */
export function Charges() {
  const { document, schema, set, isReadOnly } = useEditor();
  const items = schema.properties?.charges?.items ?? {};
  const charges = isList(document.charges) ? document.charges : [];
  const move = (from: number, to: number): void => {
    const one = charges[from];
    if (one !== undefined) set(["charges"], charges.toSpliced(from, 1).toSpliced(to, 0, one));
  };
  return (
    <section className="stack">
      {charges.map((charge, i) => (
        <Charge
          // biome-ignore lint/suspicious/noArrayIndexKey: a charge's id is what one edits
          key={i}
          charge={charge}
          i={i}
          count={charges.length}
          items={items}
          move={move}
        />
      ))}
      {isReadOnly ? null : <AddCharge items={items} charges={charges} />}
    </section>
  );
}

function Charge({
  charge,
  i,
  count,
  items,
  move,
}: {
  charge: Json;
  i: number;
  count: number;
  items: Schema;
  move: (from: number, to: number) => void;
}) {
  const { t, term, language } = useSpeech();
  const { document, set, isReadOnly, problemsAt } = useEditor();
  const [isOpen, setOpen] = useState(i < 4);
  const variant = variantFor(items, charge);
  const object = isObject(charge) ? charge : {};
  const name = isObject(object.title) ? textOf(object.title[language]) : textOf(object.id);
  const path = ["charges", i];
  const remove = (): void => {
    const all = isList(document.charges) ? document.charges : [];
    set(["charges"], all.toSpliced(i, 1));
  };
  return (
    <details
      className="tariff-charge"
      id={fieldId(path)}
      data-testid={`charge-${i}`}
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <b>{name === "" ? textOf(object.id) : name}</b> <Tag>{term("chargeKind", kindName(object))}</Tag>
        <span className="grow" />
        {isReadOnly ? null : (
          <span className="tariff-charge-tools">
            <Button
              size="small"
              type="text"
              disabled={i === 0}
              aria-label={t("tariff.charge.up", { name })}
              onClick={() => move(i, i - 1)}
            >
              ↑
            </Button>
            <Button
              size="small"
              type="text"
              disabled={i === count - 1}
              aria-label={t("tariff.charge.down", { name })}
              onClick={() => move(i, i + 1)}
            >
              ↓
            </Button>
            <Button
              size="small"
              type="text"
              disabled={count === 1}
              aria-label={t("tariff.remove", { name })}
              onClick={remove}
            >
              ×
            </Button>
          </span>
        )}
      </summary>
      {isOpen ? (
        variant === null ? (
          <>
            <div className="quiet">{t("tariff.only.json")}</div>
            <Problems
              problems={[...problemsAt(path), ...problemsAt([...path, "kind"]), ...problemsAt([...path, "form"])]}
            />
          </>
        ) : (
          <Fields schema={variant} path={path} owner={ownerOf(kindName(object))} />
        )
      ) : null}
    </details>
  );
}

/** `energy/surcharged` → `surcharged`: whose price is meant. */
const ownerOf = (kind: string): string => kind.split("/").at(-1) ?? kind;

function AddCharge({ items, charges }: { items: Schema; charges: readonly Json[] }) {
  const { t, term } = useSpeech();
  const { document, set } = useEditor();
  const names = variantsOf(items).map((one) => kindName(marksOf(one)));
  const add = (name: string): void => {
    const titles = { zh: termOf(TEXTS.zh, "chargeKind", name), en: termOf(TEXTS.en, "chargeKind", name) };
    set(["charges"], [...charges, newCharge(name, charges, titles, textOf(document.effectiveFrom))]);
  };
  return (
    <Select
      className="tariff-add"
      data-testid="tariff-add-charge"
      aria-label={t("tariff.charge.add")}
      placeholder={`＋ ${t("tariff.charge.add")}`}
      value={null}
      showSearch={{ optionFilterProp: "label" }}
      options={names.map((name) => ({ value: name, label: term("chargeKind", name) }))}
      onChange={(name: string) => add(name)}
    />
  );
}
