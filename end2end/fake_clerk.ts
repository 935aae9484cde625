// A fake Clerk for the journeys: generates RSA keys, has an account portal, and implements the part of Clerk's Frontend and Backend API that
// Lectern calls. Its webhooks are signed by Svix's own package.

import { type KeyObject, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Webhook } from 'svix';

const SECRET_KEY = 'sk_test_end2end';
const SIGNING_SECRET = `whsec_${Buffer.from('a secret that only tests know').toString('base64')}`;

export interface ClerkUser {
  id: string;
  first_name: string | null;
  last_name: string | null;
  email: string;
  updated_at: number;
  public_metadata: Record<string, unknown>;
}

export class FakeClerk {
  readonly users = new Map<string, ClerkUser>();
  /** Active sessions: session id to user id. */
  readonly sessions = new Map<string, string>();
  private readonly key: KeyObject;
  private readonly jwk: object;
  private readonly server = createServer((request, response) => {
    this.answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });

  /** `address` is the URL it listens on, `school` the URL of the server that its tokens are issued for. */
  constructor(readonly address: string, private readonly school: string) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.key = privateKey;
    this.jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'ins_1', use: 'sig', alg: 'RS256' };
  }

  open(): Promise<void> {
    const { hostname, port } = new URL(this.address);
    return new Promise((opened) => this.server.listen(Number(port), hostname, opened));
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((closed) => this.server.close(() => closed()));
  }

  /** The environment variables that make a server use this Clerk. */
  settings(): NodeJS.ProcessEnv {
    return {
      CLERK_SECRET_KEY: SECRET_KEY,
      CLERK_PUBLISHABLE_KEY: `pk_test_${Buffer.from(`${new URL(this.address).host}$`).toString('base64')}`,
      CLERK_WEBHOOK_SIGNING_SECRET: SIGNING_SECRET,
      CLERK_API_BASE: this.address,
    };
  }

  /** A session token issued `age` seconds ago. It is valid for a minute. */
  token(session: string, age = 0): string {
    const made = Math.floor(Date.now() / 1000) - age;
    return this.sign({
      iss: this.address, azp: this.school, sub: this.sessions.get(session), sid: session, iat: made, nbf: made - 10, exp: made + 60,
    });
  }

  /** Sends a signed webhook and returns the status of the response. `body` replaces the signed body, to forge one. */
  async sendWebhook(type: string, data: object, body?: string): Promise<number> {
    const event = JSON.stringify({ type, object: 'event', data });
    const [id, now] = [`msg_${randomUUID()}`, new Date()];
    const headers = {
      'content-type': 'application/json',
      'svix-id': id,
      'svix-timestamp': String(Math.floor(now.getTime() / 1000)),
      'svix-signature': new Webhook(SIGNING_SECRET).sign(id, now, event),
    };
    const answer = await fetch(`${this.school}/api/webhooks/clerk`, { method: 'POST', headers, body: body ?? event });
    return answer.status;
  }

  /** The JSON representation of a user in Clerk's API and webhooks. */
  userJson({ email, ...user }: ClerkUser): object {
    const address = { id: 'idn_1', email_address: email, verification: { status: 'verified' } };
    return { ...user, username: null, has_image: false, primary_email_address_id: address.id, email_addresses: [address] };
  }

  private sign(claims: object): string {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const message = `${encode({ alg: 'RS256', typ: 'JWT', kid: 'ins_1', cat: 'cl_B7d4PD111AAA' })}.${encode(claims)}`;
    return `${message}.${sign('RSA-SHA256', Buffer.from(message), this.key).toString('base64url')}`;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.address);
    const back = url.searchParams.get('redirect_url') ?? this.school;
    if (url.pathname.endsWith('/clerk.browser.js')) return sendScript(response, this.school);
    if (url.pathname === '/v1/client/sign_ins') {
      const session = this.startSession(await text(request));
      response.setHeader('access-control-allow-origin', this.school);
      return sendJson(response, 200, { jwt: this.token(session), client_uat: Math.floor(Date.now() / 1000) - 1 });
    }
    if (url.pathname === '/v1/client/handshake') return this.handshake(request, response, back);
    if (url.pathname === '/sign-in' || url.pathname === '/sign-up') {
      return request.method === 'POST' ? this.signIn(response, new URLSearchParams(await text(request)), back) : sendPortal(response);
    }
    if (request.headers.authorization !== `Bearer ${SECRET_KEY}`) return sendJson(response, 401, {});
    const [, , list, id, verb] = url.pathname.split('/');
    if (list === 'jwks') return sendJson(response, 200, { keys: [this.jwk] });
    if (list === 'sessions') {
      const user = this.sessions.get(id!);
      if (verb === 'revoke') this.sessions.delete(id!);
      return sendJson(response, 200, { id, user_id: user ?? '', status: user ? 'active' : 'revoked' });
    }
    const user = this.users.get(id ?? '');
    if (!user) return sendJson(response, 404, {});
    if (verb === 'metadata') user.public_metadata = JSON.parse(await text(request)).public_metadata;
    return sendJson(response, 200, this.userJson(user));
  }

  /** Redirects back with a new session token, or signed out when the browser has no session here. */
  private handshake(request: IncomingMessage, response: ServerResponse, back: string): void {
    const session = /(?:^|; )__client=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
    const handshake = session && this.sessions.has(session)
      ? [`__session=${this.token(session)}; Path=/; SameSite=Lax`, `__client_uat=${Math.floor(Date.now() / 1000) - 1}; Path=/; SameSite=Lax`]
      : ['__session=; Path=/; Max-Age=0', '__client_uat=0; Path=/; SameSite=Lax'];
    const to = new URL(back);
    to.searchParams.set('__clerk_handshake', this.sign({ handshake: [...handshake, '__clerk_db_jwt=browser; Path=/; SameSite=Lax'] }));
    response.writeHead(307, { location: to.href }).end();
  }

  private signIn(response: ServerResponse, form: URLSearchParams, back: string): void {
    const session = this.startSession(form.get('email') ?? '');
    const to = new URL(back);
    to.searchParams.set('__clerk_db_jwt', 'browser');
    response.writeHead(303, { location: to.href, 'set-cookie': `__client=${session}; Path=/; HttpOnly; SameSite=Lax` }).end();
  }

  /** Starts a session of the user with this address, who is created if missing, and returns the session id. */
  private startSession(email: string): string {
    let user = [...this.users.values()].find((one) => one.email === email);
    if (!user) {
      user = { id: `user_${randomUUID().replaceAll('-', '')}`, first_name: 'Clerk', last_name: 'Student', email, updated_at: Date.now(), public_metadata: {} };
      this.users.set(user.id, user);
    }
    const session = `sess_${randomUUID().replaceAll('-', '')}`;
    this.sessions.set(session, user.id);
    return session;
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** The part of Clerk's script that our pages call: it mounts a form with its own inline style that signs in without leaving the page. */
function sendScript(response: ServerResponse, school: string): void {
  response.writeHead(200, { 'content-type': 'text/javascript', 'access-control-allow-origin': school }).end(`
const { src, dataset } = document.currentScript;
window.Clerk = {
  load: async () => { if (!dataset.clerkPublishableKey) throw new Error('no publishable key'); },
  mountSignIn(element, { forceRedirectUrl }) {
    element.innerHTML = '<style>[data-clerk] form { display: grid }</style><form><label>Email <input name="email" type="email"></label> <button>Go in</button></form>';
    element.querySelector('form').addEventListener('submit', async (event) => {
      event.preventDefault();
      const answer = await fetch(new URL('/v1/client/sign_ins', src), { method: 'POST', body: event.target.elements.email.value });
      const { jwt, client_uat } = await answer.json();
      document.cookie = '__session=' + jwt + '; Path=/; SameSite=Lax';
      document.cookie = '__client_uat=' + client_uat + '; Path=/; SameSite=Lax';
      location.assign(forceRedirectUrl);
    });
  },
};`);
}

function sendPortal(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(`<!doctype html>
<html lang="en">
<title>Account portal</title>
<link rel="icon" href="data:,">
<main>
  <h1>Account portal</h1>
  <form method="post"><label>Email <input name="email" type="email" required></label> <button>Continue</button></form>
</main>
</html>`);
}
