/** Our own short names of the fields of common segments, in their order, for people who read a message. One list, read as a list. */
const names: { [segment: string]: string } = {
  MSH: 'field separator|encoding characters|sending application|sending facility|receiving application|receiving facility|sent at|security|message type|control id|processing|version|sequence number|continuation|accept acknowledgement|application acknowledgement|country|character set|language|alternate character sets|profile',
  EVN: 'event|recorded at|planned at|reason|operator|occurred at|facility',
  PID: 'line|external id|patient ids|alternate id|name|mother’s maiden name|born at|sex|alias|race|address|county|home phone|work phone|language|marital status|religion|account|social security number|licence|mother’s id|ethnic group|birth place|multiple birth|birth order|citizenship|veteran|nationality|died at|dead|identity unknown|identity reliability|updated at|updated at facility|species|breed|strain|production class|tribe',
  PD1: 'living dependency|living arrangement|primary facility|primary care provider|student|handicap|living will|organ donor|separate bill|duplicate patient|publicity|protected|protected since|place of worship|advance directive|immunization registry|registry since|publicity since',
  NK1: 'line|name|relationship|address|phone|business phone|contact role|from|to|job title|job code|employee number|organization',
  PV1: 'line|patient class|location|admission type|preadmit number|prior location|attending|referring|consulting|hospital service|temporary location|preadmit test|readmission|admit source|ambulatory status|VIP|admitting|patient type|visit number|financial class|charge price|courtesy|credit rating|contract code|contract date|contract amount|contract period|interest|bad debt|bad debt date|bad debt agency|bad debt amount|bad debt recovered|delete account|delete account date|discharge disposition|discharged to|diet|servicing facility|bed status|account status|pending location|prior temporary location|admitted at|discharged at|balance|charges|adjustments|payments|alternate visit|visit indicator|other provider',
  PV2: 'prior pending location|accommodation|admit reason|transfer reason|valuables|valuables location|visit user|expected admit|expected discharge|estimated days|actual days|visit description|referral source',
  MRG: 'prior ids|prior alternate id|prior account|prior patient id|prior visit|prior alternate visit|prior name',
  ORC: 'order control|placer order|filler order|placer group|order status|response|timing|parent|transaction at|entered by|verified by|ordered by|location|phone|effective at|control reason|organization|device|action by',
  OBR: 'line|placer order|filler order|service|priority|requested at|observed at|observed until|volume|collector|action|danger|clinical information|received at|specimen source|ordered by|phone|placer field 1|placer field 2|filler field 1|filler field 2|results changed at|charge|section|status|parent result|timing|copies to|parent|transport|reason|interpreter|assistant|technician|transcriptionist|scheduled at',
  OBX: 'line|value type|code|sub-id|value|unit|reference range|abnormal flags|probability|nature of abnormality|status|range effective at|access checks|observed at|producer|observer|method|equipment|analysed at|site|instance|mood|performing organization|performing address|medical director',
  NTE: 'line|source|comment|kind',
  SPM: 'line|specimen id|parent specimen|type|modifier|additives|collection method|source site|site modifier|collection site|role|amount|grouped|description|handling|risk|collected at|received at',
  AL1: 'line|allergen type|allergen|severity|reaction|identified at',
  IAM: 'line|allergen type|allergen|severity|reaction|action|id|action reason|sensitivity|group|onset|onset text|reported at|reported by',
  DG1: 'line|coding method|diagnosis|description|diagnosed at|type|category|DRG|approval|review|outlier type|outlier days|outlier cost|grouper|priority|clinician|classification|confidential|attested at|id|action',
  PRB: 'action|action at|problem|instance|episode|list priority|established at|anticipated resolution|resolved at|classification|discipline|persistence|confirmation|life cycle|life cycle at|onset|onset text|ranking|certainty',
  TXA: 'line|document type|content|activity at|primary provider|originated at|transcribed at|edited at|originator|authenticator|transcriptionist|document number|parent document|placer order|filler order|file name|completion|confidentiality|availability|storage|change reason|signed by',
  RXA: 'sub-id|administration|started at|ended at|vaccine|amount|unit|form|notes|administered by|location|per|strength|strength unit|lot|expires|manufacturer|refusal|indication|completion|action|entered at',
  RXR: 'route|site|device|method|instruction',
  RXO: 'drug|minimum|maximum|unit|form|instructions|administration|location|substitution|dispense code|dispense amount|dispense unit|refills|prescriber',
  RXE: 'timing|drug|minimum|maximum|unit|form|instructions|location|substitution|dispense amount|dispense unit|refills|prescriber|verifier|prescription number|refills left|doses|dispensed at|daily dose',
  SCH: 'placer appointment|filler appointment|occurrence|group|schedule|event reason|reason|type|duration|duration unit|timing|placer contact|phone|address|location|filler contact|phone|address|location|entered by|phone|location|parent placer|parent filler|status',
};

const split = new Map<string, string[]>();

/** The short name of a field, or null for one that we have no name for. */
export function fieldName(segment: string, field: number): string | null {
  let list = split.get(segment);
  if (!list) {
    list = names[segment]?.split('|') ?? [];
    split.set(segment, list);
  }
  return list[field - 1] ?? null;
}
