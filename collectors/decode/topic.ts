/** A topic pattern of a message map, compiled. */
export type TopicPattern = { readonly levels: readonly Level[]; readonly tail: "device" | "rest" | null };
type Level = { readonly kind: "text"; readonly text: string } | { readonly kind: "device" | "name" | "any" };

/** What a topic says about itself. */
export type TopicVariables = { readonly device: string | null; readonly name: string | null };

export const NO_TOPIC: TopicVariables = { device: null, name: null };

/** @throws RangeError when the pattern is not one: a catalogue test compiles all of them */
export function topicPatternOf(pattern: string): TopicPattern {
  const levels = pattern.split("/");
  const last = levels.at(-1);
  const tail = last === "{rest}" ? "rest" : last === "{device*}" ? "device" : null;
  if (tail !== null) levels.pop();
  return { levels: levels.map(levelOf), tail };
}

function levelOf(text: string): Level {
  if (!text.includes("{")) return { kind: "text", text };
  if (text === "{device}") return { kind: "device" };
  if (text === "{name}") return { kind: "name" };
  if (text === "{any}") return { kind: "any" };
  throw new RangeError(`not a level of a topic pattern: ${text}`);
}

/** The variables of a topic, or null when the pattern does not fit it. Empty levels never name a device. */
export function topicVariables(pattern: TopicPattern, levels: readonly string[]): TopicVariables | null {
  const { levels: wanted, tail } = pattern;
  if (tail === null ? levels.length !== wanted.length : levels.length <= wanted.length) return null;
  let device: string | null = null;
  let name: string | null = null;
  for (const [i, level] of wanted.entries()) {
    const text = levels[i] ?? "";
    if (level.kind === "text") {
      if (level.text !== text) return null;
    } else if (text === "") return null;
    else if (level.kind === "device") device = text;
    else if (level.kind === "name") name = text;
  }
  if (tail === "device") device = levels.slice(wanted.length).join("/");
  return { device: device === "" ? null : device, name };
}

/** The MQTT filter that hears every topic of the pattern. */
export function topicFilterOf(pattern: string): string {
  return pattern
    .split("/")
    .map((level) => (level === "{rest}" || level === "{device*}" ? "#" : level.includes("{") ? "+" : level))
    .join("/");
}
