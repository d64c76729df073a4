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

/**
 * The card of a waiting draft. Only what is proven is quoted: what the chart does not prove or contradicts is counted and seen in the review
 * alone. The same hook instance gives the same card id, so a repeated call is one card.
 */
export function cardOf(proposal: { id: string; title: string; content: ProposalContent }, hookInstance: string, publicUrl: string): Card {
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
    summary: cut(`${proposal.title} ready to sign: ${proven.length} of ${sentences.length} sentences proven by the chart`),
    detail: [...quoted, '', `${more.length > 0 ? `${more.join(', ')}. ` : ''}Nothing is written to the chart before you sign.`].join('\n'),
    indicator: 'info',
    source: { label: 'Countersign', url: base },
    links: [{ label: 'Review and sign', url: `${base}/review/${proposal.id}`, type: 'absolute' }],
  };
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
