import { Button, Checkbox, Input } from "antd";
import type { KeyboardEvent } from "react";
import { unitText } from "../../../format.ts";
import { useSpeech } from "../../../i18n/language.tsx";
import { fieldId, useEditor, useField, useFieldWords } from "./context.tsx";
import { getIn, isList, isObject, type Json, type JsonObject, type Path, textOf } from "./document.ts";
import { Problems } from "./frame.tsx";
import { isDecimal, plainDecimal } from "./inputs.tsx";
import { asOne, byTou, FurtherTou, useTouName } from "./price-input.tsx";

type Column = { readonly key: string; readonly at: Path; readonly title: string };

/** The tiers of a ladder: from and to, and a price, or one for each time of use, in a grid that is walked with the keyboard. */
export function TierTable({ path, owner }: { path: Path; owner: string }) {
  const { t } = useSpeech();
  const { document, touNames, set, isReadOnly } = useEditor();
  const { value, problems } = useField(path);
  const words = useFieldWords();
  const tou = useTouName();
  const tiers = (isList(value) ? value : []).filter(isObject);
  const figure = ["price", "add", "rate"].find((name) => tiers.some((tier) => name in tier)) ?? "price";
  const isByTou = tiers.some((tier) => isObject(tier[figure]));
  const own = tiers.flatMap((tier) => (isObject(tier[figure]) ? Object.keys(tier[figure]) : []));
  const names = [...new Set([...own, ...(isByTou ? touNames : [])])];
  const hasPerKw = tiers.some((tier) => "upToPerKw" in tier);
  const columns: Column[] = [
    { key: "upTo", at: ["upTo"], title: t("tier.upTo") },
    ...(hasPerKw ? [{ key: "upToPerKw", at: ["upToPerKw"], title: words.label("tiers", "upToPerKw") }] : []),
    ...(isByTou
      ? names.map((name) => ({ key: name, at: [figure, name], title: tou(name) }))
      : [{ key: figure, at: [figure], title: words.label("tiers", figure) }]),
  ];
  const all = (change: (tier: JsonObject) => JsonObject): void => set(path, tiers.map(change));
  const add = (): void => set(path, withTier(tiers));
  const goesBy = textOf(getIn(document, [...path.slice(0, -1), "by"]));
  const unit =
    owner === "rates"
      ? textOf(document.currency)
      : owner === "demand"
        ? "kW"
        : owner === "standing" && goesBy.startsWith("k")
          ? goesBy
          : unitText(textOf(document.unit));
  return (
    <div className="tariff-tiers" onKeyDown={walk}>
      <table>
        <thead>
          <tr>
            <th scope="col">#</th>
            <th scope="col">
              {t("tier.from")} ({unit})
            </th>
            {columns.map((column) => (
              <th key={column.key} scope="col">
                {column.title}
              </th>
            ))}
            <td />
          </tr>
        </thead>
        <tbody>
          {tiers.map((tier, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a tier is its place
            <Tier key={i} {...{ path, tiers, tier, i, columns }} />
          ))}
        </tbody>
      </table>
      {isReadOnly ? null : (
        <div className="tariff-tiers-tools">
          <Button size="small" onClick={add}>
            {t("tier.add")}
          </Button>
          {figure === "price" && owner !== "standing" ? (
            <Checkbox
              checked={isByTou}
              onChange={(event) =>
                all((tier) => ({
                  ...tier,
                  price: event.target.checked ? byTou(tier.price, touNames) : asOne(tier.price),
                }))
              }
            >
              {t("price.byTou")}
            </Checkbox>
          ) : null}
          {isByTou ? (
            <FurtherTou
              names={names}
              add={(name) =>
                all((tier) => ({ ...tier, price: { ...(isObject(tier.price) ? tier.price : {}), [name]: "0" } }))
              }
            />
          ) : null}
        </div>
      )}
      <Problems problems={problems} />
    </div>
  );
}

