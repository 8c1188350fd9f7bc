import { recalled } from "./recalled.ts";

/**
 * Topic names and filters of MQTT 3.1.1 (section 4.7). `+` stands for one level, a last `#` for the rest, its parent
 * included. A wildcard at the first level never stands for a topic that begins with `$`.
 */
export function filterMatches(filter: string, topic: string): boolean {
  return covers(filter, topic);
}

/** Whether a name can be published to: no wildcard, not empty, not of the broker's own `$` tree, no NUL. */
export const isOpenTopic = (topic: string): boolean => topic !== "" && !/^\$|[+#\0]/.test(topic);

/** Whether every topic that `asked` (a filter or a name) can match is also matched by `granted`. */
export function covers(granted: string, asked: string): boolean {
  const have = granted.split("/");
  const want = asked.split("/");
  const hidden = asked.startsWith("$") && !granted.startsWith("$");
  if (hidden && (have[0] === "+" || have[0] === "#")) return false;
  for (const [i, level] of have.entries()) {
    if (level === "#") return true;
    const other = want[i];
    if (other === undefined || other === "#") return false;
    if (level !== "+" && level !== other) return false;
  }
  return want.length === have.length;
}

/** Filters of one client made ready: remembers the topics that it used, at most `TOPICS_MAX`. */
export const topicRule = (filters: readonly string[]): ((topic: string) => boolean) =>
  recalled(TOPICS_MAX, (topic: string) => isOpenTopic(topic) && filters.some((filter) => filterMatches(filter, topic)));
const TOPICS_MAX = 1_000;
