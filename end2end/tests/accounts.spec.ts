// Accounts: signing up, in and out, and what wrong input gets.

import { expect, INSTRUCTOR, signIn, signUp, STUDENT, test } from './support.ts';

test('wrong input keeps what was typed and says what to do beside the field', async ({ page, problems }) => {
  problems.expect(/status of 422/);
  await page.goto('/sign-up');
  await page.getByLabel('Name', { exact: true }).fill('Demo student');
  await page.getByLabel('Email', { exact: true }).fill('someone@example.com');
  await page.getByLabel('Password', { exact: true }).fill('short');
  const answer = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name: 'Create account' }).click();
  expect((await answer).status()).toBe(422);
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Demo student');
  await expect(page.getByLabel('Email', { exact: true })).toHaveValue('someone@example.com');
  await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');
  await expect(page.getByLabel('Password', { exact: true })).toHaveAccessibleDescription(/Use at least 12 characters/);
});

test('a taken address is told no more than is needed', async ({ page, problems }) => {
  problems.expect(/status of 422/);
  await page.goto('/sign-up');
  await page.getByLabel('Name', { exact: true }).fill('Demo student');
  await page.getByLabel('Email', { exact: true }).fill(STUDENT.email.toUpperCase());
  await page.getByLabel('Password', { exact: true }).fill('a long enough password');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByText('No account could be made with this address.')).toBeVisible();
});

test('a wrong email and a wrong password get the same sentence', async ({ page, problems }) => {
  problems.expect(/status of 422/);
  for (const email of [STUDENT.email, 'nobody@example.com']) {
    await page.goto('/sign-in?next=/courses');
    await page.getByLabel('Email', { exact: true }).fill(email);
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('alert')).toHaveText('That email and password do not match.');
    await expect(page.getByLabel('Email', { exact: true })).toHaveValue(email);
  }
  await page.getByLabel('Email', { exact: true }).fill(STUDENT.email);
  await page.getByLabel('Password', { exact: true }).fill(STUDENT.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL('/courses');
});

test('signing out ends the session, here and on the server', async ({ page, context }) => {
  await signUp(page, 'Demo leaver');
  const session = (await context.cookies()).find((cookie) => cookie.name === 'session');
  expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
  expect((await context.cookies()).some((cookie) => cookie.name === 'session')).toBe(false);
  await context.addCookies([session!]);
  await page.goto('/courses');
  await expect(page).toHaveURL(/\/sign-in/);
});

test('signing in rotates the session', async ({ page, context }) => {
  const token = async () => (await context.cookies()).find((cookie) => cookie.name === 'session')?.value;
  await signIn(page, STUDENT);
  const first = await token();
  await page.goto('/sign-in');
  await signIn(page, STUDENT);
  expect(await token()).not.toBe(first);
});

test('the back office is not there for students, and asks visitors to sign in', async ({ page, problems }) => {
  problems.expect(/status of 404/);
  await page.goto('/admin');
  await expect(page).toHaveURL('/sign-in?next=/admin');
  await signIn(page, STUDENT);
  expect((await page.goto('/admin'))?.status()).toBe(404);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn(page, INSTRUCTOR);
  expect((await page.goto('/admin'))?.status()).toBe(200);
  await expect(page.getByRole('heading', { name: 'Net sales', exact: true })).toBeVisible();
});

test('a redirect after signing in stays on our own pages', async ({ page }) => {
  await page.goto('/sign-in?next=https://example.org/');
  await signIn(page, STUDENT);
  await expect(page).toHaveURL('/');
});

test("another site's page cannot post our forms", async ({ request }) => {
  const form = { email: STUDENT.email, password: STUDENT.password };
  const refused = await request.post('/sign-in', { form, headers: { 'sec-fetch-site': 'cross-site' }, maxRedirects: 0 });
  expect(refused.status()).toBe(403);
});

test('the theme is kept, from the first byte', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'night');
  expect(await (await page.request.get('/')).text()).toMatch(/<html[^>]*data-theme="night"/);
});
