import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Permit } from '../core/ports.ts';
import { permitFor } from '../governance/access.ts';
import type { AccessLog, Look } from '../governance/access-log.ts';
import { callerOf } from '../platform/http-guards.ts';
import type { JournalRow } from '../platform/journal.ts';

/**
 * A permit to read one person's record, or `any` for a list, for the purpose the route serves. Whoever is named here is journalled before the
 * answer leaves; `subject` is the draft, run, sentence or receipt through which they are seen. Throws `not_permitted`, and `not_signed_in`.
 */
export type PermitFor = (request: FastifyRequest, person: string | 'any', subject?: string) => Permit;

/** What a route's handler asks before it reads, and tells after it found whose record it shows. */
export type Access = {
  permitFor: PermitFor;
  /** Journals, before the answer leaves, that it shows these. */
  shows(request: FastifyRequest, looks: readonly Look[]): void;
  /** Journals what an answer does beside showing, in one commit with what it shows; nothing where the answer is a refusal or a failure. */
  acts(request: FastifyRequest, row: JournalRow): void;
};

/**
 * Closes every route to callers whose role comes for none of the purposes it states (`config.purposes`), before a body is read, and journals
 * what answers show and who is refused. An answer waits until its rows are committed; where they cannot be, it becomes a failure.
 */
export function guardAccess(server: FastifyInstance, { log, now }: { log: AccessLog; now(): string }): Access {
  const looks = new WeakMap<FastifyRequest, Look[]>();
  const rows = new WeakMap<FastifyRequest, JournalRow[]>();
  const permit = (request: FastifyRequest, person: string): Permit => {
    const { purposes } = request.routeOptions.config;
    return permitFor(request.caller, person, Array.isArray(purposes) ? purposes : [], now());
  };
  const shows: Access['shows'] = (request, more) => {
    const known = looks.get(request);
    if (known) known.push(...more);
    else looks.set(request, [...more]);
  };

  server.addHook('onRequest', async (request) => {
    const { config } = request.routeOptions;
    if (config?.public === true || config?.purposes === 'no-record' || request.is404) return;
    permit(request, 'any');
  });
  server.addHook('onSend', async (request, reply) => {
    const shown = looks.get(request) ?? [];
    const done = rows.get(request) ?? [];
    looks.delete(request);
    rows.delete(request);
    const door = `${request.method} ${request.routeOptions.url ?? 'unknown'}`;
    if (reply.statusCode === 403) await log.refused({ caller: callerOf(request), door });
    // What was not found, refused or failed shows nothing.
    if (shown.length + done.length === 0 || reply.statusCode >= 400) return;
    const { purpose } = permit(request, 'any');
    await Promise.all([log.read({ caller: request.caller, purpose, door }, shown), ...done.map((row) => log.act(row))]);
  });

  return {
    permitFor(request, person, subject) {
      const granted = permit(request, person);
      if (person !== 'any') shows(request, [{ person, ...(subject === undefined ? {} : { subject }) }]);
      return granted;
    },
    shows,
    acts(request, row) {
      const known = rows.get(request);
      if (known) known.push(row);
      else rows.set(request, [row]);
    },
  };
}
