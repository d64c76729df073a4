import { Link } from '@tanstack/react-router';
import type { PatientBanner as Person } from '../../../src/core/api.ts';
import { useNow, useZone } from '../session.ts';
import { ageYears, dateText } from '../time.ts';
import { Icon } from './icon.tsx';
import './patient-banner.css';

/** Whom this is about, on every screen that shows a chart; allergies are never left blank. */
export function PatientBanner(props: { person: Person; linked?: boolean }) {
  const { person } = props;
  const zone = useZone();
  const now = useNow();
  // Nobody grows older after death.
  const age = person.deceased === null ? ageYears(person.birthDate, now, zone) : undefined;
  const name = person.name ?? 'Name not given';
  return (
    <section className="banner" aria-label="Patient">
      <span className="banner-name">
        {props.linked ? (
          <Link to="/patients/$id" params={{ id: person.id }}>
            {name}
          </Link>
        ) : (
          name
        )}
      </span>
      <span>{[age === undefined ? undefined : `${age} y`, person.sex ?? 'sex not given'].filter(Boolean).join(', ')}</span>
      <span className="second">{person.birthDate ? `born ${dateText(person.birthDate, zone)}` : 'birth date not given'}</span>
      {person.deceased !== null && (
        <span className="strong">{person.deceased === 'yes' ? 'deceased, date not given' : `died ${dateText(person.deceased, zone)}`}</span>
      )}
      <span className="second">{person.mrn ? `MRN ${person.mrn}` : 'no MRN'}</span>
      <AllergyWords allergies={person.allergies} />
    </section>
  );
}

function AllergyWords(props: { allergies: Person['allergies'] }) {
  const { state, items } = props.allergies;
  if (state === 'stated-none') return <span className="banner-allergies second">No known allergies, as stated in the chart</span>;
  if (state === 'not-recorded') {
    return (
      <span className="banner-allergies word look">
        <Icon name="warning" />
        <span>No allergy information recorded</span>
      </span>
    );
  }
  return (
    <span className="banner-allergies">
      <span className="word withheld strong">
        <Icon name="warning" />
        <span>Allergies: {items.join(', ')}</span>
      </span>
      {state === 'conflict' && <span className="second"> and “none known”, in conflict</span>}
    </span>
  );
}
