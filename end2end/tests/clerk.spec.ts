// Accounts at Clerk: signing in on its page, an old token, its webhooks, and the way out. A school of its own, with an issuer of ours.

import type { BrowserContext, Page } from '@playwright/test';
import { resolve } from 'node:path';
import { Issuer } from '../issuer.ts';
import { launch } from '../server.ts';
import { Problems, expect, stubYoutube, test } from './support.ts';

const SCHOOL = 'http://127.0.0.1:3110';
const SANDBOX = 'http://127.0.0.1:12191';
const issuer = new Issuer('http://127.0.0.1:4110', SCHOOL);
let stop: (() => Promise<void>) | undefined;

test.describe.configure({ mode: 'serial' });
test.use({ baseURL: SCHOOL });

test.beforeAll(async () => {
  test.setTimeout(120_000);
  await issuer.open();
  const log = resolve('test-results/clerk.log');
  stop = await launch({ address: SCHOOL, sandbox: SANDBOX, log, settings: issuer.settings() });
});

test.afterAll(async () => {
  await stop?.();
  await issuer.close();
});

async function signIn(page: Page, email: string): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Account portal' })).toBeVisible();
  await page.getByLabel('Email').fill(email);
  await page.getByRole('button', { name: 'Continue' }).click();
}

async function token(context: BrowserContext): Promise<string | undefined> {
  return (await context.cookies(SCHOOL)).find((cookie) => cookie.name === '__session')?.value;
}

/** An hour goes by: the browser's token is as old as that. */
async function wait(context: BrowserContext): Promise<string> {
  const session = [...issuer.sessions.keys()].at(-1)!;
  const old = issuer.token(session, 3600);
  await context.addCookies([{ name: '__session', value: old, url: SCHOOL }]);
  return old;
}

const somebody = (email: string) => [...issuer.people.values()].find((person) => person.email === email)!;

test('a student signs in on Clerk’s page and is back where they were', async ({ page, context }) => {
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

test('a click on "Sign in" leads to Clerk, and without JavaScript too', async ({ page, browser }) => {
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

test('after an hour a student goes on', async ({ page, context }) => {
  await page.goto('/courses');
  await signIn(page, 'student.d@example.com');
  await expect(page).toHaveURL('/courses');
  const old = await wait(context);
  await page.goto('/purchases');
  await expect(page).toHaveURL('/purchases');
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
  expect(await token(context)).not.toBe(old);

  // Within a page that stays open, no browser can be sent elsewhere and come back.
  await wait(context);
  await page.getByRole('link', { name: 'My courses' }).click();
  await expect(page.getByRole('heading', { name: 'My courses' })).toBeVisible();
  await expect(page.getByText('Sign in to continue.')).toBeHidden();
});

test('a form that is sent with an old token ends where it should', async ({ page, context }) => {
  const buy = page.getByRole('button', { name: /^Buy for/ }).filter({ visible: true }).first();
  await page.goto('/products/light-and-colour-in-blender');
  await buy.click();
  await signIn(page, 'student.e@example.com');
  await expect(page).toHaveURL('/products/light-and-colour-in-blender/purchase');
  await page.goto('/products/light-and-colour-in-blender');
  await wait(context);
  await buy.click();
  await expect(page).toHaveURL(new RegExp(`^${SANDBOX}`));
});

test('what Clerk tells is believed when Clerk signed it', async ({ page }) => {
  await page.goto('/account');
  await signIn(page, 'student.f@example.com');
  await expect(page.getByText('Clerk Student')).toBeVisible();
  const before = somebody('student.f@example.com');
  const renamed = { ...before, first_name: 'Renamed', updated_at: before.updated_at + 1000 };
  expect(await issuer.tell('user.updated', issuer.person(renamed))).toBe(200);
  expect(await issuer.tell('user.updated', issuer.person(before))).toBe(200);
  const forged = JSON.stringify({ type: 'user.updated', data: issuer.person({ ...renamed, first_name: 'Forged', updated_at: Date.now() * 2 }) });
  expect(await issuer.tell('user.updated', issuer.person(renamed), forged)).toBe(400);
  await page.reload();
  await expect(page.getByText('Renamed Student')).toBeVisible();

  expect(await issuer.tell('user.deleted', { id: before.id, deleted: true })).toBe(200);
  await page.goto('/');
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
});

test('signing out ends the session at Clerk', async ({ page, context }) => {
  await page.goto('/courses');
  await signIn(page, 'student.g@example.com');
  const session = [...issuer.sessions.keys()].at(-1)!;
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
  expect(issuer.sessions.has(session)).toBe(false);
  expect(await token(context)).toBeUndefined();
  await page.goto('/courses');
  await expect(page.getByRole('heading', { name: 'Account portal' })).toBeVisible();
});

test('with Clerk’s script one signs in without leaving the school', async ({ browser }) => {
  test.setTimeout(120_000);
  const [address, sandbox] = ['http://127.0.0.1:3111', 'http://127.0.0.1:12192'];
  const scripted = new Issuer('http://127.0.0.1:4111', address);
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

    // From a page that is open, a click leads there as well; and Clerk's own page stays a way in.
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
