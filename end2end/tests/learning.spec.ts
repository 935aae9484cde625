// Learning: who may watch which lesson, progress, and navigation between lessons.

import { endVideo, expect, signIn, signUp, STUDENT, test } from './support.ts';

const LIGHT = '/products/light-and-colour-in-blender';

test('a visitor sees a locked lesson with its price and the next preview, and no video id', async ({ page }) => {
  await page.goto(LIGHT);
  await page.getByRole('link', { name: /Name the light/ }).click();
  const next = page.getByRole('link', { name: /^Next/ });
  const second = (await next.getAttribute('href'))!;
  await next.click();
  // The old page, with its link, stays until the second lesson has loaded.
  await expect(next).not.toHaveAttribute('href', second);
  await next.click();
  await expect(page.getByText('This lesson is part of the course')).toBeVisible();
  await expect(page.getByRole('link', { name: /Buy .* for \$60/ }).first()).toBeVisible();
  await expect(page.getByRole('link', { name: /^Watch free:/ })).toBeVisible();
  const html = await (await page.request.get(page.url())).text();
  expect(html).not.toContain('youtube-nocookie.com/embed');
  expect(html).not.toContain('youtube_video_id');
  await page.getByRole('link', { name: /Buy .* for \$60/ }).first().click();
  await expect(page).toHaveURL(LIGHT);
});

test('a visitor who opens a course page is asked to sign in', async ({ page }) => {
  await page.goto('/courses');
  await expect(page).toHaveURL('/sign-in?next=/courses');
  await signIn(page, STUDENT);
  await expect(page).toHaveURL('/courses');
  await expect(page.getByRole('heading', { name: 'Light and colour in Blender' })).toBeVisible();
  await expect(page.getByText('4 of 9 lessons complete').first()).toBeVisible();
  await expect(page.getByRole('link', { name: 'Continue with lesson 5' })).toBeVisible();
});

test('a student without access gets 404 for a course page', async ({ page, browser }) => {
  await signIn(page, STUDENT);
  await page.goto('/courses');
  await page.getByRole('link', { name: 'Light and colour in Blender' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Light and colour in Blender' })).toBeVisible();
  const course = page.url();
  const context = await browser.newContext();
  const other = await context.newPage();
  await signUp(other, 'Demo outsider');
  await other.goto('/courses');
  await expect(other.getByText('No courses yet')).toBeVisible();
  expect((await other.goto(course))?.status()).toBe(404);
  await context.close();
});

test('a lesson is found only under its own course', async ({ page }) => {
  await page.goto(LIGHT);
  await page.getByRole('link', { name: /Name the light/ }).click();
  await expect(page).toHaveURL(/\/lessons\//);
  const other = page.url().replace(/courses\/[^/]+/, 'courses/00000000-0000-4000-8000-000000000000');
  expect((await page.request.get(other)).status()).toBe(404);
});

test('a student’s lesson is complete when its video ends, and stays complete', async ({ page }) => {
  await signUp(page, 'Demo watcher');
  await page.goto('/products/telling-a-story-in-pictures');
  await page.getByRole('button', { name: 'Enrol for free' }).filter({ visible: true }).first().click();
  await page.getByRole('link', { name: 'Start learning' }).click();
  await page.getByRole('link', { name: /^Start with/ }).click();
  await expect(page.getByRole('button', { name: 'Mark complete' })).toBeVisible();
  await endVideo(page);
  await expect(page.getByRole('button', { name: 'Mark incomplete' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('button', { name: 'Mark incomplete' })).toBeVisible();
  await page.getByRole('button', { name: 'Mark incomplete' }).click();
  await expect(page.getByRole('button', { name: 'Mark complete' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('button', { name: 'Mark complete' })).toBeVisible();
});

test('a student steps with Previous and Next across sections and stops at both ends', async ({ page }) => {
  await signIn(page, STUDENT);
  await page.goto('/courses');
  await page.getByRole('link', { name: 'Light and colour in Blender' }).click();
  await page.getByRole('link', { name: /Name the light/ }).click();
  await expect(page.getByRole('link', { name: /^Previous/ })).toHaveCount(0);
  const seen = new Set<string>();
  for (let lesson = 1; lesson < 9; lesson += 1) {
    const before = page.url();
    seen.add(before);
    await page.getByRole('link', { name: /^Next/ }).click();
    await expect(page).not.toHaveURL(before);
    // The old page stays until the next one has loaded.
    await expect(page.locator('[aria-current="page"]')).toHaveAttribute('href', new URL(page.url()).pathname);
  }
  seen.add(page.url());
  expect(seen.size).toBe(9);
  await expect(page.getByRole('link', { name: /^Next/ })).toHaveCount(0);
});

test('an admin sees private lessons and sections, a student does not', async ({ page, browser }) => {
  await signIn(page, { name: 'Instructor', email: 'instructor@example.com', password: 'demo-password-1' });
  await page.goto(LIGHT);
  await page.getByRole('link', { name: /Name the light/ }).click();
  await page.getByRole('link', { name: 'Light and colour in Blender' }).first().click();
  await page.getByRole('link', { name: /Few layers, named well/ }).click();
  await expect(page.getByText('Private').first()).toBeVisible();
  const address = page.url();
  const context = await browser.newContext();
  const student = await context.newPage();
  expect((await student.goto(address))?.status()).toBe(404);
  await signIn(student, STUDENT);
  expect((await student.goto(address))?.status()).toBe(404);
  await context.close();
});

test('a student’s browser history has one entry per lesson, each with its own video', async ({ page }) => {
  await signIn(page, STUDENT);
  await page.goto('/courses');
  await page.getByRole('link', { name: 'Light and colour in Blender' }).click();
  await page.getByRole('link', { name: /Name the light/ }).click();
  const frame = page.locator('iframe');
  await expect(frame).toBeVisible();
  const [first, video, steps] = [page.url(), await frame.getAttribute('src'), await page.evaluate(() => history.length)];
  await page.getByRole('link', { name: /^Next/ }).click();
  await expect(frame).not.toHaveAttribute('src', video!);
  expect(await page.evaluate(() => history.length)).toBe(steps + 1);
  await page.goBack();
  await expect(page).toHaveURL(first);
  await expect(frame).toHaveAttribute('src', video!);
});
