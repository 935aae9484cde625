// Buying: from the product page to the receipt, and every way in which a payment fails.

import type { Page } from '@playwright/test';
import Stripe from 'stripe';

import { mailsTo, mailTo } from '../mail.ts';
import { ADDRESS, SANDBOX } from '../server.ts';
import { expect, INSTRUCTOR, signIn, signUp, stubYoutube, test } from './support.ts';

const LIGHT = '/products/light-and-colour-in-blender';
const SOUND = '/products/sound-for-animated-film';
const FREE = '/products/telling-a-story-in-pictures';

/** The visible Buy button: on a phone it is in the sticky bar, otherwise beside the text. */
const buyButton = (page: Page, name: RegExp) => page.getByRole('button', { name }).filter({ visible: true }).first();

async function toPayment(page: Page, product: string): Promise<void> {
  await page.goto(product);
  await buyButton(page, /^Buy for/).click();
  await expect(page.getByRole('button', { name: 'Pay', exact: true })).toBeVisible();
}

async function pay(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Purchase complete' })).toBeVisible();
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
  await expect(page.getByRole('heading', { name: 'Purchase complete' })).toBeVisible();
  await page.getByRole('link', { name: 'View the receipt' }).click();
  await expect(page.getByRole('heading', { name: /^Receipt \d+/ })).toBeVisible();
  await page.goto('/courses');
  await page.getByRole('link', { name: 'Start', exact: true }).click();
  await page.getByRole('button', { name: 'Mark complete' }).click();
  await expect(page.getByRole('button', { name: 'Mark incomplete' })).toBeVisible();
  await context.close();
});

test('a buyer who cancels is charged nothing, and can try again', async ({ page }) => {
  await signUp(page, 'Demo canceller');
  await toPayment(page, SOUND);
  await page.getByRole('link', { name: 'Cancel' }).or(page.getByRole('button', { name: 'Cancel' })).click();
  await expect(page).toHaveURL(`${SOUND}/purchase/failure`);
  await expect(page.getByText('You were not charged.')).toBeVisible();
  expect(await countPurchases(page, 'Sound for animated film')).toBe(0);
  await page.goto(`${SOUND}/purchase/failure`);
  await page.getByRole('button', { name: /^Try again/ }).click();
  await pay(page);
});

test('a buyer whose card is declined buys nothing, and succeeds with another', async ({ page, problems }) => {
  problems.expect(/status of 402/);
  await signUp(page, 'Demo declined');
  await toPayment(page, SOUND);
  await page.getByRole('button', { name: 'Decline' }).click();
  await expect(page.getByText('Your card was declined.')).toBeVisible();
  await pay(page);
});

test('a buyer reloads the return page and goes back without a second purchase', async ({ page }) => {
  await signUp(page, 'Demo reloader');
  await toPayment(page, SOUND);
  await pay(page);
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Purchase complete' })).toBeVisible();
  await page.goto(SOUND);
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Purchase complete' })).toBeVisible();
  expect(await countPurchases(page, 'Sound for animated film')).toBe(1);
});

test('two tabs that pay at once make one purchase', async ({ page, context }) => {
  await signUp(page, 'Demo two tabs');
  const other = await context.newPage();
  await Promise.all([toPayment(page, SOUND), toPayment(other, SOUND)]);
  expect(other.url()).toBe(page.url());
  await Promise.all([page, other].map((tab) => tab.getByRole('button', { name: 'Pay', exact: true }).click()));
  await expect(page.getByRole('heading', { name: 'Purchase complete' }).or(page.getByText(/already|complete/i).first())).toBeVisible();
  await expect(async () => expect(await countPurchases(page, 'Sound for animated film')).toBe(1)).toPass();
});

test('a delayed payment opens the course when it arrives', async ({ page, context }) => {
  await signUp(page, 'Demo patient');
  await toPayment(page, SOUND);
  await page.getByRole('button', { name: 'Pay later' }).click();
  await expect(page.getByRole('heading', { name: 'Waiting for your payment' })).toBeVisible();
  const sandbox = await context.newPage();
  await sandbox.goto('http://127.0.0.1:12190/');
  await sandbox.getByRole('button', { name: 'Complete payment' }).first().click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole('heading', { name: 'Purchase complete' })).toBeVisible({ timeout: 2000 });
  }).toPass();
});

test('a student enrols in a free product at once, without paying', async ({ page }) => {
  await signUp(page, 'Demo enrolled');
  await page.goto(FREE);
  await buyButton(page, /^Enrol for free/).click();
  await expect(page.getByRole('heading', { name: 'Purchase complete' })).toBeVisible();
  await page.getByRole('link', { name: 'View the receipt' }).click();
  await expect(page.getByText('$0').first()).toBeVisible();
});

