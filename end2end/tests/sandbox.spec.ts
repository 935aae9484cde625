// Tests of the Stripe sandbox with Stripe's official `stripe` package, which calls the API and verifies the signatures of events.
// The spec starts its own sandbox (`lectern stripe-sandbox`) and its own receiver of webhooks; no browser is needed.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";

import { expect, test, type APIRequestContext } from "@playwright/test";
import Stripe from "stripe";

import { BIN } from "../server.ts";

const KEY = "sk_test_sandbox";
const SECRET = "whsec_test";

type Delivery = { signature: string; body: string; status: number; event: Stripe.Event };

let folder: string;
let port: number;
let sandbox: ChildProcess;
let receiver: http.Server;
let webhookUrl: string;
let stripe: Stripe;
/** The deliveries that the receiver got, and the statuses of its next responses, after which it responds with 200. */
const deliveries: Delivery[] = [];
const answers: number[] = [];

test.describe.configure({ mode: "serial" });

test.beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sandbox-"));
  receiver = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      const status = answers.shift() ?? 200;
      deliveries.push({ signature: String(request.headers["stripe-signature"]), body, status, event: JSON.parse(body) });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((ready) => receiver.listen(0, "127.0.0.1", ready));
  webhookUrl = `http://127.0.0.1:${(receiver.address() as net.AddressInfo).port}/`;
  port = await freePort();
  stripe = client(KEY);
  await start();
});

test.afterAll(async () => {
  await stop();
  await new Promise((closed) => receiver.close(closed));
  await rm(folder, { recursive: true, force: true });
});

test.describe("sessions", () => {
  test("a shop opens a session and reads it back", async () => {
    const session = await stripe.checkout.sessions.create(order({ client_reference_id: "attempt-1", metadata: { attempt: "1" } }));
    expect(session).toMatchObject({
      object: "checkout.session", status: "open", payment_status: "unpaid", mode: "payment", livemode: false,
      amount_subtotal: 6000, amount_total: 6000, currency: "usd", payment_intent: null,
      client_reference_id: "attempt-1", metadata: { attempt: "1" }, customer_email: "student@example.com",
    });
    expect(session.id).toMatch(/^cs_test_\w{50,}$/);
    expect(session.url).toBe(`http://127.0.0.1:${port}/pay/${session.id}`);
    expect(session.expires_at - session.created).toBe(24 * 60 * 60);
    expect(session.lastResponse.requestId).toMatch(/^req_/);

    const read = await stripe.checkout.sessions.retrieve(session.id, { expand: ["line_items.data.price.product"] });
    const [item] = read.line_items?.data ?? [];
    expect(item).toMatchObject({ quantity: 1, amount_total: 6000, description: "Rust from scratch" });
    expect(item.price?.product).toMatchObject({ name: "Rust from scratch", description: "Twelve hours", metadata: { sku: "rust" } });
    expect((await stripe.checkout.sessions.listLineItems(session.id)).data).toHaveLength(1);
  });

  test("a shop paginates its sessions, newest first", async () => {
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) made.unshift((await stripe.checkout.sessions.create(order())).id);
    const first = await stripe.checkout.sessions.list({ limit: 2 });
    expect(first.data.map((session) => session.id)).toEqual(made.slice(0, 2));
    expect(first.has_more).toBe(true);
    const second = await stripe.checkout.sessions.list({ limit: 2, starting_after: made[1] });
    expect(second.data.map((session) => session.id)).toEqual(made.slice(2, 4));
    const back = await stripe.checkout.sessions.list({ limit: 2, ending_before: made[2] });
    expect(back.data.map((session) => session.id)).toEqual(made.slice(0, 2));
    const all = await stripe.checkout.sessions.list({ limit: 2, created: { gte: first.data[1].created - 60 } }).autoPagingToArray({ limit: 100 });
    expect(all.map((session) => session.id).slice(0, 5)).toEqual(made);
    expect((await stripe.checkout.sessions.list({ created: { gt: Math.ceil(Date.now() / 1000) + 60 } })).data).toEqual([]);
    expect((await stripe.checkout.sessions.list({ status: "expired" })).data).toEqual([]);
  });

  test("a shop expires a session once, and nobody can pay it then", async ({ request }) => {
    const { id } = await stripe.checkout.sessions.create(order());
    const expired = await stripe.checkout.sessions.expire(id);
    expect(expired).toMatchObject({ status: "expired", url: null });
    await refused(stripe.checkout.sessions.expire(id), { statusCode: 400, type: "StripeInvalidRequestError" });
    await received("checkout.session.expired", id);
    const page = await press(request, id, "pay");
    expect(page.status()).toBe(200);
    expect(await page.text()).toContain("This payment page has expired.");
    expect((await stripe.checkout.sessions.retrieve(id)).payment_status).toBe("unpaid");
  });

  test("amounts follow quantities, and nothing to pay needs no payment", async () => {
    const two = await stripe.checkout.sessions.create(order({ line_items: [item({ quantity: 2 }), item({ unit_amount: 100 })] }));
    expect(two.amount_total).toBe(12_100);
    const free = await stripe.checkout.sessions.create(order({ line_items: [item({ unit_amount: 0 })] }));
    expect(free.payment_status).toBe("no_payment_required");
  });
});

