// Accounts: sign-up, sign-in, sign-out, password recovery, settings and invalid input.

import { mailTo } from '../mail.ts';
import { expect, INSTRUCTOR, signIn, signUp, STUDENT, test } from './support.ts';

test('a visitor who signs up with invalid input finds it still filled in, with an error beside each field', async ({ page, problems }) => {
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

test('a visitor who signs up with a taken address learns nothing else about that account', async ({ page, problems }) => {
  problems.expect(/status of 422/);
  await page.goto('/sign-up');
  await page.getByLabel('Name', { exact: true }).fill('Demo student');
  await page.getByLabel('Email', { exact: true }).fill(STUDENT.email.toUpperCase());
  await page.getByLabel('Password', { exact: true }).fill('a long enough password');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByText('No account could be created with this address.')).toBeVisible();
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

test('a student gets 404 in the back office, a visitor is asked to sign in', async ({ page, problems }) => {
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

test('a visitor is not redirected to another site after signing in', async ({ page }) => {
  await page.goto('/sign-in?next=https://example.org/');
  await signIn(page, STUDENT);
  await expect(page).toHaveURL('/');
});

test("another site's page cannot post our forms", async ({ request }) => {
  const form = { email: STUDENT.email, password: STUDENT.password };
  const refused = await request.post('/sign-in', { form, headers: { 'sec-fetch-site': 'cross-site' }, maxRedirects: 0 });
  expect(refused.status()).toBe(403);
});

test('a visitor’s theme is stored and is in the first byte of the next page', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'night');
  expect(await (await page.request.get('/')).text()).toMatch(/<html[^>]*data-theme="night"/);
});

test('a student confirms the address, forgets the password, and resets it by mail', async ({ page, browser }) => {
  const person = await signUp(page, 'Demo forgetful');
  const linkIn = (text: string | undefined) => /http:\S+\/link\?token=[0-9a-f]{64}/.exec(text ?? '')?.[0] ?? '';
  await page.goto('/account');
  await expect(page.getByText('Not confirmed')).toBeVisible();
  await page.goto(linkIn((await mailTo(person.email, 'Confirm your address')).text));
  await expect(page).toHaveURL('/account/link');
  await page.getByRole('button', { name: 'Confirm address' }).click();
  await expect(page.getByText('Your address is confirmed.')).toBeVisible();
  await expect(page.getByText('Confirmed', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();

  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.getByLabel('Email', { exact: true }).fill(person.email);
  await page.getByRole('button', { name: 'Send the link' }).click();
  await expect(page.getByText('If there is an account for')).toBeVisible();
  const reset = linkIn((await mailTo(person.email, 'Choose a new password')).text);
  // In another browser.
  const other = await browser.newContext({ baseURL: test.info().project.use.baseURL });
  const phone = await other.newPage();
  await phone.goto(reset);
  await phone.getByRole('textbox', { name: 'New password' }).fill('password1234');
  await phone.getByRole('button', { name: 'Change password' }).click();
  await expect(phone.getByText('This password is easy to guess.')).toBeVisible();
  await phone.getByRole('textbox', { name: 'New password' }).fill('quite another password');
  await phone.getByRole('button', { name: 'Change password' }).click();
  await expect(phone).toHaveURL('/courses');
  await mailTo(person.email, 'Your password was changed');
  await page.goto(reset);
  await expect(page.getByRole('heading', { name: 'This link no longer works' })).toBeVisible();
  await other.close();

  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Sign in by email' }).click();
  await page.getByLabel('Email', { exact: true }).fill(person.email);
  await page.getByRole('button', { name: 'Send the link' }).click();
  await page.goto(linkIn((await mailTo(person.email, 'Your link to sign in')).text));
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page).toHaveURL('/courses');
});

test('a student changes the address, ends other sessions, exports their data and deletes the account', async ({ page, browser, problems }) => {
  problems.expect(/status of 422/);
  const person = await signUp(page, 'Demo leaver');
  const other = await browser.newContext({ baseURL: test.info().project.use.baseURL });
  const elsewhere = await other.newPage();
  await signIn(elsewhere, person);
  await page.goto('/account');
  await expect(page.getByRole('row').filter({ hasText: 'Chrome on' })).toHaveCount(2);
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await expect(page.getByText('Signed out everywhere else.')).toBeVisible();
  await elsewhere.goto('/account');
  await expect(elsewhere).toHaveURL('/sign-in?next=/account');
  await other.close();

  await page.getByRole('link', { name: 'Change address' }).click();
  const moved = person.email.replace('leaver', 'moved');
  await page.getByLabel('New address').fill(moved);
  await page.getByLabel('Password', { exact: true }).fill('not my password');
  await page.getByRole('button', { name: 'Send the link' }).click();
  await expect(page.getByText('This is not your password.')).toBeVisible();
  await expect(page.getByLabel('New address')).toHaveValue(moved);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Send the link' }).click();
  await expect(page.getByText('Your address changes to')).toBeVisible();
  const letter = await mailTo(moved, 'Confirm your new address');
  await page.goto(/http:\S+token=[0-9a-f]{64}/.exec(letter.text ?? '')?.[0] ?? '');
  await page.getByRole('button', { name: 'Confirm address' }).click();
  await expect(page.getByText(moved).first()).toBeVisible();
  await mailTo(person.email, 'Your address was changed');

  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download your data' }).click();
  expect((await coming).suggestedFilename()).toBe('my-data.json');
  await page.getByRole('link', { name: 'Delete your account' }).click();
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await expect(page.getByText('Your account is deleted.')).toBeVisible();
  await mailTo(moved, 'Your account is deleted');
  await page.goto('/sign-in');
  await page.getByLabel('Email', { exact: true }).fill(moved);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByText('That email and password do not match.')).toBeVisible();
});
