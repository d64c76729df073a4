import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AppError, type OperationOutcome } from '../core/errors.ts';
import { failureFields } from './error-code.ts';
import type { Log } from './log.ts';

/** What every failed call gets: a FHIR OperationOutcome, plus our code and, where a caller needs them, details (`stale`: the difference). */
export type ErrorBody = OperationOutcome & { code: string; details?: unknown };

/** Answers one failure. What we did not foresee is told by request id only: its message may quote what a patient sent. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  const known = toAppError(error, request.id);
  // A guard may have chosen a more exact status than the code's own.
  const status = reply.statusCode >= 400 && reply.statusCode < 500 ? reply.statusCode : known.status;
  if (status >= 500)
    log.error('http.failed', {
      ...failureFields(error),
      route: request.routeOptions.url ?? 'unknown',
      method: request.method,
      requestId: request.id,
    });
  const type = request.url.startsWith('/fhir') ? 'application/fhir+json' : 'application/json';
  return reply.code(status).type(`${type}; charset=utf-8`).serializer(JSON.stringify).send(bodyOf(known));
}

function bodyOf(error: AppError): ErrorBody {
  const outcome = error instanceof PathError ? error.toPathOutcome() : error.toOperationOutcome();
  return { ...outcome, code: error.code, ...(error.details === undefined ? {} : { details: error.details }) };
}

function toAppError(error: unknown, requestId: string): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof z.ZodError) return new PathError(error.issues.map(({ path, message }) => ({ path: pathOf(path), message })));
  if (hasZodFastifySchemaValidationErrors(error)) {
    const context = 'validationContext' in error ? String(error.validationContext) : '';
    return new PathError(
      error.validation.map((one) => ({
        path: pathOf([context, ...one.instancePath.split('/').filter(Boolean)]),
        message: one.message ?? 'is not valid',
      })),
    );
  }
  const status = error && typeof error === 'object' && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status === 413) return new AppError('too_large', 'the body is larger than this route takes', { cause: error });
  if (status === 415) return new AppError('format_unsupported', 'this content type is not taken here', { cause: error });
  if (status === 429) return new AppError('too_many', 'too many requests: wait a minute', { cause: error });
  if (status === 404) return new AppError('not_found', 'nothing is here', { cause: error });
  if (status >= 400 && status < 500) return new AppError('request_invalid', 'the request cannot be read', { cause: error });
  return new AppError('internal', `this failed here; the log has it under request ${requestId}`, { cause: error });
}

type Place = { path: string; message: string };

/** A request whose fields are wrong: one issue for each, with where it is. */
class PathError extends AppError {
  readonly places: Place[];

  constructor(places: Place[]) {
    super('request_invalid', places.map(({ path, message }) => `${path}: ${message}`).join('; '));
    this.places = places;
  }

  toPathOutcome(): OperationOutcome {
    return {
      resourceType: 'OperationOutcome',
      issue: this.places.map(({ path, message }) => ({
        severity: 'error',
        code: 'invalid',
        diagnostics: `${path}: ${message}`,
        expression: [path],
      })),
    };
  }
}

/** `body.sentences[2].text`, as FHIRPath writes it. */
function pathOf(parts: readonly PropertyKey[]): string {
  let path = '';
  for (const part of parts) {
    if (part === '') continue;
    if (/^\d+$/.test(String(part))) path += `[${String(part)}]`;
    else path += path === '' ? String(part) : `.${String(part)}`;
  }
  return path === '' ? 'request' : path;
}
