/**
 * The world failed: coded errors that say what to do and whether trying again helps.
 * `docs/reference/errors.md` has each code; `test/domain/errors.test.ts` compares the two.
 */
export const ERRORS = {
  "config.invalid": { status: 500, retry: false, hint: "Correct the setting that the message names and start again." },
  "database.folder-in-use": {
    status: 503,
    retry: false,
    hint: "Stop the other sanbiao that uses this data folder, or set SANBIAO_DATA to another one.",
  },
  "database.folder-version": {
    status: 503,
    retry: false,
    hint: "The folder was made by another PostgreSQL version: dump it with that version, or set SANBIAO_DATA to a new folder.",
  },
  "database.unavailable": { status: 503, retry: true, hint: "Check that PostgreSQL answers at DATABASE_URL." },
  "database.start-failed": { status: 503, retry: false, hint: "Read the server log that the message names." },
  "spool.full": {
    status: 503,
    retry: true,
    hint: "Readings wait on disk and no more fit: bring the database back, or make room in SANBIAO_DATA/spool.",
  },
  "schema.newer": {
    status: 503,
    retry: false,
    hint: "The database was migrated by a newer sanbiao: use that version.",
  },
  "schema.changed": {
    status: 503,
    retry: false,
    hint: "A migration that was already applied differs from the file: restore the file; never edit an applied migration.",
  },
  "port.taken": { status: 503, retry: false, hint: "Set PORT to a free port or stop what listens there." },
  "broker.unreachable": { status: 503, retry: true, hint: "Check MQTT_URL and that the broker runs." },
  "request.invalid": { status: 400, retry: false, hint: "Correct the fields named in `errors`." },
  "request.not-found": { status: 404, retry: false, hint: "Check the id; it may belong to another operator." },
  "request.conflict": {
    status: 409,
    retry: false,
    hint: "The same key was used for something else: use a new Idempotency-Key.",
  },
  "request.too-large": { status: 413, retry: false, hint: "Send less in one request." },
  "request.unsupported-media": { status: 415, retry: false, hint: "Send `content-type: application/json`." },
  "auth.required": { status: 401, retry: false, hint: "Sign in first." },
  "auth.wrong": { status: 401, retry: true, hint: "Check user name and password." },
  "auth.forbidden": { status: 403, retry: false, hint: "Your role does not allow this." },
  "auth.signature": {
    status: 401,
    retry: true,
    hint: "Sign `<unix seconds>.<body>` with the channel's secret, and check the clock.",
  },
  "auth.pass": { status: 401, retry: false, hint: "Ask the counter for a new link or code." },
  "payment.refused": {
    status: 422,
    retry: false,
    hint: "The message names why; what was said is kept for the operator to look at. Do not send it again.",
  },
  "auth.too-many": { status: 429, retry: true, hint: "Wait a minute before the next try." },
  "billing.charge-incomplete": {
    status: 422,
    retry: true,
    hint: "Note the price or the floor area that the message names: the bill is tried again at the next wake.",
  },
  "closing.refused": {
    status: 422,
    retry: false,
    hint: "The message says what stands against it; nothing was done.",
  },
  "tax.invalid": { status: 422, retry: false, hint: "Correct the tax number or its country; nothing was noted." },
  "move-in.refused": {
    status: 422,
    retry: false,
    hint: "The message says what stands against it; nothing was done.",
  },
  "closing.changed": { status: 409, retry: false, hint: "Look at the final bill again: nothing was done." },
  "notice.signature": {
    status: 401,
    retry: false,
    hint: "Sign `<timestamp>.<body>` with NOTICE_WEBHOOK_SECRET, at a time within five minutes of ours: docs/reference/notices.md.",
  },
  "notice.out-of-order": {
    status: 409,
    retry: false,
    hint: "It was reported as failed, and that stands. A clerk may send the notice again.",
  },
  "gap.owned": { status: 409, retry: false, hint: "Ask who took it, or a manager, to release it." },
  "gap.lasting": { status: 409, retry: false, hint: "It can be given up when the meter was heard again." },
  "gap.settled": { status: 409, retry: false, hint: "It needs nothing any more." },
  "reading.other-reader": {
    status: 409,
    retry: false,
    hint: "Sign in as the reader who entered them: nobody's entries are sent under another name.",
  },
  "register.busy": { status: 409, retry: true, hint: "Nothing was written: bring the file again." },
  "tray.decided": { status: 409, retry: false, hint: "Look at the device again: somebody decided before you." },
  "tray.refused": { status: 409, retry: false, hint: "Correct what the message names; nothing was written." },
  "route.changed": { status: 409, retry: false, hint: "Open the route again and repeat your change." },
  "photo.unreadable": {
    status: 415,
    retry: false,
    hint: "Send a JPEG, PNG or WebP picture with its own content type.",
  },
  "ledger.unbalanced": {
    status: 422,
    retry: false,
    hint: "The postings of an entry must add up to zero in each currency.",
  },
  "tariff.invalid": { status: 422, retry: false, hint: "Correct the tariff at the path named." },
  "usage.invalid": { status: 422, retry: false, hint: "Correct the usage at the path named." },
  "tariff.changed": { status: 409, retry: false, hint: "Open the version again and repeat your change." },
  "tariff.state": { status: 409, retry: false, hint: "Open the version again: it is not where this step begins." },
  "tariff.four-eyes": { status: 409, retry: false, hint: "Another manager publishes what you proposed." },
  "payment.hoarding": { status: 422, retry: false, hint: "Pay less: the message says how much may be held." },
  "prepaid.no-emergency-credit": { status: 409, retry: false, hint: "Top up: there is no credit to take now." },
  "policy.invalid": { status: 422, retry: false, hint: "Correct the policy at the path named." },
  "policy.changed": { status: 409, retry: false, hint: "Open the version again and repeat your change." },
  "policy.state": { status: 409, retry: false, hint: "Open the version again: it is not where this step begins." },
  "policy.four-eyes": { status: 409, retry: false, hint: "Another manager publishes what you proposed." },
  "policy.refused": { status: 422, retry: false, hint: "Correct what the message names; nothing was published." },
  "tariff.refused": { status: 422, retry: false, hint: "Correct what the message names; nothing was published." },
  "rebill.too-far": { status: 422, retry: false, hint: "Begin later, or have the operator's limit changed." },
  "rebill.changed": { status: 409, retry: false, hint: "Look at the differences again: nothing was posted." },
  "rebill.second-person": { status: 409, retry: false, hint: "Propose it; somebody else posts it." },
  "counter.no-shift": {
    status: 409,
    retry: false,
    hint: "Open a shift at a drawer first.",
  },
  "counter.drawer-taken": {
    status: 409,
    retry: false,
    hint: "Ask who is there to count and close, or take another drawer.",
  },
  "counter.shift-open": {
    status: 409,
    retry: false,
    hint: "Go on with your open shift, or count and close it first.",
  },
  "counter.shift-closed": {
    status: 409,
    retry: false,
    hint: "It was counted and closed before: look at its report.",
  },
  "counter.not-yours": {
    status: 403,
    retry: false,
    hint: "Its own clerk counts it, or a manager.",
  },
  "counter.not-counted": {
    status: 409,
    retry: false,
    hint: "Count the drawer first.",
  },
  "counter.second-person": {
    status: 409,
    retry: false,
    hint: "A manager who is somebody else does this.",
  },
  "counter.cheque": {
    status: 409,
    retry: false,
    hint: "Open the cheque and return it, with the reason.",
  },
  "counter.cheque-ended": {
    status: 409,
    retry: false,
    hint: "Look at the cheque again: it was cleared or returned before.",
  },
  "prepaid.second-person": { status: 409, retry: false, hint: "Another manager approves the protection." },
  "rebill.refused": { status: 422, retry: false, hint: "The message says what stands against it; nothing was posted." },
  "what-if.busy": { status: 409, retry: true, hint: "Wait until a comparison is done, or cancel one." },
  "meter.refused": {
    status: 422,
    retry: false,
    hint: "The message says what stands against it; docs/guides/exchange-a-meter.md has each reason.",
  },
  "token.refused": {
    status: 422,
    retry: false,
    hint: "The message says why; nothing was taken and no number was given out.",
  },
  "invoice.refused": { status: 422, retry: false, hint: "The message says why; nothing was written." },
  "profile.unknown": { status: 404, retry: false, hint: "List the profiles with `sanbiao decode --list`." },
  "internal.unexpected": {
    status: 500,
    retry: true,
    hint: "This is our fault: report it with the time and the request id.",
  },
} as const satisfies Record<string, { status: number; retry: boolean; hint: string }>;

export type ErrorCode = keyof typeof ERRORS;

export class CodedError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "CodedError";
    this.code = code;
  }
  get hint(): string {
    return ERRORS[this.code].hint;
  }
  get status(): number {
    return ERRORS[this.code].status;
  }
}
