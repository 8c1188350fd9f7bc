import { Command, InvalidArgumentError } from "commander";
import { sql, type Transaction } from "kysely";
import { pino } from "pino";
import { moveInAskedOf } from "../api/move-in.ts";
import { moveInShownJson } from "../api/queries/moves.ts";
import { type MoveInBody, MoveInBody as MoveInForm, type MoveInShownJson } from "../api/schemas/move.ts";
import { type MoveInDeps, moveIn, previewMoveIn } from "../billing/closing/move-in.ts";
import { billDepsOf } from "../billing/main.ts";
import { operatorFacts } from "../billing/operator.ts";
import { policyVersionsOf } from "../catalog/policies/catalogue.ts";
import { CodedError } from "../domain/errors.ts";
import { instant } from "../domain/instant.ts";
import type { Currency } from "../domain/money.ts";
import { noTelemetry } from "../domain/telemetry.ts";
import { type Utility, UTILITIES } from "../domain/unit.ts";
import { type Database, openDatabase } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import { ownerAccess } from "./database.ts";
import { type DialWord, dialText, dialsOf } from "./dials.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";
import { collect, dayOption } from "./option-words.ts";
import { clerkNamed } from "./person.ts";

type Options = {
  operator: string;
  from: string;
  name: string;
  phone?: string;
  address?: string;
  building: string;
  room: string;
  tariff: Partial<Record<Utility, string>>;
  only?: Utility[];
  prepaid?: string;
  reading: DialWord[];
  confirm: string[];
  persons?: string;
  area?: string;
  deposit?: string;
  by?: string;
  post?: true;
  json?: true;
};

const clock = { now: () => instant(Date.now()) };

/** `sanbiao move-in`: the next customer of a vacant home, first shown, then with `--post` entered. */
export const moveInCommand = (io: Io): Command =>
  new Command("move-in")
    .description(
      "Show how the next customer moves in to a vacant home, and enter it: account, agreements, first readings",
    )
    .argument("<number>", "the new account's number")
    .requiredOption("--operator <code>", "the operator's code")
    .requiredOption("--from <YYYY-MM-DD>", "the customer's first day", dayOption)
    .requiredOption("--name <name>", "the customer's name")
    .requiredOption("--building <name>", "where")
    .requiredOption("--room <name>", "which home")
    .option("--only <utilities>", "of the home's utilities only these, parted by commas", utilitiesOf)
    .option("--phone <number>", "how the customer is reached")
    .option("--address <text>", "where papers go")
    .option("--tariff <utility=id>", "else that of the last customer", tariffText, {})
    .option("--prepaid <policy>", "supply is prepaid under this policy; else it is postpaid")
    .option(
      "--reading <serial[/register]=value>",
      "what a dial shows as the day begins, for each meter that was read; needs --by",
      dialText,
      [],
    )
    .option("--confirm <serial>", "its reading is outside what is expected, and meant", collect, [])
    .option("--persons <n>", "of the household")
    .option("--area <m2>", "floor area")
    .option("--deposit <amount>", "to be taken at the counter, as 500.00")
    .option("--by <login>", "the clerk in whose name it is noted")
    .option("--post", "enter it; the same again finds it there")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Exit status: 0 it can be, or is entered; 1 something stands against it; 2 wrong use.

