// Builds the board into `../dist`, which the server embeds, or into another folder: `node build.mjs [folder]`. With `--watch`
// it goes on, and a server of a debug build shows the result at the next load of the page.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { context } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({ options: { watch: { type: "boolean" } }, allowPositionals: true });
const folder = resolve(positionals[0] ?? join(here, "../dist"));
const client = join(here, "../../client-typescript/src");
const own = (name) => join(here, "node_modules", name);

/** Puts the names of what was built into the document. */
async function document(metafile) {
  const built = Object.entries(metafile.outputs);
  const named = (test) => `/assets/${basename(built.find(([path, output]) => test(path, output))[0])}`;
  const values = {
    script: named((path, { entryPoint }) => entryPoint?.endsWith("main.tsx")),
    style: named((path) => path.endsWith(".css")),
    icon: named((path) => path.endsWith(".svg")),
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
    // The client's own folder has them too.
    react: own("react"),
    "socket.io-client": own("socket.io-client"),
    diff: own("diff/libesm/index.js"),
    // What would lock the page's scrolling: nothing here does, and it is 4 kB.
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
