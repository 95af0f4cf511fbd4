// Starts the real boardwire program for the tests of this folder, and signs tokens as an identity provider would.
import { execFileSync, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { patient } from './patience.mjs';

const SECRET = 'test-secret-of-exactly-forty-characters!';
const START_MS = patient(60_000);
const LOG_LINES = 200;

/** Returns the path of the program. */
export function program() {
  if (process.env.BOARDWIRE_BIN) return resolve(process.env.BOARDWIRE_BIN);
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
  const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
  const path = join(target, 'debug', 'boardwire');
  if (!existsSync(path)) {
    throw new Error(`there is no ${path}: build it with \`cargo build -p boardwire-server\`, or set BOARDWIRE_BIN`);
  }
  return path;
}

/** Signs a token for `user`, valid for an hour unless `seconds` says otherwise. */
export function token(user, permissions = ['read', 'write'], seconds = 3600) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const name = user[0].toUpperCase() + user.slice(1);
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ sub: user, name, exp, permissions })}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}

/** Settings of a server for tests: it accepts the tokens of this file, and has no effective rate limits. */
const TEST_SETTINGS = {
  BOARDWIRE_JWT_SECRET: SECRET,
  BOARDWIRE_RATE_LIMIT_MAX_REQUESTS: '1000000',
  BOARDWIRE_RATE_LIMIT_BURST: '1000000',
  BOARDWIRE_ACTIVITY_LIMIT_MAX_REQUESTS: '1000000',
  BOARDWIRE_FAILED_HANDSHAKES_PER_MINUTE: '1000000',
};

const SQL = 'import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=60).executescript(sys.argv[2])';

/** Starts a server with default settings, except for the port; see `startServer`. */
export const startPlainServer = () => start({});

/**
 * Starts a server on a new SQLite database. Returns `{url, run, sql, stop}`: `run` executes another command of the program with the same
 * database, `sql` a statement.
 */
export const startServer = (settings = {}) => start({ ...TEST_SETTINGS, ...settings });

async function start(settings) {
  const folder = mkdtempSync(join(tmpdir(), 'boardwire-js-'));
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BOARDWIRE_')));
  const database = `sqlite://${join(folder, 'board.db')}`;
  const run = (args, input) => execFileSync(program(), args, { cwd: folder, input, env: { ...inherited, BOARDWIRE_DATABASE_URL: database } });
  const sql = (statement) => execFileSync('python3', ['-c', SQL, join(folder, 'board.db'), statement]);
  const child = spawn(program(), ['serve', '--listen', '127.0.0.1:0', '--database-url', database], {
    cwd: folder,
    env: {
      ...inherited,
      BOARDWIRE_DATABASE_URL: database,
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.push(line);
    if (log.length > LOG_LINES) log.shift();
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const first = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('error', reject);
    ended.then((code) => reject(new Error(`boardwire ended with ${code} before it listened:\n${log.join('\n')}`)));
    setTimeout(() => reject(new Error(`boardwire did not listen:\n${log.join('\n')}`)), START_MS).unref();
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { listening } = JSON.parse(await first);
    return { url: `http://${listening}`, run, sql, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
