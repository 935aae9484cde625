// Accounts at Clerk: sign-in on its page, expired tokens, webhooks and sign-out. Launches its own server, configured for a fake Clerk.

import type { BrowserContext, Page } from '@playwright/test';
import { resolve } from 'node:path';
import { FakeClerk } from '../fake_clerk.ts';
import { launch } from '../server.ts';
import { Problems, expect, stubYoutube, test } from './support.ts';

const SCHOOL = 'http://127.0.0.1:3110';
const SANDBOX = 'http://127.0.0.1:12191';
const clerk = new FakeClerk('http://127.0.0.1:4110', SCHOOL);
let stop: (() => Promise<void>) | undefined;

test.describe.configure({ mode: 'serial' });
test.use({ baseURL: SCHOOL });

test.beforeAll(async () => {
  test.setTimeout(120_000);
  await clerk.open();
  const log = resolve('test-results/clerk.log');
  stop = await launch({ address: SCHOOL, sandbox: SANDBOX, log, settings: clerk.settings() });
});

test.afterAll(async () => {
  await stop?.();
  await clerk.close();
});

async function signIn(page: Page, email: string): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Account portal' })).toBeVisible();
  await page.getByLabel('Email').fill(email);
  await page.getByRole('button', { name: 'Continue' }).click();
}

async function token(context: BrowserContext): Promise<string | undefined> {
  return (await context.cookies(SCHOOL)).find((cookie) => cookie.name === '__session')?.value;
}

/** Replaces the browser's session token with one issued an hour ago, and returns it. */
async function expireToken(context: BrowserContext): Promise<string> {
  const session = [...clerk.sessions.keys()].at(-1)!;
  const old = clerk.token(session, 3600);
  await context.addCookies([{ name: '__session', value: old, url: SCHOOL }]);
  return old;
}

const userByEmail = (email: string) => [...clerk.users.values()].find((user) => user.email === email)!;

test('a student signs in on Clerk’s page and returns to the requested page', async ({ page, context }) => {
  await page.goto('/courses?page=1');
  await signIn(page, 'student.a@example.com');
  await expect(page).toHaveURL('/courses?page=1');
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
  const cookie = (await context.cookies(SCHOOL)).find((one) => one.name === '__session');
  expect(cookie).toMatchObject({ httpOnly: true });
  await page.getByRole('link', { name: 'Account', exact: true }).click();
  await expect(page.getByText('student.a@example.com')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Change them there' })).toHaveAttribute('href', /^http:\/\/127\.0\.0\.1:4110\/user\?/);
});

test('a visitor who clicks "Sign in" gets to Clerk, also without JavaScript', async ({ page, browser }) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, 'student.b@example.com');
  await expect(page).toHaveURL('/');
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();

  const plain = await browser.newContext({ javaScriptEnabled: false, baseURL: SCHOOL });
  await stubYoutube(plain);
  const other = await plain.newPage();
  await other.goto('/sign-up?next=/purchases');
  await signIn(other, 'student.c@example.com');
  await expect(other).toHaveURL('/purchases');
  await expect(other.getByRole('button', { name: 'Sign out' })).toBeVisible();
  await plain.close();
});

test('a student whose token is an hour old stays signed in', async ({ page, context }) => {
  await page.goto('/courses');
  await signIn(page, 'student.d@example.com');
  await expect(page).toHaveURL('/courses');
  const old = await expireToken(context);
  await page.goto('/purchases');
  await expect(page).toHaveURL('/purchases');
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
  expect(await token(context)).not.toBe(old);

  // A server function called from an open page cannot be redirected to Clerk and back.
  await expireToken(context);
  await page.getByRole('link', { name: 'My courses' }).click();
  await expect(page.getByRole('heading', { name: 'My courses' })).toBeVisible();
  await expect(page.getByText('Sign in to continue.')).toBeHidden();
});

test('a student who posts a form with an expired token gets to the payment page', async ({ page, context }) => {
  const buy = page.getByRole('button', { name: /^Buy for/ }).filter({ visible: true }).first();
  await page.goto('/products/light-and-colour-in-blender');
  await buy.click();
  await signIn(page, 'student.e@example.com');
  await expect(page).toHaveURL('/products/light-and-colour-in-blender/purchase');
  await page.goto('/products/light-and-colour-in-blender');
  await expireToken(context);
  await buy.click();
  await expect(page).toHaveURL(new RegExp(`^${SANDBOX}`));
});

test('a student’s profile follows Clerk’s webhooks only when they are signed', async ({ page }) => {
  await page.goto('/account');
  await signIn(page, 'student.f@example.com');
  await expect(page.getByText('Clerk Student')).toBeVisible();
  const before = userByEmail('student.f@example.com');
  const renamed = { ...before, first_name: 'Renamed', updated_at: before.updated_at + 1000 };
  expect(await clerk.sendWebhook('user.updated', clerk.userJson(renamed))).toBe(200);
  expect(await clerk.sendWebhook('user.updated', clerk.userJson(before))).toBe(200);
  const forged = JSON.stringify({ type: 'user.updated', data: clerk.userJson({ ...renamed, first_name: 'Forged', updated_at: Date.now() * 2 }) });
  expect(await clerk.sendWebhook('user.updated', clerk.userJson(renamed), forged)).toBe(400);
  await page.reload();
  await expect(page.getByText('Renamed Student')).toBeVisible();

  expect(await clerk.sendWebhook('user.deleted', { id: before.id, deleted: true })).toBe(200);
  await page.goto('/');
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
});

test('a student who signs out has no session at Clerk either', async ({ page, context }) => {
  await page.goto('/courses');
  await signIn(page, 'student.g@example.com');
  const session = [...clerk.sessions.keys()].at(-1)!;
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
  expect(clerk.sessions.has(session)).toBe(false);
  expect(await token(context)).toBeUndefined();
  await page.goto('/courses');
  await expect(page.getByRole('heading', { name: 'Account portal' })).toBeVisible();
});

test('a visitor signs in with Clerk’s script without leaving the site', async ({ browser }) => {
  test.setTimeout(120_000);
  const [address, sandbox] = ['http://127.0.0.1:3111', 'http://127.0.0.1:12192'];
  const scripted = new FakeClerk('http://127.0.0.1:4111', address);
  await scripted.open();
  const end = await launch({ address, sandbox, log: resolve('test-results/clerk-js.log'), settings: { ...scripted.settings(), CLERK_JS: 'true' } });
  const context = await browser.newContext({ baseURL: address });
  const problems = new Problems();
  try {
    await problems.watch(context);
    const page = await context.newPage();
    await page.goto('/purchases');
    await expect(page).toHaveURL('/sign-in?next=/purchases');
    await page.getByLabel('Email').fill('student.h@example.com');
    await page.getByRole('button', { name: 'Go in' }).click();
    await expect(page).toHaveURL('/purchases');
    await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
    await page.getByRole('button', { name: 'Sign out' }).click();

    // Client-side navigation shows the same form, and the link to Clerk's own page is still there.
    await page.getByRole('link', { name: 'Sign in' }).click();
    await expect(page.getByRole('button', { name: 'Go in' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Continue to Clerk' })).toHaveAttribute('href', /^http:\/\/127\.0\.0\.1:4111\/sign-in\?/);
    expect(problems.unexpected()).toEqual([]);
  } finally {
    await context.close();
    await end();
    await scripted.close();
  }
});
