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

const service = process.env.SANBIAO_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), woff2Only],
  // `npm exec vite console` serves the pages while they are worked on and asks a running service for the rest.
  server: { proxy: { "/api": service } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1500,
    assetsInlineLimit: 2048,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "charts", test: /node_modules\/(echarts|zrender)\// },
            {
              name: "react",
              test: /node_modules\/(react|react-dom|scheduler|react-router|react-router-dom|@tanstack)\//,
            },
            { name: "antd", test: /node_modules\/(antd|@ant-design|@rc-component)\// },
          ],
        },
      },
    },
  },
});
