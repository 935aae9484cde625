// What every journey stands on: a page on which nothing may go wrong unseen, and a YouTube of our own.

import { type BrowserContext, type Page, test as base, expect } from '@playwright/test';

export { expect };

export interface Person {
  name: string;
  email: string;
  password: string;
}

export const INSTRUCTOR: Person = { name: 'Instructor', email: 'instructor@example.com', password: 'demo-password-1' };
export const STUDENT: Person = { name: 'Student', email: 'student@example.com', password: 'demo-password-1' };

/** Errors in the console, content security policy violations and exceptions, in every tab of a test. */
export class Problems {
  readonly seen: string[] = [];
  private readonly expected: RegExp[] = [];

  /** A journey that goes where something must go wrong says so: `problems.expect(/status of 404/)`. */
  expect(pattern: RegExp): void {
    this.expected.push(pattern);
  }

  async watch(context: BrowserContext): Promise<void> {
    // Chromium writes a violation to the console, too, but not each: this hears all of them, with the directive and where it was.
    await context.exposeBinding('__violated', (_, what: string) => this.seen.push(`policy: ${what}`));
    await context.addInitScript(() => {
      // What a page says once it is left, its files half fetched, nobody is there to hear.
      const say = console.error;
      addEventListener('pagehide', () => (console.error = () => {}));
      addEventListener('pageshow', () => (console.error = say));
      for (const kind of ['error', 'unhandledrejection']) {
        addEventListener(kind, (event) => {
          if (console.error !== say) event.preventDefault();
        });
      }
      const tell = (window as unknown as { __violated?: (what: string) => void }).__violated;
      addEventListener('securitypolicyviolation', (event) => {
        tell?.(`${event.effectiveDirective} refused ${event.blockedURI || 'something inline'} (${event.documentURI}:${event.lineNumber})`);
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

/** For a context that a test makes itself, such as one without JavaScript. */
export async function stubYoutube(context: BrowserContext): Promise<void> {
  for (const host of ['https://www.youtube-nocookie.com/**', 'https://www.youtube.com/**']) {
    await context.route(host, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: YOUTUBE }));
  }
}

/**
 * Speaks as much of the iframe API as a player needs: it tells nothing to a page that has not said `listening`, then says that it is
 * ready, and that the video ended when told so by the button or by `window.postMessage({ stub: 'end' })`.
 */
const YOUTUBE = `<!doctype html>
<html lang="en">
<title>Video</title>
<style>body { margin: 0; height: 100vh; display: grid; place-items: center; background: #111; color: #fff }</style>
<main><button type="button">End video</button></main>
<script>
  let listener;
  const tell = (event, info) => listener?.source.postMessage(JSON.stringify({ event, info, id: listener.id, channel: 'widget' }), '*');
  const end = () => { tell('infoDelivery', { playerState: 0 }); tell('onStateChange', 0); };
  addEventListener('message', ({ data, source }) => {
    if (data?.stub === 'end') return end();
    let message;
    try { message = typeof data === 'string' ? JSON.parse(data) : data; } catch { return; }
    if (message?.event !== 'listening') return;
    listener = { source, id: message.id };
    tell('initialDelivery', { playerState: -1 });
    tell('onReady', null);
  });
  document.querySelector('button').addEventListener('click', end);
</script>
</html>`;

/** Watches the video on the page to its end. */
export async function endVideo(page: Page): Promise<void> {
  await page.frameLocator('iframe[src*="youtube"]').getByRole('button', { name: 'End video' }).click();
}

let people = 0;

/** A new student, signed in. Nobody else has this address, also not in another worker or on a second run. */
export async function signUp(page: Page, name: string): Promise<Person> {
  const word = name.toLowerCase().replaceAll(/[^a-z]+/g, '.');
  people += 1;
  const person = {
    name,
    email: `${word}.${Date.now()}.${process.pid}.${people}@example.com`,
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
