import { AppError } from '../../core/errors.ts';

/** An EHR's FHIR R4 API. Plain HTTP is refused off loopback. `token` gives the bearer token of the moment. */
export type TargetOptions = {
  baseUrl: string;
  token?: () => Promise<string>;
  timeoutMs?: number;
  fetch?: typeof fetch;
  /** Milliseconds since the epoch; for caches. */
  clock?: () => number;
};

/** What was answered: `body` is undefined where there was none, or none that is FHIR JSON within the size allowed. */
export type Answer = { status: number; location: string | undefined; body: Record<string, unknown> | undefined };
/** What the target says it takes, by resource type. `creates` is undefined where it does not say. */
export type Abilities = {
  creates(type: string): boolean | undefined;
  conditionalCreate(type: string): boolean;
  /** Whether a client may choose the id of a new resource (update as create, R4 §3.1.0.4.1). */
  chosenIds(type: string): boolean | undefined;
};

const TIMEOUT_MS = 10_000;
const KEEP_MS = 10 * 60_000;
/** After requests that nobody answered in time the next one waits twice as long as the last, and no longer than this. */
const LONGEST_SILENCE_MS = 60_000;
/** An EHR that asks for a longer pause than this is asked again all the same: somebody may have mended it. */
const LONGEST_PAUSE_MS = 15 * 60_000;
const PATIENTS_KEPT = 10_000;
// HAPI's and Epic's capability statements are one to two megabytes; nothing else we ask for comes near one.
const MAX_METADATA_BYTES = 8 << 20;
const MAX_ANSWER_BYTES = 1 << 20;
/** A note that came back with pictures or pages of it beside our words. */
const MAX_READ_BYTES = 8 << 20;

/**
 * A target EHR with what is remembered of it. Every failure to get an answer is `ehr_unavailable`, to be tried again; its message names the
 * status or the kind of failure, never what was sent, asked for or answered.
 */
export class Target {
  readonly #base: string;
  readonly #options: TargetOptions;
  #abilities: { value: Abilities; until: number } | undefined;
  readonly #patients = new Map<string, { reference: string; until: number }>();
  /** Until when it is left alone: it asked to be (Retry-After), or nobody answered and one who asks finds out for all. */
  #quietUntil = 0;
  #unanswered = 0;

  constructor(options: TargetOptions) {
    this.#base = checkedBase(options.baseUrl);
    this.#options = options;
  }

  async get(path: string): Promise<Answer> {
    return this.#ask('GET', path, undefined, {}, MAX_ANSWER_BYTES);
  }

  /** A resource as it stands there; else that there is none, that there was one, or that we may not read it. */
  async read(reference: string): Promise<Record<string, unknown> | 'absent' | 'deleted' | 'refused'> {
    const { status, body } = await this.#ask('GET', reference, undefined, {}, MAX_READ_BYTES);
    if (status === 404) return 'absent';
    if (status === 410) return 'deleted';
    if (status >= 400) return 'refused';
    if (status === 200 && body && body['resourceType'] === reference.split('/')[0]) return body;
    throw unavailable(`reading back was answered ${status}`);
  }

  /** Replaces the version that was read and no other (R4 §3.1.0.5): 409 and 412 say that somebody changed it meanwhile. */
  async replace(reference: string, resource: Record<string, unknown>): Promise<Answer> {
    const version = (resource['meta'] as { versionId?: unknown } | undefined)?.versionId;
    const headers: Record<string, string> = { 'content-type': 'application/fhir+json', prefer: 'return=minimal' };
    if (typeof version === 'string') headers['if-match'] = `W/"${version}"`;
    return this.#ask('PUT', reference, JSON.stringify(resource), headers, MAX_ANSWER_BYTES);
  }

  /** The bytes of an attachment that the target moved into a Binary of its own; undefined where it leads to another server, or is not given. */
  async readBinary(url: string): Promise<Buffer | undefined> {
    const base = `${this.#base}/`;
    const { href } = new URL(url, base);
    const id = href.startsWith(base) ? /^Binary\/[A-Za-z0-9\-.]{1,64}$/.exec(href.slice(base.length))?.[0] : undefined;
    if (id === undefined) return undefined;
    const { status, body } = await this.#ask('GET', id, undefined, {}, MAX_READ_BYTES);
    return status === 200 && typeof body?.['data'] === 'string' ? Buffer.from(body['data'], 'base64') : undefined;
  }

  /** Creates or replaces a resource under an id of our choosing: as often as it takes, it is one resource. */
  async put(type: string, id: string, resource: Record<string, unknown>): Promise<Answer> {
    const headers = { 'content-type': 'application/fhir+json', prefer: 'return=minimal' };
    return this.#ask('PUT', `${type}/${id}`, JSON.stringify({ ...resource, id }), headers, MAX_ANSWER_BYTES);
  }