test.describe("refusals", () => {
  const cases: [string, Record<string, unknown>, string, string | undefined][] = [
    ["a missing mode", { mode: undefined }, "mode", "parameter_missing"],
    ["a missing success_url", { success_url: undefined }, "success_url", "parameter_missing"],
    ["no line items", { line_items: undefined }, "line_items", "parameter_missing"],
    ["an address that is not http", { success_url: "javascript:alert(1)" }, "success_url", "url_invalid"],
    ["an unknown parameter", { colour: "red" }, "colour", "parameter_unknown"],
    ["a negative price", { line_items: [item({ unit_amount: -1 })] }, "line_items[0][price_data][unit_amount]", "parameter_invalid_integer"],
    ["no quantity", { line_items: [item({ quantity: undefined })] }, "line_items[0][quantity]", "parameter_missing"],
    ["less than fifty cents", { line_items: [item({ unit_amount: 49 })] }, "line_items", "amount_too_small"],
    ["an address that is no email", { customer_email: "nobody" }, "customer_email", "email_invalid"],
    ["an expiry in ten minutes", { expires_at: Math.floor(Date.now() / 1000) + 600 }, "expires_at", undefined],
  ];
  for (const [what, change, param, code] of cases) {
    test(`${what} is refused by name`, async () => {
      await refused(stripe.checkout.sessions.create(order(change)), { statusCode: 400, type: "StripeInvalidRequestError", param, code });
    });
  }

  test("an empty description is refused, as Stripe refuses it", async () => {
    const line = item();
    line.price_data.product_data.description = "";
    await refused(stripe.checkout.sessions.create(order({ line_items: [line] })), {
      statusCode: 400, code: "parameter_invalid_empty", param: "line_items[0][price_data][product_data][description]",
    });
  });

  test("ids that nothing has are missing", async () => {
    const missing = { statusCode: 404, code: "resource_missing" };
    await refused(stripe.checkout.sessions.retrieve("cs_test_none"), missing);
    await refused(stripe.checkout.sessions.expire("cs_test_none"), missing);
    await refused(stripe.paymentIntents.retrieve("pi_none"), missing);
    await refused(stripe.charges.retrieve("ch_none"), missing);
    await refused(stripe.refunds.retrieve("re_none"), missing);
    await refused(stripe.refunds.create({ payment_intent: "pi_none" }), { ...missing, param: "payment_intent" });
  });

  test("a missing key and a wrong key are rejected, and the key is not shown", async ({ request }) => {
    const wrong = await refused(client("sk_test_another_account").checkout.sessions.list(), {
      statusCode: 401, type: "StripeAuthenticationError",
    });
    expect(wrong.message).not.toContain("sk_test_another");
    const none = await request.get(`http://127.0.0.1:${port}/v1/checkout/sessions`);
    expect(none.status()).toBe(401);
    expect((await none.json()).error.type).toBe("invalid_request_error");
    const basic = Buffer.from(`${KEY}:`).toString("base64");
    const user = await request.get(`http://127.0.0.1:${port}/v1/events`, { headers: { authorization: `Basic ${basic}` } });
    expect(user.status()).toBe(200);
  });
});

