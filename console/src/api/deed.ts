import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ask } from "./client.ts";

/** Something that a person does at `path`; what it may have changed, the beginnings of keys in `stale`, is read again after it. */
export function useDeed<Body extends object | undefined, T = unknown>(
  path: string,
  stale: readonly string[],
  method: "POST" | "PUT" = "POST",
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Body) => ask<T>(path, { method, body: body ?? {} }),
    onSuccess: () => Promise.all(stale.map((name) => client.invalidateQueries({ queryKey: [name] }))),
  });
}
