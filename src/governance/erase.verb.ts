import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { Pseudonym } from '../platform/identity.ts';
import type { Args, Io } from '../platform/verb.ts';
import { textOf } from '../platform/verb-options.ts';
import { type EraseHouse, erasable, erasePerson } from './erase.ts';

/** `erase`: forgets a person, journalled with who and why. Without `--yes` it only says how much there is, and fails as misused. */
export async function eraseVerb(
  house: EraseHouse & { pseudonym: Pseudonym; config: { dataFolder: string } },
  args: Args,
  io: Io,
): Promise<number> {
  const reason = textOf(args['reason'])?.trim();
  const by = textOf(args['by'])?.trim();
  if (!reason || !by) throw new AppError('request_invalid', 'say why, and who decides it: --reason and --by');
  const found = await erasable(house.db, String(args['person']));
  if (!args['yes']) {
    io.out(
      args['json']
        ? JSON.stringify({ erased: false, ...found })
        : `On record: ${found.facts} facts from ${found.receipts} receipts, ${found.drafts} drafts.`,
    );
    io.err('Nothing was destroyed. This cannot be undone: add --yes to do it.');
    return 2;
  }
  const done = await erasePerson(house, found.person, { actor: house.pseudonym(`operator:${by}`), by, reason });
  const { payloads, facts, proposals, destroyed, blanked, stillNamed, journalId } = done;
  const notReached = ['backups', 'exported runs', 'what was written to the EHR'];
  // The demo keeps it in the data folder, but it is another system, with a chart and messages of its own.
  const hospital = join(house.config.dataFolder, 'hospital');
  if (existsSync(hospital))
    notReached.push(`the play hospital's own files in ${hospital}, another system's, which may still name the person`);
  if (args['json']) {
    const entry = Number(journalId);
    io.out(JSON.stringify({ erased: true, entry, facts, drafts: proposals, payloads, destroyed, blanked, stillNamed, notReached }));
    return 0;
  }
  io.out(`Destroyed: ${facts} facts, ${proposals} drafts, ${payloads} journal payloads, the bytes of ${destroyed.length} receipts.`);
  if (blanked.length > 0) io.out(`Blanked in ${blanked.length} receipts that are about others too.`);
  io.out(`Entry ${journalId} of the journal says who decided it and why; the proofs hold: countersign journal verify`);
  for (const id of stillNamed) io.err(`Receipt ${id} still names this person where nobody can tell whose part it is: look at it.`);
  io.out(`Not reached: ${notReached.slice(0, -1).join(', ')}, and ${notReached.at(-1)}.`);
  return 0;
}
