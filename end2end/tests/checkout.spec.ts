// Buying: from the shelf to the receipt, and every way in which it comes to nothing.

import type { Page } from '@playwright/test';

import { expect, INSTRUCTOR, signIn, signUp, stubYoutube, test } from './support.ts';

const LIGHT = '/products/light-and-colour-in-blender';
const SOUND = '/products/sound-for-animated-film';
const FREE = '/products/telling-a-story-in-pictures';

/** The page's own Buy button: on a phone it stands in the bar, otherwise beside the text. */
const buyButton = (page: Page, name: RegExp) => page.getByRole('button', { name }).filter({ visible: true }).first();

async function toPayment(page: Page, product: string): Promise<void> {
  await page.goto(product);
  await buyButton(page, /^Buy for/).click();
  await expect(page.getByRole('button', { name: 'Pay', exact: true })).toBeVisible();
}

async function pay(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'It is yours' })).toBeVisible();
}

async function countPurchases(page: Page, name: string): Promise<number> {
  await page.goto('/purchases');
  await expect(page.getByRole('heading', { name: 'Purchases', level: 1 })).toBeVisible();
  return page.getByRole('rowheader', { name }).count();
}

test('a visitor buys a course: preview, sign up, pay, lesson, complete, progress, receipt', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Light and colour in Blender' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Light and colour in Blender' })).toBeVisible();

  await page.getByRole('link', { name: /Name the light/ }).click();
  await expect(page.locator('iframe[src*="youtube-nocookie.com/embed/"]')).toBeVisible();
  await page.goBack();

  await buyButton(page, /^Buy for \$60/).click();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await page.getByRole('link', { name: 'Create an account' }).click();
  await signUp(page, 'Demo buyer');
  await expect(page).toHaveURL(`${LIGHT}/purchase`);
  await page.getByRole('button', { name: 'Pay $60' }).click();
  await pay(page);

  await page.getByRole('link', { name: 'Start learning' }).click();
  await expect(page.getByText('0 of 9 lessons complete')).toBeVisible();
  await page.getByRole('link', { name: /^Start with/ }).click();
  await page.getByRole('button', { name: 'Mark complete' }).click();
  await expect(page.getByRole('button', { name: 'Mark incomplete' })).toBeVisible();

  await page.getByRole('link', { name: 'My courses' }).click();
  await expect(page.getByText('1 of 9 lessons complete').first()).toBeVisible();
  await expect(page.getByRole('link', { name: 'Continue with lesson 2' })).toBeVisible();

  await page.getByRole('link', { name: 'Purchases' }).click();
  await page.getByRole('link', { name: 'Light and colour in Blender' }).click();
  await expect(page.getByRole('heading', { name: /^Receipt \d+/ })).toBeVisible();
  await expect(page.getByText('$60').first()).toBeVisible();

  await page.goto(LIGHT);
  await expect(page.getByText('You own this.').first()).toBeAttached();
});

test('a visitor buys without JavaScript, up to the receipt', async ({ browser, problems }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  await problems.watch(context);
  await stubYoutube(context);
  const page = await context.newPage();
  await page.goto(SOUND);
  await page.getByRole('link', { name: /Watch it with your eyes shut/ }).click();
  await expect(page.locator('iframe[src*="youtube-nocookie.com/embed/"]')).toHaveCount(1);
  await page.goto(SOUND);
  await buyButton(page, /^Buy for \$45/).click();
  await page.getByRole('link', { name: 'Create an account' }).click();
  await signUp(page, 'Demo without scripts');
  await page.getByRole('button', { name: 'Pay $45' }).click();
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'It is yours' })).toBeVisible();
  await page.getByRole('link', { name: 'See the receipt' }).click();
  await expect(page.getByRole('heading', { name: /^Receipt \d+/ })).toBeVisible();
  await page.goto('/courses');
  await page.getByRole('link', { name: 'Start', exact: true }).click();
  await page.getByRole('button', { name: 'Mark complete' }).click();
  await expect(page.getByRole('button', { name: 'Mark incomplete' })).toBeVisible();
  await context.close();
});

test('a buyer who cancels keeps the product and is charged nothing', async ({ page }) => {
  await signUp(page, 'Demo canceller');
  await toPayment(page, SOUND);
  await page.getByRole('link', { name: 'Cancel' }).or(page.getByRole('button', { name: 'Cancel' })).click();
  await expect(page).toHaveURL(`${SOUND}/purchase/failure`);
  await expect(page.getByText('Nothing was charged.')).toBeVisible();
  expect(await countPurchases(page, 'Sound for animated film')).toBe(0);
  await page.goto(`${SOUND}/purchase/failure`);
  await page.getByRole('button', { name: /^Try again/ }).click();
  await pay(page);
});

test('a declined card buys nothing, and another try does', async ({ page, problems }) => {
  problems.expect(/status of 402/);
  await signUp(page, 'Demo declined');
  await toPayment(page, SOUND);
  await page.getByRole('button', { name: 'Decline' }).click();
  await expect(page.getByText('Your card was declined.')).toBeVisible();
  await pay(page);
});

test('the return page survives reload and the back button', async ({ page }) => {
  await signUp(page, 'Demo reloader');
  await toPayment(page, SOUND);
  await pay(page);
  await page.reload();
  await expect(page.getByRole('heading', { name: 'It is yours' })).toBeVisible();
  await page.goto(SOUND);
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'It is yours' })).toBeVisible();
  expect(await countPurchases(page, 'Sound for animated film')).toBe(1);
});

