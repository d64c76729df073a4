import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, type OperationOutcome } from '../../core/errors.ts';
import type { Db } from '../../platform/database.ts';
import { readContents, readHistory } from '../../record/chart.ts';
import { currentPerson, personByIdentifier } from '../../record/people.ts';
import { countFacts, type FoundFact, searchFacts } from '../../record/search.ts';
import { countPeople, searchPeople } from '../../record/search-people.ts';
import type { Access } from '../access-guard.ts';
import { etagOf, history, searchset } from './bundle.ts';
import { capabilityStatement, servedTypes } from './capability.ts';
import { requireJson } from './formats.ts';
import { type Kept, type Served, serve } from './outgoing.ts';
import { servePatient, servePatients } from './patient.ts';
import { type PostContext, post } from './post.ts';
import { type Paging, type PatientRef, readFactQuery, readPeopleQuery } from './search-query.ts';

export type FhirRoutesOptions = Pick<PostContext, 'intake' | 'readNow' | 'sourceOf'> & {
  db: Db;
  clock: { now(): string };
  access: Access;
  version: string;
};

const ROOT = '/fhir/R4';
const FHIR_JSON = 'application/fhir+json; charset=utf-8';
/** A Synthea chart of 90 years is 40 MB; larger loads come as files. */
const MAX_POST_BYTES = 64 << 20;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

type Context = FhirRoutesOptions & { request: FastifyRequest; reply: FastifyReply; base: string; now: string };

/** The FHIR R4 door: read, vread, history and search of the record; what is posted becomes a receipt, is read, and is answered. */
export async function fhirRoutes(server: FastifyInstance, options: FhirRoutesOptions): Promise<void> {
  const context = (request: FastifyRequest, reply: FastifyReply): Context => {
    const base = `${request.protocol}://${request.host}${ROOT}`;
    return { ...options, request, reply, base, now: options.clock.now() };
  };
  const route = (handle: (context: Context, parameters: Record<string, string>) => Promise<unknown>) => {
    return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
      const parameters = request.params as Record<string, string>;
      if (parameters['type'] !== undefined) requireType(parameters['type']);
      requireJsonOf(request);
      return handle(context(request, reply), parameters);
    };
  };
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: MAX_POST_BYTES },
    async (_request: FastifyRequest, body: Buffer) => body,
  );

  const config = { crossOrigin: true, purposes: ['treatment', 'operations'] as const };
  const schema = { tags: ['fhir'] };
  server.get(`${ROOT}/metadata`, { schema, config: { crossOrigin: true, public: true } }, async (request, reply) => {
    const { base, now } = context(request, reply);
    requireJsonOf(request);
    return send(reply, JSON.stringify(capabilityStatement({ version: options.version, base, date: now })));
  });
  server.get(`${ROOT}/:type`, { schema, config }, route((one, { type = '' }) => search(one, type, new URL(one.request.url, one.base).searchParams))); // biome-ignore format: one route a line
  server.post(`${ROOT}/:type/_search`, { schema, config }, route((one, { type = '' }) => search(one, type, postedQuery(one.request)))); // biome-ignore format: one route a line
  server.get(`${ROOT}/:type/:id`, { schema, config }, route(read));
  server.get(`${ROOT}/:type/:id/_history`, { schema, config }, route(readAllVersions));
  server.get(`${ROOT}/:type/:id/_history/:version`, { schema, config }, route(read));
  server.post(ROOT, { schema, config, bodyLimit: MAX_POST_BYTES }, route(take));
  server.post(`${ROOT}/:type`, { schema, config, bodyLimit: MAX_POST_BYTES }, route(take));
  const unserved = { schema: { ...schema, hide: true } as object, config: { purposes: config.purposes }, bodyLimit: MAX_POST_BYTES };
  for (const [url, allow] of ALLOWED) {
    const method = ['PUT', 'PATCH', 'DELETE', ...(allow.includes('POST') ? [] : ['POST'])] as ('PUT' | 'POST')[];
    const handler = route(async ({ reply }) => {
      reply.header('allow', allow);
      throw new AppError('method_unsupported', 'this method is not served here; the header Allow says which are');
    });
    server.route({ ...unserved, method, url: `${ROOT}${url}`, handler });
  }
}

/** What may be done where: nobody changes or deletes a resource here; what is posted again is another version. */
const ALLOWED = [
  ['', 'POST'],
  ['/:type', 'GET, HEAD, POST'],
  ['/:type/:id', 'GET, HEAD'],
] as const;

