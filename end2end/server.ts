import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { SMTP_URL, startMailServer } from './mail.ts';

export const ADDRESS = 'http://127.0.0.1:3100';
export const SANDBOX = 'http://127.0.0.1:12190';

/** The program under test. */
export const BIN = resolve(process.env.LECTERN_BIN ?? '../target/end2end/lectern');
const SITE = resolve(process.env.LECTERN_SITE ?? '../target/end2end/site');
export const LOG = resolve('test-results/server.log');

/** Starts the mail server and the server that all journeys share, except those that launch their own. */
export default async function start(): Promise<() => Promise<void>> {
  const stopMailServer = await startMailServer();
  const stop = await launch({ address: ADDRESS, sandbox: SANDBOX, log: LOG }).catch(async (error: unknown) => {
    await stopMailServer();
    throw error;
  });
  return () => stop().finally(stopMailServer);
}

export interface ServerOptions {
  address: string;
  sandbox: string;
  log: string;
  settings?: NodeJS.ProcessEnv;
}

/** Starts a server with its own data folder: embedded PostgreSQL, payment sandbox and demo data. Returns a function that stops it. */
export async function launch(options: ServerOptions): Promise<() => Promise<void>> {
  if (!existsSync(BIN)) throw new Error(`${BIN} is missing: bin/test builds it`);
  const data = mkdtempSync(join(tmpdir(), 'lectern-end2end-'));
  // PostgreSQL does not run as root: started by root, it runs as another user, who must be able to enter the folder.
  chmodSync(data, 0o755);
  mkdirSync(resolve('test-results'), { recursive: true });
  const log = openSync(options.log, 'w');
  const server = spawn(BIN, ['serve'], { env: environment(data, options), stdio: ['ignore', log, log] });
  closeSync(log);

  const stop = async () => {
    await end(server, options.log);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    await ready(server, options);
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
  return stop;
}

/** The server's environment. Nothing else is inherited, so that no Stripe key or database of the developer is used. */
function environment(data: string, { address, sandbox, settings }: ServerOptions): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, LANG, RUST_LOG } = process.env;
  return {
    PATH, HOME, TMPDIR, LANG, RUST_LOG,
    LECTERN_ENV: 'development',
    LECTERN_DATA_DIR: data,
    LECTERN_LISTEN: new URL(address).host,
    LECTERN_URL: address,
    LECTERN_SANDBOX_LISTEN: new URL(sandbox).host,
    LECTERN_SEED_DEMO: '1',
    SMTP_URL,
    MAIL_FROM: 'school@example.com',
    // All journeys share one client address.
    LECTERN_ADDRESS_ALLOWANCE: '1000',
    LEPTOS_OUTPUT_NAME: 'lectern',
    LEPTOS_SITE_ROOT: SITE,
    LEPTOS_SITE_PKG_DIR: 'pkg',
    LEPTOS_SITE_ADDR: new URL(address).host,
    LEPTOS_HASH_FILES: 'true',
    ...settings,
  };
}

async function ready(server: ChildProcess, { address, log }: ServerOptions): Promise<void> {
  for (const end = Date.now() + 90_000; Date.now() < end; await sleep(200)) {
    if (server.exitCode !== null || server.signalCode !== null) throw new Error(`the server exited during start:\n${tail(log)}`);
    const answer = await fetch(`${address}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
  }
  throw new Error(`the server was not ready after 90 s:\n${tail(log)}`);
}

/** Stops the server and asserts that it exited cleanly, did not panic and logged no secrets. */
async function end(server: ChildProcess, log: string): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    const gone = once(server, 'exit');
    server.kill('SIGTERM');
    const inTime = await Promise.race([gone.then(() => true), sleep(30_000, false, { ref: false })]);
    if (!inTime) {
      server.kill('SIGKILL');
      throw new Error(`the server did not stop within 30 s of SIGTERM:\n${tail(log)}`);
    }
  }
  if (server.exitCode !== 0) throw new Error(`the server exited with ${server.exitCode ?? server.signalCode}:\n${tail(log)}`);
  // A panic fails one response only, so a journey may not notice it.
  const panics = readFileSync(log, 'utf8').match(/^.* panicked at .*\n.*$/gm) ?? [];
  if (panics.length > 0) throw new Error(`the server panicked ${panics.length} times:\n${panics.slice(0, 5).join('\n')}`);
  // The log must not contain what a journey typed: passwords, addresses, card numbers, tokens.
  const leaked = readFileSync(log, 'utf8').match(SECRETS) ?? [];
  if (leaked.length > 0) throw new Error(`the server's log contains secrets or personal data: ${[...new Set(leaked)].slice(0, 5).join(', ')}`);
}

/** The journeys' passwords and email addresses, Stripe's test cards, API keys, and session tokens (64 hexadecimal digits). */
const SECRETS = new RegExp(
  [
    'demo-password-1', 'a long enough password', '[\\w.+-]+@example\\.com', '4242 ?4242 ?4242 ?4242', '4000 ?00\\d\\d ?\\d{4} ?\\d{4}',
    'sk_test_\\w+', 'whsec_\\w+', '\\$argon2', '(?<![0-9a-f/])[0-9a-f]{64}(?![0-9a-f])',
  ].join('|'),
  'g',
);

function tail(log: string): string {
  return readFileSync(log, 'utf8').split('\n').slice(-25).join('\n');
}
