import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// Relative addresses (`base`) let the server, and a file that is opened without one, use the same build.
export default defineConfig({
  plugins: [svelte()],
  base: "./",
  build: { outDir: "../src/eyespot/serving/static", emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 700 },
});
