import { activeSurveillance } from './active-surveillance.ts';
import type { Archetype } from './archetype.ts';
import { breastCancer } from './breast-cancer.ts';
import { castrationResistant } from './castration-resistant.ts';
import { colonCancer } from './colon-cancer.ts';
import { copd } from './copd.ts';
import { depression } from './depression.ts';
import { diabetes } from './diabetes.ts';
import { heartFailure } from './heart-failure.ts';
import { jointReplacement } from './joint-replacement.ts';
import { kidneyDisease } from './kidney-disease.ts';
import { pediatrics } from './pediatrics.ts';
import { polypharmacyElder } from './polypharmacy-elder.ts';
import { pregnancy } from './pregnancy.ts';
import { prostatectomyRecurrence } from './prostatectomy-recurrence.ts';
import { screening } from './screening.ts';

/** Every kind of patient; the first ones of a hospital are one of each, in this order. */
export const archetypes: readonly Archetype[] = [
  diabetes,
  heartFailure,
  kidneyDisease,
  copd,
  screening,
  pregnancy,
  pediatrics,
  polypharmacyElder,
  depression,
  jointReplacement,
  breastCancer,
  activeSurveillance,
  prostatectomyRecurrence,
  castrationResistant,
  colonCancer,
];