test('two tabs that pay at once make one purchase', async ({ page, context }) => {
  await signUp(page, 'Demo two tabs');
  const other = await context.newPage();
  await Promise.all([toPayment(page, SOUND), toPayment(other, SOUND)]);
  expect(other.url()).toBe(page.url());
  await Promise.all([page, other].map((tab) => tab.getByRole('button', { name: 'Pay', exact: true }).click()));
  await expect(page.getByRole('heading', { name: 'It is yours' }).or(page.getByText(/already|complete/i).first())).toBeVisible();
  await expect(async () => expect(await countPurchases(page, 'Sound for animated film')).toBe(1)).toPass();
});

test('a delayed payment opens the course when it arrives', async ({ page, context }) => {
  await signUp(page, 'Demo patient');
  await toPayment(page, SOUND);
  await page.getByRole('button', { name: 'Pay later' }).click();
  await expect(page.getByRole('heading', { name: 'Waiting for your payment' })).toBeVisible();
  const sandbox = await context.newPage();
  await sandbox.goto('http://127.0.0.1:12190/');
  await sandbox.getByRole('button', { name: 'Settle' }).first().click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole('heading', { name: 'It is yours' })).toBeVisible({ timeout: 2000 });
  }).toPass();
});

test('a free product is enrolled at once, without paying', async ({ page }) => {
  await signUp(page, 'Demo freeloader');
  await page.goto(FREE);
  await buyButton(page, /^Enrol for free/).click();
  await expect(page.getByRole('heading', { name: 'It is yours' })).toBeVisible();
  await page.getByRole('link', { name: 'See the receipt' }).click();
  await expect(page.getByText('$0').first()).toBeVisible();
});

test('who owns a product is not charged again', async ({ page }) => {
  await signUp(page, 'Demo owner');
  await toPayment(page, SOUND);
  await pay(page);
  await page.goto(`${SOUND}/purchase`);
  await expect(page).toHaveURL('/courses');
  const answer = await page.request.post(`${SOUND}/purchase`, { maxRedirects: 0 });
  expect([answer.status(), answer.headers().location]).toEqual([303, '/courses']);
  expect(await countPurchases(page, 'Sound for animated film')).toBe(1);
});

test("somebody else's checkout and receipt are not there", async ({ page, browser }) => {
  await signUp(page, 'Demo victim');
  await toPayment(page, SOUND);
  await pay(page);
  const success = page.url();
  await page.getByRole('link', { name: 'See the receipt' }).click();
  await expect(page.getByRole('heading', { name: /^Receipt \d+/ })).toBeVisible();
  const receipt = page.url();
  const context = await browser.newContext();
  const thief = await context.newPage();
  await signUp(thief, 'Demo thief');
  for (const address of [success, receipt]) {
    expect((await thief.goto(address))?.status()).toBe(404);
  }
  await context.close();
});

test('an unsigned, altered or old webhook is refused', async ({ request }) => {
  const body = JSON.stringify({ id: 'evt_forged', type: 'checkout.session.completed', created: 1, data: { object: {} } });
  const now = Math.floor(Date.now() / 1000);
  for (const signature of [undefined, 'nonsense', `t=${now},v1=${'0'.repeat(64)}`, `t=${now - 600},v1=${'0'.repeat(64)}`]) {
    const headers = { 'content-type': 'application/json', ...(signature ? { 'stripe-signature': signature } : {}) };
    expect((await request.post('/api/webhooks/stripe', { data: body, headers })).status()).toBe(400);
  }
});

test('a coupon: made, typed wrong, taken along through sign-up, paid for less, named on the receipt and its PDF', async ({ page, browser }) => {
  test.setTimeout(90_000);
  const code = `HALF${Date.now()}`;
  const office = await (await browser.newContext({ baseURL: test.info().project.use.baseURL })).newPage();
  await signIn(office, INSTRUCTOR);
  await office.goto('/admin/coupons/new');
  await office.getByRole('textbox', { name: 'Code' }).fill(code);
  await office.getByLabel('Name', { exact: true }).fill('Half for friends');
  await office.getByLabel('How much').fill('50');
  await office.getByRole('button', { name: 'Create coupon' }).click();
  await expect(office).toHaveURL('/admin/coupons');

  await page.goto(SOUND);
  await page.getByText('Have a code?').click();
  await page.getByRole('textbox', { name: 'Code' }).fill('NO-SUCH-CODE');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByText('This code cannot be used here.')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Code' })).toHaveValue('NO-SUCH-CODE');
  await page.getByRole('textbox', { name: 'Code' }).fill(code.toLowerCase());
  await page.getByRole('button', { name: 'Apply' }).click();
  await buyButton(page, /^Buy for \$22.50/).click();
  await page.getByRole('link', { name: 'Create an account' }).click();
  await signUp(page, 'Demo friend');
  await expect(page).toHaveURL(new RegExp(`${SOUND}/purchase\\?code=`));
  await expect(page.getByText('Half for friends')).toBeVisible();
  await page.getByRole('button', { name: 'Pay $22.50' }).click();
  await pay(page);
  await page.getByRole('link', { name: 'See the receipt' }).click();
  await expect(page.getByText('Half for friends')).toBeVisible();
  await expect(page.getByText('−$22.50')).toBeVisible();
  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download PDF' }).click();
  expect((await coming).suggestedFilename()).toMatch(/^receipt-\d+\.pdf$/);

  await office.goto(`/admin/coupons?q=${code}`);
  await expect(office.getByRole('row').filter({ hasText: code })).toContainText('1');
  await office.getByRole('button', { name: `Switch off: ${code}` }).click();
  await office.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click();
  await expect(office.getByRole('row').filter({ hasText: code })).toContainText('Off');
  await office.context().close();
});
