import { defineConfig } from '@playwright/test';

import journeys from './playwright.config.ts';

/** Configuration of `bin/screenshots`: the journeys' server and browser, with a single test that writes the README's screenshots. */
export default defineConfig({
  ...journeys,
  testDir: '.',
  testMatch: 'screenshots.ts',
  workers: 1,
  reporter: 'list',
});