test.describe("idempotency keys", () => {
  test("the same request again gets the same answer", async () => {
    const options = { idempotencyKey: "attempt-a" };
    const first = await stripe.checkout.sessions.create(order(), options);
    const again = await stripe.checkout.sessions.create(order(), options);
    expect(again.id).toBe(first.id);
    expect(again.lastResponse.headers["idempotent-replayed"]).toBe("true");
    expect(first.lastResponse.headers["idempotent-replayed"]).toBeUndefined();
  });

  test("the same key for something else is refused", async () => {
    const options = { idempotencyKey: "attempt-b" };
    await stripe.checkout.sessions.create(order(), options);
    await refused(stripe.checkout.sessions.create(order({ locale: "de" }), options), { statusCode: 400, type: "StripeIdempotencyError" });
  });

  test("an invalid request does not use up its key", async () => {
    const options = { idempotencyKey: "attempt-c" };
    await refused(stripe.checkout.sessions.create(order({ mode: undefined }), options), { statusCode: 400 });
    await stripe.checkout.sessions.create(order(), options);
  });

  test("twenty concurrent requests create one session", async () => {
    const reference = "at-once";
    const tries = Array.from({ length: 20 }, () =>
      client(KEY, 0).checkout.sessions.create(order({ client_reference_id: reference }), { idempotencyKey: "attempt-d" }).then(
        (session) => session.id,
        (error: Stripe.errors.StripeError) => {
          expect({ status: error.statusCode, code: error.code }).toEqual({ status: 409, code: "idempotency_key_in_use" });
          return undefined;
        },
      ),
    );
    const ids = new Set((await Promise.all(tries)).filter((id) => id !== undefined));
    expect(ids.size).toBe(1);
    const all = await stripe.checkout.sessions.list({ limit: 100 });
    expect(all.data.filter((session) => session.client_reference_id === reference)).toHaveLength(1);
    const later = await stripe.checkout.sessions.create(order({ client_reference_id: reference }), { idempotencyKey: "attempt-d" });
    expect(ids).toContain(later.id);
  });
});

test.describe("paying", () => {
  test("the payment page says what it is and runs no script", async ({ request }) => {
    const { id } = await stripe.checkout.sessions.create(order());
    const page = await request.get(`http://127.0.0.1:${port}/pay/${id}`);
    const text = await page.text();
    for (const words of ["Sandbox checkout", "no money moves", "Rust from scratch", "$60.00"]) expect(text).toContain(words);
    expect(text).not.toContain("<script");
    expect(page.headers()["content-security-policy"]).toContain("default-src 'none'");
    expect(page.headers()["content-security-policy"]).not.toContain("unsafe-inline");
  });

  test("a buyer pays, and the shop receives signed events", async ({ request }) => {
    const { id } = await stripe.checkout.sessions.create(order({ payment_intent_data: { metadata: { attempt: "7" } } }));
    const answer = await press(request, id, "pay");
    expect(answer.status()).toBe(303);
    expect(answer.headers().location).toBe(`http://127.0.0.1:3000/done?session=${id}`);

    const session = await stripe.checkout.sessions.retrieve(id, { expand: ["payment_intent.latest_charge"] });
    expect(session).toMatchObject({ status: "complete", payment_status: "paid", url: null, customer_details: { email: "student@example.com" } });
    const intent = session.payment_intent as Stripe.PaymentIntent;
    expect(intent).toMatchObject({ status: "succeeded", amount_received: 6000, metadata: { attempt: "7" } });
    expect(intent.latest_charge).toMatchObject({ object: "charge", paid: true, amount: 6000, payment_intent: intent.id });
    expect((await stripe.charges.list({ payment_intent: intent.id })).data).toHaveLength(1);
    expect((await stripe.checkout.sessions.list({ payment_intent: intent.id })).data.map((one) => one.id)).toEqual([id]);

    const delivery = await received("checkout.session.completed", id);
    await received("payment_intent.succeeded", intent.id);
    await received("charge.succeeded", (intent.latest_charge as Stripe.Charge).id);
    const event = stripe.webhooks.constructEvent(delivery.body, delivery.signature, SECRET);
    expect(event).toMatchObject({ object: "event", type: "checkout.session.completed", livemode: false });
    expect(await stripe.events.retrieve(event.id)).toMatchObject({ id: event.id, type: event.type });
    const altered = delivery.body.replace("6000", "6001");
    expect(altered).not.toBe(delivery.body);
    expect(() => stripe.webhooks.constructEvent(altered, delivery.signature, SECRET)).toThrow(Stripe.errors.StripeSignatureVerificationError);
    expect(() => stripe.webhooks.constructEvent(delivery.body, delivery.signature, "whsec_other")).toThrow();
  });

  test("ten concurrent requests make one payment", async ({ request }) => {
    const { id } = await stripe.checkout.sessions.create(order());
    const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await press(request, id, "pay")).status()));
    expect(statuses.filter((status) => status === 303)).toHaveLength(1);
    const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(id);
    expect((await stripe.charges.list({ payment_intent: String(intent) })).data).toHaveLength(1);
  });

  test("a declined card leaves the session open for another", async ({ request }) => {
    const { id } = await stripe.checkout.sessions.create(order());
    const declined = await press(request, id, "decline");
    expect(declined.status()).toBe(402);
    expect(await declined.text()).toContain("Your card was declined.");
    const back = await request.get(`http://127.0.0.1:${port}/pay/${id}/decline`, { maxRedirects: 0 });
    expect(back.headers().location).toBe(`/pay/${id}`);
    expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({ status: "open", payment_intent: null });
    await expect.poll(() => deliveries.some(({ event }) => event.type === "payment_intent.payment_failed")).toBe(true);
    expect((await press(request, id, "pay")).status()).toBe(303);
  });

  test("a buyer who cancels returns to the shop, and the session stays open", async ({ request }) => {
    const { id } = await stripe.checkout.sessions.create(order());
    const answer = await press(request, id, "cancel");
    expect(answer.status()).toBe(303);
    expect(answer.headers().location).toBe("http://127.0.0.1:3000/no");
    expect((await stripe.checkout.sessions.retrieve(id)).status).toBe("open");
  });

  for (const [button, kind, outcome] of [
    ["settle", "checkout.session.async_payment_succeeded", "paid"],
    ["fail", "checkout.session.async_payment_failed", "unpaid"],
  ]) {
    test(`a delayed payment may ${button} later`, async ({ request }) => {
      const { id } = await stripe.checkout.sessions.create(order());
      expect((await press(request, id, "later")).status()).toBe(303);
      expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({ status: "complete", payment_status: "unpaid" });
      await received("checkout.session.completed", id);
      expect(await (await request.get(`http://127.0.0.1:${port}/`)).text()).toContain(id);
      await request.post(`http://127.0.0.1:${port}/sessions/${id}/${button}`, { maxRedirects: 0 });
      await received(kind, id);
      expect((await stripe.checkout.sessions.retrieve(id)).payment_status).toBe(outcome);
    });
  }

  test("a form that another site sends is rejected", async ({ request }) => {
    const { id } = await stripe.checkout.sessions.create(order());
    const headers = { "sec-fetch-site": "cross-site" };
    const answer = await request.post(`http://127.0.0.1:${port}/pay/${id}/pay`, { headers, maxRedirects: 0 });
    expect(answer.status()).toBe(403);
    expect((await stripe.checkout.sessions.retrieve(id)).status).toBe("open");
  });
});

