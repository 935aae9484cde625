// Shared fixture of the journeys: fails a test on any browser error that it did not expect, and replaces YouTube's player with a stub.

import { type BrowserContext, type Page, test as base, expect } from '@playwright/test';

export { expect };

export interface Person {
  name: string;
  email: string;
  password: string;
}

export const INSTRUCTOR: Person = { name: 'Instructor', email: 'instructor@example.com', password: 'demo-password-1' };
export const STUDENT: Person = { name: 'Student', email: 'student@example.com', password: 'demo-password-1' };

/** Records console errors, content security policy violations and uncaught exceptions in every tab of a test. */
export class Problems {
  readonly seen: string[] = [];
  private readonly expected: RegExp[] = [];

  /** Declares an error that the journey causes on purpose: `problems.expect(/status of 404/)`. */
  expect(pattern: RegExp): void {
    this.expected.push(pattern);
  }

  async watch(context: BrowserContext): Promise<void> {
    // Chromium logs only some violations to the console. The event reports all of them, with directive and location.
    await context.exposeBinding('__violated', (_, what: string) => this.seen.push(`policy: ${what}`));
    await context.addInitScript(() => {
      // Errors logged while a page is being left (aborted downloads) are not errors of the page.
      const original = console.error;
      addEventListener('pagehide', () => (console.error = () => {}));
      addEventListener('pageshow', () => (console.error = original));
      for (const kind of ['error', 'unhandledrejection']) {
        addEventListener(kind, (event) => {
          if (console.error !== original) event.preventDefault();
        });
      }
      const report = (window as unknown as { __violated?: (what: string) => void }).__violated;
      addEventListener('securitypolicyviolation', (event) => {
        report?.(`${event.effectiveDirective} refused ${event.blockedURI || 'something inline'} (${event.documentURI}:${event.lineNumber})`);
      });
    });
    context.on('console', (message) => {
      if (message.type() === 'error') this.seen.push(`console: ${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => this.seen.push(`exception: ${error.error().stack ?? error.error().message}`));
  }

  unexpected(): string[] {
    return this.seen.filter((problem) => !this.expected.some((pattern) => pattern.test(problem)));
  }
}

export const test = base.extend<{ problems: Problems }>({
  problems: [
    async ({ context }, use) => {
      const problems = new Problems();
      await problems.watch(context);
      await stubYoutube(context);
      await use(problems);
      expect(problems.unexpected(), 'nothing went wrong in the browser').toEqual([]);
    },
    { auto: true },
  ],
});

/** Replaces YouTube's player in a context. Needed only for contexts that a test creates itself, such as one without JavaScript. */
export async function stubYoutube(context: BrowserContext): Promise<void> {
  for (const host of ['https://www.youtube-nocookie.com/**', 'https://www.youtube.com/**']) {
    await context.route(host, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: YOUTUBE }));
  }
}

/**
 * Implements the part of YouTube's iframe API that the player uses. It sends messages only after the page has sent `listening`: first
 * `onReady`, then the end of the video on a click on the button or on `window.postMessage({ stub: 'end' })`.
 */
const YOUTUBE = `<!doctype html>
<html lang="en">
<title>Video</title>
<style>body { margin: 0; height: 100vh; display: grid; place-items: center; background: #111; color: #fff }</style>
<main><button type="button">End video</button></main>
<script>
  let listener;
  const send = (event, info) => listener?.source.postMessage(JSON.stringify({ event, info, id: listener.id, channel: 'widget' }), '*');
  const end = () => { send('infoDelivery', { playerState: 0 }); send('onStateChange', 0); };
  addEventListener('message', ({ data, source }) => {
    if (data?.stub === 'end') return end();
    let message;
    try { message = typeof data === 'string' ? JSON.parse(data) : data; } catch { return; }
    if (message?.event !== 'listening') return;
    listener = { source, id: message.id };
    send('initialDelivery', { playerState: -1 });
    send('onReady', null);
  });
  document.querySelector('button').addEventListener('click', end);
</script>
</html>`;

/** Makes the stubbed player report the end of its video. */
export async function endVideo(page: Page): Promise<void> {
  await page.frameLocator('iframe[src*="youtube"]').getByRole('button', { name: 'End video' }).click();
}

let signUps = 0;

/** Signs up a new student. The address is unique across workers and runs. */
export async function signUp(page: Page, name: string): Promise<Person> {
  const word = name.toLowerCase().replaceAll(/[^a-z]+/g, '.');
  signUps += 1;
  const person = {
    name,
    email: `${word}.${Date.now()}.${process.pid}.${signUps}@example.com`,
    password: 'a long enough password',
  };
  if (!new URL(page.url(), 'http://nowhere').pathname.startsWith('/sign-up')) await page.goto('/sign-up');
  await page.getByLabel('Name', { exact: true }).fill(person.name);
  await page.getByLabel('Email', { exact: true }).fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).not.toHaveURL(/\/sign-up/);
  return person;
}

export async function signIn(page: Page, person: Person): Promise<void> {
  if (!new URL(page.url(), 'http://nowhere').pathname.startsWith('/sign-in')) await page.goto('/sign-in');
  await page.getByLabel('Email', { exact: true }).fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).not.toHaveURL(/\/sign-in/);
}
