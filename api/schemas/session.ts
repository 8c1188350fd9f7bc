import { z } from "zod";
import { CurrencyCode, PlainText } from "./json.ts";

/** manager: everything; clerk: takes payments; reader: looks only. */
export const Role = z.enum(["manager", "clerk", "reader"]).meta({ id: "Role" });
export type Role = z.infer<typeof Role>;

export const OperatorJson = z
  .object({
    code: z.string(),
    kind: z.enum(["estate", "supply_station"]),
    nameZh: z.string(),
    nameEn: z.string(),
    zone: z.string().describe("IANA zone, as Asia/Shanghai"),
    currency: CurrencyCode,
  })
  .meta({ id: "Operator" });
export type OperatorJson = z.infer<typeof OperatorJson>;

export const SignInBody = z.object({ login: PlainText.min(1).max(100), password: z.string().min(1).max(200) });
export type SignInBody = z.infer<typeof SignInBody>;

/** Answer of `POST /sign-in` and `GET /me`. */
export const MeJson = z
  .object({ login: z.string(), name: z.string(), role: Role, operator: OperatorJson })
  .meta({ id: "Me" });
export type MeJson = z.infer<typeof MeJson>;

export const DemoUserJson = z
  .object({ login: z.string(), password: z.string(), role: Role, operatorZh: z.string(), operatorEn: z.string() })
  .meta({ id: "DemoUser" });
export type DemoUserJson = z.infer<typeof DemoUserJson>;

/** `GET /demo`, public. Outside demo mode `demo` is false and `users` empty. */
export const DemoJson = z.object({ demo: z.boolean(), users: z.array(DemoUserJson) }).meta({ id: "Demo" });
export type DemoJson = z.infer<typeof DemoJson>;
