import { systemPermit } from '../../governance/access.ts';
import type { Db } from '../../platform/database.ts';
import type { Args, Io } from '../../platform/verb.ts';
import { instantOf } from '../../platform/verb-options.ts';
import { check } from './check.routes.ts';

/** `check --patient ID`: a verdict for each sentence of any text; 1 where the chart contradicts one. */
export async function checkVerb({ db, now }: { db: Db; now(): string }, args: Args, io: Io): Promise<number> {
  const at = now();
  const asOf = instantOf(args['asOf']);
  const request = { patient: String(args['patient']), text: String(args['text']), ...(asOf ? { asOf } : {}) };
  const { results } = await check(db, (person) => systemPermit('check', person, 'treatment', at), request, at, 'system:check');
  for (const result of results) {
    if (args['json']) io.out(JSON.stringify(result));
    else {
      io.out(`${result.outcome.padEnd(12)} ${result.text}`);
      if (result.outcome !== 'proven') io.out(`             ${result.reasons.map((reason) => reason.text).join(' ')}`);
    }
  }
  return results.some((result) => result.outcome === 'contradicted') ? 1 : 0;
}
