import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { QuarantineItem, ReceiptView } from '../../core/api.ts';
import { AppError } from '../../core/errors.ts';
import type { Explain } from '../../interop/explain.ts';
import type { Db } from '../../platform/database.ts';
import { readChart } from '../../record/chart.ts';
import { readFeeds } from '../../record/feeds.ts';
import { listPatients } from '../../record/patients.ts';
import { requirePerson } from '../../record/people.ts';
import { listQuarantine } from '../../record/quarantine.ts';
import { peopleIn, type ReceiptRow, readBytes, readReceipt } from '../../record/receipts.ts';
import type { Access } from '../access-guard.ts';
import { signedDocuments } from '../review/changed-since.ts';
import { factView } from '../review/fact-view.ts';
import { patientBanners } from '../worklist/banner.ts';
import { itemOf, receiptHead } from './mending.routes.ts';

const Id = z.object({ id: z.uuid() });
const KnownAt = z.object({ knownAt: z.iso.datetime({ offset: true }).optional() });
const Search = z.object({ q: z.string().max(100).default('') });
const Message = z.object({ message: z.string().max(4_000_000), source: z.string().max(100).optional() });
const LIST = 500;
/** People shown at once; more are found by searching. */
const PATIENTS = 100;
/** A payload about more people than this is journalled as one look at the payload, which the record can resolve to its people. */
const NAMED = 100;

export type OperationsOptions = {
  db: Db;
  now(): string;
  access: Access;
  explain: Explain;
};

/** Where an integration engineer works: feeds, receipts by field and byte, and a bench that stores nothing. Also the list of people. */
export async function operationsRoutes(server: FastifyInstance, options: OperationsOptions): Promise<void> {
  const { db, now, access, explain } = options;
  const tags = ['operations'];
  const engineers = { purposes: ['operations'] as const };
  const readers = { purposes: ['treatment', 'operations'] as const };

  server.get('/api/feeds', { config: engineers, schema: { tags } }, async () => {
    return { feeds: await readFeeds(db, now()) };
  });

  server.get('/api/receipts/:id', { config: readers, schema: { params: Id, tags } }, async (request) => {
    const receipt = await shown(request, Id.parse(request.params).id);
    return receiptView(receipt, await listOf(receipt.id));
  });

  server.get('/api/receipts/:id/bytes', { config: readers, schema: { params: Id, tags } }, async (request, reply) => {
    const receipt = await shown(request, Id.parse(request.params).id);
    const bytes = Buffer.from(await readBytes(db, receipt.id));
    return reply.type('application/octet-stream').header('content-disposition', `attachment; filename="${receipt.id}"`).send(bytes);
  });

  server.get('/api/receipts/:id/coverage', { config: readers, schema: { params: Id, tags } }, async (request) => {
    const receipt = await shown(request, Id.parse(request.params).id);
    return explain(await readBytes(db, receipt.id), receipt).coverage;
  });

  server.get('/api/receipts/:id/explain', { config: readers, schema: { params: Id, tags } }, async (request) => {
    const receipt = await shown(request, Id.parse(request.params).id);
    return explain(await readBytes(db, receipt.id), receipt);
  });

  // In a scope of its own: a message must reach the reader byte for byte, also one that is JSON.
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.post('/api/explain', { config: engineers, schema: { tags } }, async (request) => {
      const { bytes, source } = messageOf(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
      return explain(bytes, { source });
    });
  });

  server.get('/api/patients', { config: readers, schema: { querystring: Search, tags } }, async (request) => {
    const found = await listPatients(db, access.permitFor(request, 'any'), Search.parse(request.query).q, now(), PATIENTS + 1);
    const shown = found.slice(0, PATIENTS);
    access.shows(request, shown.map(({ id }) => ({ person: id }))); // biome-ignore format: short
    // Named as everywhere else: family name first.
    const banners = await patientBanners(db, shown.map(({ id }) => id)); // biome-ignore format: short
    const items = shown.map((one) => ({ ...one, name: banners.get(one.id)?.name ?? one.name }));
    return { items: items.sort((one, other) => (one.name ?? '').localeCompare(other.name ?? '', 'en')), more: found.length > PATIENTS };
  });

  const chartOf = { params: z.object({ id: z.string() }), querystring: KnownAt, tags };
  server.get('/api/patients/:id/facts', { config: readers, schema: chartOf }, async (request) => {
    const person = await requirePerson(db, (request.params as { id: string }).id);
    const knownAt = instantOf(KnownAt.parse(request.query).knownAt, now());
    const chart = await readChart(db, access.permitFor(request, person), person, knownAt, now());
    // What stood then is shown as it stood then, whatever became of it since.
    const stood = chart.facts.map((fact) => ({ ...factView(fact), supersededAt: null }));
    const banner = (await patientBanners(db, [person])).get(person);
    // Of today, whatever instant was asked for: that a signed note is out of date is never silent.
    const documents = await signedDocuments(db, person);
    return { person: banner, knownAt, facts: [...stood, ...chart.superseded.map(factView)], documents };
  });

  async function shown(request: FastifyRequest, id: string): Promise<ReceiptRow> {
    const receipt = await readReceipt(db, id);
    const people = await peopleIn(db, id, NAMED + 1);
    const named = people.length > NAMED ? [] : people;
    access.shows(request, named.length > 0 ? named.map((person) => ({ person, subject: id })) : [{ subject: id }]);
    return receipt;
  }

  async function listOf(receipt: string): Promise<QuarantineItem[]> {
    return (await listQuarantine(db, { receipt }, LIST)).map(itemOf);
  }
}

/** The instant asked for, never one that has not come. */
function instantOf(asked: string | undefined, now: string): string {
  return asked === undefined || Date.parse(asked) > Date.parse(now) ? now : new Date(asked).toISOString();
}

/** A message as it is, or as `{message, source?}`. */
function messageOf(body: Buffer): { bytes: Uint8Array; source: string | undefined } {
  if (body.length === 0) throw new AppError('request_invalid', 'send a message to explain');
  const text = body.toString('utf8').trimStart();
  const wrapped = text.startsWith('{') && /"message"\s*:/.test(text) ? Message.safeParse(parsed(text)) : undefined;
  if (!wrapped?.success) return { bytes: new Uint8Array(body), source: undefined };
  return { bytes: new Uint8Array(Buffer.from(wrapped.data.message)), source: wrapped.data.source };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function receiptView(receipt: ReceiptRow, rejections: QuarantineItem[]): ReceiptView {
  return { ...receiptHead(receipt), rejections };
}
