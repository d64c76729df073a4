import { onSiteClock } from '../../core/instant-words.ts';
import type { ProposalContent } from '../../core/proposal.ts';
import { uuidFromParts } from '../../platform/digest.ts';

/** A CDS Hooks 2.0 card. */
export type Card = {
  uuid: string;
  summary: string;
  detail: string;
  indicator: 'info' | 'warning' | 'critical';
  source: { label: string; url: string };
  links: { label: string; url: string; type: 'absolute' }[];
};

/** A card shows so many sentences; the review shows all. */
const SHOWN = 4;
/** CDS Hooks 2.0, card attributes: summary is shorter than 140 characters. */
const SUMMARY_CHARACTERS = 139;

/** What a card needs beside the draft: `unreadSince` is when the first of what may be about the patient and is not read yet arrived. */
export type CardContext = { hookInstance: string; publicUrl: string; zone: string; unreadSince: string | undefined };

/**
 * The card of a waiting draft. A draft that is older than what has arrived says so first, and warns. Only what is proven is quoted: what the chart does not prove or contradicts is counted and seen in the review
 * alone. The same hook instance gives the same card id, so a repeated call is one card.
 */
export function cardOf(proposal: { id: string; title: string; content: ProposalContent }, context: CardContext): Card {
  const { hookInstance, publicUrl, zone, unreadSince } = context;
  const base = publicUrl.replace(/\/+$/, '');
  const sentences = proposal.content.sentences;
  const proven = sentences.filter((sentence) => sentence.verdict.outcome === 'proven');
  const open = sentences.filter((sentence) => sentence.verdict.outcome === 'unproven').length;
  const quoted = proven.slice(0, SHOWN).map((sentence) => `- ${plain(sentence.text)}`);
  const more = [
    proven.length > SHOWN ? `${proven.length - SHOWN} more proven ${plural(proven.length - SHOWN, 'sentence')}` : undefined,
    open > 0 ? `${open} ${plural(open, 'sentence')} to look at` : undefined,
  ].filter((part) => part !== undefined);
  return {
    uuid: uuidFromParts('cds-card', hookInstance.toLowerCase(), proposal.id),
    summary: cut(
      unreadSince === undefined
        ? `${proposal.title} ready to sign: ${proven.length} of ${sentences.length} sentences proven by the chart`
        : `${proposal.title} is older than a message not read yet: ${proven.length} of ${sentences.length} sentences proven before it`,
    ),
    detail: [
      ...(unreadSince === undefined ? [] : [unreadWords(unreadSince, zone), '']),
      ...quoted,
      '',
      `${more.length > 0 ? `${more.join(', ')}. ` : ''}Nothing is written to the chart before you sign.`,
    ].join('\n'),
    indicator: unreadSince === undefined ? 'info' : 'warning',
    source: { label: 'Countersign', url: base },
    links: [{ label: 'Review and sign', url: `${base}/review/${proposal.id}`, type: 'absolute' }],
  };
}

function unreadWords(since: string, zone: string): string {
  return `**A message that may be about this patient arrived on ${onSiteClock(since, zone)} (${zone}) and is not read yet.** What it says is not in this draft; it cannot be signed until the message is read.`;
}

/** Words of a chart as words, whatever Markdown or HTML they look like. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]()#+\-!|<>~&]/g, '\\$&');
}

function plural(number: number, word: string): string {
  return number === 1 ? word : `${word}s`;
}

function cut(text: string): string {
  return text.length <= SUMMARY_CHARACTERS ? text : `${text.slice(0, SUMMARY_CHARACTERS - 1)}…`;
}
