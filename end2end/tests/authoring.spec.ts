// Authoring: creating courses and products, reordering by mouse, touch and keyboard, and concurrent edits by two admins.

import AxeBuilder from '@axe-core/playwright';
import { type Browser, type Locator, type Page, devices } from '@playwright/test';

import { expect, INSTRUCTOR, signIn, signUp, STUDENT, stubYoutube, test } from './support.ts';

const VIDEO = 'https://www.youtube.com/watch?v=aqz-KE-bpKQ';

/** Every section with its lessons, as shown on the page. */
async function outline(page: Page): Promise<string[]> {
  return page.locator('.editor-section').evaluateAll((sections) => sections.map((section) => {
    const name = (element: Element | null) => element?.querySelector('.inline-name-button')?.firstChild?.textContent?.trim() ?? '';
    const lessons = [...section.querySelectorAll('.editor-item')].map(name);
    return `${name(section.querySelector('.editor-head'))}: ${lessons.join(' ')}`.trim();
  }));
}

const grip = (page: Page, name: string) => page.getByRole('button', { name: `Move ${name}`, exact: true });

/** Waits for the response to a move and asserts that it took exactly one request. */
async function saved(page: Page, move: () => Promise<void>): Promise<void> {
  let requests = 0;
  const count = (request: { url(): string }) => { if (request.url().includes('/api/reorder_course')) requests += 1; };
  page.on('request', count);
  const answer = page.waitForResponse((response) => response.url().includes('/api/reorder_course'));
  await move();
  expect((await answer).status()).toBe(200);
  page.off('request', count);
  expect(requests).toBe(1);
}

/** Waits until an element has stopped moving: a dialog that closes restores the focus, which scrolls the page. */
async function still(locator: Locator): Promise<{ x: number; y: number; height: number }> {
  await expect(locator.page().locator('[inert]')).toHaveCount(0);
  await expect(locator.page().getByRole('dialog')).toHaveCount(0);
  await locator.evaluate((element) => element.scrollIntoView({ block: 'center' }));
  const place = () => locator.boundingBox();
  let box = await place();
  for (let last = null as typeof box; !last || !box || last.y !== box.y; box = await place()) {
    last = box;
    await locator.page().evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  }
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, height: box.height };
}

async function middle(locator: Locator): Promise<{ x: number; y: number; height: number }> {
  const box = await locator.boundingBox();
  if (!box) throw new Error('not there');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, height: box.height };
}

/** Drags from the middle of one element to a position in another, in steps like a hand. */
async function drag(page: Page, from: Locator, to: Locator, where: 'above' | 'below' | 'on'): Promise<void> {
  const { x, y } = await still(from);
  const end = await middle(to);
  const target = { above: end.y - end.height / 2 - 2, below: end.y + end.height / 2 + 2, on: end.y }[where];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, target, { steps: 12 });
  await page.mouse.up();
}

async function addSection(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Add section' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add section' });
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('Status').selectOption('public');
  await dialog.getByRole('button', { name: 'Add section' }).click();
  await expect(dialog).toBeHidden();
  await expect(grip(page, name)).toBeVisible();
}

async function addLessons(page: Page, section: string, names: string[]): Promise<void> {
  await page.getByRole('button', { name: `Add lesson to ${section}` }).click();
  const dialog = page.getByRole('dialog', { name: 'Add lesson' });
  for (const [index, name] of names.entries()) {
    await dialog.getByLabel('Name').fill(name);
    await dialog.getByLabel('Video').fill(VIDEO);
    await dialog.getByLabel('Status').selectOption('public');
    const last = index === names.length - 1;
    await dialog.getByRole('button', { name: last ? 'Add lesson' : 'Add and create another' }).click();
    await expect(grip(page, name)).toBeVisible();
    if (!last) await expect(dialog.getByLabel('Name')).toHaveValue('');
  }
  await expect(dialog).toBeHidden();
}

async function newCourse(page: Page, name: string): Promise<void> {
  await page.goto('/admin/courses/new');
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Description', { exact: true }).fill('Written in a test.');
  await page.getByRole('button', { name: 'Create course' }).click();
  await expect(page).toHaveURL(/\/admin\/courses\/[^/]+\/edit/);
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
}

