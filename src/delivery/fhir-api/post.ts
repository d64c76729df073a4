import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError, type OperationOutcome } from '../../core/errors.ts';
import type { Intake } from '../../core/ports.ts';
import type { ContentType } from '../../core/receipt.ts';
import { POSTED } from '../../interop/explain.ts';
import { answerOf, statusOf } from '../../interop/fhir/answer.ts';
import { itemOf } from '../../interop/fhir/explain.ts';
import type { Db } from '../../platform/database.ts';
import { type BecameOf, becameOf } from '../../record/became.ts';

export type PostContext = {
  db: Db;
  request: FastifyRequest;
  reply: FastifyReply;
  base: string;
  /** Where what is posted goes; resolves once it is on disk. */
  intake: Intake;
  /** Has a receipt read now, here or by whoever is at it; false where that took too long. */
  readNow(receipt: string): Promise<boolean>;
  /** The source that what a caller posts is kept under. */
  sourceOf?: ((request: FastifyRequest) => string) | undefined;
};

/**
 * Keeps what is posted, has it read, and answers with what became of it: 201 (200 where it came before) with flags as warnings, 422 with one
 * error a fault and its path while the bytes wait in quarantine, 400 for no JSON. 202 where it is on disk and not read yet. Refuses, unkept,
 * a resource of another type than the address names.
 */
export async function post(context: PostContext, type: string | undefined): Promise<{ status: number; outcome: OperationOutcome }> {
  const { db, request, reply, base, intake, readNow, sourceOf } = context;
  const bytes = request.body;
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) throw new AppError('request_invalid', 'there is nothing to keep');
  const contentType = contentTypeOf(request);
  if (EMPTY_LIST.test(bytes.toString('latin1', 0, 1000))) throw new AppError('resource_invalid', 'this is a list of nothing, no resource');
  if (type !== undefined) requireTypeOf(bytes, type);
  const source = sourceOf?.(request) ?? POSTED;
  const { receipt, repeat } = await intake({ source, door: 'api', contentType, bytes: new Uint8Array(bytes) });
  reply.header('x-countersign-receipt', receipt);
  if (!(await readNow(receipt))) {
    reply.header('location', `/api/receipts/${receipt}`);
    return { status: 202, outcome: waiting(receipt) };
  }
  const became = await becameOf(db, receipt);
  const answer = { stored: became.receipt.stored, rejections: became.rejections.map(rejectionOf), flagged: flaggedOf(became) };
  const status = statusOf(answer);
  const { only } = became;
  reply.header(
    'location',
    only && status === 201 ? `${base}/${only.type}/${only.id}/_history/${only.version}` : `/api/receipts/${receipt}`,
  );
  const outcome = answerOf(answer);
  outcome.issue.push({
    severity: 'information',
    code: 'informational',
    diagnostics: `receipt ${receipt}${repeat ? ', which came before' : ''}`,
  });
  return { status: status === 201 && repeat ? 200 : status, outcome };
}

const EMPTY_LIST = /^\s*\[\s*\]\s*$/;

function rejectionOf({ item, reason, detail }: BecameOf['rejections'][number]): { item: string; reason: string; detail: string } {
  return { item, reason, detail };
}

function flaggedOf({ flagged }: BecameOf): BecameOf['flagged'] {
  return flagged.map((fact) => ({ ...fact, path: itemOf(fact.path) }));
}

function waiting(receipt: string): OperationOutcome {
  const diagnostics = `kept on disk as receipt ${receipt} and not read yet; GET /api/receipts/${receipt} says what became of it`;
  return { resourceType: 'OperationOutcome', issue: [{ severity: 'information', code: 'informational', diagnostics }] };
}

function contentTypeOf(request: FastifyRequest): ContentType {
  const [type = ''] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  if (type === 'application/fhir+json' || type === 'application/json') return 'application/fhir+json';
  if (type === 'application/fhir+ndjson' || type === 'application/x-ndjson') return 'application/fhir+ndjson';
  throw new AppError('format_unsupported', 'post application/fhir+json or application/fhir+ndjson');
}

/** FHIR R4 §3.1.0.8: the type in the address and in the resource agree. What cannot be read says so later, from quarantine. */
function requireTypeOf(bytes: Buffer, type: string): void {
  const said = resourceTypeOf(bytes);
  if (typeof said === 'string' && said !== type) throw new AppError('request_invalid', `the address names ${type}, the resource does not`);
}

function resourceTypeOf(bytes: Buffer): unknown {
  try {
    return (JSON.parse(bytes.toString('utf8')) as { resourceType?: unknown } | null)?.resourceType;
  } catch {
    return undefined;
  }
}