test('a student who owns a product is not charged again', async ({ page }) => {
  await signUp(page, 'Demo owner');
  await toPayment(page, SOUND);
  await pay(page);
  await page.goto(`${SOUND}/purchase`);
  await expect(page).toHaveURL('/courses');
  const answer = await page.request.post(`${SOUND}/purchase`, { maxRedirects: 0 });
  expect([answer.status(), answer.headers().location]).toEqual([303, '/courses']);
  expect(await countPurchases(page, 'Sound for animated film')).toBe(1);
});

test("another user's checkout and receipt are not found", async ({ page, browser }) => {
  await signUp(page, 'Demo buyer');
  await toPayment(page, SOUND);
  await pay(page);
  const success = page.url();
  await page.getByRole('link', { name: 'View the receipt' }).click();
  await expect(page.getByRole('heading', { name: /^Receipt \d+/ })).toBeVisible();
  const receipt = page.url();
  const context = await browser.newContext();
  const other = await context.newPage();
  await signUp(other, 'Demo other');
  for (const address of [success, receipt]) {
    expect((await other.goto(address))?.status()).toBe(404);
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

test('an admin creates a coupon; a visitor mistypes it, signs up, pays less, and sees it on the receipt and its PDF', async ({ page, browser }) => {
  test.setTimeout(90_000);
  const code = `HALF${Date.now()}`;
  const office = await (await browser.newContext({ baseURL: test.info().project.use.baseURL })).newPage();
  await signIn(office, INSTRUCTOR);
  await office.goto('/admin/coupons/new');
  await office.getByRole('textbox', { name: 'Code' }).fill(code);
  await office.getByLabel('Name', { exact: true }).fill('Half for friends');
  await office.getByLabel('Amount').fill('50');
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
  await page.getByRole('link', { name: 'View the receipt' }).click();
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

test('a buyer’s receipt agrees with Stripe’s objects, on its page and by mail, also after a partial refund', async ({ page }) => {
  const at = new URL(SANDBOX);
  const stripe = new Stripe('sk_test_sandbox', { host: at.hostname, port: at.port, protocol: 'http', telemetry: false });
  const dollars = (cents: number) => (cents % 100 === 0 ? `$${cents / 100}` : `$${(cents / 100).toFixed(2)}`);
  const person = await signUp(page, 'Demo accountant');
  await toPayment(page, LIGHT);
  await pay(page);
  const session = new URL(page.url()).searchParams.get('session') ?? '';
  const read = async () => {
    const checkout = await stripe.checkout.sessions.retrieve(session, { expand: ['payment_intent.latest_charge'] });
    const intent = checkout.payment_intent as Stripe.PaymentIntent;
    return { checkout, intent, charge: intent.latest_charge as Stripe.Charge };
  };
  const amounts = () => page.locator('dl.amounts div, .amounts tr, .amounts li').allInnerTexts();

  const before = await read();
  expect(before.checkout.customer_details?.email ?? before.checkout.customer_email).toBe(person.email);
  expect(before.charge.amount).toBe(before.checkout.amount_total);
  await page.getByRole('link', { name: 'View the receipt' }).click();
  await expect(page.getByText('Total', { exact: true })).toBeVisible();
  expect((await amounts()).map((row) => row.split(/\s+/).join(' '))).toEqual([
    `Subtotal ${dollars(before.checkout.amount_subtotal ?? 0)}`,
    `Total ${dollars(before.charge.amount)}`,
  ]);
  const receipt = await mailTo(person.email, 'Your receipt for Light and colour in Blender');
  expect(receipt.text).toContain(`Paid: ${dollars(before.charge.amount)} (US dollars)`);
  expect(receipt.from?.value[0]).toEqual({ address: 'school@example.com', name: 'Open Film School' });
  expect(String(receipt.html)).toContain(page.url());

  await stripe.refunds.create({ payment_intent: before.intent.id, amount: 1250 });
  const refund = await mailTo(person.email, 'Your refund for Light and colour in Blender');
  const after = await read();
  expect(after.charge.amount_refunded).toBe(1250);
  expect(refund.text).toContain(`We refunded ${dollars(after.charge.amount_refunded)} to your payment method.`);
  expect(refund.text).toContain('You keep your access.');
  await page.reload();
  const rows = (await amounts()).map((row) => row.split(/\s+/).join(' '));
  expect(rows).toHaveLength(3);
  expect(rows[1]).toContain(`−${dollars(after.charge.amount_refunded)}`);
  expect(rows[2]).toBe(`Total ${dollars(after.charge.amount - after.charge.amount_refunded)}`);

  await page.getByRole('link', { name: 'Stripe’s own receipt' }).click();
  await expect(page).toHaveURL(after.charge.receipt_url ?? 'none');
  await expect(page.getByRole('heading', { name: 'Sandbox receipt' })).toBeVisible();
  expect((await mailsTo(person.email)).map((mail) => mail.subject)).toEqual([
    'Confirm your address',
    'Your receipt for Light and colour in Blender',
    'Your refund for Light and colour in Blender',
  ]);
});

test('an admin reads the sent mails, and sets the seller named on receipts', async ({ page, browser }) => {
  const person = await signUp(page, 'Demo reader');
  await toPayment(page, SOUND);
  await pay(page);
  await mailTo(person.email, 'Your receipt for Sound for animated film');
  const office = await (await browser.newContext({ baseURL: test.info().project.use.baseURL })).newPage();
  await signIn(office, INSTRUCTOR);
  await office.goto('/admin/outbox');
  const row = office.getByRole('row').filter({ hasText: person.email }).filter({ hasText: 'Your receipt' });
  await expect(row).toContainText('Sent');
  await row.getByRole('link', { name: 'Your receipt for Sound for animated film' }).click();
  await expect(office.getByText('Thank you for buying Sound for animated film.')).toBeVisible();

  await office.getByRole('link', { name: 'School', exact: true }).click();
  const seller = office.getByLabel('Seller', { exact: true });
  const address = office.getByLabel('Seller’s address');
  await seller.fill('Demo instructor');
  await address.fill('1 Demo Street\nDemo Town');
  await office.getByRole('button', { name: 'Save' }).click();
  await expect(office.getByText('Saved.')).toBeVisible();
  await page.getByRole('link', { name: 'View the receipt' }).click();
  await expect(page.getByText('Demo instructor')).toBeVisible();
  await expect(page.getByText('Demo Town')).toBeVisible();
  await seller.fill('');
  await address.fill('');
  await office.getByRole('button', { name: 'Save' }).click();
  await expect(office.getByText('Saved.')).toBeVisible();
  await office.context().close();
});

test('a webhook signed by Stripe’s own package grants access once, in a median of under 20 ms', async ({ browser }) => {
  test.setTimeout(120_000);
  const at = new URL(SANDBOX);
  const stripe = new Stripe('sk_test_sandbox', { host: at.hostname, port: at.port, protocol: 'http', telemetry: false });
  const headers = { origin: ADDRESS };
  const times: number[] = [];
  for (let n = 0; n < 21; n++) {
    const context = await browser.newContext({ baseURL: ADDRESS });
    const email = `demo.timer.${Date.now()}.${n}@example.com`;
    const account = { name: 'Demo timer', email, password: 'a long enough password' };
    expect((await context.request.post('/sign-up', { form: account, headers, maxRedirects: 0 })).status()).toBe(303);
    const begun = await context.request.post(`${LIGHT}/purchase`, { form: {}, headers, maxRedirects: 0 });
    const id = /cs_test_\w+/.exec(begun.headers()['location'] ?? '')?.[0] ?? '';
    // The session is never paid in the sandbox: only the signed event decides.
    const session = { ...(await stripe.checkout.sessions.retrieve(id)), status: 'complete', payment_status: 'paid', payment_intent: `pi_${id}` };
    const event = { id: `evt_${id}`, object: 'event', type: 'checkout.session.completed', created: Math.floor(Date.now() / 1000), data: { object: session } };
    const payload = JSON.stringify(event);
    const deliver = async (secret: string) => {
      const signature = stripe.webhooks.generateTestHeaderString({ payload, secret });
      const began = performance.now();
      const answer = await fetch(`${ADDRESS}/api/webhooks/stripe`, { method: 'POST', body: payload, headers: { 'stripe-signature': signature } });
      await answer.text();
      return [answer.status, performance.now() - began] as const;
    };
    const owned = async () => (await (await context.request.get('/purchases')).text()).includes('Light and colour in Blender');
    if (n === 0) {
      expect((await deliver('whsec_other'))[0]).toBe(400);
      expect(await owned()).toBe(false);
    }
    const [status, took] = await deliver('whsec_sandbox');
    expect(status).toBe(200);
    times.push(took);
    expect(await owned()).toBe(true);
    expect((await deliver('whsec_sandbox'))[0]).toBe(200);
    await context.close();
  }
  // Another worker runs at the same time and can only make this slower, so the fastest of three groups counts.
  const medians = [0, 7, 14].map((first) => times.slice(first, first + 7).sort((a, b) => a - b)[3] ?? Infinity);
  expect(Math.min(...medians), `medians of seven: ${medians.map((median) => median.toFixed(1)).join(', ')} ms`).toBeLessThan(20);
});