/** Before anything is looked up or kept. */
function requireJsonOf({ headers, url }: FastifyRequest): void {
  requireJson(headers.accept, new URL(url, 'http://localhost').searchParams.get('_format'));
}

async function read(context: Context, { type = '', id = '', version }: Record<string, string>): Promise<unknown> {
  const { db, access, request, reply, now } = context;
  const [resource] =
    type === 'Patient'
      ? [await servePatient(db, access.permitFor(request, requireId(id)), requireId(id), now, version)]
      : await serve(db, await keptVersions(context, type, id, version ?? 'current'));
  if (!resource) throw notFound(type);
  const etag = etagOf(resource);
  reply.header('etag', etag).header('last-modified', new Date(resource.lastUpdated).toUTCString());
  if (request.headers['if-none-match']?.split(',').some((one) => one.trim() === etag)) return reply.code(304).send();
  return send(reply, resource.text);
}

async function readAllVersions(context: Context, { type = '', id = '' }: Record<string, string>): Promise<unknown> {
  const { db, access, request, reply, base, now } = context;
  const versions =
    type === 'Patient'
      ? await servePatients(db, access.permitFor(request, requireId(id)), [requireId(id)], now, (all) => all)
      : await serve(db, await keptVersions(context, type, id, 'all'));
  if (versions.length === 0) throw notFound(type);
  const links = [{ relation: 'self' as const, url: `${base}/${type}/${id}/_history` }];
  return send(reply, history({ type: 'history', total: versions.length, links }, base, versions));
}

/** Versions of a fact with their content, oldest first; a fact of another type, or of nobody the caller may read, is not there. */
async function keptVersions({ db, access, request, now }: Context, type: string, id: string, which: string): Promise<Kept[]> {
  const all = (await readHistory(db, access.permitFor(request, 'any'), requireId(id), now)).filter((fact) => fact.type === type);
  const wanted = all.filter(
    (fact) => which === 'all' || (which === 'current' ? fact.supersededAt === null : String(fact.version) === which),
  );
  access.shows(request, namedIn(wanted));
  const contents = await readContents(db, wanted);
  return wanted.flatMap((fact) => {
    const content = contents.get(`${fact.id}/${fact.version}`);
    if (content === undefined) return [];
    const { source, person } = fact;
    return [{ type, id: fact.id, versionId: String(fact.version), lastUpdated: fact.recordedAt, source, person, content }];
  });
}

async function search(context: Context, type: string, query: URLSearchParams): Promise<unknown> {
  const strict = /(^|[,;\s])handling=strict/.test(String(context.request.headers['prefer'] ?? ''));
  return type === 'Patient' ? searchPatients(context, query, strict) : searchClinical(context, type, query, strict);
}

async function searchPatients(context: Context, query: URLSearchParams, strict: boolean): Promise<unknown> {
  const { db, access, request, now } = context;
  const { search: asked, paging } = readPeopleQuery(query, strict);
  const permit = access.permitFor(request, 'any');
  const found = await searchPeople(db, permit, { ...asked, ...(paging.cursor ? { cursor: paging.cursor } : {}) }, now);
  const resources = paging.countOnly ? [] : await servePatients(db, permit, found.persons, now);
  // A count tells who is here as much as a list does, and that nobody is: the look is journalled with whom it could name.
  access.shows(request, found.persons.length > 0 ? namedIn(found.persons.map((person) => ({ person }))) : [{}]);
  const total = found.total ?? (paging.total || paging.countOnly ? await countPeople(db, permit, asked, now) : undefined);
  return sendSearch(context, 'Patient', paging, resources, paging.countOnly ? undefined : found.next, total);
}

async function searchClinical(context: Context, type: string, query: URLSearchParams, strict: boolean): Promise<unknown> {
  const { db, access, request, now } = context;
  const { search: asked, patients, paging } = readFactQuery(type, query, strict);
  const persons = patients.length > 0 ? await personsOf(db, patients) : undefined;
  if (persons?.length === 0) {
    access.shows(request, [{}]);
    return sendSearch(context, type, paging, [], undefined, 0);
  }
  const facts = { type, ...asked, ...(persons ? { persons } : {}), ...(paging.cursor ? { cursor: paging.cursor } : {}) };
  const permit = access.permitFor(request, persons?.length === 1 ? persons[0]! : 'any');
  // Of whom nothing is found, that nothing is there is shown too.
  access.shows(request, namedIn((persons ?? []).map((person) => ({ person }))));
  if (paging.countOnly) return sendSearch(context, type, paging, [], undefined, await countFacts(db, permit, facts, now));
  const found = await searchFacts(db, permit, facts, now);
  access.shows(request, namedIn(found.rows));
  const total = found.total ?? (paging.total ? await countFacts(db, permit, facts, now) : undefined);
  return sendSearch(context, type, paging, await serve(db, found.rows.map(keptOf)), found.next, total); // biome-ignore format: short
}

