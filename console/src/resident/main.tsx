import "@fontsource/noto-sans-sc/400.css";
import "@fontsource/noto-sans-sc/700.css";
import "../phone/phone.css";
import "./resident.css";
import { createRoot } from "react-dom/client";
import { LanguageProvider } from "../i18n/language.tsx";
import { ResidentApp } from "./app.tsx";

const root = document.getElementById("resident");
if (root !== null)
  createRoot(root).render(
    <LanguageProvider>
      <ResidentApp />
    </LanguageProvider>,
  );
