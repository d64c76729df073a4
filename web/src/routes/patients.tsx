import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { KeyBar } from '../components/keybar.tsx';
import { Empty, Failure, Skeleton } from '../components/notice.tsx';
import { SearchField } from '../components/search-field.tsx';
import { showCurrentRow } from '../current-row.ts';
import { helpKey, type KeyBinding, useKeys } from '../keys.ts';
import { patientsQuery } from '../queries.ts';
import { useNow, useTitle, useZone } from '../session.ts';
import { ageYears, dateText } from '../time.ts';
import { counted, sexLetter } from '../words.ts';
import './patients.css';

/** Find somebody by name or MRN. */
export function Patients() {
  const { q = '' } = useSearch({ from: '/shell/patients' });
  const navigate = useNavigate();
  const zone = useZone();
  const now = useNow();
  const patients = useQuery({ ...patientsQuery(q), placeholderData: keepPreviousData });
  const [at, setAt] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  useTitle('Patients');
  // biome-ignore lint/correctness/useExhaustiveDependencies: another search starts again at its first row
  useEffect(() => setAt(0), [q]);

  const items = patients.data?.items ?? [];
  const current = items[Math.min(at, items.length - 1)];
  const open = () => current && !patients.isPlaceholderData && void navigate({ to: '/patients/$id', params: { id: current.id } });
  const move = (step: number) => setAt(Math.min(Math.max(at + step, 0), Math.max(items.length - 1, 0)));
  const keys: KeyBinding[] = [
    { key: 'j', does: 'move', run: () => move(1), bar: true },
    { key: 'k', does: 'move', run: () => move(-1), bar: true },
    { key: 'ArrowDown', does: 'next row', run: () => move(1), inField: true },
    { key: 'ArrowUp', does: 'row before', run: () => move(-1), inField: true },
    { key: 'Enter', does: 'open chart', run: open, bar: true, inField: true },
    { key: '/', does: 'search', run: () => field.current?.focus(), bar: true },
  ];
  useKeys(keys);
  useEffect(() => {
    showCurrentRow('.patients');
  });

  return (
    <>
      <main className="scroll patients">
        <div className="patients-head">
          <h1>
            {patients.data
              ? `${patients.data.more ? 'First ' : ''}${counted(items.length, q ? 'match' : 'patient', q ? 'matches' : 'patients')}`
              : 'Patients'}
          </h1>
          <SearchField
            ref={field}
            className="field"
            label="Search patients"
            placeholder="Name or MRN"
            value={q}
            onSearch={(words) => void navigate({ to: '/patients', search: words ? { q: words } : {}, replace: true })}
          />
          {patients.data?.more && <span className="small second">There are more: search by name or MRN.</span>}
        </div>
        {patients.isPending && <Skeleton lines={16} label="Loading patients" />}
        {patients.error && <Failure error={patients.error} what="Patients" again={() => void patients.refetch()} />}
        {patients.data?.items.length === 0 && (
          <Empty title={q ? `Nobody here matches “${q}”.` : 'No chart has been received yet.'}>
            {q ? 'Names are matched as the source wrote them; try the MRN.' : 'Charts appear when a feed or an import brings them.'}
          </Empty>
        )}
        {items.length > 0 && (
          <table className="rows">
            <thead>
              <tr>
                <th scope="col">Patient</th>
                <th scope="col">Age, sex</th>
                <th scope="col">Born</th>
                <th scope="col">MRN</th>
                <th scope="col" className="figure">
                  Facts
                </th>
                <th scope="col" className="figure">
                  Open drafts
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((one) => (
                <tr key={one.id} aria-current={one.id === current?.id}>
                  <td className="strong">
                    <Link to="/patients/$id" params={{ id: one.id }}>
                      {one.name ?? 'Name not given'}
                    </Link>
                  </td>
                  <td className="second nowrap">
                    {ageYears(one.birthDate, now, zone) ?? ''} {sexLetter(one.sex)}
                  </td>
                  <td className="second nowrap">{one.birthDate ? dateText(one.birthDate, zone) : 'not given'}</td>
                  <td className="second">{one.mrn ?? 'none'}</td>
                  <td className="figure">{one.facts.toLocaleString('en-US')}</td>
                  <td className={`figure ${one.openItems > 0 ? 'strong' : 'third'}`}>{one.openItems}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </main>
      <KeyBar keys={[...keys, helpKey]} />
    </>
  );
}