/** A course with sections A, B and C of three lessons each. */
async function writtenCourse(page: Page, name: string): Promise<void> {
  await newCourse(page, name);
  for (const [section, lessons] of [['A', ['a1', 'a2', 'a3']], ['B', ['b1', 'b2', 'b3']], ['C', ['c1', 'c2', 'c3']]] as const) {
    await addSection(page, section);
    await addLessons(page, section, [...lessons]);
  }
  expect(await outline(page)).toEqual(['A: a1 a2 a3', 'B: b1 b2 b3', 'C: c1 c2 c3']);
}

test.describe('an admin reorders a course', () => {
  test('by mouse: within a section, across sections, whole sections, and back by Undo', async ({ page }) => {
    test.setTimeout(120_000);
    await signIn(page, INSTRUCTOR);
    await writtenCourse(page, 'By mouse');

    await saved(page, () => drag(page, grip(page, 'a1'), grip(page, 'a3'), 'below'));
    expect(await outline(page)).toEqual(['A: a2 a3 a1', 'B: b1 b2 b3', 'C: c1 c2 c3']);
    await saved(page, () => drag(page, grip(page, 'a3'), grip(page, 'b2'), 'on'));
    const [a, b] = await outline(page);
    expect(a).toBe('A: a2 a1');
    expect(b).toContain('a3');
    await page.reload();
    expect((await outline(page)).slice(0, 2)).toEqual([a, b]);

    await saved(page, () => drag(page, grip(page, 'C'), grip(page, 'A'), 'above'));
    expect((await outline(page)).map((section) => section[0])).toEqual(['C', 'A', 'B']);
    await saved(page, () => page.getByRole('button', { name: 'Undo' }).last().click());
    expect((await outline(page)).map((section) => section[0])).toEqual(['A', 'B', 'C']);
    await page.reload();
    expect((await outline(page)).map((section) => section[0])).toEqual(['A', 'B', 'C']);
  });

  test('a drag that changes nothing sends no request, and Escape cancels a drag', async ({ page }) => {
    test.setTimeout(90_000);
    await signIn(page, INSTRUCTOR);
    await newCourse(page, 'Nothing changed');
    await addSection(page, 'A');
    await addLessons(page, 'A', ['a1', 'a2', 'a3']);
    let requests = 0;
    page.on('request', (request) => { if (request.url().includes('/api/reorder_course')) requests += 1; });
    const announcements = page.locator('[aria-live=assertive]');
    await drag(page, grip(page, 'a1'), grip(page, 'a1'), 'on');
    await grip(page, 'a1').focus();
    await page.keyboard.press('Enter');
    await expect(announcements).toContainText('grabbed');
    await page.keyboard.press('ArrowDown');
    await expect(announcements).toContainText('position 2 of 3');
    await page.keyboard.press('ArrowUp');
    await expect(announcements).toContainText('position 1 of 3');
    await page.keyboard.press('Enter');
    await expect(announcements).toContainText('dropped');

    const at = await still(grip(page, 'a1'));
    await page.mouse.move(at.x, at.y);
    await page.mouse.down();
    await page.mouse.move(at.x, at.y + 120, { steps: 6 });
    await expect(page.locator('.sort-gap')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(announcements).toContainText('a1 is back');
    await page.mouse.up();
    await expect(page.locator('.sort-gap')).toBeHidden();
    expect(await outline(page)).toEqual(['A: a1 a2 a3']);
    expect(requests).toBe(0);
  });

  test('by keyboard: every step is announced, across sections, and the focus stays', async ({ page }) => {
    test.setTimeout(90_000);
    await signIn(page, INSTRUCTOR);
    await newCourse(page, 'By keyboard');
    await addSection(page, 'A');
    await addLessons(page, 'A', ['a1', 'a2']);
    await addSection(page, 'B');
    await addLessons(page, 'B', ['b1']);
    const announcements = page.locator('[aria-live=assertive]');

    await grip(page, 'a1').focus();
    await page.keyboard.press('Space');
    await expect(announcements).toContainText('a1 grabbed, position 1 of 2 in A');
    await page.keyboard.press('ArrowDown');
    await expect(announcements).toContainText('a1, position 2 of 2 in A');
    await expect(grip(page, 'a1')).toBeFocused();
    await page.keyboard.press('ArrowDown');
    await expect(announcements).toContainText('a1, position 1 of 2 in B');
    await expect(grip(page, 'a1')).toBeFocused();
    await saved(page, () => page.keyboard.press('Space'));
    await expect(announcements).toContainText('a1 dropped, position 1 of 2 in B');
    expect(await outline(page)).toEqual(['A: a2', 'B: a1 b1']);

    await grip(page, 'B').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowUp');
    await expect(announcements).toContainText('B, position 1 of 2');
    await page.keyboard.press('Escape');
    await expect(announcements).toContainText('B is back, position 2 of 2');
    expect(await outline(page)).toEqual(['A: a2', 'B: a1 b1']);
    await page.reload();
    expect(await outline(page)).toEqual(['A: a2', 'B: a1 b1']);
  });

  test('by touch: a long press starts a drag, a swipe scrolls the page', async ({ browser }) => {
    test.setTimeout(120_000);
    const context = await browser.newContext({ ...devices['Pixel 7'], baseURL: test.info().project.use.baseURL });
    await stubYoutube(context);
    const page = await context.newPage();
    await signIn(page, INSTRUCTOR);
    await writtenCourse(page, 'By touch');
    const cdp = await context.newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x: number, y: number) =>
      cdp.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] });
    const swipe = async (x: number, from: number, to: number) => {
      for (let step = 1; step <= 12; step += 1) await touch('touchMove', x, from + ((to - from) * step) / 12);
      await touch('touchEnd', x, to);
    };

    await page.evaluate(() => scrollTo(0, 0));
    let at = await middle(grip(page, 'a3'));
    const before = await page.evaluate(() => scrollY);
    await touch('touchStart', at.x, at.y);
    await swipe(at.x, at.y, at.y - 220);
    await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(before + 80);
    expect(await outline(page)).toEqual(['A: a1 a2 a3', 'B: b1 b2 b3', 'C: c1 c2 c3']);

    at = await still(grip(page, 'a1'));
    const to = await middle(grip(page, 'a3'));
    await saved(page, async () => {
      await touch('touchStart', at.x, at.y);
      await expect(page.locator('.sortable.sorting'), 'a long press takes hold').toBeVisible();
      await swipe(at.x, at.y, to.y + 30);
    });
    expect((await outline(page))[0]).toBe('A: a2 a3 a1');
    await page.reload();
    expect((await outline(page))[0]).toBe('A: a2 a3 a1');
    await context.close();
  });

  test('two admins at once: the later one sees a conflict and the new order; nothing is lost', async ({ browser, page, problems }) => {
    test.setTimeout(120_000);
    problems.expect(/status of 409/);
    await signIn(page, INSTRUCTOR);
    await newCourse(page, 'Two at once');
    await addSection(page, 'A');
    await addLessons(page, 'A', ['a1', 'a2', 'a3']);
    const other = await signedIn(browser);
    await other.goto(page.url());
    await expect(grip(other, 'a3')).toBeVisible();

    await saved(page, () => drag(page, grip(page, 'a1'), grip(page, 'a3'), 'below'));
    const refused = other.waitForResponse((response) => response.url().includes('/api/reorder_course'));
    await drag(other, grip(other, 'a3'), grip(other, 'a1'), 'above');
    expect((await refused).status()).toBe(409);
    await expect(other.getByText('Another admin changed this course in the meantime')).toBeVisible();
    await expect.poll(() => outline(other)).toEqual(['A: a2 a3 a1']);

    // After the conflict, moves apply to the new order.
    await saved(other, () => drag(other, grip(other, 'a1'), grip(other, 'a2'), 'above'));
    await page.reload();
    expect(await outline(page)).toEqual(['A: a1 a2 a3']);
    await other.context().close();
  });

  test('a failed request restores the order and says why', async ({ page, problems }) => {
    test.setTimeout(90_000);
    problems.expect(/ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to load/);
    await signIn(page, INSTRUCTOR);
    await newCourse(page, 'A failure');
    await addSection(page, 'A');
    await addLessons(page, 'A', ['a1', 'a2']);
    await page.route('**/api/reorder_course*', (route) => route.abort());
    await drag(page, grip(page, 'a1'), grip(page, 'a2'), 'below');
    await expect(page.getByText('You seem to be offline')).toBeVisible();
    await expect.poll(() => outline(page)).toEqual(['A: a1 a2']);
  });
});