test.describe("refunds", () => {
  test("a charge is refunded in parts, and never more than its amount", async ({ request }) => {
    const intent = await paid(request);
    const part = await stripe.refunds.create({ payment_intent: intent, amount: 2000, reason: "requested_by_customer", metadata: { why: "late" } });
    expect(part).toMatchObject({ object: "refund", status: "succeeded", amount: 2000, payment_intent: intent, metadata: { why: "late" } });
    const delivery = await received("charge.refunded", String(part.charge));
    expect(delivery.event.data.object).toMatchObject({ amount_refunded: 2000, refunded: false });
    const much = await refused(stripe.refunds.create({ payment_intent: intent, amount: 4001 }), { statusCode: 400, param: "amount" });
    expect(much.message).toContain("greater than unrefunded amount on charge ($40.00)");
    await refused(stripe.refunds.create({ payment_intent: intent, amount: -5 }), { statusCode: 400, param: "amount" });
    expect((await stripe.refunds.create({ charge: String(part.charge) })).amount).toBe(4000);
    expect(await stripe.charges.retrieve(String(part.charge))).toMatchObject({ amount_refunded: 6000, refunded: true });
    await refused(stripe.refunds.create({ payment_intent: intent }), { statusCode: 400, code: "charge_already_refunded" });
    expect((await stripe.refunds.list({ payment_intent: intent })).data.map((refund) => refund.amount)).toEqual([4000, 2000]);
    expect((await stripe.refunds.retrieve(part.id)).id).toBe(part.id);
  });

  test("the same key refunds once", async ({ request }) => {
    const intent = await paid(request);
    const refund = () => stripe.refunds.create({ payment_intent: intent, amount: 1000 }, { idempotencyKey: `refund-${intent}` });
    expect((await refund()).id).toBe((await refund()).id);
    expect((await stripe.refunds.list({ payment_intent: intent })).data).toHaveLength(1);
  });

  test("an unpaid charge cannot be refunded", async ({ request }) => {
    const { id } = await stripe.checkout.sessions.create(order());
    await press(request, id, "later");
    const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(id);
    await refused(stripe.refunds.create({ payment_intent: String(intent) }), { statusCode: 400, code: "payment_intent_unexpected_state" });
  });
});

