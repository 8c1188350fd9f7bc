import { Card, Switch } from "antd";
import { useMemo } from "react";
import type { PolicyLanguageJson } from "../../../../api/schemas/policy.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { EditorProvider, useEditor, useField, useFieldWords } from "../tariffs/editor/context.tsx";
import type { Json, JsonObject, Path } from "../tariffs/editor/document.ts";
import { Fields } from "../tariffs/editor/field.tsx";
import { FieldFrame } from "../tariffs/editor/frame.tsx";
import type { FieldProblem } from "../tariffs/editor/problem-words.ts";
import type { Schema } from "../tariffs/editor/schema.ts";

/** Fields as a person looks for them; what stands in none is under "more", so that a new field is never out of sight. */
const GROUPS = {
  about: ["title", "source", "currency", "effectiveFrom"],
  money: [
    "warn1",
    "warn2",
    "cutBelow",
    "reconnectAbove",
    "closePermitFrom",
    "emergencyCredit",
    "hoarding",
    "debtShare",
  ],
  notice: ["noticeMinutes", "secondNoticeMinutes", "creditGraceMinutes", "readingAgeMinutesMax", "channels"],
  never: ["protectedHours", "protectedWeekdays", "protectedDays", "holidays", "coldAtC", "hotAtC"],
  cut: ["utilities", "cutsPerHourMax", "cutsPerHourPerBuildingMax", "order"],
} as const;
/** What is there or not: `true`, or the one word that it may be. */
const SWITCHES = { noticeServed: true, paused: true, cutBy: "trickle" } as const;
/** The version's name stays. */
const FIXED = ["id", "version"];
const GROUPED: readonly string[] = Object.values(GROUPS).flat();

/** A policy version as a form, made of the language's schema. */
export function PolicyForm({
  document,
  language,
  problems,
  set,
  isReadOnly,
}: {
  document: JsonObject;
  language: PolicyLanguageJson;
  problems: readonly FieldProblem[];
  set: (path: Path, value: Json | undefined) => void;
  isReadOnly: boolean;
}) {
  const { t } = useSpeech();
  // Its calendars are known by name here; only a tariff's clock looks into them.
  const of = useMemo(() => ({ schema: language.schema, calendars: [] }), [language]);
  const schema = language.schema as Schema;
  const names = Object.keys(schema.properties ?? {});
  const others = names.filter((name) => !GROUPED.includes(name) && !FIXED.includes(name) && !(name in SWITCHES));
  return (
    <EditorProvider document={document} language={of} problems={problems} set={set} isReadOnly={isReadOnly}>
      <div className="stack">
        {Object.entries(GROUPS).map(([group, wanted]) => (
          <Card key={group} size="small" title={t(`policy.group.${group as keyof typeof GROUPS}`)}>
            <Fields
              schema={schema}
              path={[]}
              owner="policy"
              without={names.filter((name) => !(wanted as readonly string[]).includes(name))}
            />
          </Card>
        ))}
        <Card size="small" title={t("policy.group.switches")}>
          <div className="tariff-fields">
            {Object.entries(SWITCHES).map(([name, on]) => (
              <OnOff key={name} name={name} on={on} />
            ))}
          </div>
        </Card>
        {others.length === 0 ? null : (
          <Card size="small" title={t("policy.group.more")}>
            <Fields schema={schema} path={[]} owner="policy" without={names.filter((name) => !others.includes(name))} />
          </Card>
        )}
      </div>
    </EditorProvider>
  );
}

function OnOff({ name, on }: { name: string; on: Json }) {
  const { isReadOnly } = useEditor();
  const words = useFieldWords();
  const { value, set } = useField([name]);
  return (
    <FieldFrame path={[name]} owner="policy">
      <Switch
        aria-label={words.label("policy", name)}
        disabled={isReadOnly}
        checked={value === on}
        onChange={(isOn) => set(isOn ? on : undefined)}
      />
    </FieldFrame>
  );
}