async function signedIn(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ baseURL: test.info().project.use.baseURL });
  await stubYoutube(context);
  const page = await context.newPage();
  await signIn(page, INSTRUCTOR);
  return page;
}

test('an admin drags one of 500 lessons at 60 frames a second', async ({ page }) => {
  test.setTimeout(180_000);
  await signIn(page, INSTRUCTOR);
  await newCourse(page, 'Five hundred');
  await addSection(page, 'A');
  await addLessons(page, 'A', ['a1']);
  // Calls the server function of the dialog directly, 499 times.
  const sent = page.waitForRequest((request) => request.url().includes('/api/create_lesson'));
  await addLessons(page, 'A', ['a2']);
  const request = await sent;
  const [url, form] = [request.url(), request.postDataJSON() as { form: { name: string } }];
  const made = await page.evaluate(async ({ url, form }) => {
    let made = 0;
    for (let n = 3; n <= 500; n += 1) {
      form.form.name = `a${n}`;
      const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(form) });
      made += Number(answer.ok);
    }
    return made;
  }, { url, form });
  expect(made).toBe(498);
  await page.reload();
  await expect(page.locator('.editor-item')).toHaveCount(500);

  const cdp = await page.context().newCDPSession(page);
  // Measures time on the page's main thread, so that other load on the machine does not count.
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async () => {
    const { metrics } = await cdp.send('Performance.getMetrics');
    const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
    return 1000 * (of('ScriptDuration') + of('LayoutDuration') + of('RecalcStyleDuration'));
  };
  const at = await still(grip(page, 'a250'));
  await page.mouse.move(at.x, at.y);
  await page.mouse.down();
  await page.mouse.move(at.x, at.y + 8, { steps: 2 });
  await expect(page.locator('.sortable.sorting')).toBeVisible();
  const before = await busy();
  const frames = page.evaluate(() => new Promise<number>((done) => {
    let frames = 0;
    const count = () => { frames += 1; if (frames < 120) requestAnimationFrame(count); else done(frames); };
    requestAnimationFrame(count);
  }));
  for (let turn = 0; turn < 4; turn += 1) await page.mouse.move(at.x, at.y + (turn % 2 ? -250 : 250), { steps: 25 });
  const counted = await frames;
  const each = ((await busy()) - before) / counted;
  test.info().annotations.push({ type: 'a frame of a drag over 500 lessons', description: `${each.toFixed(2)} ms of script, style and layout` });
  await page.keyboard.press('Escape');
  await page.mouse.up();
  expect(each, 'milliseconds of work in each frame; there are 16.7').toBeLessThan(8);
});