test.describe("refunds that change their status later", () => {
  test("a refund fails after it succeeded, and the charge is no longer refunded", async ({ request }) => {
    const { charge } = await paidWith(request, { card: "plain" });
    const refund = await stripe.refunds.create({ charge });
    expect(refund.status).toBe("succeeded");
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 6000, refunded: true });
    await control(request, `refunds/${refund.id}/fail`, { reason: "lost_or_stolen_card" });
    expect(await stripe.refunds.retrieve(refund.id)).toMatchObject({ status: "failed", failure_reason: "lost_or_stolen_card" });
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 0, refunded: false });
    const delivery = await received("refund.failed", refund.id);
    expect(stripe.webhooks.constructEvent(delivery.body, delivery.signature, SECRET).type).toBe("refund.failed");
    const updated = await received("charge.refund.updated", refund.id);
    expect(updated.event.data.previous_attributes).toEqual({ status: "succeeded" });
    await received("refund.updated", refund.id);
    expect((await stripe.refunds.create({ charge, amount: 1500 })).amount).toBe(1500);
  });

  test("a refund is pending until it succeeds", async ({ request }) => {
    const { charge } = await paidWith(request, { card: "refunds_later" });
    const refund = await stripe.refunds.create({ charge, amount: 2500 });
    expect(refund).toMatchObject({ status: "pending", pending_reason: "processing" });
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 2500, refunded: false });
    await received("refund.created", refund.id);
    await control(request, `refunds/${refund.id}/succeed`);
    expect((await stripe.refunds.retrieve(refund.id)).status).toBe("succeeded");
    await received("refund.updated", refund.id);
  });

  test("the test card whose refunds fail fails them by itself", async ({ request }) => {
    const { charge } = await paidWith(request, { card: "refunds_fail" });
    const { id } = await stripe.refunds.create({ charge });
    await expect.poll(async () => (await stripe.refunds.retrieve(id)).status, { timeout: 15_000 }).toBe("failed");
    await received("refund.failed", id);
  });
});

test.describe("disputes", () => {
  test("a bank withdraws the money, and returns it when the shop wins", async ({ request }) => {
    const { id, charge, intent } = await paidWith(request, { country: "IN" });
    const opened = await control(request, `sessions/${id}/dispute`, { reason: "product_not_received" });
    const [dispute] = (await stripe.disputes.list({ payment_intent: intent })).data;
    expect(dispute).toMatchObject({
      object: "dispute", id: opened.id, amount: 6000, charge, payment_intent: intent, reason: "product_not_received", status: "needs_response",
    });
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ disputed: true, payment_method_details: { card: { country: "IN" } } });
    await refused(stripe.refunds.create({ charge }), { statusCode: 400, code: "charge_disputed" });
    await received("charge.dispute.created", dispute.id);
    await received("charge.dispute.funds_withdrawn", dispute.id);

    const answered = await stripe.disputes.update(dispute.id, { evidence: { uncategorized_text: "winning_evidence" } });
    expect(answered).toMatchObject({ status: "won", evidence_details: { has_evidence: true, submission_count: 1 } });
    const updated = await received("charge.dispute.updated", dispute.id);
    expect((updated.event.data.object as Stripe.Dispute).status).toBe("under_review");
    await received("charge.dispute.funds_reinstated", dispute.id);
    const closed = await received("charge.dispute.closed", dispute.id);
    const event = stripe.webhooks.constructEvent(closed.body, closed.signature, SECRET);
    expect((event.data.object as Stripe.Dispute).status).toBe("won");
    expect((await stripe.refunds.create({ charge })).amount).toBe(6000);
  });

  test("a dispute that the shop closes is lost, once", async ({ request }) => {
    const { charge } = await paidWith(request, { card: "fraudulent" });
    const [dispute] = (await stripe.disputes.list({ charge })).data;
    expect(dispute.reason).toBe("fraudulent");
    const options = { idempotencyKey: `close-${dispute.id}` };
    expect((await stripe.disputes.close(dispute.id, {}, options)).status).toBe("lost");
    expect((await stripe.disputes.close(dispute.id, {}, options)).lastResponse.headers["idempotent-replayed"]).toBe("true");
    await refused(stripe.disputes.close(dispute.id), { statusCode: 400 });
    await refused(stripe.disputes.retrieve("du_none"), { statusCode: 404, code: "resource_missing" });
    await received("charge.dispute.closed", dispute.id);
    expect(about("charge.dispute.closed", dispute.id)).toHaveLength(1);
    expect(about("charge.dispute.funds_reinstated", dispute.id)).toHaveLength(0);
  });

  test("a pending refund fails when the charge is disputed", async ({ request }) => {
    const { id, charge } = await paidWith(request, {});
    await control(request, `sessions/${id}/course`, { course: "held" });
    const refund = await stripe.refunds.create({ charge, amount: 1000 });
    const dispute = await control(request, `sessions/${id}/dispute`);
    expect(dispute.amount).toBe(6000);
    expect((await stripe.refunds.retrieve(refund.id)).failure_reason).toBe("charge_for_pending_refund_disputed");
  });
});