/** One more tier, before the last, which has no end. */
function withTier(tiers: readonly JsonObject[]): Json {
  const last = tiers.at(-1) ?? { upTo: null, price: "0" };
  return [...tiers.slice(0, -1), { ...last, upTo: "" }, last];
}

function Tier({
  path,
  tiers,
  tier,
  i,
  columns,
}: {
  path: Path;
  tiers: readonly JsonObject[];
  tier: JsonObject;
  i: number;
  columns: readonly Column[];
}) {
  const { t } = useSpeech();
  const { set, isReadOnly, problemsAt } = useEditor();
  const isLast = i === tiers.length - 1;
  const from = i === 0 ? "0" : textOf(tiers[i - 1]?.upTo);
  const upTo = textOf(tier.upTo);
  // Said at once, without the service: numbers as they are typed need no exactness to be told apart.
  const isLow = upTo !== "" && isDecimal(upTo) && isDecimal(from) && Number(upTo) <= Number(from);
  const problems = columns.flatMap(({ at }) => problemsAt([...path, i, ...at]));
  const whole = [...problemsAt([...path, i]), ...problemsAt([...path, i, "price"])];
  return (
    <>
      <tr id={fieldId([...path, i])}>
        <th scope="row">{i + 1}</th>
        <td className="amount quiet">{from}</td>
        {columns.map((column, c) => (
          <td key={column.key}>
            {column.key === "upTo" && isLast ? (
              <span className="quiet">{t("tier.open")}</span>
            ) : (
              <Cell
                path={[...path, i, ...column.at]}
                label={t("tier.cell", { n: i + 1, field: column.title })}
                at={`${i}/${c}`}
                isWrong={column.key === "upTo" && isLow}
              />
            )}
          </td>
        ))}
        <td>
          {tiers.length > 1 && !isReadOnly ? (
            <Button
              size="small"
              type="text"
              aria-label={t("tier.remove", { n: i + 1 })}
              onClick={() => set(path, withoutTier(tiers, i))}
            >
              ×
            </Button>
          ) : null}
        </td>
      </tr>
      {isLow || problems.length + whole.length > 0 ? (
        <tr>
          <td />
          <td colSpan={columns.length + 2}>
            <Problems
              problems={[
                ...new Set([...(isLow ? [t("tier.low", { n: from })] : []), ...(isLow ? [] : problems), ...whole]),
              ]}
            />
          </td>
        </tr>
      ) : null}
    </>
  );
}

/** When the last goes, the one before it has no end. */
function withoutTier(tiers: readonly JsonObject[], i: number): Json {
  const rest = tiers.toSpliced(i, 1);
  const last = rest.at(-1);
  return last === undefined ? rest : [...rest.slice(0, -1), { ...last, upTo: null }];
}

function Cell({ path, label, at, isWrong }: { path: Path; label: string; at: string; isWrong: boolean }) {
  const { value, set, isReadOnly, problems } = useField(path);
  const text = textOf(value);
  return (
    <Input
      id={fieldId(path)}
      data-cell={at}
      aria-label={label}
      inputMode="decimal"
      value={text}
      readOnly={isReadOnly}
      status={isWrong || problems.length > 0 || (text !== "" && !isDecimal(text)) ? "error" : ""}
      onChange={(event) => set(plainDecimal(event.target.value))}
    />
  );
}

/** Enter and the arrows up and down go to the same column of another tier. */
function walk(event: KeyboardEvent<HTMLDivElement>): void {
  const away = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  const cell = (event.target as HTMLElement).dataset.cell;
  if (away === undefined || cell === undefined) return;
  const [row = 0, column = 0] = cell.split("/").map(Number);
  const next = event.currentTarget.querySelector<HTMLInputElement>(`[data-cell="${row + away}/${column}"]`);
  event.preventDefault();
  next?.focus();
  next?.select();
}