Examples:
  sanbiao move-in 1-101-2 --operator estate --from 2026-10-11 --name 王芳 --building 1 --room 101
  sanbiao move-in 1-101-2 --operator estate --from 2026-10-11 --name 王芳 --building 1 --room 101 --reading 64010101=871.5 --by clerk --post`,
    )
    .action(async (number: string, options: Options, it: Command) => {
      if (options.reading.length > 0 && options.by === undefined)
        it.error("error: --reading needs --by: a reading is kept with who entered it", { exitCode: 2 });
      const access = await ownerAccess(options.json ? undefined : (text) => io.err(text));
      const db = openDatabase(access.url, { max: 2 });
      try {
        io.exit(await enterOrShow(io, db, number, options));
      } finally {
        await db.close();
        await access.close();
      }
    });

async function enterOrShow(io: Io, db: Database, number: string, options: Options): Promise<0 | 1> {
  const { operatorId, zone } = await operatorOf(db, options.operator);
  const deps: MoveInDeps = {
    ...billDepsOf({ db, clock, telemetry: noTelemetry, log: pino({ level: "silent" }) }),
    policies: policyVersionsOf,
  };
  const known = await db.as(operatorId, async (trx) => ({
    currency: (await operatorFacts(trx)).currency,
    userId: options.by === undefined ? null : await clerkNamed(trx, options.by),
    points: await pointsAt(trx, options),
    readings: await dialsOf(trx, options.reading, options.confirm),
  }));
  const desk = { operatorId, zone, currency: known.currency, now: clock.now() };
  const body = bodyOf(number, options, known);
  const asked = moveInAskedOf(desk, known.userId, body);
  if (options.post !== true) {
    const shown = await previewMoveIn(deps, asked);
    const told = await db.as(operatorId, async (trx) => moveInShownJson({ ...desk, trx }, shown));
    if (options.json) printJson(io, told);
    else io.out(textOf(number, told));
    return shown.refused.length === 0 ? 0 : 1;
  }
  const { kind, moveIn: done } = await moveIn(deps, { ...asked, key: `cli/${number}`, request: body });
  const { accountId, fromDay } = done;
  if (options.json) printJson(io, { outcome: kind, accountId: String(accountId), number: done.number, fromDay });
  else io.out(`Account ${done.number} ${kind === "already" ? "had moved in" : "moved in"} from ${fromDay} on.`);
  return 0;
}

type Known = {
  readonly currency: Currency;
  readonly points: readonly { readonly id: bigint; readonly utility: Utility }[];
  readonly readings: MoveInBody["readings"];
};

function bodyOf(number: string, options: Options, { currency, points, readings }: Known) {
  const { name, phone = "", address = "", prepaid, tariff, persons, area, deposit } = options;
  const said = MoveInForm.safeParse({
    fromDay: options.from,
    customer: { number, name, phone, address, paymentMode: prepaid === undefined ? "postpaid" : "prepaid" },
    ...(prepaid === undefined ? {} : { policyId: prepaid }),
    points: points.map(({ id, utility }) => ({ usagePointId: String(id), tariffId: tariff[utility] })),
    readings,
    facts: {
      ...(persons === undefined ? {} : { persons: Number(persons) }),
      ...(area === undefined ? {} : { areaM2: area }),
    },
    ...(deposit === undefined ? {} : { depositAsked: { amount: deposit, currency } }),
  });
  if (said.success) return said.data;
  const [issue] = said.error.issues;
  throw new CodedError("request.invalid", `${issue?.path.join(".")}: ${issue?.message}.`);
}

/** The customers' points of a home. */
async function pointsAt(trx: Transaction<Tables>, { building, room, only }: Options): Promise<Known["points"]> {
  const { rows } = await sql<{ id: bigint; utility: Utility }>`
    select id, utility from sanbiao.usage_point
     where operator_id = sanbiao.operator_id() and building = ${building} and room = ${room} and role = 'customer'
     order by utility, id`.execute(trx);
  const wanted = rows.filter(({ utility }) => only === undefined || only.includes(utility));
  if (wanted.length === 0) throw new CodedError("request.not-found", `There is no usage point at ${building}/${room}.`);
  return wanted;
}

function textOf(number: string, { fromDay, points, refused }: MoveInShownJson): string {
  const lines = [`Account ${number} from ${fromDay} on. Nothing was written.`];
  for (const { utility, meter, start, unit, tariffId, last, vacantDays, usedVacant } of points)
    lines.push(
      `  ${utility}, meter ${meter?.serial ?? "none"}: begins at ${start === null ? "an unknown value" : `${start.value} ${unit} (${start.basis})`}, tariff ${tariffId ?? "none"}${last === null ? "" : `; account ${last.number} up to ${last.endedOn ?? "now"}`}${vacantDays === 0 ? "" : `; ${vacantDays} days vacant${usedVacant === null ? "" : `, ${usedVacant} ${unit} used in them are nobody's`}`}`,
    );
  if (refused.length === 0) return [...lines, "To enter it: the same with --post."].join("\n");
  return [...lines, "It cannot be:", ...refused.map(({ reason, detail }) => `  ${detail} [${reason}]`)].join("\n");
}

const isUtility = (text: string): text is Utility => (UTILITIES as readonly string[]).includes(text);

function utilitiesOf(text: string): Utility[] {
  const words = text.split(",");
  const known = words.filter(isUtility);
  if (known.length !== words.length) throw new InvalidArgumentError(`Utilities are ${UTILITIES.join(", ")}.`);
  return known;
}

function tariffText(text: string, before: Options["tariff"]): Options["tariff"] {
  const [utility = "", id = ""] = text.split("=");
  if (!isUtility(utility) || id === "") throw new InvalidArgumentError("A tariff is written electricity=ID.");
  return { ...before, [utility]: id };
}