test.describe("charges", () => {
  test("the receipt URL of a charge leads to its receipt", async ({ request }) => {
    const { charge } = await paidWith(request, {});
    await stripe.refunds.create({ charge, amount: 1000 });
    const { receipt_url: url } = await stripe.charges.retrieve(charge);
    const page = await (await request.get(String(url))).text();
    for (const words of ["Rust from scratch", "$60.00", "−$10.00", "$50.00"]) expect(page).toContain(words);
  });

  test("a bank debit is a charge without a card, pending until the bank confirms it", async ({ request }) => {
    const { id } = await stripe.checkout.sessions.create(order());
    await press(request, id, "later");
    const read = async () => {
      const session = await stripe.checkout.sessions.retrieve(id, { expand: ["payment_intent.latest_charge"] });
      return (session.payment_intent as Stripe.PaymentIntent).latest_charge as Stripe.Charge;
    };
    expect(await read()).toMatchObject({ status: "pending", paid: false, payment_method_details: { type: "us_bank_account" } });
    await control(request, `sessions/${id}/settle`);
    expect(await read()).toMatchObject({ status: "succeeded", paid: true });
    await received("charge.pending", (await read()).id);
  });

  test("charges, refunds, disputes and events are paginated by cursor and filtered by time", async ({ request }) => {
    const from = Math.floor(Date.now() / 1000) - 1;
    const made: string[] = [];
    for (let n = 0; n < 3; n += 1) made.unshift((await paidWith(request, { card: "not_received" })).charge);
    const first = await stripe.charges.list({ limit: 2 });
    expect(first.data.map((charge) => charge.id)).toEqual(made.slice(0, 2));
    expect(first.has_more).toBe(true);
    expect((await stripe.charges.list({ limit: 2, starting_after: made[1] })).data[0].id).toBe(made[2]);
    expect((await stripe.charges.list({ limit: 2, ending_before: made[2] })).data.map((charge) => charge.id)).toEqual(made.slice(0, 2));
    const disputes = await stripe.disputes.list({ limit: 1, created: { gte: from } }).autoPagingToArray({ limit: 100 });
    expect(disputes.map((dispute) => dispute.charge).slice(0, 3)).toEqual(made);
    expect((await stripe.disputes.list({ created: { lt: 1000 } })).data).toEqual([]);
    expect((await stripe.refunds.list({ created: { gt: from + 3600 } })).data).toEqual([]);
    const events = await stripe.events.list({ types: ["charge.dispute.created"], created: { gte: from }, limit: 100 });
    expect(events.data.map((event) => (event.data.object as Stripe.Dispute).charge).slice(0, 3)).toEqual(made);
  });
});

