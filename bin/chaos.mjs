// The test of bin/chaos: simulated buyers, a process that kills the server and PostgreSQL, and the comparison at the end.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync, readdirSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const { LECTERN, PSQL, DATA, SITE } = process.env;
const SECONDS = Number(process.argv[2] ?? 120);
const BUYERS = Number(process.env.CHAOS_BUYERS ?? 50);
const REFUSED = Math.min(Number(process.env.CHAOS_REFUSED ?? 60), SECONDS / 2);
const SEED = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 31));
const ADDRESS = '127.0.0.1:3152';
const SANDBOX = '127.0.0.1:12152';
const KEY = 'sk_test_sandbox';
const SECRET = 'whsec_sandbox';
const PRODUCTS = ['light-and-colour-in-blender', 'sound-for-animated-film', 'the-whole-school'];

const started = Date.now();
const over = () => Date.now() > started + SECONDS * 1000;
const say = (text) => console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);

/** Sandbox commands that run after a delay, whether or not the sandbox accepts them. */
const delayed = [];
const later = (wait, ...command) => delayed.push(sleep(wait).then(() => control(...command)).catch(() => {}));

/** A random number generator that repeats itself for the same seed (mulberry32). */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// Processes ---------------------------------------------------------------------------------------------------------------

const env = {
  ...process.env,
  LECTERN_ENV: 'development', LECTERN_LISTEN: ADDRESS, LECTERN_URL: `http://${ADDRESS}`, LECTERN_DATA_DIR: DATA, LECTERN_SEED_DEMO: '1',
  // All buyers share one address, which the rate limits would refuse.
  LECTERN_ADDRESS_ALLOWANCE: '1000',
  STRIPE_SECRET_KEY: KEY, STRIPE_WEBHOOK_SECRET: SECRET, STRIPE_API_BASE: `http://${SANDBOX}`,
  LEPTOS_OUTPUT_NAME: 'lectern', LEPTOS_SITE_ROOT: SITE, LEPTOS_SITE_PKG_DIR: 'pkg', RUST_LOG: process.env.RUST_LOG ?? 'warn',
};
const log = openSync(join(DATA, 'server.log'), 'a');
const sandboxLog = openSync(join(DATA, 'sandbox.log'), 'a');
let server;

function startSandbox() {
  const flags = ['--listen', SANDBOX, '--webhook-url', `http://${ADDRESS}/api/webhooks/stripe`, '--webhook-secret', SECRET];
  flags.push('--secret-key', KEY, '--state-file', join(DATA, 'sandbox.json'));
  return spawn(LECTERN, ['stripe-sandbox', ...flags], { env, stdio: ['ignore', sandboxLog, sandboxLog] });
}

function startServer() {
  server = spawn(LECTERN, ['serve'], { env, stdio: ['ignore', log, log] });
}

async function ready(url, child) {
  for (const end = Date.now() + 180_000; Date.now() < end; await sleep(100)) {
    if (child().exitCode !== null) throw new Error(`the process ended with ${child().exitCode}; its log is in ${DATA}`);
    if ((await request('GET', url).catch(() => undefined))?.status === 200) return;
  }
  throw new Error(`${url} did not answer within three minutes; its log is in ${DATA}`);
}

