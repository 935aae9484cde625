import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { openPost, SMTP_URL } from './mail.ts';

export const ADDRESS = 'http://127.0.0.1:3100';
export const SANDBOX = 'http://127.0.0.1:12190';

/** The program that is tried. */
export const BIN = resolve(process.env.LECTERN_BIN ?? '../target/end2end/lectern');
const SITE = resolve(process.env.LECTERN_SITE ?? '../target/end2end/site');
export const LOG = resolve('test-results/server.log');

/** Starts the real server for all journeys but those that need one of their own. */
export default async function start(): Promise<() => Promise<void>> {
  const closePost = await openPost();
  const stop = await launch({ address: ADDRESS, sandbox: SANDBOX, log: LOG }).catch(async (error: unknown) => {
    await closePost();
    throw error;
  });
  return () => stop().finally(closePost);
}

export interface School {
  address: string;
  sandbox: string;
  log: string;
  settings?: NodeJS.ProcessEnv;
}

/** Starts a server with a data folder of its own: a private cluster, the sandbox, the demo school. */
export async function launch(school: School): Promise<() => Promise<void>> {
  if (!existsSync(BIN)) throw new Error(`${BIN} is missing: bin/test builds it`);
  const data = mkdtempSync(join(tmpdir(), 'lectern-end2end-'));
  // When this runs as root, PostgreSQL runs as somebody else, who has to get in.
  chmodSync(data, 0o755);
  mkdirSync(resolve('test-results'), { recursive: true });
  const log = openSync(school.log, 'w');
  const server = spawn(BIN, ['serve'], { env: environment(data, school), stdio: ['ignore', log, log] });
  closeSync(log);

  const stop = async () => {
    await end(server, school.log);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    await ready(server, school);
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
  return stop;
}

/** Nothing of the developer's own settings: no real Stripe key, no other database. */
function environment(data: string, { address, sandbox, settings }: School): NodeJS.ProcessEnv {
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
    // All journeys are people at one address.
    LECTERN_ADDRESS_ALLOWANCE: '1000',
    LEPTOS_OUTPUT_NAME: 'lectern',
    LEPTOS_SITE_ROOT: SITE,
    LEPTOS_SITE_PKG_DIR: 'pkg',
    LEPTOS_SITE_ADDR: new URL(address).host,
    LEPTOS_HASH_FILES: 'true',
    ...settings,
  };
}

async function ready(server: ChildProcess, { address, log }: School): Promise<void> {
  for (const end = Date.now() + 90_000; Date.now() < end; await sleep(200)) {
    if (server.exitCode !== null || server.signalCode !== null) throw new Error(`the server ended at once:\n${tail(log)}`);
    const answer = await fetch(`${address}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
  }
  throw new Error(`the server was not ready after 90 s:\n${tail(log)}`);
}

/** A clean exit is part of what is tested. */
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
  if (server.exitCode !== 0) throw new Error(`the server ended with ${server.exitCode ?? server.signalCode}:\n${tail(log)}`);
  // A panic costs one answer and nothing else, so that no journey need have noticed it.
  const panics = readFileSync(log, 'utf8').match(/^.* panicked at .*\n.*$/gm) ?? [];
  if (panics.length > 0) throw new Error(`the server panicked ${panics.length} times:\n${panics.slice(0, 5).join('\n')}`);
  // What a journey typed is nobody's business: passwords, addresses, cards, and what signs somebody in.
  const told = readFileSync(log, 'utf8').match(SECRETS) ?? [];
  if (told.length > 0) throw new Error(`the server's log has what must not be in it: ${[...new Set(told)].slice(0, 5).join(', ')}`);
}

/** Passwords and addresses of the journeys' people, Stripe's test cards, keys, and session tokens (64 hexadecimal digits). */
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
