// Takes the README's screenshots of the demo data. Run by `bin/screenshots`; not a journey.

import type { Page } from '@playwright/test';
import { resolve } from 'node:path';

import { expect, INSTRUCTOR, signIn, test } from './tests/support.ts';

const FOLDER = resolve('../docs/images');

test.use({ viewport: { width: 1280, height: 800 }, colorScheme: 'light', contextOptions: { reducedMotion: 'reduce' } });

async function screenshot(page: Page, name: string): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: resolve(FOLDER, `${name}.png`), animations: 'disabled', caret: 'hide' });
}

test('storefront and course editor', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('link', { name: 'Light and colour in Blender' })).toBeVisible();
  await screenshot(page, 'storefront');

  await signIn(page, INSTRUCTOR);
  await page.goto('/admin/courses');
  await page.getByRole('link', { name: 'Light and colour in Blender' }).first().click();
  await expect(page.locator('.editor-section').first()).toBeVisible();
  await screenshot(page, 'course-editor');
});