async function kill(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** How to connect to the private PostgreSQL cluster, and its process id. */
function cluster() {
  for (const folder of readdirSync(DATA)) {
    try {
      const [pid, data, , port, socket] = readFileSync(join(DATA, folder, 'data', 'postmaster.pid'), 'utf8').split('\n');
      return { pid: Number(pid), data, port, socket, password: readFileSync(join(DATA, folder, 'password'), 'utf8').trim() };
    } catch {
      // This folder has no running cluster.
    }
  }
  return undefined;
}

function killPostgres() {
  const { pid } = cluster() ?? {};
  if (!pid) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** The rows of a query, each a list of strings. */
async function rows(sql) {
  const { port, socket, password } = cluster();
  const { stdout } = await promisify(execFile)(
    PSQL, ['-XAtq', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-h', socket || '127.0.0.1', '-p', port, '-U', 'lectern', '-d', 'lectern', '-c', sql],
    { env: { ...process.env, PGPASSWORD: password }, maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout.split('\n').filter((line) => line !== '').map((line) => line.split('\t'));
}

// Requests ------------------------------------------------------------------------------------------------------------------

/** Sends one request and does not follow redirects. */
function request(method, url, { headers = {}, body } = {}) {
  return new Promise((answered, failed) => {
    const sent = http.request(url, { method, headers, timeout: 15_000, agent: false }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', failed);
      answer.on('end', () => answered({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(chunks).toString('utf8') }));
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in fifteen seconds')));
    sent.on('error', failed);
    sent.end(body);
  });
}

const post = (url, form, headers = {}) =>
  request('POST', url, { headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: new URLSearchParams(form).toString() });

/** Sends a request again until its answer is accepted, as a person reloads a page that fails. */
async function retry(send, accept) {
  for (const end = Date.now() + 240_000; ; ) {
    const answer = await send().catch(() => undefined);
    if (answer && accept(answer)) return answer;
    if (Date.now() > end) throw new Error(`gave up after ${answer?.status}: ${answer?.text.slice(0, 200)}`);
    await sleep(300);
  }
}

async function api(path) {
  const send = () => request('GET', `http://${SANDBOX}/v1/${path}`, { headers: { authorization: `Bearer ${KEY}` } });
  const answer = await retry(send, ({ status }) => status === 200);
  return JSON.parse(answer.text);
}

async function all(path) {
  const found = [];
  for (let after = ''; ; ) {
    const { data, has_more: more } = await api(`${path}?limit=100${after}`);
    found.push(...data);
    if (!more) return found;
    after = `&starting_after=${data.at(-1).id}`;
  }
}

/** Sends a command to the sandbox, which may refuse it. */
async function control(command, fields = {}) {
  const body = JSON.stringify(fields);
  const send = () => request('POST', `http://${SANDBOX}/sandbox/${command}`, { headers: { 'content-type': 'application/json' }, body });
  return retry(send, ({ status }) => status < 500);
}

// Buyers ------------------------------------------------------------------------------------------------------------------

const counts = { bought: 0, twice: 0, later: 0, declined: 0, refunded: 0, disputed: 0, serverKilled: 0, postgresKilled: 0 };

async function buyer(number) {
  const chance = random(SEED + number);
  const some = (list) => list[Math.floor(chance() * list.length)];
  const email = `buyer${number}@example.com`;
  const password = 'a long enough password';
  await retry(
    () => post(`http://${ADDRESS}/sign-up`, { name: `Buyer ${number}`, email, password }),
    // 422: an earlier attempt, whose answer was lost, created the account.
    ({ status }) => status === 303 || status === 422,
  );
  const signIn = async () => {
    const answer = await retry(() => post(`http://${ADDRESS}/sign-in`, { email, password }), ({ status }) => status === 303);
    return (answer.headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0]).join('; ');
  };
  const cookie = await signIn();
  const press = (product) =>
    retry(() => post(`http://${ADDRESS}/products/${product}/purchase`, {}, { cookie }), ({ status }) => status === 303);
  while (!over()) {
    const product = some(PRODUCTS);
    const tabs = chance() < 0.2 ? 2 : 1;
    const answers = await Promise.all(Array.from({ length: tabs }, () => press(product)));
    // A changed price starts another checkout. A buyer who pays both has paid twice, and one payment is refunded.
    if (chance() < 0.15) {
      const changed = await rows(`update products set price_in_dollars = price_in_dollars + 1 where slug = '${product}' returning 1`).catch(() => []);
      if (changed.length > 0) answers.push(await press(product));
    }
    const pages = [...new Set(answers.map((answer) => answer.headers.location))].filter((page) => page.includes('/pay/'));
    if (tabs === 2) counts.twice += 1;
    for (const page of pages) {
      const id = page.split('/pay/')[1];
      const luck = chance();
      const pay = (button) => retry(() => post(`${page}/${button}`, { country: 'US' }), ({ status }) => status < 500);
      if (luck < 0.1) {
        counts.declined += 1;
        await pay('decline');
      } else if (luck < 0.2) {
        counts.later += 1;
        await pay('later');
        later(chance() * 4000, `sessions/${id}/${chance() < 0.7 ? 'settle' : 'fail'}`);
        continue;
      }
      const paid = await pay('pay');
      if (paid.status === 303) counts.bought += 1;
      // The buyer opens the page after the payment before the webhook has arrived.
      if (paid.headers.location) await request('GET', paid.headers.location, { headers: { cookie } }).catch(() => {});
      const then = chance();
      if (then < 0.25) {
        counts.refunded += 1;
        later(chance() * 6000, `sessions/${id}/refund`, then < 0.08 ? { amount: 1000 } : {});
      } else if (then < 0.32) {
        counts.disputed += 1;
        later(chance() * 6000, `sessions/${id}/dispute`);
      }
    }
    await sleep(200 + chance() * 2500);
  }
}

// Failures -----------------------------------------------------------------------------------------------------------------

async function killer() {
  const chance = random(SEED + 1_000_000);
  while (!over()) {
    await sleep(1500 + chance() * 6000);
    if (over()) return;
    if (chance() < 0.35) {
      counts.postgresKilled += 1;
      say('kill -9 PostgreSQL');
      killPostgres();
      // The server runs without its database for a moment.
      await sleep(chance() * 2000);
    } else {
      say('kill -9 the server');
    }
    counts.serverKilled += 1;
    await kill(server);
    await sleep(chance() * 1500);
    startServer();
    await ready(`http://${ADDRESS}/readyz`, () => server);
    say('the server is ready again');
  }
}

async function refuser() {
  await sleep(SECONDS * 200);
  await control('switches', { delivery: 'refused' });
  say(`webhooks are refused for ${REFUSED} s`);
  await sleep(REFUSED * 1000);
  await control('switches', { delivery: 'normal', duplicates: 1, shuffle: true });
  say('webhooks are delivered again, twice and in random order');
}

// Comparison ----------------------------------------------------------------------------------------------------------------

async function reconcile() {
  const { stdout } = await promisify(execFile)(LECTERN, ['reconcile'], { env, maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim().split('\n').at(-1);
}

/** Brings everything that is pending in the sandbox to its final state. */
async function finishPending() {
  for (const { id, status, payment_status: payment } of await all('checkout/sessions')) {
    if (status === 'open') await control(`sessions/${id}/expire`);
    else if (status === 'complete' && payment === 'unpaid') await control(`sessions/${id}/settle`);
  }
  let win = true;
  for (const { id, status } of await all('disputes')) {
    if (status === 'needs_response') await control(`disputes/${id}/${win ? 'win' : 'lose'}`);
    win = !win;
  }
  // From now on no webhook is delivered: reconciling has to find what is missing.
  await control('switches', { delivery: 'held' });
}

async function count() {
  const [sessions, charges, disputes] = [await all('checkout/sessions'), await all('charges'), await all('disputes')];
  const chargeOf = new Map(charges.filter((charge) => charge.paid).map((charge) => [charge.payment_intent, charge]));
  const lostTo = new Map(disputes.filter((dispute) => dispute.status === 'lost').map((dispute) => [dispute.charge, dispute.amount]));
  const purchases = await rows(
    `select p.stripe_session_id, p.user_id || ' ' || p.product_id, p.price_paid_in_cents, p.refunded_in_cents, p.refunded_at is not null
       from purchases p join users u on u.id = p.user_id where u.email like 'buyer%'`,
  );
  const returns = await rows(
    `select a.stripe_session_id, sum(r.amount_in_cents) filter (where r.state = 'succeeded')
       from refunds r join checkout_attempts a on a.id = r.attempt_id join users u on u.id = a.user_id
      where r.purchase_id is null and u.email like 'buyer%' group by 1`,
  );
  const bought = new Map();
  for (const [session, owner, paid, refunded, ended] of purchases) {
    bought.set(session, { owner, paid: Number(paid), refunded: Number(refunded), ended: ended === 't' });
  }
  const returned = new Map(returns.map(([session, amount]) => [session, Number(amount)]));
  const paid = sessions.filter((session) => session.payment_status === 'paid');
  const [lost, doubled, live] = [[], [], new Map()];
  for (const { id, payment_intent: intent, amount_total: amount } of paid) {
    const charge = chargeOf.get(intent);
    const back = charge.amount_refunded + (lostTo.get(charge.id) ?? 0);
    const purchase = bought.get(id);
    if (purchase) {
      if (purchase.paid !== amount || purchase.refunded !== back) {
        lost.push(`${id}: paid ${amount} and ${back} refunded in the sandbox, ${purchase.paid} and ${purchase.refunded} in the database`);
      }
      if (!purchase.ended) live.set(purchase.owner, (live.get(purchase.owner) ?? 0) + 1);
      if (!purchase.ended && back === amount) lost.push(`${id}: refunded in full, and the purchase is still active`);
      if (returned.has(id)) doubled.push(`${id}: a purchase, and refunded as a second payment`);
    } else if (!returned.has(id)) {
      lost.push(`${id}: paid, and neither a purchase nor refunded`);
    } else if (back < amount) {
      doubled.push(`${id}: a second payment of ${amount}, of which ${back} was refunded`);
    }
    if (charge.amount_refunded > charge.amount) doubled.push(`${id}: more was refunded than paid`);
  }
  for (const [owner, times] of live) if (times > 1) doubled.push(`${owner}: owned ${times} times`);
  const known = new Set(paid.map((session) => session.id));
  for (const session of bought.keys()) if (!known.has(session)) doubled.push(`${session}: a purchase without a payment`);
  const [[access], [sums]] = await rows(
    `select count(*) from ((table course_entitlements except select user_id, course_id from user_course_access)
                           union all (select user_id, course_id from user_course_access except table course_entitlements)) d;
     select sales_totals_are_consistent()`,
  );
  if (access !== '0') lost.push(`access to ${access} courses differs from the purchases`);
  if (sums !== 't') lost.push('the stored totals of sales differ from the sum of their rows');
  return { sessions: sessions.length, paid: paid.length, purchases: bought.size, returned: returned.size, refunds: (await all('refunds')).length, disputes: disputes.length, lost, doubled };
}

// -------------------------------------------------------------------------------------------------------------------------

const sandbox = startSandbox();
let outcome = 1;
try {
  say(`${BUYERS} buyers for ${SECONDS} s; to repeat it: CHAOS_SEED=${SEED}`);
  await ready(`http://${SANDBOX}/`, () => sandbox);
  startServer();
  await ready(`http://${ADDRESS}/readyz`, () => server);
  say('the server is ready');
  await Promise.all([killer(), refuser(), ...Array.from({ length: BUYERS }, (_, number) => buyer(number))]);
  await Promise.all(delayed);
  if (server.exitCode !== null || server.signalCode !== null) startServer();
  await ready(`http://${ADDRESS}/readyz`, () => server);
  await finishPending();
  let last = '';
  for (let times = 0; times < 6; times += 1) {
    last = await reconcile();
    say(`lectern reconcile: ${last}`);
    if (times > 0 && last === 'Nothing had to be repaired.') break;
    // Reconciling leaves a refund alone for a minute after a person has started it.
    await sleep(times === 0 ? 1000 : 30_000);
  }
  const { lost, doubled, ...found } = await count();
  say(`killed: the server ${counts.serverKilled} times, PostgreSQL ${counts.postgresKilled} times`);
  say(`buyers paid ${counts.bought} times, in two tabs ${counts.twice}, later ${counts.later}, after a decline ${counts.declined}`);
  say(Object.entries(found).map(([what, number]) => `${what} ${number}`).join(', '));
  for (const line of lost) say(`LOST     ${line}`);
  for (const line of doubled) say(`DOUBLED  ${line}`);
  say(`lost ${lost.length}, doubled ${doubled.length}`);
  const done = last === 'Nothing had to be repaired.' && found.paid > 0;
  outcome = lost.length === 0 && doubled.length === 0 && done ? 0 : 1;
} catch (error) {
  say(`the test ended early: ${error.stack}`);
} finally {
  if (server && server.exitCode === null && server.signalCode === null) {
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    await Promise.race([ended, sleep(20_000)]);
  }
  await kill(sandbox);
}
process.exit(outcome);
