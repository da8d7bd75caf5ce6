import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type BuildEnvironmentOptions } from "vite";

const STATIC = "../src/eyespot/serving/static";

// Relative addresses (`base`) let the server use the build at any address.
const served: BuildEnvironmentOptions = {
  outDir: STATIC,
  emptyOutDir: true,
  assetsInlineLimit: 0,
  chunkSizeWarningLimit: 800,
};

// `eyespot export --page` puts the same page into one file: one script and one style, under fixed names.
const alone: BuildEnvironmentOptions = {
  outDir: `${STATIC}/alone`,
  emptyOutDir: true,
  chunkSizeWarningLimit: 1500,
  rolldownOptions: {
    input: "src/main.ts",
    output: { codeSplitting: false, entryFileNames: "page.js", assetFileNames: "page[extname]" },
  },
};

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  base: "./",
  build: { modulePreload: { polyfill: false }, ...(mode === "alone" ? alone : served) },
}));
