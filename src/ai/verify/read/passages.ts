import { splitSentences } from './sentences.ts';

/**
 * One sentence of a note, with the words over it that say what it is said of; `takesBack` counts the sentences before it that it may turn round.
 * `follows` are the places of the sentences before it, of its paragraph and below its heading, that a bare name may still belong to; `line` is its line.
 */
export type Passage = { text: string; line: number; follows: number[]; under?: string; takesBack?: number };

type Line = { text: string; bullet: boolean; indent: number; apart: boolean; marked: boolean };
type Heading = { text: string; indent: number; section: boolean; items: number; inline?: boolean };

/** Line ends of Unicode (UAX #14), of which a file may hold any. */
const LINE_END = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;
const BULLET = /^(?:[-*•‣◦·▪]|\d{1,2}[.)])\s+/;
/** A line that ends so goes on in the next one. */
const GOES_ON =
  /(?:[,;&/–—]|\s-|(?:^|\s)(?:and|or|nor|but|no|not|without|denies|denied|of|for|with|to|the|an?|any|in|on|by|from|has|had|have|is|are|was|were|be|been|his|her))$/i;
/** Headings of a note that say of what sort their lines are and nothing else about them. */
const PLAIN =
  /^(?:labs?|lab(?:oratory)? (?:results|data|values)|results|vitals?|vital signs|medications?|meds|problems?|problem list|diagnos[ei]s|assessment|procedures|immunizations|vaccinations|visits|encounters|appointments|imaging|reports|summary|pre-visit summary|hpi|history of present illness|subjective|objective|notes?|chart review|interval history)$/;
/** Sections by the names that the reader itself knows: their lines are read with them, with a colon after them or without. */
const LISTS =
  /^(?:(?:active|current|resolved) (?:problems?|medications?|meds|diagnoses)|problem list|pmhx?|(?:past )?medical history|current problems)$/;
/** Words that alone say nothing and turn what stands beside them: a line of nothing else is a heading, or an answer to what stands before it. */
const TURNS = new Set(
  'family history hx past former previous prior old denies denied deny negative positive ruled rule out resolved inactive stopped discontinued held on hold ceased cancelled refused planned plan suspected possible probable unlikely no not none never nil yes absent present evidence of for the any following is are was were has had have been to do done in error wrong false true incorrect mistaken mistake problems problem diagnoses diagnosis conditions condition medications medication meds allergies allergy symptoms findings patient pt he she they mother father sister brother son daughter wife husband spouse partner aunt uncle cousin grandmother grandfather maternal paternal parents siblings children relatives mom dad fhx fh fam ddx differential risk factors screening review systems ros considered consider unconfirmed confirmed excluded n a at last visit'.split(
    ' ',
  ),
);
/** A line with a heading of its own. */
const HEADED = /^[^:]{2,40}:\s+\S/;
const AHEAD = /\b(?:following|follows|below|as listed|listed here)\b/i;
const RETRACTS =
  /^(?:(?:please|sorry|oops|apologies),? )?(?:entered in error|error|my (?:mistake|error)|never ?mind|disregard|ignore|retract\w*|strike|scratch that|delete\w*|correction|wrong (?:patient|person|chart|record|note|entry)|not (?:this|our|the right) patient|not (?:his|hers|theirs))\b/i;
const BACK =
  /^(?:this|that|these|those|it|they|all|none|neither|both|each|which|above|the (?:above|former|latter|same|first|last|second))\b|\babove\b|\baforementioned\b/i;

/**
 * The sentences of a note in order, each with what governs it: the heading over it, the sentence that announces it, the line it goes on from.
 * Wrapped lines are one sentence. A heading that is not plainly the name of a section is said of every line to the next one, or to a blank line.
 */
export function splitNote(text: string): Passage[] {
  const lines = joined(linesOf(text));
  const passages: Passage[] = [];
  let headings: Heading[] = [];
  let paragraph = 0;
  let before = 0;
  let scope: { at: number; line: number; bullet: boolean }[] = [];
  for (const [i, line] of lines.entries()) {
    const own = HEADED.test(line.text);
    headings = headings.filter((heading) => reaches(heading, line, lines[i - 1]) && !(heading.inline === true && own));
    // Where the first line under a heading stands apart from it, so do the others from each other.
    for (const heading of headings) heading.section ||= heading.items === 0 && line.apart;
    if (line.apart && !(line.bullet && lines[i - 1]?.bullet === true)) [before, paragraph, scope] = [paragraph, 0, []];
    const heads = isHeading(line, lines[i + 1]);
    if (heads) scope = [];
    const sentences = splitSentences(line.text);
    let announced = under(headings);
    for (const [n, sentence] of sentences.entries()) {
      passages.push({
        text: sentence,
        line: i,
        // Items of one list stand beside each other.
        follows: scope.filter((one) => one.line === i || !(one.bullet && line.bullet)).map((one) => one.at),
        ...(announced === undefined ? {} : { under: announced }),
        ...takenBack(sentence, heads, paragraph, before),
      });
      if (!heads) scope.push({ at: passages.length - 1, line: i, bullet: line.bullet && !onlyTurns(sentence) });
      paragraph++;
      const head = n === 0 ? /^([^:]{2,60}):\s*\S/.exec(sentence)?.[1] : undefined;
      const announces = AHEAD.test(sentence)
        ? sentence
        : head !== undefined && onlyTurns(head) && !/^allerg/i.test(head)
          ? head
          : undefined;
      if (announces === undefined || heads) continue;
      headings = [{ text: bare(announces), indent: line.indent, section: false, items: 0, inline: true }];
      announced = under(headings);
    }
    if (!heads) for (const heading of headings) heading.items++;
    else headings = nested(headings, { text: bare(line.text), indent: line.indent, section: isSection(line), items: 0 });
  }
  return passages;
}

