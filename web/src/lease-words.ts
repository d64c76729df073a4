import type { LeaseView } from '../../src/core/api.ts';
import { clockText } from './time.ts';

/** With whom a draft is, in one or two words: `you`, a colleague by title and family name, or the pool. */
export function withWord(lease: LeaseView | null): string {
  if (!lease) return 'pool';
  return lease.you ? 'you' : shortName(lease.name);
}

/** The same with its end, and from whom and why it was handed on. */
export function withSentence(lease: LeaseView | null, zone: string): string {
  if (!lease) return 'With nobody: whoever claims it has it for 15 minutes.';
  const handed = lease.handedBy ? `, handed on by ${lease.handedBy}${lease.reason ? `: ${lease.reason}` : ''}` : '';
  return `With ${lease.you ? 'you' : lease.name} until ${clockText(lease.until, zone)}${handed}`;
}

/** `Dr. Ines Halloran` as colleagues say it: `Dr. Halloran`. */
export function shortName(name: string): string {
  const words = name.split(' ');
  const family = words.at(-1) ?? name;
  return words.length > 1 && /^(Dr|Prof)\.?$/i.test(words[0]!) ? `${words[0]} ${family}` : family;
}
