/** What sort of thing a name stands for; it decides which parts of a display may be left out by somebody who writes about it. */
export type NameKind = 'result' | 'drug' | 'problem' | 'allergy' | 'procedure' | 'vaccine' | 'other';
