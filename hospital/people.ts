import type { Day } from './dates.ts';
import type { Random } from './random.ts';

export type Sex = 'female' | 'male';
/** A patient of the invented hospital. Nobody here exists; names, streets and numbers are ours. */
export type Person = {
  mrn: string;
  family: string;
  given: string;
  middle: string;
  sex: Sex;
  birth: Day;
  /** Whole years at the anchor day. */
  age: number;
  street: string;
  city: string;
  postalCode: string;
  phone: string;
  language: { code: string; display: string };
  maritalStatus: 'M' | 'S' | 'W' | 'D';
};

/** One of the hospital's clinicians; `id` is also the end of the FHIR id. */
export type Clinician = { id: string; family: string; given: string; number: string; role: string };

export const clinicians = {
  primary1: clinician('okafor', 'Okafor', 'Adaeze', '20011', 'Family medicine'),
  primary2: clinician('lindqvist', 'Lindqvist', 'Maren', '20012', 'Internal medicine'),
  primary3: clinician('tahiri', 'Tahiri', 'Younes', '20013', 'Family medicine'),
  endocrine: clinician('paszek', 'Paszek', 'Iwona', '20021', 'Endocrinology'),
  cardiology: clinician('ferreira', 'Ferreira', 'Duarte', '20031', 'Cardiology'),
  nephrology: clinician('nakano', 'Nakano', 'Sumire', '20041', 'Nephrology'),
  pulmonary: clinician('obrien', "O'Brien", 'Niamh', '20051', 'Pulmonology'),
  obstetrics: clinician('castellan', 'Castellan', 'Rosalba', '20061', 'Obstetrics'),
  pediatrics: clinician('whitefeather', 'Whitefeather', 'Dana', '20071', 'Pediatrics'),
  psychiatry: clinician('abramov', 'Abramov', 'Lev', '20081', 'Psychiatry'),
  orthopedics: clinician('venter', 'Venter', 'Pieter', '20091', 'Orthopedic surgery'),
  oncology: clinician('balakrishnan', 'Balakrishnan', 'Meera', '20101', 'Medical oncology'),
  surgery: clinician('sorensen', 'Sørensen', 'Astrid', '20111', 'General surgery'),
  urology: clinician('adeyemi', 'Adeyemi-Hall', 'Tunde', '20121', 'Urology'),
  gastroenterology: clinician('quispe', 'Quispe', 'Illari', '20131', 'Gastroenterology'),
  hospital: clinician('haddad', 'Haddad', 'Samira', '20141', 'Hospital medicine'),
  emergency: clinician('kowalczyk', 'Kowalczyk', 'Tomek', '20151', 'Emergency medicine'),
  radiology: clinician('delacroix', 'Delacroix', 'Anouk', '20161', 'Radiology'),
  pathology: clinician('mensah', 'Mensah', 'Kwabena', '20171', 'Pathology'),
  geriatrics: clinician('iyer', 'Iyer', 'Vasudha', '20181', 'Geriatrics'),
} as const satisfies Record<string, Clinician>;
export type ClinicianKey = keyof typeof clinicians;

const families =
  'Abara Achterberg Adomaitis Alcántara Amarasinghe Anquillano Baptiste Barzani Begay Bellweather Bondarenko Bouchard Calloway Cardenas Castañeda Chaudhry Chavarria Cheung Dahlgren Dandridge Desrosiers Dimitrova Donoghue Ekström Escobedo Fairweather Farrokhzad Fitzwater Fukunaga Gallardo Ghebremariam Giordano Greenhalgh Guerrero-Díaz Gunnarsdóttir Hallowell Hashimi Hernandez-Cole Holloway Ibekwe Iglesias Jankowski Jaramillo Juárez Kaleo Karlsen Kebede Khoury Kirkland Kobayashi Lachapelle Laghari Larkspur Lemieux Lindgren Lockhart Macaraeg Mahlangu Marchetti McAllister Medrano Mikkelsen Montoya Morningstar Muñoz Nakagawa Ndiaye Nguyen-Park Novak Obregón Odhiambo Okonjo Oliveira Ortiz Osterberg Palakiko Pemberton Petrosyan Pham Quintana Radcliffe Ramaswamy Redbird Rosenthal Rutherford Saelee Sandoval Schellenberg Sepúlveda Shapira Silverhorn Solberg Szymański Takahashi Tesfaye Thibodeaux Tran-Ellis Udeh Valenzuela Vang Villanueva Wainwright Wetherell Xiong Yazzie Youssef Zambrano Zhao'.split(
    ' ',
  );
