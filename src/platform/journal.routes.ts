import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { AppError } from '../core/errors.ts';
import type { Db } from './database.ts';
import { toBase64, toHex } from './digest.ts';
import { JournalProver } from './journal-prover.ts';
import { readStoredEntries } from './journal-rows.ts';
import type { JournalSequencer } from './journal-sequencer.ts';

const Count = z.coerce.number().int().nonnegative();
const From = z.object({ from: Count.default(0), limit: Count.default(500).pipe(z.number().max(5000)) });
const Inclusion = z.object({ index: Count, size: Count.optional() });
const Consistency = z.object({ from: Count, to: Count });

/** The transparency log for anybody who may look: the latest signed note, leaves, and proofs (RFC 6962 §2.1). No patient data is in it. */
export async function journalRoutes(
  server: FastifyInstance,
  options: { db: Db; sequencer: JournalSequencer; verifierKeys: readonly string[] },
): Promise<void> {
  const { db, sequencer } = options;
  const prover = new JournalProver(db);
  const config = { purposes: 'no-record' as const };
  const tags = ['journal'];

  server.get('/api/journal/checkpoint', { config, schema: { tags } }, async (request, reply) => {
    await sequencer.sequenceNow();
    const { head } = sequencer;
    if (!head) throw new AppError('not_found', 'the log is still empty');
    if (!request.headers.accept?.includes('application/json')) return reply.type('text/plain; charset=utf-8').send(head.note);
    return { note: head.note, size: head.size, root: toBase64(head.root), keys: options.verifierKeys };
  });

  server.get('/api/journal/entries', { config, schema: { querystring: From, tags } }, async (request) => {
    const { from, limit } = From.parse(request.query);
    const size = sequencer.head?.size ?? 0;
    const entries: { index: number; journalId: number; leaf: string; header: unknown; commitment: string | null }[] = [];
    for await (const page of readStoredEntries(db, { from, to: Math.min(from + limit, size), payloads: false })) {
      for (const entry of page) {
        entries.push({
          index: entry.index,
          journalId: Number(entry.journalId),
          leaf: toHex(entry.hash),
          header: JSON.parse(entry.header),
          commitment: entry.journal ? toHex(entry.journal.commitment) : null,
        });
      }
    }
    return { size, from, entries };
  });

  server.get('/api/journal/inclusion', { config, schema: { querystring: Inclusion, tags } }, async (request) => {
    const asked = Inclusion.parse(request.query);
    const size = asked.size ?? sequencer.head?.size ?? 0;
    const [leaf] = await db.query<{ hash: Uint8Array }>('select hash from leaf where index = $1', [asked.index]);
    if (!leaf) throw new AppError('not_found', 'the log has no such entry');
    const [proof, root] = [await prover.inclusion(asked.index, size), await prover.root(size)];
    return { index: asked.index, size, leaf: toHex(leaf.hash), root: toHex(root), proof: proof.map(toHex) };
  });

  server.get('/api/journal/consistency', { config, schema: { querystring: Consistency, tags } }, async (request) => {
    const { from, to } = Consistency.parse(request.query);
    return { from, to, proof: (await prover.consistency(from, to)).map(toHex) };
  });
}
