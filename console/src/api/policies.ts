import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type {
  AssignmentBody,
  AssignmentsJson,
  PoliciesJson,
  PolicyLanguageJson,
  PolicyTrialJson,
  PolicyVersionJson,
  PublishedPolicyJson,
} from "../../../api/schemas/policy.ts";
import type { z } from "zod";
import { ask } from "./client.ts";
import { useDeed } from "./deed.ts";

export type Assignment = z.infer<typeof AssignmentBody>;

export const usePolicies = () =>
  useQuery({ queryKey: ["policies"], queryFn: ({ signal }) => ask<PoliciesJson>("/policies", { signal }) });
export const usePolicyVersion = (id: string) =>
  useQuery({
    queryKey: ["policies", "own", id],
    queryFn: ({ signal }) => ask<PolicyVersionJson>(`/policy-versions/${id}`, { signal }),
  });
export const usePublishedPolicy = (policyId: string, version: string) =>
  useQuery({
    queryKey: ["policies", "published", policyId, version],
    queryFn: ({ signal }) =>
      ask<PublishedPolicyJson>(`/policies/${encodeURIComponent(policyId)}/${encodeURIComponent(version)}`, { signal }),
  });
export const usePolicyLanguage = () =>
  useQuery({
    queryKey: ["policy-language"],
    queryFn: ({ signal }) => ask<PolicyLanguageJson>("/policy-language", { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
/** What the service says to a document as it is now: what is wrong, what changes, whom it would affect. */
export const usePolicyTrial = (document: unknown, isAsked: boolean) =>
  useQuery({
    queryKey: ["policy-trial", JSON.stringify(document)],
    queryFn: ({ signal }) => ask<PolicyTrialJson>("/policy-trials", { method: "POST", body: { document }, signal }),
    placeholderData: keepPreviousData,
    enabled: isAsked,
  });
export const useAssignments = () =>
  useQuery({
    queryKey: ["policies", "assignments"],
    queryFn: ({ signal }) => ask<AssignmentsJson>("/policy-assignments", { signal }),
  });

/** A deed on policies; whatever looks at them or at supply is read again after it. */
export const usePolicyDeed = <Body extends object, T>(method: "POST" | "PUT", path: string) =>
  useDeed<Body, T>(path, ["policies", "supply"], method);

/** What is asked of a version: proposed, taken or sent back, published, withdrawn. */
export type PolicyStep = {
  readonly name: "proposal" | "draft" | "publication" | "withdrawal";
  readonly body: Readonly<Record<string, string>>;
};
export function usePolicyStep({ id, edition }: Pick<PolicyVersionJson, "id" | "edition">) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, body }: PolicyStep) =>
      ask<PolicyVersionJson>(`/policy-versions/${id}/${name}`, { method: "POST", body: { edition, ...body } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["policies"] }),
  });
}