test.describe("fault injection", () => {
  test.afterEach(async ({ request }) => {
    await control(request, "switches", { latency_ms: 0, fail_next: 0, failure: "error", delivery: "normal", duplicates: 0, shuffle: false });
  });

  test("a call that fails, or whose response is lost, takes effect once when the client retries it", async ({ request }) => {
    for (const failure of ["error", "lost"]) {
      await control(request, "switches", { fail_next: 1, failure });
      const { id } = await stripe.checkout.sessions.create(order({ client_reference_id: `after-${failure}` }));
      const { data } = await stripe.checkout.sessions.list({ limit: 100 });
      expect(data.filter((session) => session.client_reference_id === `after-${failure}`).map((session) => session.id)).toEqual([id]);
    }
    await control(request, "switches", { fail_next: 1, failure: "rate_limit" });
    await refused(client(KEY, 0).checkout.sessions.list(), { statusCode: 429, type: "StripeRateLimitError" });
  });

  test("a slow API answers later", async ({ request }) => {
    await control(request, "switches", { latency_ms: 400 });
    const before = Date.now();
    await stripe.events.list({ limit: 1 });
    expect(Date.now() - before).toBeGreaterThanOrEqual(390);
  });

  test("paused events are delivered when delivery resumes", async ({ request }) => {
    await allDelivered();
    await control(request, "switches", { delivery: "held" });
    const { id } = await paidWith(request, {});
    await new Promise((later) => setTimeout(later, 300));
    expect(about("checkout.session.completed", id)).toHaveLength(0);
    await control(request, "switches", { delivery: "normal" });
    await received("checkout.session.completed", id);
  });

  test("refused events are delivered later without further action", async ({ request }) => {
    await control(request, "switches", { delivery: "refused" });
    const { id } = await paidWith(request, {});
    await expect.poll(async () => (await stripe.events.list({ delivery_success: false })).data.length).toBeGreaterThan(0);
    expect(about("checkout.session.completed", id)).toHaveLength(0);
    await control(request, "switches", { delivery: "normal" });
    await received("checkout.session.completed", id);
  });

  test("events are delivered twice and in random order", async ({ request }) => {
    await control(request, "switches", { duplicates: 1, shuffle: true });
    const { id } = await paidWith(request, {});
    await expect.poll(() => about("checkout.session.completed", id).length, { timeout: 15_000 }).toBe(2);
    const [one, two] = about("checkout.session.completed", id);
    expect(two.event.id).toBe(one.event.id);
  });

  test("any event can be resent", async ({ request }) => {
    const { charge } = await paidWith(request, {});
    const { event } = await received("charge.succeeded", charge);
    await allDelivered();
    await control(request, `events/${event.id}/send`);
    await expect.poll(() => about("charge.succeeded", charge).length).toBe(2);
  });
});

test.describe("webhooks", () => {
  test("an event whose delivery got status 500 is delivered again with a new signature", async ({ request }) => {
    const { id } = await stripe.checkout.sessions.create(order());
    await allDelivered();
    answers.push(500, 500, 500);
    await press(request, id, "pay");
    await expect.poll(() => about("checkout.session.completed", id).map(({ status }) => status), { timeout: 15_000 }).toEqual([500, 200]);
    const [first, second] = about("checkout.session.completed", id);
    expect(second.event.id).toBe(first.event.id);
    for (const { body, signature } of [first, second]) stripe.webhooks.constructEvent(body, signature, SECRET);
    await expect.poll(async () => (await stripe.events.retrieve(first.event.id)).pending_webhooks).toBe(0);
  });

  test("an event can be resent on the dashboard", async ({ request }) => {
    const { id } = await stripe.checkout.sessions.create(order());
    await press(request, id, "pay");
    await received("checkout.session.completed", id);
    await allDelivered();
    await request.post(`http://127.0.0.1:${port}/sessions/${id}/resend`, { maxRedirects: 0 });
    await expect.poll(() => about("checkout.session.completed", id).length).toBe(2);
  });

  test("sessions, idempotency keys and pending events survive a restart", async ({ request }) => {
    const created = await stripe.checkout.sessions.create(order(), { idempotencyKey: "before-restart" });
    await allDelivered();
    answers.push(500, 500, 500, 500);
    await press(request, created.id, "pay");
    await expect.poll(() => about("checkout.session.completed", created.id).length).toBeGreaterThan(0);
    await stop();
    answers.length = 0;
    await start();
    expect((await stripe.checkout.sessions.retrieve(created.id)).payment_status).toBe("paid");
    const again = await stripe.checkout.sessions.create(order(), { idempotencyKey: "before-restart" });
    expect(again.id).toBe(created.id);
    await expect.poll(() => about("checkout.session.completed", created.id).at(-1)?.status, { timeout: 15_000 }).toBe(200);
  });
});

/** A client of the sandbox. */
function client(key: string, maxNetworkRetries = 2): Stripe {
  return new Stripe(key, { host: "127.0.0.1", port, protocol: "http", maxNetworkRetries, telemetry: false });
}

type Line = {
  quantity?: number;
  price_data: { currency: string; unit_amount: number; product_data: { name: string; description: string; metadata: Record<string, string> } };
};

