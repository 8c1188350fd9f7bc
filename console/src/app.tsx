import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { App as AntdApp, ConfigProvider } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import { BrowserRouter } from "react-router-dom";
import { ApiError } from "./api/client.ts";
import { LanguageProvider, useSpeech } from "./i18n/language.tsx";
import { Pages } from "./pages.tsx";
import { theme } from "./theme.ts";

/** Nothing moves for who wants nothing to move. */
const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
const themed = { ...theme, token: { ...theme.token, motion: !isStill } };

/** A session that ended shows the sign-in page, wherever it was noticed. */
function noticeSignedOut(error: unknown) {
  if (error instanceof ApiError && error.problem.code === "auth.required") client.setQueryData(["me"], null);
}

const client = new QueryClient({
  queryCache: new QueryCache({ onError: noticeSignedOut }),
  mutationCache: new MutationCache({ onError: noticeSignedOut }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (times, error) =>
        times < 2 && (!(error instanceof ApiError) || error.problem.status === 0 || error.problem.status >= 500),
    },
    mutations: { retry: false },
  },
});

function Spoken() {
  const { language } = useSpeech();
  return (
    <ConfigProvider locale={language === "zh" ? zhCN : enUS} theme={themed} button={{ autoInsertSpace: false }}>
      <AntdApp component={false}>
        <BrowserRouter>
          <Pages />
        </BrowserRouter>
      </AntdApp>
    </ConfigProvider>
  );
}

export function App() {
  return (
    <QueryClientProvider client={client}>
      <LanguageProvider>
        <Spoken />
      </LanguageProvider>
    </QueryClientProvider>
  );
}
