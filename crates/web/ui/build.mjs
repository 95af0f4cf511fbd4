// Builds the board into `../dist`, which the server embeds, or into another folder: `node build.mjs [folder]`. With `--watch`
// it rebuilds on changes, and a server of a debug build serves the result at the next load of the page.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { context } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({ options: { watch: { type: "boolean" } }, allowPositionals: true });
const folder = resolve(positionals[0] ?? join(here, "../dist"));
const client = join(here, "../../client-typescript/src");
const ownModule = (name) => join(here, "node_modules", name);

/** Writes `index.html` with the names of the built files. */
async function document(metafile) {
  const built = Object.entries(metafile.outputs);
  const pathOf = (test) => `/assets/${basename(built.find(([path, output]) => test(path, output))[0])}`;
  const values = {
    script: pathOf((path, { entryPoint }) => entryPoint?.endsWith("main.tsx")),
    style: pathOf((path) => path.endsWith(".css")),
    icon: pathOf((path) => path.endsWith(".svg")),
  };
  const template = await readFile(join(here, "index.html"), "utf8");
  await writeFile(
    join(folder, "index.html"),
    template.replaceAll(/%(\w+)%/g, (_, name) => values[name]),
  );
}

const building = await context({
  absWorkingDir: here,
  entryPoints: ["src/main.tsx", "src/icon.svg"],
  outdir: join(folder, "assets"),
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  publicPath: "/assets",
  loader: { ".svg": "copy", ".woff2": "file" },
  alias: {
    "@boardwire/client/react": join(client, "react.ts"),
    "@boardwire/client": join(client, "index.ts"),
    // The client's folder has its own copies of these.
    react: ownModule("react"),
    "socket.io-client": ownModule("socket.io-client"),
    diff: ownModule("diff/libesm/index.js"),
    // It would lock the page's scrolling, which nothing here needs, and has 4 kB.
    "react-remove-scroll": join(here, "src/parts/removeScroll.ts"),
  },
  define: { "process.env.NODE_ENV": '"production"' },
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  minify: true,
  legalComments: "linked",
  metafile: true,
  logLevel: "warning",
  plugins: [
    {
      name: "document",
      setup(build) {
        build.onStart(() => rm(folder, { recursive: true, force: true }));
        build.onEnd(({ errors, metafile }) => (errors.length === 0 ? mkdir(folder, { recursive: true }).then(() => document(metafile)) : undefined));
      },
    },
  ],
});
if (values.watch) {
  await building.watch();
} else {
  await building.rebuild().catch(() => (process.exitCode = 1));
  await building.dispose();
}
