import type { ChartIndex } from '../chart-index.ts';
import type { Token } from './tokens.ts';

type Named = { names: Set<string>; gender: string | undefined };

const patients = new WeakMap<ChartIndex, Named>();
const TITLES: Record<string, string> = { mr: 'male', mrs: 'female', ms: 'female' };
const PRONOUNS: Record<string, string> = { he: 'male', him: 'male', his: 'male', she: 'female', her: 'female' };

/** The first word nobody understands, or that speaks of somebody else. The patient's own names are understood beside a title or together, as "Prior" and "Max" are words as well. */
export function unreadOrStranger(tokens: Token[], index: ChartIndex): Token | undefined {
  const { names, gender } = patientOf(index);
  const words = tokens.filter((token) => token.type === 'unread' || (token.text !== '.' && token.text !== ','));
  const isOwn = (token: Token | undefined) => token?.type === 'unread' && names.has(token.text.toLowerCase());
  const sexOf = (token: Token | undefined) => (token?.type === 'filler' ? TITLES[token.text.toLowerCase()] : undefined);
  const isCapital = (token: Token | undefined) => /^\p{Lu}/u.test(token?.text ?? '');
  return words.find((token, i) => {
    const sex = sexOf(token);
    if (sex !== undefined) return !isOwn(words[i + 1]) || (gender !== undefined && gender !== sex);
    const pronoun = token.type === 'filler' ? PRONOUNS[token.text.toLowerCase()] : undefined;
    if (token.type === 'filler' && /^(?:they|their)$/i.test(token.text)) return gender === 'male' || gender === 'female';
    if (pronoun !== undefined) return (gender === 'male' || gender === 'female') && pronoun !== gender;
    if (token.type !== 'unread') return false;
    if (!isOwn(token) || !isCapital(token)) return true;
    const beside = [words[i - 1], words[i + 1]].filter((other) => isOwn(other) && isCapital(other));
    return sexOf(words[i - 1]) === undefined && !beside.some((other) => other!.text.toLowerCase() !== token.text.toLowerCase());
  });
}

function patientOf(index: ChartIndex): Named {
  const known = patients.get(index);
  if (known !== undefined) return known;
  const names = new Set<string>();
  let gender: string | undefined;
  for (const fact of index.chart.facts) {
    if (fact.type !== 'Patient') continue;
    for (const atom of fact.atoms) {
      if (atom.name === 'gender') gender = atom.text;
      if (atom.name === 'name') for (const part of atom.text.toLowerCase().split(/[\s,]+/)) if (part.length > 1) names.add(part);
    }
  }
  const patient = { names, gender };
  patients.set(index, patient);
  return patient;
}
