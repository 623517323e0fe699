import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env["PHAROS_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    target: ["chrome123", "firefox121", "safari17.5"],
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    // placeholder.html stays: it is in the repository for builds without Node.
    emptyOutDir: false,
    modulePreload: { polyfill: false },
    // For scripts/check-size.mjs.
    manifest: true,
    reportCompressedSize: false,
    // scripts/check-size.mjs holds the budget, compressed.
    chunkSizeWarningLimit: 1000,
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      "/v1": { target: server, ws: true, changeOrigin: true, rewriteWsOrigin: true },
      "/api": { target: server, changeOrigin: true },
    },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test-setup.ts"],
    restoreMocks: true,
    testTimeout: 20_000,
  },
});
