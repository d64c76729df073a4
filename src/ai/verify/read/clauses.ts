import type { Meaning, Token } from './tokens.ts';

/** Words that say something of every member of the list after them ("history of asthma and gout"). */
const LEADING = new Set([
  'history',
  'has',
  'had',
  'list',
  'began',
  'modality',
  'relative',
  'family',
  'allergy',
  'on',
  'done',
  'state',
  'ordered',
  'vaccine',
]);

/**
 * Cuts a sentence at its commas and conjunctions into clauses with one name each. What stands before the first name is said of all members of a
 * list, as is the date or verb after the last one. A negator reaches every member after it until "but" or "has" begins anew; undefined where it
 * cannot be told whether it does ("no asthma, hypertension active"), and where "or" leaves open which member is meant ("asthma or gout").
 */
export function joinClauses(tokens: Token[]): Token[][] | undefined {
  const pieces = merge(split(tokens));
  if (pieces.length < 2) return [tokens];
  const bodies = pieces.map((piece) =>
    piece.filter((token) => token.type !== 'separator' && !(token.type === 'word' && token.as === 'or')),
  );
  const leading = leadOf(bodies[0]!);
  const trailing = trailOf(bodies.at(-1)!);
  const denied = negatorsOf(bodies, pieces);
  if (denied === undefined || deniesAtTheEnd(bodies) || leavesOpen(pieces, bodies, denied)) return undefined;
  return bodies.map((body, i) => [
    ...denied[i]!,
    ...(i > 0 ? sharedLead(leading, body) : []),
    ...body,
    ...(i < bodies.length - 1 ? sharedTrail(trailing, body, bodies) : []),
  ]);
}

/** The negators that reach each member from one before it. */
function negatorsOf(bodies: Token[][], pieces: Token[][]): Token[][] | undefined {
  const shared: Token[][] = [];
  let reaching: Token[] = [];
  for (const [i, body] of bodies.entries()) {
    const lead = body.slice(0, Math.max(firstName(body), 0));
    const own = lead.filter((token) => isWord(token, 'negator'));
    const anew =
      pieces[i]!.some((token) => token.type === 'separator' && token.text.toLowerCase() === 'but') ||
      lead.some((token) => isWord(token, 'has', 'had'));
    if (own.length > 0) reaching = own;
    else if (anew) reaching = [];
    else if (reaching.length > 0 && body.some(speaksForItself)) return undefined;
    shared.push(own.length > 0 ? [] : reaching);
  }
  return shared;
}

/** After a negator "or" means "and"; without one it says that one of both is true and not which. */
function leavesOpen(pieces: Token[][], bodies: Token[][], denied: Token[][]): boolean {
  const isDenied = (i: number) => [...denied[i]!, ...bodies[i]!].some((token) => isWord(token, 'negator'));
  return pieces.some((piece, i) => i > 0 && piece.some((token) => isWord(token, 'or')) && !(isDenied(i) && isDenied(i - 1)));
}

/** "Asthma, hypertension denied" or "ruled out": what is said after the last name may be meant for the members before it. */
function deniesAtTheEnd(bodies: Token[][]): boolean {
  return bodies.some(
    (body, i) =>
      i > 0 &&
      body.slice(firstName(body) + 1).some(turnsRound) &&
      !bodies[i - 1]!.some(speaksForItself) &&
      !bodies[i - 1]!.some((token) => isWord(token, 'negator', 'has', 'had', 'history')),
  );
}

function turnsRound(token: Token): boolean {
  return isWord(token, 'negator') || (token.type === 'word' && token.as === 'state' && token.value !== 'active');
}

function speaksForItself(token: Token): boolean {
  if (token.type === 'quantity' || token.type === 'pressure' || token.type === 'quote') return true;
  return isWord(token, 'modality', 'done', 'state', 'began', 'list', 'change', 'ordered', 'pending', 'concluded', 'allergy', 'relative');
}

function isWord(token: Token, ...meanings: Meaning[]): boolean {
  return token.type === 'word' && meanings.includes(token.as);
}

function split(tokens: Token[]): Token[][] {
  const pieces: Token[][] = [[]];
  for (const token of tokens) {
    if (token.type === 'separator' || (token.type === 'word' && token.as === 'or')) pieces.push([token]);
    else pieces.at(-1)!.push(token);
  }
  return pieces;
}

/** A piece without a name belongs to the one before it, a first one to the one after it. */
function merge(pieces: Token[][]): Token[][] {
  const merged: Token[][] = [];
  let carried: Token[] = [];
  for (const piece of pieces) {
    if (isHead(piece)) {
      merged.push([...carried, ...piece]);
      carried = [];
    } else if (merged.length === 0) carried.push(...piece);
    else merged.at(-1)!.push(...piece);
  }
  return merged.length === 0 ? [carried] : merged;
}

function isHead(piece: Token[]): boolean {
  return piece.some(
    (token) =>
      (token.type === 'term' && [...token.kinds].some((kind) => kind !== 'value' && kind !== 'reaction')) ||
      (token.type === 'word' && (token.as === 'none-known' || (token.as === 'setting' && token.value !== 'any'))),
  );
}

function firstName(tokens: Token[]): number {
  return tokens.findIndex((token) => token.type === 'term');
}

function leadOf(body: Token[]): Token[] {
  const at = firstName(body);
  return body
    .slice(0, Math.max(at, 0))
    .filter((token) => token.type === 'date' || token.type === 'filler' || (token.type === 'word' && LEADING.has(token.as)));
}

function trailOf(body: Token[]): Token[] {
  const at = firstName(body);
  return body
    .slice(at + 1)
    .filter(
      (token) =>
        token.type === 'date' ||
        (token.type === 'word' &&
          (token.as === 'modality' || token.as === 'done' || token.as === 'recorded' || token.as === 'on' || token.as === 'allergy')),
    );
}

function sharedLead(leading: Token[], body: Token[]): Token[] {
  const own = (as: string) => body.some((token) => token.type === 'word' && token.as === as);
  const dated = body.some((token) => token.type === 'date');
  const verb = ['modality', 'done', 'state', 'list', 'history', 'has', 'relative', 'allergy', 'negator'].some(own);
  return leading.filter((token) => (token.type === 'date' ? !dated : !verb));
}

function sharedTrail(trailing: Token[], body: Token[], bodies: Token[][]): Token[] {
  const bare = (one: Token[]) =>
    !one.some(
      (token) =>
        token.type === 'date' ||
        (token.type === 'word' &&
          (token.as === 'modality' || token.as === 'done' || token.as === 'began' || token.as === 'state' || token.as === 'allergy')),
    );
  // Only where all members before the last lack a date and a verb of their own is the last one's meant for all.
  return bodies.slice(0, -1).every(bare) && bare(body) ? trailing : [];
}
