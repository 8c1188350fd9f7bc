import type { NoticeKind } from "../../domain/notice.ts";

/**
 * What a notice says in one language. `{field}` is a field of its kind, or `{operator}` `{name}` `{account}` `{address}`.
 * A sentence that names an optional field is left out where the notice does not tell it.
 */
export type NoticeTemplate = { readonly subject: string; readonly sentences: readonly string[] };
export type NoticeTemplates = Readonly<Record<NoticeKind, NoticeTemplate>>;

/** What every template may name beside its own fields. */
export const COMMON_FIELDS = ["operator", "name", "account", "address"] as const;