const females =
  'Abena Adelina Aiko Amara Anneliese Aurora Beatriz Bronwyn Camila Catalina Chiamaka Clarisse Dalia Delphine Dolores Eileen Elif Esperanza Farah Fiona Gabriela Georgina Hanh Harriet Ileana Imani Ingrid Isadora Jasmine Josefina Kalani Katarzyna Keiko Laila Leticia Lorna Mai Marguerite Marisol Nadia Naomi Nilufar Ofelia Oksana Paloma Priya Rosalind Ruth Saoirse Shanice Simone Soledad Tamsin Thandiwe Uma Valentina Vera Winona Xochitl Yara Yolanda Zainab'.split(
    ' ',
  );
const males =
  'Abdul Alejandro Alistair Amadou Anders Ansel Arturo Bashir Benito Bogdan Caleb Cedric Chidi Cormac Damián Darius Dmitri Eamon Efraín Elias Emeka Faisal Felipe Ferdinand Gideon Giorgi Hamish Hector Hiroshi Idris Ignacio Ivo Jamal Joaquín Kai Kenji Kofi Lars Leonardo Lucius Malik Marcel Mateo Nikolai Nestor Octavio Omar Pascal Percival Quang Rafael Ravi Reuben Salvador Santiago Stellan Tadeo Tobias Ulises Viktor Wendell Yusuf Zachariah'.split(
    ' ',
  );
const streets =
  'Alder Creek|Bluestem|Cottonwood|Dry Fork|Elk Hollow|Ferry Landing|Granite Bend|Harvest Moon|Ironwood|Juniper Flat|Kestrel|Lantern Hill|Millrace|Northgate|Old Quarry|Prairie Wind|Quail Run|River Terrace|Sagebrush|Tamarack'.split(
    '|',
  );
const cities = [
  ['Cedar Hollow', '00511'],
  ['Ashgrove', '00512'],
  ['Millbrook Falls', '00514'],
  ['Larkmoor', '00517'],
  ['Stonebridge', '00519'],
] as const;
const languages = [
  { code: 'en', display: 'English' },
  { code: 'en', display: 'English' },
  { code: 'en', display: 'English' },
  { code: 'en', display: 'English' },
  { code: 'es', display: 'Spanish' },
  { code: 'vi', display: 'Vietnamese' },
] as const;

/** The nth medical record number of a seed: seven digits, never twice (7 368 787 has no factor in common with nine million). */
export function mrnOf(seed: number, index: number): string {
  return String(1_000_000 + (((((seed % 9_000_000) * 7919 + 3_471_902) % 9_000_000) + index * 7_368_787) % 9_000_000));
}

/** Invents somebody of that sex and age at the anchor. */
export function inventPerson(options: { mrn: string; sex: Sex; age: number; anchor: Day; random: Random }): Person {
  const { mrn, sex, age, anchor, random } = options;
  const [city, postalCode] = random.pick(cities);
  const given = random.pick(sex === 'female' ? females : males);
  return {
    ...{ mrn, sex, age, given, city, postalCode },
    family: random.pick(families),
    middle: random.pick('ABCDEFGHIJKLMNOPRSTW'.split('')),
    birth: anchor - Math.floor(age * 365.2425) - random.int(3, 350),
    street: `${random.int(101, 9899)} ${random.pick(streets)} ${random.pick(['Road', 'Lane', 'Street', 'Court', 'Trail'])}`,
    phone: `555-01${String(random.int(0, 99)).padStart(2, '0')}`,
    language: random.pick(languages),
    maritalStatus: age < 19 ? 'S' : age > 76 && random.chance(0.45) ? 'W' : random.pick(['M', 'M', 'M', 'S', 'D'] as const),
  };
}

function clinician(id: string, family: string, given: string, number: string, role: string): Clinician {
  return { id, family, given, number, role };
}
