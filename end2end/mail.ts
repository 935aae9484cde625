// An SMTP server for the journeys, by the authors of nodemailer. It stores each received mail as a file that every worker can read.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { expect } from '@playwright/test';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

const FOLDER = resolve('test-results/mail');

const HOST = '127.0.0.1';
const PORT = 2590;
/** The `SMTP_URL` of the tested server. */
export const SMTP_URL = `smtp://${HOST}:${PORT}`;

/** Starts the SMTP server and returns a function that stops it. */
export async function startMailServer(): Promise<() => Promise<void>> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  let received = 0;
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address).join(',');
        received += 1;
        writeFileSync(join(FOLDER, `${String(received).padStart(5, '0')} ${to}.eml`), Buffer.concat(chunks));
        done();
      });
    },
  });
  await new Promise<void>((ready, failed) => {
    server.once('error', failed);
    server.listen(PORT, HOST, ready);
  });
  return () => new Promise((closed) => server.close(closed));
}

/** The mails received for an address so far, oldest first. */
export async function mailsTo(email: string): Promise<ParsedMail[]> {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(` ${email}.eml`)).sort();
  return Promise.all(files.map((file) => simpleParser(readFileSync(join(FOLDER, file)))));
}

/** Waits for the mail with this subject and asserts that there is exactly one. */
export async function mailTo(email: string, subject: string | RegExp): Promise<ParsedMail> {
  const matches = (mail: ParsedMail) => (typeof subject === 'string' ? mail.subject === subject : subject.test(mail.subject ?? ''));
  await expect.poll(async () => (await mailsTo(email)).filter(matches).length, { timeout: 20_000 }).toBe(1);
  return (await mailsTo(email)).find(matches) as ParsedMail;
}
