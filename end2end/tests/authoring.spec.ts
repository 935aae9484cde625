// Writing: a course from nothing, put into order by mouse, by touch and by keyboard, and what happens when two do it at once.

import { type Browser, type Locator, type Page, devices } from '@playwright/test';

import { expect, INSTRUCTOR, signIn, stubYoutube, test } from './support.ts';

const VIDEO = 'https://www.youtube.com/watch?v=aqz-KE-bpKQ';

/** Every section with its lessons, as the page shows them. */
async function outline(page: Page): Promise<string[]> {
  return page.locator('.editor-section').evaluateAll((sections) => sections.map((section) => {
    const name = (element: Element | null) => element?.querySelector('.inline-name-button')?.firstChild?.textContent?.trim() ?? '';
    const lessons = [...section.querySelectorAll('.editor-item')].map(name);
    return `${name(section.querySelector('.editor-head'))}: ${lessons.join(' ')}`.trim();
  }));
}

const grip = (page: Page, name: string) => page.getByRole('button', { name: `Move ${name}`, exact: true });

/** Waits for the answer to a move, and shows that there was just one request. */
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

/** Drags from the middle of one thing to a place in another, in steps as a hand does. */
async function drag(page: Page, from: Locator, to: Locator, where: 'above' | 'below' | 'on'): Promise<void> {
  await expect(page.locator('[inert]')).toHaveCount(0);
  // A dialog that closed gives the focus back, and the page scrolls to it.
  await page.waitForTimeout(300);
  await from.scrollIntoViewIfNeeded();
  const [start, end] = [await from.boundingBox(), await to.boundingBox()];
  if (!start || !end) throw new Error('nothing to drag, or nowhere to');
  const x = start.x + start.width / 2;
  const y = start.y + start.height / 2;
  const middle = end.y + end.height / 2;
  const target = { above: middle - end.height / 2 - 2, below: middle + end.height / 2 + 2, on: middle }[where];
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let step = 1; step <= 12; step += 1) {
    await page.mouse.move(x, y + ((target - y) * step) / 12);
    await page.waitForTimeout(16);
  }
  await page.waitForTimeout(60);
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
    await dialog.getByRole('button', { name: last ? 'Add lesson' : 'Add and write the next' }).click();
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

