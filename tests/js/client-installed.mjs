// The built package @boardwire/client, installed as by `npm install`: it is imported by its name, and finds the packages of this folder.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
/** The folder in which the package is built. */
export const PACKAGE = resolve(here, '../../crates/client-typescript');

/** Installs it in a new folder. Returns `{folder, client, react, remove}`; `client` and `react` are the entry points. */
export async function installClient() {
  checkUpToDate();
  const folder = mkdtempSync(join(here, 'installed-'));
  const packageFolder = join(folder, 'node_modules/@boardwire/client');
  mkdirSync(packageFolder, { recursive: true });
  for (const part of ['package.json', 'dist']) cpSync(join(PACKAGE, part), join(packageFolder, part), { recursive: true });
  // Its imports resolve as they would for a user of the package.
  const entry = (name) => import(pathToFileURL(join(packageFolder, 'dist', name)).href);
  return {
    folder,
    client: await entry('index.js'),
    react: () => entry('react.js'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function checkUpToDate() {
  const built = join(PACKAGE, 'dist/index.js');
  if (!existsSync(built) || newest(join(PACKAGE, 'src')) > statSync(built).mtimeMs) {
    throw new Error(`${built} is not there or not up to date: run \`npm run build:client\` in tests/js`);
  }
}

function newest(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.max(...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs));
}
