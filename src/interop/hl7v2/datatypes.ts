import { jsonNumber } from '../fhir/json.ts';
import { codingSystem, v2Table } from './coding-systems.ts';
import { authorityOf, type Cell, part, pathOf, readTimeOf } from './reading.ts';
import { nextIndex, put, type Resource } from './resource.ts';

/** How a field becomes an element. A converter puts what it finds and leaves the rest of the field to coverage. */
export type Convert = (cell: Cell, resource: Resource, element: string, option: string | undefined) => void;

/** The words of a row's `as`. `option` names a table, a system or a code that the row fixes. */
export const converters = {
  /** The first component as text. */
  text(cell, resource, element) {
    const found = part(cell, 1);
    if (found) put(resource, element, found.text.trim(), found.path);
  },
  /** CE, CWE, CNE: up to three codings (HL7 v2.7 §2.A.13) and the original text. `option`: the HL7 table a bare code belongs to. */
  concept(cell, resource, element, option) {
    putConcept(cell, resource, element, option);
  },
  /** A concept that says what the fact is about: a code only this source knows lowers the grade to B. */
  'main-concept'(cell, resource, element, option) {
    if (!putConcept(cell, resource, element, option)) resource.flags.add('code-local');
  },
  /** CX, EI: value and authority; CX-5 says what kind. `option`: a fixed system. */
  identifier(cell, resource, element, option) {
    const value = part(cell, 1);
    if (!value) return;
    put(resource, `${element}.system`, option ?? authorityOf(cell, 4), pathOf(cell, 4));
    put(resource, `${element}.value`, value.text.trim(), value.path);
    const kind = part(cell, 5);
    if (kind) {
      put(resource, `${element}.type.coding[0].system`, v2Table('0203'), kind.path);
      put(resource, `${element}.type.coding[0].code`, kind.text.trim(), kind.path);
    }
  },
  /** EI: entity number with its namespace in components 2 to 4. */
  'order-number'(cell, resource, element, option) {
    const value = part(cell, 1);
    if (!value) return;
    if (option) put(resource, `${element}.type.coding[0]`, { system: v2Table('0203'), code: option }, value.path);
    const namespace = part(cell, 2);
    if (namespace)
      put(resource, `${element}.system`, `urn:countersign:authority:${cell.reading.source}:${namespace.text.trim()}`, namespace.path);
    put(resource, `${element}.value`, value.text.trim(), value.path);
  },
  /** XPN. Name type (table 0200) gives the use. */
  'human-name'(cell, resource, element) {
    const use = part(cell, 7);
    const known = use && nameUse[use.text.trim().toUpperCase()];
    if (use && known) put(resource, `${element}.use`, known, use.path);
    const family = part(cell, 1, 1) ?? part(cell, 1);
    if (family) put(resource, `${element}.family`, family.text.trim(), family.path);
    list(cell, [2, 3], resource, `${element}.given`);
    list(cell, [5], resource, `${element}.prefix`);
    list(cell, [4, 6], resource, `${element}.suffix`);
  },
  /** XAD. */
  address(cell, resource, element) {
    list(cell, [1, 2], resource, `${element}.line`);
    for (const [component, name] of [
      [3, 'city'],
      [9, 'district'],
      [4, 'state'],
      [5, 'postalCode'],
      [6, 'country'],
    ] as const) {
      const found = part(cell, component);
      if (found) put(resource, `${element}.${name}`, found.text.trim(), found.path);
    }
    const use = part(cell, 7);
    const known = use && addressUse[use.text.trim().toUpperCase()];
    if (use && known) put(resource, `${element}.use`, known, use.path);
  },
  /** XTN: the number or mail address as one string, its kind (table 0202) and use (table 0201). `option`: the use where none is sent. */
  telecom(cell, resource, element, option) {
    const value = part(cell, 4) ?? part(cell, 1) ?? part(cell, 12) ?? phoneOf(cell);
    if (!value) return;
    const kind = part(cell, 3);
    const system = kind && telecomSystem[kind.text.trim().toUpperCase()];
    put(resource, `${element}.system`, system ?? (value.text.includes('@') ? 'email' : 'phone'), kind?.path ?? value.path);
    put(resource, `${element}.value`, value.text.trim(), value.path);
    const use = part(cell, 2);
    const known = use && telecomUse[use.text.trim().toUpperCase()];
    if (known ?? option) put(resource, `${element}.use`, (known ?? option)!, known ? use.path : value.path);
  },
  /** XCN, CNN, NDL: who acted, as words and, where sent, the number they are known by. */
  person(cell, resource, element) {
    const words = personWords(cell);
    if (!words) return;
    put(resource, `${element}.display`, words.text, words.path);
    const number = part(cell, 1, 1) ?? part(cell, 1);
    if (number && number.text.trim() !== words.text) {
      put(resource, `${element}.identifier.system`, authorityOf(cell, 9), pathOf(cell, 9));
      put(resource, `${element}.identifier.value`, number.text.trim(), number.path);
    }
  },
  /** XON, CE or CWE as words: the organisation or producer. */
  organisation(cell, resource, element) {
    const words = part(cell, 2) && cell.field === 15 ? part(cell, 2) : (part(cell, 1) ?? part(cell, 2));
    if (words) put(resource, `${element}.display`, words.text.trim(), words.path);
  },
  /** PL: point of care, room, bed and facility as words. */
  place(cell, resource, element) {
    const words = [1, 2, 3, 4].map((component) => part(cell, component, 1)?.text.trim()).filter(Boolean);
    if (words.length > 0) put(resource, `${element}.display`, words.join(' '), pathOf(cell));
  },
  /** DT, DTM, TS. */
  time(cell, resource, element) {
    putTime(cell, resource, element, (text) => text);
  },
  /** The same where FHIR takes only a calendar date. */
  date(cell, resource, element) {
    putTime(cell, resource, element, (text) => text.slice(0, 10));
  },
  /** A whole number. */
  integer(cell, resource, element) {
    const found = part(cell, 1);
    if (found && /^[1-9]\d{0,8}$/.test(found.text.trim())) put(resource, element, jsonNumber(found.text.trim()), found.path);
  },
  /** HL7 table 0136. */
  yes(cell, resource, element) {
    const found = part(cell, 1);
    const value = found && { Y: true, N: false }[found.text.trim().toUpperCase()];
    if (found && value !== undefined) put(resource, element, value, found.path);
  },
  /** HL7 table 0001. */
  sex(cell, resource, element) {
    const found = part(cell, 1);
    if (!found) return;
    const known = genders[found.text.trim().toUpperCase()];
    if (known) put(resource, element, known, found.path);
    else resource.flags.add('sex-unreadable');
  },
} satisfies { [name: string]: Convert };

