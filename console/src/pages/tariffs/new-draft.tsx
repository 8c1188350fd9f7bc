import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, Modal, Radio, Select } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { UTILITY_ORDER } from "../../theme.ts";
import type { TariffLanguageJson, TariffsJson, TariffVersionJson } from "../../../../api/schemas/tariff.ts";
import { ask } from "../../api/client.ts";
import { unitText } from "../../format.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { plainDecimal } from "./editor/inputs.tsx";
import { useTariffLanguage } from "./use-trial.ts";

type Row = TariffsJson["items"][number];
export type Beginning = "next" | "copy" | "empty";

type Asked = {
  readonly how: Beginning;
  readonly of: string;
  readonly id: string;
  readonly version: string;
  readonly from: string;
  readonly utility: string;
  readonly zh: string;
  readonly en: string;
  readonly source: string;
  readonly price: string;
};

/** How a draft begins: a next price of a tariff, one of the catalogue under an id of one's own, or an empty one. */
export function NewDraft({
  rows,
  begin,
  close,
}: {
  rows: readonly Row[];
  begin: { how: Beginning; of: string } | null;
  close: () => void;
}) {
  const { t } = useSpeech();
  return (
    <Modal open={begin !== null} onCancel={close} footer={null} title={t("tariff.new")} destroyOnHidden>
      {begin === null ? null : <DraftForm key={`${begin.how} ${begin.of}`} rows={rows} begin={begin} />}
    </Modal>
  );
}

function DraftForm({ rows, begin }: { rows: readonly Row[]; begin: { how: Beginning; of: string } }) {
  const { t, term, language } = useSpeech();
  const client = useQueryClient();
  const navigate = useNavigate();
  const schema = useTariffLanguage();
  const [asked, setAsked] = useState<Asked>({
    ...begin,
    id: "",
    version: "",
    from: "",
    utility: "electricity",
    zh: "",
    en: "",
    source: "",
    price: "",
  });
  const make = useMutation({
    mutationFn: () => ask<TariffVersionJson>("/tariff-versions", { method: "POST", body: bodyOf(asked, schema.data) }),
    onSuccess: async (one) => {
      await client.invalidateQueries({ queryKey: ["tariffs"] });
      await navigate(`/tariffs/${one.id}`);
    },
  });
  const put = (change: Partial<Asked>): void => setAsked({ ...asked, ...change });
  const text = (name: keyof Asked, label: string, type = "text") => (
    <Form.Item label={label}>
      <Input
        aria-label={label}
        data-testid={`draft-${name}`}
        type={type}
        value={asked[name]}
        onChange={(event) => put({ [name]: event.target.value })}
      />
    </Form.Item>
  );
  const unit = unitText(schema.data?.units[asked.utility as "water"] ?? "");
  const isWhole =
    asked.version !== "" &&
    asked.from !== "" &&
    (asked.how === "next"
      ? asked.of !== ""
      : asked.id !== "" &&
        (asked.how === "copy"
          ? asked.of !== ""
          : asked.zh !== "" && asked.en !== "" && asked.source !== "" && asked.price !== ""));
  return (
    <Form layout="vertical" onFinish={() => make.mutate()}>
      <Form.Item label={t("tariff.new.how")}>
        <Radio.Group value={asked.how} onChange={(event) => put({ how: event.target.value as Beginning })}>
          {(["next", "copy", "empty"] as const).map((how) => (
            <Radio key={how} value={how} className="tariff-how">
              {t(`tariff.new.${how}`)}
            </Radio>
          ))}
        </Radio.Group>
      </Form.Item>
      {asked.how === "empty" ? (
        <>
          <Form.Item label={t("field.utility")}>
            <Select
              aria-label={t("field.utility")}
              value={asked.utility}
              options={UTILITY_ORDER.map((value) => ({ value, label: term("utility", value) }))}
              onChange={(utility) => put({ utility })}
            />
          </Form.Item>
          {text("zh", `${t("field.title")}, ${t("field.zh")}`)}
          {text("en", `${t("field.title")}, ${t("field.en")}`)}
          {text("source", t("tariff.new.source"))}
          {text("price", t("tariff.new.price", { unit }))}
        </>
      ) : (
        <Form.Item label={t("tariff.new.of")}>
          <Select
            aria-label={t("tariff.new.of")}
            data-testid="draft-of"
            showSearch={{ optionFilterProp: "label" }}
            value={asked.of === "" ? null : asked.of}
            options={rows
              .filter(({ state, origin }) => state === "published" && (asked.how === "next" || origin === "catalogue"))
              .map((row) => ({
                value: `${row.tariffId}@${row.version}`,
                label: `${row.title[language]} · ${row.version}`,
              }))}
            onChange={(of) => put({ of })}
          />
        </Form.Item>
      )}
      {asked.how === "next" ? null : text("id", t("tariff.new.id"))}
      {text("version", t("tariff.copy.version"))}
      {text("from", t("field.effectiveFrom"), "date")}
      {make.error === null ? null : <ProblemNote error={make.error} />}
      <Button type="primary" htmlType="submit" loading={make.isPending} disabled={!isWhole} data-testid="draft-make">
        {t("tariff.new.make")}
      </Button>
    </Form>
  );
}

function bodyOf(asked: Asked, language: TariffLanguageJson | undefined): Record<string, unknown> {
  const { how, of, version, from: effectiveFrom } = asked;
  if (how === "next") return { copyOf: of, version, effectiveFrom };
  if (how === "copy") return { copyOf: of, id: asked.id, version, effectiveFrom };
  const { utility, zh, en, source, price } = asked;
  return {
    document: {
      id: asked.id,
      version,
      utility,
      unit: language?.units[utility as "water"],
      currency: language?.currency,
      effectiveFrom,
      zone: language?.zone,
      title: { zh, en },
      source: [source],
      charges: [
        { kind: "energy", form: "flat", id: "energy", title: { zh: "用量费", en: "Use" }, price: plainDecimal(price) },
      ],
    },
  };
}