  /** Creates a resource; `unless` is a search that must find nothing (FHIR conditional create, R4 §3.1.0.8.1). */
  async create(type: string, resource: Record<string, unknown>, unless?: string): Promise<Answer> {
    const headers: Record<string, string> = { 'content-type': 'application/fhir+json', prefer: 'return=minimal' };
    if (unless !== undefined) headers['if-none-exist'] = unless;
    return this.#ask('POST', type, JSON.stringify(resource), headers, MAX_ANSWER_BYTES);
  }

  /** What its CapabilityStatement says, remembered for ten minutes. One that serves none is taken to promise nothing. */
  async abilities(): Promise<Abilities> {
    const now = this.#now();
    if (this.#abilities && this.#abilities.until > now) return this.#abilities.value;
    const answer = await this.#ask('GET', 'metadata', undefined, {}, MAX_METADATA_BYTES);
    // A page of maintenance is answered 200 too, and must not be remembered as a server that promises nothing.
    if (answer.status < 400 && answer.body?.['resourceType'] !== 'CapabilityStatement')
      throw unavailable('the EHR does not say what it takes');
    const value = readAbilities(answer.status === 200 ? answer.body : undefined);
    this.#abilities = { value, until: now + KEEP_MS };
    return value;
  }

  /**
   * The target's own reference to the patient that these identifiers name, remembered for ten minutes; why not, where it is not exactly one.
   * All that stand are asked for: where two find different patients nobody here can say whose chart it is, and nothing is written. What a merge
   * replaced is asked for only where no other finds anybody: the target may still keep a chart under it.
   */
  async findPatient(
    identifiers: readonly PatientIdentifier[],
  ): Promise<{ reference: string } | { reason: 'patient-not-found' | 'patient-not-unique' | 'patient-ambiguous' }> {
    const key = JSON.stringify(identifiers.map(({ system, value, replaced = false }) => [system, value, replaced]));
    const known = this.#patients.get(key);
    if (known && known.until > this.#now()) return { reference: known.reference };
    const standing = identifiers.filter(({ replaced }) => !replaced);
    const asked = await this.#patientsBy(standing);
    const { found, refused } =
      asked.found.length > 0 || asked.refused ? asked : await this.#patientsBy(identifiers.filter((one) => one.replaced));
    const [best] = found;
    if (best === undefined && refused) throw refused;
    if (best === undefined) return { reason: 'patient-not-found' };
    const [id] = best;
    if (best.length > 1 || id === undefined) return { reason: 'patient-not-unique' };
    if (found.some((others) => !others.includes(id))) return { reason: 'patient-ambiguous' };
    const reference = `Patient/${id}`;
    if (this.#patients.size >= PATIENTS_KEPT) this.#patients.clear();
    this.#patients.set(key, { reference, until: this.#now() + KEEP_MS });
    return { reference };
  }

  /** Forgets patients, after a refusal that a merge over there would explain. */
  forgetPatients(): void {
    this.#patients.clear();
  }

  /**
   * Resources of a type that a search answers with; the caller looks at each, because a lenient server ignores a parameter it does not know.
   * `ehr_refused` where the target does not search so; anything but a Bundle is no answer, and never taken for "nothing found".
   */
  async search(type: string, query: string): Promise<Record<string, unknown>[]> {
    const strict = { prefer: 'handling=strict' };
    const answer = await this.#ask('GET', `${type}?${query}`, undefined, strict, MAX_ANSWER_BYTES);
    if (answer.status >= 400) throw new AppError('ehr_refused', `a search of the EHR was refused with ${answer.status}`);
    if (answer.status !== 200 || answer.body?.['resourceType'] !== 'Bundle') {
      throw unavailable(`a search of the EHR was answered ${answer.status}`);
    }
    const entries = answer.body['entry'];
    if (!Array.isArray(entries)) return [];
    return entries.flatMap((entry: unknown) => {
      const resource = isRecord(entry) ? entry['resource'] : undefined;
      return isRecord(resource) && resource['resourceType'] === type ? [resource] : [];
    });
  }

  /** Ids of the patients that each identifier finds, where it finds any. A system the target will not search by contradicts nobody. */
  async #patientsBy(identifiers: readonly { system: string; value: string }[]): Promise<{ found: string[][]; refused?: AppError }> {
    const all: { found: string[][]; refused?: AppError } = { found: [] };
    for (const { system, value } of identifiers) {
      try {
        const patients = await this.search('Patient', `identifier=${encodeURIComponent(`${system}|${value}`)}`);
        const ids = patients.filter((one) => hasIdentifier(one, system, value)).map((one) => one['id']);
        const unique = [...new Set(ids.filter((id) => typeof id === 'string'))];
        if (unique.length > 0) all.found.push(unique);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'ehr_refused') throw error;
        all.refused = error;
      }
    }
    return all;
  }

  #now(): number {
    return (this.#options.clock ?? Date.now)();
  }

  async #ask(method: string, path: string, body: string | undefined, headers: Record<string, string>, maxBytes: number): Promise<Answer> {
    const { token, timeoutMs = TIMEOUT_MS, fetch: ask = fetch } = this.#options;
    if (this.#now() < this.#quietUntil) throw unavailable('the EHR is left alone for a while');
    // Whoever asks first after a silence: an EHR that swallows requests must not hold every worker for as long as it may take to answer.
    if (this.#unanswered > 0) this.#quietUntil = this.#now() + timeoutMs;
    const authorization = token ? { authorization: `Bearer ${await tokenOf(token)}` } : {};
    try {
      const response = await ask(`${this.#base}/${path}`, {
        method,
        headers: { accept: 'application/fhir+json', ...headers, ...authorization },
        ...(body === undefined ? {} : { body }),
        // A redirect would carry the token and the patient somewhere nobody configured.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      const location = response.headers.get('location') ?? response.headers.get('content-location') ?? undefined;
      const answer = { status: response.status, location, body: await readBody(response, maxBytes) };
      this.#unanswered = 0;
      this.#quietUntil = answer.status === 429 || answer.status === 503 ? this.#now() + pauseOf(response, this.#now()) : 0;
      if (isPassing(answer.status)) throw unavailable(`the EHR answered ${answer.status}`);
      // A firewall, a proxy or a gate before the EHR: it says nothing about what was sent.
      if (answer.status >= 400 && isPage(response)) throw unavailable(`something before the EHR answered ${answer.status} with a page`);
      return answer;
    } catch (error) {
      if (error instanceof AppError) throw error;
      const silent = error instanceof Error && error.name === 'TimeoutError';
      if (silent) {
        this.#unanswered += 1;
        this.#quietUntil = this.#now() + Math.min(timeoutMs * 2 ** (this.#unanswered - 1), LONGEST_SILENCE_MS);
      } else this.#quietUntil = 0;
      // The cause is left out: its text may hold the address asked for, and with it an identifier.
      throw unavailable(silent ? 'the EHR did not answer in time' : 'the EHR did not answer');
    }
  }
}

/** An identifier that a target may know a patient by; `replaced` where a merge put another in its place. */
export type PatientIdentifier = { system: string; value: string; replaced?: boolean };

/** True where a resource carries an identifier of this system and value. */
export function hasIdentifier(resource: Record<string, unknown>, system: string, value: string): boolean {
  return listOf(resource['identifier']).some((one) => one['system'] === system && one['value'] === value);
}

/** The failure that asks for another try. */
export function unavailable(message: string): AppError {
  return new AppError('ehr_unavailable', message);
}

/** Statuses that say nothing about what was sent: try again. 401 is a token or a configuration, which somebody will mend. */
function isPassing(status: number): boolean {
  return status === 401 || status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501);
}

function isPage(response: Response): boolean {
  return /^text\/html\b/i.test(response.headers.get('content-type') ?? '');
}

/** Milliseconds that an answer asks to be left alone for: Retry-After, in seconds or as a date (RFC 9110 §10.2.3). */
function pauseOf(response: Response, now: number): number {
  const asked = response.headers.get('retry-after') ?? '';
  const milliseconds = /^\d{1,9}$/.test(asked) ? Number(asked) * 1_000 : Date.parse(asked) - now;
  return Number.isNaN(milliseconds) ? 0 : Math.min(Math.max(milliseconds, 0), LONGEST_PAUSE_MS);
}

function checkedBase(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.search !== '') {
    throw new AppError('config_invalid', 'the FHIR address of the EHR is not an http(s) address without user or query');
  }
  const loopback = url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(url.hostname);
  if (url.protocol === 'http:' && !loopback) throw new AppError('config_invalid', 'the EHR is written to over https, off loopback');
  return url.href.replace(/\/+$/, '');
}

async function tokenOf(token: () => Promise<string>): Promise<string> {
  try {
    return await token();
  } catch {
    throw unavailable('no token for the EHR could be had');
  }
}

async function readBody(response: Response, maxBytes: number): Promise<Record<string, unknown> | undefined> {
  if (!response.body) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    // Leaving the loop cancels the stream.
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  try {
    // Drops a byte order mark, which some servers begin with.
    const value: unknown = JSON.parse(new TextDecoder().decode(Buffer.concat(chunks)));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readAbilities(statement: Record<string, unknown> | undefined): Abilities {
  const rest = listOf(statement?.['rest']).find((one) => one['mode'] === 'server');
  const resources = new Map(listOf(rest?.['resource']).map((resource) => [resource['type'], resource]));
  return {
    creates(type) {
      if (!rest) return undefined;
      const resource = resources.get(type);
      if (!resource) return false;
      const interactions = listOf(resource['interaction']);
      return interactions.length === 0 ? undefined : interactions.some((one) => one['code'] === 'create');
    },
    conditionalCreate: (type) => resources.get(type)?.['conditionalCreate'] === true,
    chosenIds(type) {
      const resource = resources.get(type);
      if (typeof resource?.['updateCreate'] === 'boolean') return resource['updateCreate'];
      return resource && listOf(resource['interaction']).some((one) => one['code'] === 'update') ? undefined : false;
    },
  };
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