test.describe('putting a course into order', () => {
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

  test('nothing is sent when nothing changed, and Escape puts back what is in the air', async ({ page }) => {
    test.setTimeout(90_000);
    await signIn(page, INSTRUCTOR);
    await newCourse(page, 'Nothing changed');
    await addSection(page, 'A');
    await addLessons(page, 'A', ['a1', 'a2', 'a3']);
    let requests = 0;
    page.on('request', (request) => { if (request.url().includes('/api/reorder_course')) requests += 1; });
    await drag(page, grip(page, 'a1'), grip(page, 'a1'), 'on');
    await grip(page, 'a1').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');

    const box = await grip(page, 'a1').boundingBox();
    if (!box) throw new Error('no grip');
    await page.mouse.move(box.x + 10, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + 10, box.y + 140, { steps: 6 });
    await expect(page.locator('.sort-gap')).toBeVisible();
    await page.keyboard.press('Escape');
    await page.mouse.up();
    await page.waitForTimeout(400);
    expect(await outline(page)).toEqual(['A: a1 a2 a3']);
    expect(requests).toBe(0);
  });

  test('by keyboard: every step is said, across sections, and the focus stays', async ({ page }) => {
    test.setTimeout(90_000);
    await signIn(page, INSTRUCTOR);
    await newCourse(page, 'By keyboard');
    await addSection(page, 'A');
    await addLessons(page, 'A', ['a1', 'a2']);
    await addSection(page, 'B');
    await addLessons(page, 'B', ['b1']);
    const said = page.locator('[aria-live=assertive]');

    await grip(page, 'a1').focus();
    await page.keyboard.press('Space');
    await expect(said).toContainText('a1 grabbed, position 1 of 2 in A');
    await page.keyboard.press('ArrowDown');
    await expect(said).toContainText('a1, position 2 of 2 in A');
    await expect(grip(page, 'a1')).toBeFocused();
    await page.keyboard.press('ArrowDown');
    await expect(said).toContainText('a1, position 1 of 2 in B');
    await expect(grip(page, 'a1')).toBeFocused();
    await saved(page, () => page.keyboard.press('Space'));
    await expect(said).toContainText('a1 dropped, position 1 of 2 in B');
    expect(await outline(page)).toEqual(['A: a2', 'B: a1 b1']);

    await grip(page, 'B').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowUp');
    await expect(said).toContainText('B, position 1 of 2');
    await page.keyboard.press('Escape');
    await expect(said).toContainText('B is back, position 2 of 2');
    expect(await outline(page)).toEqual(['A: a2', 'B: a1 b1']);
    await page.reload();
    expect(await outline(page)).toEqual(['A: a2', 'B: a1 b1']);
  });

  test('by touch: a long press takes hold, a swipe scrolls the page', async ({ browser }) => {
    test.setTimeout(120_000);
    const context = await browser.newContext({ ...devices['Pixel 7'], baseURL: test.info().project.use.baseURL });
    await stubYoutube(context);
    const page = await context.newPage();
    await signIn(page, INSTRUCTOR);
    await writtenCourse(page, 'By touch');
    const cdp = await context.newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x: number, y: number) =>
      cdp.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] });
    const swipe = async (x: number, from: number, to: number, hold: number) => {
      await touch('touchStart', x, from);
      await page.waitForTimeout(hold);
      for (let step = 1; step <= 12; step += 1) {
        await touch('touchMove', x, from + ((to - from) * step) / 12);
        await page.waitForTimeout(16);
      }
      await page.waitForTimeout(60);
      await touch('touchEnd', x, to);
    };
    const middle = async (locator: Locator) => {
      const box = await locator.boundingBox();
      if (!box) throw new Error('not there');
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    };

    await page.evaluate(() => scrollTo(0, 0));
    let at = await middle(grip(page, 'a3'));
    const before = await page.evaluate(() => scrollY);
    await swipe(at.x, at.y, at.y - 220, 0);
    await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(before + 80);
    expect(await outline(page)).toEqual(['A: a1 a2 a3', 'B: b1 b2 b3', 'C: c1 c2 c3']);

    await grip(page, 'a1').scrollIntoViewIfNeeded();
    await page.waitForTimeout(500);
    at = await middle(grip(page, 'a1'));
    const to = await middle(grip(page, 'a3'));
    await saved(page, () => swipe(at.x, at.y, to.y + 30, 450));
    expect((await outline(page))[0]).toBe('A: a2 a3 a1');
    await page.reload();
    expect((await outline(page))[0]).toBe('A: a2 a3 a1');
    await context.close();
  });

  test('two at once: the later one sees why, and the new order; nothing is lost', async ({ browser, page, problems }) => {
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
    await expect(other.getByText('Somebody else changed this course meanwhile')).toBeVisible();
    await expect.poll(() => outline(other)).toEqual(['A: a2 a3 a1']);

    // What was seen then can be moved on from.
    await saved(other, () => drag(other, grip(other, 'a1'), grip(other, 'a2'), 'above'));
    await page.reload();
    expect(await outline(page)).toEqual(['A: a1 a2 a3']);
    await other.context().close();
  });

  test('a failure puts it back and says why', async ({ page, problems }) => {
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

test('what stands in the outline is renamed, switched and rewritten where it stands', async ({ page, problems }) => {
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
  await expect(dialog.getByText("This is not a YouTube video's address.")).toBeVisible();
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
  await expect(page.getByRole('heading', { level: 2, name: 'Light' })).toBeVisible();
  await page.goBack();

  await page.getByRole('button', { name: 'Delete The first light' }).click();
  const sure = page.getByRole('dialog', { name: 'Delete lesson' });
  await expect(sure.getByText('No student has completed anything in it.')).toBeVisible();
  await sure.getByRole('button', { name: 'Delete lesson' }).click();
  await expect(sure).toBeHidden();
  expect(await outline(page)).toEqual(['Basics:']);
});
