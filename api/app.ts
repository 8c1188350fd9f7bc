import cookie from "@fastify/cookie";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import Fastify, { type FastifyBaseLogger, type FastifyReply, type FastifyRequest, LogController } from "fastify";
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { CodedError } from "../domain/errors.ts";
import { SECOND_MS } from "../domain/instant.ts";
import { COOKIE, checkAccess, checkSameSite, RESIDENT_COOKIE, securityHeaders } from "./access.ts";
import { page, serveConsole } from "./console.ts";
import type { Metrics } from "./metrics.ts";
import { PROBLEM_JSON, problemOf } from "./problem.ts";
import { accountFactRoutes } from "./routes/account-facts.ts";
import { accountRoutes } from "./routes/accounts.ts";
import { accountClosingRoutes } from "./routes/account-closings.ts";
import { correctionRoutes } from "./routes/corrections.ts";
import { billExplainRoutes, billReplayRoutes } from "./routes/bill-explain.ts";
import { chargeRoutes } from "./routes/charges.ts";
import { billHoldRoutes } from "./routes/bill-holds.ts";
import { supplyBoardRoutes } from "./routes/supply-board.ts";
import { supplyHoldRoutes } from "./routes/supply-holds.ts";
import { billingCycleRoutes } from "./routes/billing-cycles.ts";
import { depositRoutes } from "./routes/deposits.ts";
import { moveInRoutes } from "./routes/moves.ts";
import { plannedMoveOutRoutes } from "./routes/planned-move-outs.ts";
import { taxIdentityRoutes } from "./routes/tax-identities.ts";
import { lateFeeRoutes } from "./routes/late-fees.ts";
import { setOffRoutes } from "./routes/set-off.ts";
import { busRoutes } from "./routes/buses.ts";
import { channelDeskRoutes, channelRoutes, sandboxRoutes } from "./routes/channels.ts";
import { residentDeskRoutes, residentRoutes } from "./routes/resident.ts";
import { residentOf } from "./resident.ts";
import { balanceRoutes } from "./routes/balances.ts";
import type { Waiting } from "../ledger/spool/spool.ts";
import { emergencyCreditRoutes } from "./routes/emergency-credit.ts";
import { estimateRoutes } from "./routes/estimates.ts";
import { eventRoutes } from "./routes/events.ts";
import { gapRoutes } from "./routes/gaps.ts";
import { meterLifeRoutes } from "./routes/meter-life.ts";
import { meteringRoutes } from "./routes/metering.ts";
import { noticeCallbackRoutes } from "./routes/notice-callbacks.ts";
import { noticeRoutes } from "./routes/notices.ts";
import { onboardingRoutes } from "./routes/onboarding.ts";
import { billCycleRoutes } from "./routes/bill-cycles.ts";
import { correctionPaperRoutes, paperRoutes } from "./routes/paper.ts";
import { counterRoutes } from "./routes/counter.ts";
import { paymentRoutes } from "./routes/payments.ts";
import { policyRoutes } from "./routes/policies.ts";
import { receiptRoutes } from "./routes/receipts.ts";
import { photoRoutes, readingRoutes } from "./routes/readings.ts";
import { readingRouteRoutes } from "./routes/reading-routes.ts";
import { registerImportRoutes } from "./routes/register-import.ts";
import type { Api, App } from "./routes/route.ts";
import { type ReadyChecks, serviceRoutes } from "./routes/service.ts";
import { sessionRoutes } from "./routes/session.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { tariffTrialRoutes } from "./routes/tariff-trials.ts";
import { tariffRoutes } from "./routes/tariffs.ts";
import { whatIfRoutes } from "./routes/what-if.ts";
import { workRoutes } from "./routes/work.ts";
import { principalOf } from "./session.ts";

/** The largest honest request is a payment. */
const BODY_BYTES_MAX = 64 * 1024;

export type AppOptions = Api & {
  readonly metrics: Metrics;
  readonly checks: ReadyChecks;
  readonly waiting: () => Waiting;
  readonly log: Logger;
  readonly consoleDir: string;
  /** Behind a reverse proxy: believe its X-Forwarded-* headers. */
  readonly trustProxy: boolean;
};