/** Sentences before this one that it may take back: an answer of turning words alone the last one, one that points back all of its paragraph. */
function takenBack(sentence: string, heads: boolean, paragraph: number, before: number): { takesBack?: number } {
  if (heads) return {};
  if (BACK.test(sentence) || RETRACTS.test(sentence)) return { takesBack: paragraph === 0 ? before : paragraph };
  return onlyTurns(sentence) ? { takesBack: 1 } : {};
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let apart = true;
  for (const raw of text.split(LINE_END)) {
    const trimmed = raw.trim();
    if (!/[\p{L}\p{N}]/u.test(trimmed)) {
      apart ||= trimmed === '';
      continue;
    }
    const bullet = BULLET.test(trimmed);
    const inner = bullet ? trimmed.replace(BULLET, '') : trimmed;
    const marked = /^#{1,6}\s|^(\*\*|__).*\1:?$/.test(inner);
    const shown = marked ? inner.replace(/^#{1,6}\s+|\*\*|__/g, '').trim() : inner;
    lines.push({ text: shown, bullet, indent: raw.length - raw.trimStart().length, apart, marked });
    apart = false;
  }
  return lines;
}

/** Lines that go on in the next one made one. */
function joined(lines: Line[]): Line[] {
  const whole: Line[] = [];
  for (const line of lines) {
    const last = whole.at(-1);
    if (last !== undefined && goesOn(last, line)) last.text = `${last.text} ${line.text}`;
    else whole.push({ ...line });
  }
  return whole;
}

function goesOn(last: Line, next: Line): boolean {
  if (depth(last.text, '“', '”') > 0) return true;
  if (last.marked || next.marked) return false;
  if (next.apart) return GOES_ON.test(last.text) && /\p{L}$/u.test(last.text);
  if (depth(last.text, '(', ')') > 0 || depth(last.text, '[', ']') > 0) return true;
  if (GOES_ON.test(last.text) && (!next.bullet || splitWords(last.text).some((word) => TURNS.has(word)))) return true;
  return !next.bullet && !/[.!?:]$/.test(last.text) && /^\p{Ll}/u.test(next.text);
}

function depth(text: string, open: string, close: string): number {
  return text.split(open).length - text.split(close).length;
}

function isHeading(line: Line, next: Line | undefined): boolean {
  if (line.marked || line.text.endsWith(':')) return true;
  if (next === undefined) return false;
  if (/[.!?]$/.test(line.text)) return line.apart && !line.bullet && onlyTurns(line.text);
  if (isSection(line) || (!line.bullet && isNamed(line.text))) return true;
  const over = next.bullet && (!line.bullet || next.indent > line.indent) && !onlyTurns(next.text);
  return over || (onlyTurns(line.text) && !line.bullet);
}

/** A title, which stands over all paragraphs to the next one. */
function isSection(line: Line): boolean {
  return (
    line.marked || (!line.bullet && /^[\p{Lu}\s/&-]+:?$/u.test(line.text) && (splitWords(line.text).length > 1 || onlyTurns(line.text)))
  );
}

function isNamed(text: string): boolean {
  return PLAIN.test(text.toLowerCase()) || LISTS.test(text.toLowerCase());
}

function reaches(heading: Heading, line: Line, last: Line | undefined): boolean {
  if (heading.section || !line.apart || heading.items === 0) return true;
  return line.bullet && last?.bullet === true;
}

/** A heading inside another one is said with it; one beside it takes its place. */
function nested(headings: Heading[], heading: Heading): Heading[] {
  const over = headings.filter((one) => one.items === 0 || heading.indent > one.indent || (one.section && !heading.section));
  return [...over, heading];
}

function under(headings: Heading[]): string | undefined {
  const governing = headings.map((heading) => heading.text).filter((text) => text !== '' && !PLAIN.test(text.toLowerCase()));
  return governing.length === 0 ? undefined : governing.join(': ');
}

function onlyTurns(text: string): boolean {
  const words = splitWords(text);
  return (
    words.length > 0 &&
    words.length <= 6 &&
    words.every((word) => TURNS.has(word) || /^\d+$/.test(word)) &&
    words.some((word) => TURNS.has(word))
  );
}

function splitWords(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
}

function bare(text: string): string {
  return text.replace(/[\s:.;,–—-]+$/u, '').trim();
}
