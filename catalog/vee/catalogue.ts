import type { ReadingSource } from "../../domain/reading.ts";
import type { RuleGroup } from "../../domain/vee.ts";
import { headEnd } from "./head-end.ts";
import { manual } from "./manual.ts";

export const RULE_GROUPS: readonly RuleGroup[] = [headEnd, manual];

/** Which group judges what came this way. Estimates are judged with the readings around them. */
export const ruleGroupOf = (source: ReadingSource): RuleGroup =>
  source === "manual" || source === "installation" ? manual : headEnd;
