import type { Token } from './tokens.ts';

/** Verbs that the reader knows as past or noun as well; bare and without a subject they tell somebody to do something. */
const BARE = new Set(['order', 'fill', 'receive', 'undergo']);
const SUBJECT = /^(?:patient|pt|he|she|they)$/i;

/** Whether a sentence asks or commands: it then claims nothing, however true its words are. A mark before a name ("? gout") is no question. */
export function claimsNothing(tokens: readonly Token[]): boolean {
  return isQuestion(tokens) || tokens.some((token, i) => token.type === 'word' && BARE.has(token.text) && isCommand(tokens, i));
}

function isQuestion(tokens: readonly Token[]): boolean {
  if (
    tokens.some((token, i) => token.type !== 'quote' && token.type !== 'term' && token.text.includes('?') && tokens[i + 1]?.type !== 'term')
  )
    return true;
  const [first, second, third] = tokens.filter((token) => !isFiller(token, /^(?:also|then)$/i));
  if (first === undefined || second === undefined) return false;
  if (isFiller(first, /^(?:who|which)$/i)) return true;
  const subject = isFiller(second, SUBJECT) || (isFiller(second, /^the$/i) && isFiller(third, SUBJECT));
  if (first.type === 'word' && (first.as === 'has' || first.as === 'had') && /^ha/.test(first.text)) return subject;
  return (
    isFiller(first, /^(?:is|are|was|were|does|do|did)$/i) &&
    (subject || second.type === 'term' || isFiller(second, /^(?:the|an?|his|her|their|there|it|this|that)$/i))
  );
}

function isCommand(tokens: readonly Token[], at: number): boolean {
  const before = tokens
    .slice(0, at)
    .filter((token) => !isFiller(token, /^(?:also|then|do|[(:.])$/i))
    .at(-1);
  return before === undefined || before.type === 'separator';
}

function isFiller(token: Token | undefined, text: RegExp): boolean {
  return token?.type === 'filler' && text.test(token.text);
}