/** The HTTP application without a port. */
export async function buildApp(options: AppOptions): Promise<App> {
  const app: App = Fastify({
    loggerInstance: options.log as unknown as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: 30 * SECOND_MS,
    forceCloseConnections: true,
    trustProxy: options.trustProxy,
    routerOptions: { ignoreTrailingSlash: true },
    frameworkErrors: (error, request, reply) => {
      // A path that cannot be read comes before every hook.
      securityHeaders(request, reply);
      sendProblem(error, request, reply);
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.removeContentTypeParser("text/plain");
  app.decorateRequest("principal", null);
  app.decorateRequest("resident", null);
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler((request, reply) => unknownRoute(request, reply, options.consoleDir));
  // Cookies are read before the guard looks at them.
  await app.register(cookie);
  guard(app, options);
  count(app, options);
  await app.register(rateLimit, { global: false });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Sanbiao",
        version: "1",
        description: "Electricity, gas and water metering, billing and prepaid control. Errors are RFC 9457 problems.",
      },
      components: {
        securitySchemes: {
          session: { type: "apiKey", in: "cookie", name: COOKIE },
          resident: { type: "apiKey", in: "cookie", name: RESIDENT_COOKIE },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  await serveConsole(app, options.consoleDir);
  await app.register(async (scope) => serviceRoutes(scope as App, options, options));
  await app.register(
    async (scope) => {
      const v1 = scope as App;
      sessionRoutes(v1, options);
      meteringRoutes(v1, options);
      gapRoutes(v1, options);
      meterLifeRoutes(v1, options);
      accountRoutes(v1, options);
      accountFactRoutes(v1, options);
      paperRoutes(v1, options);
      correctionPaperRoutes(v1, options);
      billCycleRoutes(v1, options);
      billExplainRoutes(v1, options);
      billReplayRoutes(v1, options);
      correctionRoutes(v1, options);
      paymentRoutes(v1, options);
      receiptRoutes(v1, options);
      counterRoutes(v1, options);
      tokenRoutes(v1, options);
      busRoutes(v1, options);
      balanceRoutes(v1, options);
      chargeRoutes(v1, options);
      lateFeeRoutes(v1, options);
      moveInRoutes(v1, options);
      taxIdentityRoutes(v1, options);
      plannedMoveOutRoutes(v1, options);
      setOffRoutes(v1, options);
      depositRoutes(v1, options);
      accountClosingRoutes(v1, options);
      billHoldRoutes(v1, options);
      supplyHoldRoutes(v1, options);
      supplyBoardRoutes(v1, options);
      policyRoutes(v1, options);
      emergencyCreditRoutes(v1, options);
      billingCycleRoutes(v1, options);
      eventRoutes(v1, options);
      workRoutes(v1, options);
      estimateRoutes(v1, options);
      readingRouteRoutes(v1, options);
      readingRoutes(v1, options);
      onboardingRoutes(v1, options);
      tariffRoutes(v1, options);
      tariffTrialRoutes(v1, options);
      whatIfRoutes(v1, options);
      noticeRoutes(v1, options);
      await v1.register(async (reports) => noticeCallbackRoutes(reports as App, options));
      channelDeskRoutes(v1, options);
      sandboxRoutes(v1, options);
      residentDeskRoutes(v1, options);
      residentRoutes(v1, options);
      await v1.register(async (doors) => channelRoutes(doors as App, options));
      await v1.register(async (files) => registerImportRoutes(files as App, options));
      await v1.register(async (pictures) => photoRoutes(pictures as App, options));
    },
    { prefix: "/api/v1" },
  );
  return app;
}

/** Before any handler: headers, who asks, whether he may. A route that names no access wants a signed-in user. */
function guard(app: App, api: Api): void {
  app.addHook("onRequest", async (request, reply) => {
    securityHeaders(request, reply);
    const access = request.is404 ? "public" : (request.routeOptions.config?.access ?? "reader");
    checkSameSite(request);
    const token = request.cookies[COOKIE];
    // Static pages and health do not need to know who looks.
    if (
      token !== undefined &&
      access !== "resident" &&
      (access !== "public" || request.url.startsWith("/api/v1/sign-out"))
    ) {
      request.principal = await principalOf(api.db, token, { demo: api.demo !== null, now: api.wall.now() });
    }
    const pass = request.cookies[RESIDENT_COOKIE];
    if (access === "resident" && pass !== undefined) {
      request.resident = await residentOf(api.db, pass, api.wall.now());
    }
    checkAccess(request, access);
  });
  app.addHook("onRoute", (route) => {
    const access = route.config?.access ?? "reader";
    if (access === "public" || route.schema === undefined) return;
    route.schema.security = [access === "resident" ? { resident: [] } : { session: [] }];
  });
}

function count(app: App, { telemetry }: Api): void {
  app.addHook("onResponse", async (request, reply) => {
    const route = request.is404 ? "unknown" : (request.routeOptions.url ?? "unknown");
    const status = String(reply.statusCode);
    telemetry.count("sanbiao_http_requests_total", { method: request.method, route, status });
    if (!route.endsWith("/events")) {
      telemetry.observe("sanbiao_http_request_seconds", { route }, reply.elapsedTime / SECOND_MS);
    }
    request.log.debug({ method: request.method, route, status, ms: Math.round(reply.elapsedTime) }, "request");
  });
}

function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error, request.id);
  if (problem.status >= 500) request.log.error({ err: error, url: request.url }, "request failed");
  void reply.code(problem.status).type(PROBLEM_JSON).serializer(JSON.stringify).send(problem);
}

function unknownRoute(request: FastifyRequest, reply: FastifyReply, consoleDir: string): unknown {
  const isPage = (request.method === "GET" || request.method === "HEAD") && !/^\/api(\/|$|\?)/.test(request.url);
  if (isPage) return page(request, reply, consoleDir);
  throw new CodedError("request.not-found", `There is no ${request.method} ${request.url.split("?")[0] ?? ""}.`);
}