test('an admin renames, publishes and edits lessons in place', async ({ page, problems }) => {
  test.setTimeout(90_000);
  problems.expect(/status of 422/);
  await signIn(page, INSTRUCTOR);
  await newCourse(page, 'In place');
  await addSection(page, 'Basics');
  await addLessons(page, 'Basics', ['First']);

  await page.getByRole('button', { name: /^First\b.*rename this lesson/ }).click();
  await page.getByLabel('Name of the lesson').fill('The first light');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: /^The first light\b.*rename this lesson/ })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.getByLabel('Name of the lesson').fill('Not this');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: /^The first light\b.*rename this lesson/ })).toBeVisible();

  await page.getByLabel('Status of The first light').selectOption('Preview');
  await page.getByRole('button', { name: 'Edit The first light' }).click();
  const dialog = page.getByRole('dialog', { name: 'Edit lesson' });
  await expect(dialog.getByLabel('Status')).toHaveValue('preview');
  await expect(dialog.locator('iframe[src*="/embed/aqz-KE-bpKQ"]')).toBeVisible();
  await dialog.getByLabel('Video').fill('https://example.com/watch?v=aqz-KE-bpKQ');
  await dialog.getByLabel('Notes', { exact: true }).fill('## Light\n\nIt *falls*.');
  await dialog.getByRole('button', { name: 'Save lesson' }).click();
  await expect(dialog.getByText("This is not the link to a YouTube video.")).toBeVisible();
  await expect(dialog.getByLabel('Video')).toBeFocused();
  await expect(dialog.getByLabel('Notes', { exact: true })).toHaveValue('## Light\n\nIt *falls*.');
  await dialog.getByLabel('Video').fill('https://youtu.be/eRsGyueVLvQ?t=12');
  await expect(dialog.locator('iframe[src*="/embed/eRsGyueVLvQ"]')).toBeVisible();
  await dialog.getByRole('button', { name: 'Save lesson' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('button', { name: 'Edit The first light' })).toBeFocused();

  await page.reload();
  await expect(page.getByLabel('Status of The first light')).toHaveValue('preview');
  await page.getByRole('link', { name: 'View The first light' }).click();
  await expect(page.getByRole('heading', { level: 3, name: 'Light' })).toBeVisible();
  await page.goBack();

  await page.getByRole('button', { name: 'Delete The first light' }).click();
  const sure = page.getByRole('dialog', { name: 'Delete lesson' });
  await expect(sure.getByText('No student has progress in it.')).toBeVisible();
  await sure.getByRole('button', { name: 'Delete lesson' }).click();
  await expect(sure).toBeHidden();
  expect(await outline(page)).toEqual(['Basics:']);
});

