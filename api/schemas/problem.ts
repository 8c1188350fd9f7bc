import { z } from "zod";

/** RFC 9457 problem details. `code` is one of docs/reference/errors.md and is what a program looks at. */
export const Problem = z
  .object({
    type: z.string().describe("URI of the kind of problem: `/problems/<code>`"),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    instance: z.string().describe("Request id; say it when you report the problem"),
    code: z.string(),
    hint: z.string().describe("What to do about it"),
    retry: z.boolean().describe("Whether the same request may succeed later"),
    errors: z
      .array(
        z.object({
          path: z.string().describe("JSON pointer into the request: `/body/amount/amount`"),
          message: z.string(),
        }),
      )
      .optional(),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof Problem>;
