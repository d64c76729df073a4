/** Abbreviations whose point ends no sentence. */
const ABBREVIATED =
  /(?:^|[\s(])(?:dr|mr|mrs|ms|st|vs|e\.g|i\.e|etc|approx|no|ref|dept|p\.o|b\.i\.d|t\.i\.d|q\.i\.d|q\.d|i\.v|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.$/i;

/** The sentences of a text as they stand: at line ends, and after a full stop that no quotation holds and no abbreviation explains. */
export function splitSentences(text: string): string[] {
  return text.split(/\r?\n/).flatMap(splitLine);
}

function splitLine(line: string): string[] {
  const sentences: string[] = [];
  let start = 0;
  let quoted = 0;
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '“') quoted++;
    if (line[i] === '”') quoted = Math.max(0, quoted - 1);
    if (quoted > 0 || !/[.!?]/.test(line[i]!) || !/^\s+\S/.test(line.slice(i + 1))) continue;
    const next = /^\s+(\S)/.exec(line.slice(i + 1))![1]!;
    if (ABBREVIATED.test(line.slice(start, i + 1)) || !/[\p{Lu}\p{N}“"(]/u.test(next)) continue;
    sentences.push(line.slice(start, i + 1));
    start = i + 1;
  }
  sentences.push(line.slice(start));
  return sentences
    .map((sentence) => sentence.replace(/^\s*(?:[-*•]|\d{1,2}[.)])\s+/, '').trim())
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence));
}
