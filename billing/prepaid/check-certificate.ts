import { z } from "zod";
import { sha256Of } from "../explain/canonical.ts";
import { CERTIFICATE_FORMAT } from "./certificate.ts";

/** What `export certificate` writes: texts as they were hashed, so that nothing needs to be made again to check them. */
const ExportedChain = z.object({
  format: z.literal(CERTIFICATE_FORMAT),
  operator: z.string(),
  certificates: z.array(z.object({ number: z.string(), hash: z.string(), body: z.string() })).min(1),
});
export type ExportedChain = z.infer<typeof ExportedChain>;

const Body = z.object({
  format: z.literal(CERTIFICATE_FORMAT),
  kind: z.enum(["order", "evidence"]),
  number: z.string(),
  previous: z.string().regex(/^[0-9a-f]{64}$/),
  guards: z.array(z.object({ guard: z.string(), passes: z.boolean() })).optional(),
  balance: z
    .object({
      ledger: decimal(),
      unbilled: decimal(),
      available: decimal(),
      band: decimal(),
      emergency: decimal(),
      cutBelow: decimal(),
    })
    .partial()
    .optional(),
});

export type CertificateCheck =
  | { readonly kind: "unreadable"; readonly reason: string }
  | {
      readonly kind: "checked";
      readonly ok: boolean;
      readonly certificates: number;
      /** Breaches, each naming its certificate. */
      readonly wrong: readonly string[];
      /** Hash of the last one: who kept it sees whether the chain was rewritten since. */
      readonly head: string;
    };

/** Checks exported certificates by themselves, without the books. Pure. */
export function checkCertificates(text: string): CertificateCheck {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: "unreadable", reason: "not JSON" };
  }
  const chain = ExportedChain.safeParse(json);
  if (!chain.success) {
    const [issue] = chain.error.issues;
    return { kind: "unreadable", reason: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}` };
  }
  const { certificates } = chain.data;
  const wrong = certificates.flatMap((one, i) =>
    breachesOf(one, certificates[i - 1]).map((what) => `${one.number}: ${what}`),
  );
  return {
    kind: "checked",
    ok: wrong.length === 0,
    certificates: certificates.length,
    wrong,
    head: certificates.at(-1)?.hash ?? "",
  };
}

type Link = ExportedChain["certificates"][number];

function breachesOf({ number, hash, body }: Link, before: Link | undefined): string[] {
  if (sha256Of(body) !== hash) return ["its text is not what was hashed"];
  const parsed = Body.safeParse(safeJson(body));
  if (!parsed.success) return [`its text is no certificate: ${parsed.error.issues[0]?.message ?? ""}`];
  const { data } = parsed;
  const wrong: string[] = [];
  if (data.number !== number) wrong.push(`its text says ${data.number}`);
  // A chain may begin anywhere; what follows must follow.
  if (before !== undefined && data.previous !== before.hash)
    wrong.push(`it does not name the hash of ${before.number}`);
  if (before !== undefined && data.number !== String(BigInt(before.number) + 1n))
    wrong.push(`it does not follow ${before.number}`);
  if (data.kind === "evidence") return wrong;
  if (data.guards === undefined || data.guards.length === 0) wrong.push("no guard was looked at");
  for (const { guard, passes } of data.guards ?? []) if (!passes) wrong.push(`guard ${guard} forbade the cut`);
  // Certificates from before there was a band have none: nothing was uncertain in them.
  const { ledger, unbilled, available, band = "0", emergency = "0", cutBelow } = data.balance ?? {};
  if (ledger === undefined || unbilled === undefined || available === undefined || cutBelow === undefined)
    return [...wrong, "its balance proof is incomplete"];
  if (minor(ledger) - minor(unbilled) !== minor(available))
    wrong.push("ledger less unbilled is not what it calls available");
  if (minor(available) + minor(band) >= minor(cutBelow) - minor(emergency))
    wrong.push("what was available was not below the limit");
  return wrong;
}

function decimal() {
  return z.string().regex(/^-?\d{1,16}(\.\d{1,4})?$/);
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Ten-thousandths, for amounts of any currency. */
function minor(text: string): bigint {
  const [whole = "0", part = ""] = text.replace("-", "").split(".");
  const value = BigInt(whole) * 10_000n + BigInt(part.padEnd(4, "0"));
  return text.startsWith("-") ? -value : value;
}
