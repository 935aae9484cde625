// A mail server of the tests' own, by the authors of nodemailer: what the school sends is taken, and kept as files that every worker
// can read.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { expect } from '@playwright/test';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

const FOLDER = resolve('test-results/mail');

const HOST = '127.0.0.1';
const PORT = 2590;
/** Where the school sends its mail. */
export const SMTP_URL = `smtp://${HOST}:${PORT}`;

/** Takes mail until closed. */
export async function openPost(): Promise<() => Promise<void>> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  let taken = 0;
  const post = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address).join(',');
        taken += 1;
        writeFileSync(join(FOLDER, `${String(taken).padStart(5, '0')} ${to}.eml`), Buffer.concat(chunks));
        done();
      });
    },
  });
  await new Promise<void>((ready, failed) => {
    post.once('error', failed);
    post.listen(PORT, HOST, ready);
  });
  return () => new Promise((closed) => post.close(closed));
}

/** The mails that somebody got so far, in order. */
export async function mailsTo(email: string): Promise<ParsedMail[]> {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(` ${email}.eml`)).sort();
  return Promise.all(files.map((file) => simpleParser(readFileSync(join(FOLDER, file)))));
}

/** Waits for the mail with this subject, which comes once. */
export async function mailTo(email: string, subject: string | RegExp): Promise<ParsedMail> {
  const fits = (mail: ParsedMail) => (typeof subject === 'string' ? mail.subject === subject : subject.test(mail.subject ?? ''));
  await expect.poll(async () => (await mailsTo(email)).filter(fits).length, { timeout: 20_000 }).toBe(1);
  return (await mailsTo(email)).find(fits) as ParsedMail;
}
