import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type {
  ContactBody,
  ContactsJson,
  NoticePolicyJson,
  NoticesJson,
  NoticeTextJson,
} from "../../../api/schemas/notice.ts";
import { ask } from "./client.ts";
import { useDeed } from "./deed.ts";

export type NoticesAsked = {
  accountId?: string;
  kind?: string;
  state?: string;
  channel?: string;
  page: number;
  pageSize: number;
};
/** Quick: whoever looks waits for a message to arrive. */
export const useNotices = (asked: NoticesAsked) =>
  useQuery({
    queryKey: ["notices", asked],
    queryFn: ({ signal }) => ask<NoticesJson>("/notices", { query: asked, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
  });
export const useNoticeText = (id: string) =>
  useQuery({
    queryKey: ["notices", "text", id],
    queryFn: ({ signal }) => ask<NoticeTextJson>(`/notices/${id}`, { signal }),
    refetchInterval: 5_000,
  });
export const useNoticePolicy = () =>
  useQuery({
    queryKey: ["notices", "policy"],
    queryFn: ({ signal }) => ask<NoticePolicyJson>("/notice-policy", { signal }),
  });
export const useContacts = (accountId: string) =>
  useQuery({
    queryKey: ["contacts", accountId],
    queryFn: ({ signal }) => ask<ContactsJson>(`/accounts/${accountId}/contacts`, { signal }),
  });

/** Something a clerk does about a notice or a contact point; lists are read again after it. */
export const useNoticeDeed = <Body extends object | undefined, T = unknown>(path: string) =>
  useDeed<Body, T>(path, ["notices", "contacts"]);
export const useNoteContact = (accountId: string) => useNoticeDeed<ContactBody>(`/accounts/${accountId}/contacts`);
export const useSetNoticePolicy = () => useNoticeDeed<NoticePolicyJson>("/notice-policy");