function item({ unit_amount = 6000, ...rest }: { unit_amount?: number; quantity?: number } = {}): Line {
  const quantity = "quantity" in rest ? rest.quantity : 1;
  const product_data = { name: "Rust from scratch", description: "Twelve hours", metadata: { sku: "rust" } };
  return { quantity, price_data: { currency: "usd", unit_amount, product_data } };
}

/** The parameters of a checkout session, with changes. `undefined` leaves a parameter out. */
function order(change: Record<string, unknown> = {}): Stripe.Checkout.SessionCreateParams {
  const whole = {
    mode: "payment",
    line_items: [item()],
    success_url: "http://127.0.0.1:3000/done?session={CHECKOUT_SESSION_ID}",
    cancel_url: "http://127.0.0.1:3000/no",
    customer_email: "student@example.com",
    ...change,
  };
  return JSON.parse(JSON.stringify(whole)) as Stripe.Checkout.SessionCreateParams;
}

/** Submits the form of the payment page with one of its buttons. */
function press(request: APIRequestContext, session: string, button: "pay" | "decline" | "later" | "cancel") {
  return request.post(`http://127.0.0.1:${port}/pay/${session}/${button}`, { form: { country: "US" }, maxRedirects: 0 });
}

/** Creates and pays a session, and returns its payment intent. */
async function paid(request: APIRequestContext): Promise<string> {
  const { id } = await stripe.checkout.sessions.create(order());
  await press(request, id, "pay");
  return String((await stripe.checkout.sessions.retrieve(id)).payment_intent);
}

/** Creates a session and pays it with the given card, and returns its charge and payment intent. */
async function paidWith(request: APIRequestContext, params: { card?: string; country?: string }): Promise<{ id: string; charge: string; intent: string }> {
  const { id } = await stripe.checkout.sessions.create(order());
  await control(request, `sessions/${id}/pay`, params);
  const { payment_intent } = await stripe.checkout.sessions.retrieve(id, { expand: ["payment_intent"] });
  const intent = payment_intent as Stripe.PaymentIntent;
  return { id, intent: intent.id, charge: String(intent.latest_charge) };
}

/** Performs an action through `/sandbox/…`, and returns its result. */
async function control(request: APIRequestContext, action: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  const answer = await request.post(`http://127.0.0.1:${port}/sandbox/${action}`, { data: params });
  expect(answer.status(), action).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

/** Expects a call to fail with a certain error, and returns the error. */
async function refused(call: Promise<unknown>, like: Record<string, unknown>): Promise<Stripe.errors.StripeError> {
  const error = await call.then(
    () => undefined,
    (reason: Stripe.errors.StripeError) => reason,
  );
  expect(error, "the call should have failed").toBeInstanceOf(Stripe.errors.StripeError);
  expect(error).toMatchObject(like);
  return error as Stripe.errors.StripeError;
}

/** Deliveries of one kind of event about one object. */
function about(kind: string, id: string): Delivery[] {
  return deliveries.filter(({ event }) => event.type === kind && (event.data.object as { id: string }).id === id);
}

/** Waits for an event to be delivered. */
async function received(kind: string, id: string): Promise<Delivery> {
  await expect.poll(() => about(kind, id).length, { message: `${kind} for ${id}`, timeout: 15_000 }).toBeGreaterThan(0);
  return about(kind, id)[0];
}

/** Waits until every event is delivered. */
async function allDelivered(): Promise<void> {
  await expect.poll(async () => (await stripe.events.list({ delivery_success: false })).data.length, { timeout: 15_000 }).toBe(0);
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port: free } = server.address() as net.AddressInfo;
  await new Promise((closed) => server.close(closed));
  return free;
}

async function start(): Promise<void> {
  const flags = ["--listen", `127.0.0.1:${port}`, "--webhook-url", webhookUrl, "--webhook-secret", SECRET];
  flags.push("--secret-key", KEY, "--state-file", path.join(folder, "sandbox.json"));
  sandbox = spawn(BIN, ["stripe-sandbox", ...flags], { stdio: "inherit" });
  await expect(async () => {
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  }).toPass({ timeout: 20_000 });
}

async function stop(): Promise<void> {
  if (sandbox.exitCode !== null || sandbox.signalCode !== null) return;
  const ended = new Promise((exit) => sandbox.once("exit", exit));
  sandbox.kill("SIGTERM");
  await ended;
}
