import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Every browser that runs this console reads woff2: the woff copies of the Chinese font would double `dist` for nobody. */
const woff2Only: Plugin = {
  name: "sanbiao:woff2-only",
  enforce: "pre",
  transform(code, id) {
    return id.includes("@fontsource") && id.endsWith(".css")
      ? code.replace(/, url\([^)]*\.woff\) format\('woff'\)/g, "")
      : null;
  },
};

/** `/m` (readers; kept on the phone by sw.ts) and `/r` (residents) are pages of their own, light enough for a phone. */
const phonePages: Plugin = {
  name: "sanbiao:phone-pages",
  configureServer(server) {
    server.middlewares.use((request, _reply, next) => {
      const page = /^\/([mr])(\/|\?|$)/.exec(request.url ?? "")?.[1];
      if (page !== undefined) request.url = `/${page}.html`;
      next();
    });
  },
};

const service = process.env.SANBIAO_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), woff2Only, phonePages],
  // `npm exec vite console` serves the pages while they are worked on and asks a running service for the rest.
  server: { proxy: { "/api": service } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1500,
    assetsInlineLimit: 2048,
    rolldownOptions: {
      input: {
        main: join(import.meta.dirname, "index.html"),
        phone: join(import.meta.dirname, "m.html"),
        resident: join(import.meta.dirname, "r.html"),
        sw: join(import.meta.dirname, "src/phone/sw.ts"),
      },
      output: {
        // A service worker keeps its name: the browser asks for it again by that.
        entryFileNames: (entry) => (entry.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
        codeSplitting: {
          groups: [
            { name: "charts", test: /node_modules\/(echarts|zrender)\// },
            { name: "react", test: /node_modules\/(react|react-dom|scheduler)\// },
            { name: "router", test: /node_modules\/(react-router|react-router-dom|@tanstack)\// },
            { name: "antd", test: /node_modules\/(antd|@ant-design|@rc-component)\// },
          ],
        },
      },
    },
  },
});
