import "@fontsource/noto-sans-sc/400.css";
import "@fontsource/noto-sans-sc/700.css";
import "./phone.css";
import { createRoot } from "react-dom/client";
import { LanguageProvider } from "../i18n/language.tsx";
import { PhoneApp } from "./app.tsx";
import { PhoneProvider } from "./phone.tsx";

// Asked before anything waits here: a browser short of space must not clear what is not yet sent.
void navigator.storage?.persist?.();
// Without HTTPS there is none: the page works, but does not open again without a line.
void navigator.serviceWorker?.register("/sw.js", { scope: "/m/" });

const root = document.getElementById("phone");
if (root !== null)
  createRoot(root).render(
    <LanguageProvider>
      <PhoneProvider>
        <PhoneApp />
      </PhoneProvider>
    </LanguageProvider>,
  );
