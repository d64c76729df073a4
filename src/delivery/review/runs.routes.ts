import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { RunInputs, RunOutput } from '../../ai/run.ts';
import { AppError } from '../../core/errors.ts';
import type { Db } from '../../platform/database.ts';
import { requirePermit } from '../../record/permit.ts';
import type { Access } from '../access-guard.ts';

const Id = z.object({ id: z.string().regex(/^[0-9a-f]{64}$/) });

/** `GET /api/runs/:id`: what a run was made of and what came of it: inputs, prompt, model, policy, verdicts. */
export async function runRoutes(server: FastifyInstance, options: { db: Db; now(): string; access: Access }): Promise<void> {
  const { db, now, access } = options;
  const config = { purposes: ['treatment', 'operations', 'governance'] as const };
  server.get('/api/runs/:id', { config, schema: { params: Id, tags: ['review'] } }, async (request) => {
    const { id } = Id.parse(request.params);
    const [row] = await db.query<{ pack: string; person: string; as_of: string; closure: string; created_at: string }>(
      'select pack, person, as_of, closure, created_at from run where id = $1',
      [id],
    );
    if (!row) throw new AppError('not_found', 'no run has this id');
    requirePermit(access.permitFor(request, row.person, id), row.person, now());
    const { inputs, output } = JSON.parse(row.closure) as { inputs: RunInputs; output: RunOutput };
    const { prompt, model, policy, verifier, templates, writer } = inputs;
    const verdicts = output.sentences.map(({ text, verdict }) => ({ text, ...verdict }));
    return {
      id,
      pack: row.pack,
      patient: row.person,
      asOf: row.as_of,
      createdAt: row.created_at,
      inputs,
      prompt,
      model,
      policy,
      verifier,
      templates,
      writer,
      verdicts,
    };
  });
}