test('an admin deletes two courses and grants two: each button acts on its own row after the list reloads', async ({ page }) => {
  test.setTimeout(120_000);
  await signIn(page, INSTRUCTOR);
  const stamp = `Again ${Date.now()}`;
  for (const letter of ['A', 'B', 'C', 'D']) await newCourse(page, `${stamp} ${letter}`);
  await page.goto(`/admin/courses?q=${encodeURIComponent(stamp)}`);
  await page.waitForLoadState('networkidle');
  for (const letter of ['A', 'C']) {
    await page.getByRole('button', { name: `Delete ${stamp} ${letter}` }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText(`${stamp} ${letter}`);
    await dialog.getByRole('button', { name: 'Delete course' }).click();
    await expect(page.getByRole('row').filter({ hasText: `${stamp} ${letter}` })).toHaveCount(0);
    await expect(page.getByRole('dialog')).toHaveCount(0);
  }
  for (const letter of ['B', 'D']) await expect(page.getByRole('row').filter({ hasText: `${stamp} ${letter}` })).toHaveCount(1);

  await page.goto('/admin/students?q=student-7%40example.com');
  await page.getByRole('row').filter({ hasText: 'student-7@example.com' }).getByRole('link').first().click();
  await expect(page).toHaveURL(/\/admin\/students\/[0-9a-f-]+$/);
  await page.waitForLoadState('networkidle');
  for (const letter of ['B', 'D']) {
    await page.getByRole('button', { name: 'Give a course' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('searchbox').or(dialog.getByLabel('Course').first()).first().fill(`${stamp} ${letter}`);
    await dialog.locator('select[name=course]').selectOption({ label: `${stamp} ${letter}` });
    await dialog.getByRole('button', { name: 'Give course' }).click();
    await expect(page.getByRole('row').filter({ hasText: `${stamp} ${letter}` })).toHaveCount(1);
    await expect(page.getByRole('dialog')).toHaveCount(0);
  }
});

test('two admins who edit one lesson at once keep each other’s changes', async ({ browser, page, problems }) => {
  test.setTimeout(120_000);
  problems.expect(/status of 422/);
  await signIn(page, INSTRUCTOR);
  await newCourse(page, 'Written by two');
  await addSection(page, 'Basics');
  await addLessons(page, 'Basics', ['First']);
  await page.getByRole('button', { name: 'Edit First' }).click();
  const here = page.getByRole('dialog', { name: 'Edit lesson' });
  await expect(here.getByLabel('Notes', { exact: true })).toHaveValue('');

  const other = await signedIn(browser);
  await other.goto(page.url());
  await other.getByRole('button', { name: 'Edit First' }).click();
  const there = other.getByRole('dialog', { name: 'Edit lesson' });
  await there.getByLabel('Notes', { exact: true }).fill('Theirs.');
  await there.getByRole('button', { name: 'Save lesson' }).click();
  await expect(there).toBeHidden();
  await other.getByRole('button', { name: /^Basics\b.*rename this section/ }).click();
  await other.getByLabel('Name of the section').fill('Foundations');
  await other.keyboard.press('Enter');
  await expect(grip(other, 'Foundations')).toBeVisible();
  await other.context().close();

  await here.getByLabel('Name').fill('The first');
  await here.getByRole('button', { name: 'Save lesson' }).click();
  await expect(here).toBeHidden();
  // Saving does not add a line to the text.
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByRole('button', { name: 'Edit The first' }).click();
    await expect(here.getByLabel('Notes', { exact: true })).toHaveValue('Theirs.');
    await here.getByRole('button', { name: 'Save lesson' }).click();
    await expect(here).toBeHidden();
  }
  await page.getByLabel(/^Status of (Basics|Foundations)$/).selectOption('Private');
  await page.reload();
  await expect(grip(page, 'Foundations')).toBeVisible();
});

test('an admin creates a product with a picture; a student buys it; the admin refunds it, and access ends', async ({ browser, page, problems }) => {
  test.setTimeout(150_000);
  problems.expect(/status of 422/);
  const course = `Sold ${Date.now()}`;
  await signIn(page, INSTRUCTOR);
  await newCourse(page, course);
  await addSection(page, 'Basics');
  await addLessons(page, 'Basics', ['First']);

  await page.goto('/admin/products/new');
  await page.getByLabel('Name', { exact: true }).fill(course);
  await page.getByLabel('Description', { exact: true }).fill('It has a **picture**.');
  await page.getByLabel('Price in US dollars').fill('-3');
  await page.getByLabel('Upload a picture').setInputFiles({ name: 'cover.png', mimeType: 'image/png', buffer: await page.screenshot() });
  await page.getByRole('checkbox', { name: course }).check();
  await page.getByLabel('Status').selectOption('public');
  await page.getByRole('button', { name: 'Create product' }).click();
  // One invalid field: the error is shown beside it, and nothing is lost, not even the uploaded picture.
  await expect(page.locator('#field-price')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(course);
  await expect(page.getByRole('checkbox', { name: course })).toBeChecked();
  await expect(page.getByLabel('Or the address of a picture')).toHaveValue(/^\/pictures\//);
  await page.getByLabel('Price in US dollars').fill('25');
  await page.getByRole('button', { name: 'Create product' }).click();
  await expect(page).toHaveURL(/\/admin\/products/);

  const context = await browser.newContext({ baseURL: test.info().project.use.baseURL });
  await stubYoutube(context);
  const student = await context.newPage();
  await student.goto('/');
  await student.getByRole('link', { name: course }).click();
  await expect(student.getByRole('heading', { level: 1, name: course })).toBeVisible();
  const cover = student.locator('img.cover').first();
  await expect(cover).toHaveAttribute('srcset', /\/pictures\/[0-9a-f]+\/480\.webp 480w/);
  expect(await cover.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth))).toBeGreaterThan(0);
  await expect(student.locator('strong', { hasText: 'picture' })).toBeVisible();
  await student.getByRole('button', { name: 'Buy for $25' }).filter({ visible: true }).first().click();
  await student.getByRole('link', { name: 'Create an account' }).click();
  const person = await signUp(student, 'Demo author buyer');
  await student.getByRole('button', { name: 'Pay $25' }).click();
  await student.getByRole('button', { name: 'Pay', exact: true }).click();
  await expect(student.getByRole('heading', { name: 'Purchase complete' })).toBeVisible();
  await student.getByRole('link', { name: 'Start learning' }).click();
  await expect(student.getByText('0 of 1 lessons complete')).toBeVisible();
  const learning = student.url();

  await page.goto(`/admin/sales?q=${encodeURIComponent(person.email)}`);
  const row = page.getByRole('row').filter({ hasText: course });
  await expect(row).toContainText('$25');
  await row.getByRole('link').first().click();
  await expect(page).toHaveURL(/\/admin\/sales\/[0-9a-f-]+$/);
  await page.waitForLoadState('networkidle');
  await page.getByRole('button', { name: 'Refund' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(course);
  await dialog.getByLabel('Amount in US dollars').fill('10');
  await dialog.getByRole('button', { name: 'Refund' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText('Partly refunded').first()).toBeVisible();
  // Refunds the rest without reloading the page.
  await page.getByRole('button', { name: 'Refund' }).click();
  await expect(dialog.getByLabel('Amount in US dollars')).toHaveValue('15.00');
  await dialog.getByRole('button', { name: 'Refund' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText('Refunded', { exact: true }).first()).toBeVisible();

  await student.goto('/courses');
  await expect(student.getByRole('link', { name: course })).toHaveCount(0);
  const gone = await student.goto(learning);
  expect(gone?.status()).toBe(404);
  await context.close();

  await page.goto('/admin/activity');
  await expect(page.getByRole('row').filter({ hasText: /[Rr]efund/ }).first()).toBeVisible();
});

test('an admin creates a whole course with the keyboard alone', async ({ page }) => {
  test.setTimeout(150_000);
  await signIn(page, INSTRUCTOR);
  const press = async (...keys: string[]) => { for (const key of keys) await page.keyboard.press(key); };
  /** Presses Tab until an element with this name has the focus. */
  const tabTo = async (name: RegExp, limit = 60) => {
    for (let step = 0; step < limit; step += 1) {
      const focused = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement | null;
        const label = element?.id ? document.querySelector(`label[for="${element.id}"]`)?.textContent : null;
        return element?.getAttribute('aria-label') ?? label ?? element?.textContent ?? '';
      });
      if (name.test(focused.trim())) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`${name} was not reached`);
  };
  await page.goto('/admin/courses');
  await tabTo(/^New course$/);
  await press('Enter');
  await expect(page).toHaveURL(/\/admin\/courses\/new/);
  await page.waitForLoadState('networkidle');
  await tabTo(/^Name/);
  await page.keyboard.type('By keyboard alone');
  await tabTo(/^Create course$/);
  await press('Enter');
  await expect(page).toHaveURL(/\/edit$/);
  await expect(page.locator('[inert]')).toHaveCount(0);
  for (const section of ['One', 'Two']) {
    await tabTo(/^Add section$/);
    await press('Enter');
    await expect(page.getByRole('dialog', { name: 'Add section' }).getByLabel('Name')).toBeFocused();
    await page.keyboard.type(section);
    await press('Enter');
    await expect(grip(page, section)).toBeVisible();
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await page.locator('main').focus();
  }
  for (const lesson of ['first', 'second']) {
    await tabTo(/^Add lesson.*to One$/);
    await press('Enter');
    await expect(page.getByRole('dialog', { name: 'Add lesson' }).getByLabel('Name')).toBeFocused();
    await page.keyboard.type(lesson);
    await press('Tab');
    await page.keyboard.type('aqz-KE-bpKQ');
    await press('Enter');
    await expect(grip(page, lesson)).toBeVisible();
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await page.locator('main').focus();
  }
  await tabTo(/^first.*rename this lesson$/);
  await press('Enter');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('opening');
  await press('Enter');
  await expect(grip(page, 'opening')).toBeVisible();
  await page.locator('main').focus();
  await tabTo(/^Status of opening$/);
  await press('p');
  await page.locator('main').focus();
  await tabTo(/^Move opening$/);
  await saved(page, async () => {
    for (const [key, words] of [['Enter', 'grabbed'], ['ArrowDown', 'position 2 of 2 in One'], ['ArrowDown', 'in Two'], ['Enter', 'dropped']] as const) {
      await press(key);
      await expect(page.locator('[aria-live=assertive]')).toContainText(words);
    }
  });
  expect(await outline(page)).toEqual(['One: second', 'Two: opening']);
  await tabTo(/^Delete opening$|^Delete.*opening$/);
  await press('Enter');
  await expect(page.getByRole('dialog', { name: 'Delete lesson' })).toBeVisible();
  await press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(await outline(page)).toEqual(['One: second', 'Two: opening']);
});

/** The names of the files that a page loads, without their hashes. */
async function files(page: Page, path: string): Promise<string[]> {
  const seen: string[] = [];
  const note = (response: { url(): string }) => {
    const name = new URL(response.url()).pathname;
    if (name.startsWith('/pkg/')) seen.push(name.replace('/pkg/', '').replace(/\.[\w-]{22}(?=\.)/, ''));
  };
  page.on('response', note);
  await page.goto(path, { waitUntil: 'networkidle' });
  page.off('response', note);
  return seen;
}

test('a student’s pages load no code of the back office', async ({ page, browser }) => {
  test.setTimeout(90_000);
  await signIn(page, STUDENT);
  await page.goto('/courses');
  const course = await page.getByRole('link', { name: 'Light and colour in Blender' }).getAttribute('href');
  const student = new Set<string>();
  for (const path of ['/', '/products/light-and-colour-in-blender', '/courses', course ?? '', '/purchases', '/account']) {
    for (const file of await files(page, path)) student.add(file);
  }
  const admin = await files(await signedIn(browser), '/admin');
  const own = admin.filter((file) => /^split_admin/.test(file));
  test.info().annotations.push({ type: 'student', description: [...student].sort().join(', ') }, { type: 'admin', description: admin.join(', ') });
  expect(own, 'the back office has a file of its own').toHaveLength(1);
  expect([...student].filter((file) => own.includes(file))).toEqual([]);
});

test.describe('axe finds nothing in the back office, light and dark, narrow and wide', () => {
  async function axe(page: Page, what: string, open?: () => Promise<void>): Promise<void> {
    for (const theme of ['light', 'dark'] as const) {
      for (const width of [320, 1280]) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
        await page.setViewportSize({ width, height: 800 });
        await page.reload({ waitUntil: 'networkidle' });
        await open?.();
        const { violations } = await new AxeBuilder({ page }).exclude('iframe').analyze();
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
        expect(found, `${what}, ${theme}, ${width} px`).toEqual([]);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(overflow, `${what} scrolls sideways at ${width} px`).toBeLessThanOrEqual(0);
      }
    }
  }

  test('every page', async ({ page }) => {
    test.setTimeout(600_000);
    await signIn(page, INSTRUCTOR);
    const first = async (list: string, pattern: RegExp) => {
      await page.goto(list);
      const links = await page.locator('main a').evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
      return links.find((href) => pattern.test(href)) ?? '';
    };
    const course = await first('/admin/courses', /\/admin\/courses\/[^/]+\/edit$/);
    const pages = ['/admin?days=365', '/admin/courses', '/admin/courses/new', course, `${course}?tab=details`, '/admin/products', '/admin/products/new',
      await first('/admin/products', /\/admin\/products\/[^/]+\/edit$/), '/admin/sales', await first('/admin/sales', /\/admin\/sales\/[0-9a-f-]{36}$/),
      '/admin/students', await first('/admin/students', /\/admin\/students\/[0-9a-f-]{36}$/), '/admin/activity', '/admin/coupons', '/admin/coupons/new', '/admin/pricing', '/admin/sales/other-payments', '/admin/outbox', await first('/admin/outbox', /\/admin\/outbox\/\d+$/), '/admin/outbox?state=failed', '/admin/school', '/admin/courses?q=nothing', '/admin/sales?q=nothing-at-all'];
    for (const path of pages) {
      expect(path).not.toBe('');
      await page.goto(path);
      await axe(page, path);
    }
  });

  test('with dialogs open', async ({ page }) => {
    test.setTimeout(300_000);
    await signIn(page, INSTRUCTOR);
    await newCourse(page, 'Dialogs');
    await addSection(page, 'A');
    await addLessons(page, 'A', ['a1']);
    const dialogs: [string, () => Promise<void>][] = [
      ['add section', () => page.getByRole('button', { name: 'Add section' }).click()],
      ['edit lesson', async () => {
        await page.getByRole('button', { name: 'Edit a1' }).click();
        await expect(page.getByRole('dialog').getByLabel('Video')).toBeVisible();
      }],
      ['delete lesson', () => page.getByRole('button', { name: 'Delete a1' }).click()],
      ['rename', () => page.getByRole('button', { name: /^a1\b.*rename/ }).click()],
    ];
    for (const [what, open] of dialogs) await axe(page, what, open);
    await page.goto('/admin/sales');
    await page.locator('main tbody a[href^="/admin/sales/"]').first().click();
    await expect(page).toHaveURL(/\/admin\/sales\/[0-9a-f-]{36}/);
    if (await page.getByRole('button', { name: /Refund|End access/ }).count()) {
      await axe(page, 'refund', () => page.getByRole('button', { name: /Refund|End access/ }).first().click());
    }
    await page.goto('/admin/students');
    await page.locator('main a[href^="/admin/students/"]').first().click();
    await expect(page).toHaveURL(/\/admin\/students\/[0-9a-f-]{36}/);
    await axe(page, 'give a course', () => page.getByRole('button', { name: /Give/ }).first().click());
  });
});