/** Each of these people once. */
function namedIn(rows: readonly { person: string }[]): { person: string }[] {
  return [...new Set(rows.map((row) => row.person))].map((person) => ({ person }));
}

/** The humans that every group of references names; an id that was merged away is followed. */
async function personsOf(db: Db, groups: readonly (readonly PatientRef[])[]): Promise<string[]> {
  const sets = await Promise.all(
    groups.map(async (group) => {
      const found = await Promise.all(
        group.map(async (ref) => {
          if (!('id' in ref))
            return personByIdentifier(db, { value: ref.value, ...(ref.system === undefined ? {} : { authority: ref.system }) });
          const person = UUID.test(ref.id) ? await currentPerson(db, ref.id) : undefined;
          return person === undefined ? [] : [person];
        }),
      );
      return new Set(found.flat());
    }),
  );
  return [...(sets[0] ?? [])].filter((person) => sets.every((set) => set.has(person)));
}

function sendSearch(
  { reply, base }: Context,
  type: string,
  paging: Paging,
  resources: readonly Served[],
  next: string | undefined,
  total: number | undefined,
): unknown {
  const used = new URLSearchParams(paging.used);
  const url = (cursor: string | undefined): string => {
    const query = new URLSearchParams(used);
    if (cursor !== undefined) query.set('_cursor', cursor);
    return `${base}/${type}${query.size > 0 ? `?${query}` : ''}`;
  };
  const links = [
    { relation: 'self' as const, url: url(paging.cursor) },
    ...(next === undefined ? [] : [{ relation: 'next' as const, url: url(next) }]),
  ];
  return send(reply, searchset({ type: 'searchset', ...(total === undefined ? {} : { total }), links }, base, resources, ignored(paging)));
}

function ignored({ ignored: names }: Paging): OperationOutcome | undefined {
  if (names.length === 0) return undefined;
  const issue = [...new Set(names)].map((name) => ({
    severity: 'warning' as const,
    code: 'not-supported',
    diagnostics: `The search parameter ${name} is not supported and was ignored.`,
  }));
  return { resourceType: 'OperationOutcome', issue };
}

/** What is posted becomes a receipt, is read, and is answered with what became of it. */
async function take(context: Context, { type }: Record<string, string>): Promise<unknown> {
  const { status, outcome } = await post(context, type);
  context.reply.code(status);
  return send(context.reply, JSON.stringify(outcome));
}

/** Parameters of a POST _search stand in the body, the address, or both (FHIR R4 §3.1.1.1). */
function postedQuery(request: FastifyRequest): URLSearchParams {
  const query = new URL(request.url, 'http://localhost').searchParams;
  const [type = ''] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  if (Buffer.isBuffer(request.body) && request.body.length > 0) {
    if (type !== 'application/x-www-form-urlencoded') throw new AppError('format_unsupported', 'a posted search is form-encoded');
    for (const [name, value] of new URLSearchParams(request.body.toString())) {
      if (`${name}${value}`.includes('\0'))
        throw new AppError('request_invalid', 'a parameter holds the character U+0000, which is no text');
      query.append(name, value);
    }
  }
  return query;
}

function keptOf(row: FoundFact): Kept {
  const { type, id, source, person, content } = row;
  return { type, id, versionId: String(row.version), lastUpdated: row.recordedAt, source, person, content };
}

function requireType(type: string): void {
  if (!servedTypes.includes(type)) throw new AppError('not_found', 'no resource of this type is served here');
}

function requireId(id: string): string {
  if (!UUID.test(id)) throw new AppError('not_found', 'there is no resource with this id');
  return id;
}

function notFound(type: string): AppError {
  return new AppError('not_found', `there is no such ${type}`);
}

function send(reply: FastifyReply, text: string): FastifyReply {
  return reply.type(FHIR_JSON).send(text);
}
