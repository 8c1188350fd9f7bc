import { Spin } from "antd";
import { lazy, Suspense } from "react";
import { Route, Routes, useLocation } from "react-router-dom";
import { LiveProvider } from "./api/live.tsx";
import { useMe } from "./api/queries.ts";
import { useSpeech } from "./i18n/language.tsx";
import { NotFound } from "./pages/not-found.tsx";
import { ProblemNote } from "./parts/problem.tsx";
import { Frame } from "./shell/frame.tsx";
import { OperatorProvider } from "./shell/operator.tsx";
import { PageGuard } from "./shell/page-guard.tsx";
import { TownClock } from "./shell/town-clock.tsx";

const SignIn = lazy(() => import("./pages/sign-in.tsx"));
const Overview = lazy(() => import("./pages/overview/overview.tsx"));
const Meters = lazy(() => import("./pages/meters.tsx"));
const Meter = lazy(() => import("./pages/meter/meter.tsx"));
const Calibrations = lazy(() => import("./pages/calibrations.tsx"));
const Accounts = lazy(() => import("./pages/accounts.tsx"));
const Account = lazy(() => import("./pages/account/account.tsx"));
const MoveOut = lazy(() => import("./pages/move-out/move-out.tsx"));
const Moves = lazy(() => import("./pages/moves/moves.tsx"));
const MoveIn = lazy(() => import("./pages/moves/move-in.tsx"));
const Rebill = lazy(() => import("./pages/rebill/rebill.tsx"));
const Correction = lazy(() => import("./pages/rebill/correction.tsx"));
const Replay = lazy(() => import("./pages/replay/replay.tsx"));
const Notices = lazy(() => import("./pages/notices/notices.tsx"));
const Bills = lazy(() => import("./pages/bills.tsx"));
const Bill = lazy(() => import("./pages/bill/bill.tsx"));
const Balances = lazy(() => import("./pages/balance/balances.tsx"));
const Balance = lazy(() => import("./pages/balance/balance.tsx"));
const Counter = lazy(() => import("./pages/counter/counter.tsx"));
const Shifts = lazy(() => import("./pages/shifts/shifts.tsx"));
const Shift = lazy(() => import("./pages/shifts/shift.tsx"));
const Payment = lazy(() => import("./pages/payment.tsx"));
const Channels = lazy(() => import("./pages/channels.tsx"));
const Prepaid = lazy(() => import("./pages/supply/supply.tsx"));
const BillingSettings = lazy(() => import("./pages/billing-settings/billing-settings.tsx"));
const OwnPolicy = lazy(() => import("./pages/policies/own-version.tsx"));
const PublishedPolicy = lazy(() => import("./pages/policies/published.tsx"));
const Tariffs = lazy(() => import("./pages/tariffs/tariffs.tsx"));
const TariffVersion = lazy(() => import("./pages/tariffs/version-page.tsx"));
const WhatIf = lazy(() => import("./pages/what-if/what-if.tsx"));
const Exceptions = lazy(() => import("./pages/exceptions.tsx"));
const Runs = lazy(() => import("./pages/runs.tsx"));
const Buses = lazy(() => import("./pages/buses/buses.tsx"));
const Work = lazy(() => import("./pages/work/work.tsx"));
const ReadingRoutes = lazy(() => import("./pages/routes/routes.tsx"));
const ReadingRoute = lazy(() => import("./pages/routes/route.tsx"));
const Gaps = lazy(() => import("./pages/gaps/gaps.tsx"));
const Onboarding = lazy(() => import("./pages/onboarding/onboarding.tsx"));
const Refused = lazy(() => import("./pages/refused.tsx"));

function Wait() {
  const { t } = useSpeech();
  return <Spin className="wait" size="large" description={t("state.loading")} />;
}

export function Pages() {
  const me = useMe();
  const { pathname } = useLocation();
  if (me.data === undefined) {
    return me.error === null ? (
      <Wait />
    ) : (
      <div className="alone">
        <ProblemNote error={me.error} retry={() => void me.refetch()} />
      </div>
    );
  }
  if (me.data === null) {
    return (
      <Suspense fallback={<Wait />}>
        <SignIn />
      </Suspense>
    );
  }
  return (
    <OperatorProvider me={me.data}>
      <LiveProvider>
        <TownClock>
          <Frame>
            <PageGuard key={pathname}>
              <Suspense fallback={<Wait />}>
                <Routes>
                  <Route path="/" element={<Overview />} />
                  <Route path="/meters" element={<Meters />} />
                  <Route path="/meters/:id" element={<Meter />} />
                  <Route path="/calibrations" element={<Calibrations />} />
                  <Route path="/accounts" element={<Accounts />} />
                  <Route path="/accounts/:id" element={<Account />} />
                  <Route path="/accounts/:id/replay" element={<Replay />} />
                  <Route path="/accounts/:id/move-out" element={<MoveOut />} />
                  <Route path="/moves" element={<Moves />} />
                  <Route path="/move-in" element={<MoveIn />} />
                  <Route path="/notices" element={<Notices />} />
                  <Route path="/rebill" element={<Rebill />} />
                  <Route path="/corrections/:id" element={<Correction />} />
                  <Route path="/bills" element={<Bills />} />
                  <Route path="/bills/:id" element={<Bill />} />
                  <Route path="/balances" element={<Balances />} />
                  <Route path="/balances/:id" element={<Balance />} />
                  <Route path="/counter" element={<Counter />} />
                  <Route path="/shifts" element={<Shifts />} />
                  <Route path="/shifts/:id" element={<Shift />} />
                  <Route path="/payments/:journalId" element={<Payment />} />
                  <Route path="/channels" element={<Channels />} />
                  <Route path="/prepaid" element={<Prepaid />} />
                  <Route path="/billing-settings" element={<BillingSettings />} />
                  <Route path="/policies/own/:id" element={<OwnPolicy />} />
                  <Route path="/policies/:policyId/:version" element={<PublishedPolicy />} />
                  <Route path="/tariffs" element={<Tariffs />} />
                  <Route path="/tariffs/:id" element={<TariffVersion />} />
                  <Route path="/what-if" element={<WhatIf />} />
                  <Route path="/runs" element={<Runs />} />
                  <Route path="/exceptions" element={<Exceptions />} />
                  <Route path="/buses" element={<Buses />} />
                  <Route path="/work" element={<Work />} />
                  <Route path="/routes" element={<ReadingRoutes />} />
                  <Route path="/routes/:id" element={<ReadingRoute />} />
                  <Route path="/gaps" element={<Gaps />} />
                  <Route path="/onboarding" element={<Onboarding />} />
                  <Route path="/refused" element={<Refused />} />
                  <Route path="*" element={<NotFound />} />
                </Routes>
              </Suspense>
            </PageGuard>
          </Frame>
        </TownClock>
      </LiveProvider>
    </OperatorProvider>
  );
}