/** How a row of a map says what a field becomes. A `[]` in `to` appends to a list. */
export type Row = { field: number; to: string; as: keyof typeof converters; option?: string };

/** Puts every row of a map that the segment has a value for. */
export function applyMap(cellsOf: (field: number) => Cell[], resource: Resource, rows: readonly Row[]): void {
  for (const row of rows) {
    const found = cellsOf(row.field);
    for (const one of row.to.includes('[]') ? found : found.slice(0, 1)) {
      const at = row.to.indexOf('[]');
      const element = at === -1 ? row.to : row.to.replace('[]', `[${nextIndex(resource, row.to.slice(0, at))}]`);
      (converters[row.as] as Convert)(one, resource, element, row.option);
    }
  }
}

/** Name words of an XCN: prefix, given, family, suffix; else the bare number. */
export function personWords(cell: Cell): { text: string; path: string } | undefined {
  const words = [part(cell, 6), part(cell, 3), part(cell, 4), part(cell, 2, 1) ?? part(cell, 2), part(cell, 5)];
  const name = words.flatMap((word) => (word ? [word.text.trim()] : [])).join(' ');
  if (name) return { text: name, path: pathOf(cell) };
  const number = part(cell, 1, 1) ?? part(cell, 1);
  return number && { text: number.text.trim(), path: number.path };
}

/** Puts a concept; true when at least one code is from a system that others know too. */
export function putConcept(cell: Cell, resource: Resource, element: string, table: string | undefined): boolean {
  const { source } = cell.reading;
  let known = false;
  let at = 0;
  for (const first of [1, 4, 10]) {
    const code = part(cell, first);
    const words = part(cell, first + 1);
    if (!code && !words) continue;
    const systemPart = part(cell, first === 10 ? 12 : first + 2);
    if (code) {
      const system = codingSystem(systemPart?.text ?? '', source, first === 1 ? table : undefined);
      known ||= system.known;
      put(resource, `${element}.coding[${at}].system`, system.uri, systemPart?.path ?? code.path);
      put(resource, `${element}.coding[${at}].code`, code.text.trim(), code.path);
      if (words) put(resource, `${element}.coding[${at}].display`, words.text, words.path);
      at++;
    } else if (words && resource.paths.get(`${element}.text`) === undefined) put(resource, `${element}.text`, words.text, words.path);
  }
  const original = part(cell, 9);
  if (original) put(resource, `${element}.text`, original.text, original.path);
  return known;
}

function putTime(cell: Cell, resource: Resource, element: string, cut: (text: string) => string): void {
  const found = part(cell, 1, 1) ?? part(cell, 1);
  if (!found) return;
  const time = readTimeOf(cell.reading, found.text);
  if (time.flag) resource.flags.add(time.flag);
  if (time.text) put(resource, element, cut(time.text), found.path);
}

function list(cell: Cell, components: number[], resource: Resource, element: string): void {
  for (const component of components) {
    const found = part(cell, component);
    if (found) put(resource, `${element}[${nextIndex(resource, element)}]`, found.text.trim(), found.path);
  }
}

/** Country, area and local number of an XTN (HL7 v2.5.1 §2.A.89) where the whole is not sent. */
function phoneOf(cell: Cell): { text: string; path: string } | undefined {
  const words = [5, 6, 7].map((component) => part(cell, component)?.text.trim()).filter(Boolean);
  return words.length > 0 ? { text: words.join(' '), path: pathOf(cell) } : undefined;
}

const genders: { [code: string]: string } = {
  F: 'female',
  M: 'male',
  O: 'other',
  A: 'other',
  N: 'other',
  U: 'unknown',
  FEMALE: 'female',
  MALE: 'male',
};
const nameUse: { [code: string]: string } = {
  L: 'official',
  D: 'usual',
  M: 'maiden',
  N: 'nickname',
  P: 'nickname',
  S: 'anonymous',
  B: 'official',
  BAD: 'old',
  T: 'temp',
};
const addressUse: { [code: string]: string } = { H: 'home', B: 'work', O: 'work', C: 'temp', P: 'home', BA: 'old' };
const telecomUse: { [code: string]: string } = { PRN: 'home', ORN: 'home', VHN: 'home', WPN: 'work', PRS: 'mobile' };
const telecomSystem: { [code: string]: string } = {
  PH: 'phone',
  CP: 'phone',
  FX: 'fax',
  BP: 'pager',
  INTERNET: 'email',
  'X.400': 'email',
  SAT: 'phone',
};
