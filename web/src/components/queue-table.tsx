import { Link } from '@tanstack/react-router';
import type { WorklistItem } from '../../../src/core/api.ts';
import { openStates } from '../../../src/core/proposal.ts';
import { withSentence, withWord } from '../lease-words.ts';
import type { QueueGroup } from '../queue-groups.ts';
import { useZone } from '../session.ts';
import { useSignatures } from '../signatures.ts';
import { ageYears, clockText, dateText, dayDistance, exactText, spanText, weekdayText, withClocks } from '../time.ts';
import { counted, proposalWords, type StateWord as Word } from '../words.ts';
import { Icon } from './icon.tsx';
import { StateWord, TallyMarks } from './state-word.tsx';

type Props = {
  groups: QueueGroup[];
  current: string | undefined;
  gone: Set<string>;
  now: number;
  onOpen: (id: string) => void;
  onSelect: (id: string) => void;
};

/** The queue as one table grouped by urgency; a row is opened with Enter, a click, or its link. */
export function QueueTable(props: Props) {
  const held = new Set(
    useSignatures()
      .filter((one) => one.state !== 'failed')
      .map((one) => one.proposal),
  );
  return (
    <table className="rows queue-table">
      <thead>
        <tr>
          <th scope="col" colSpan={2}>
            Due
          </th>
          <th scope="col">Why it is here</th>
          <th scope="col">Patient</th>
          <th scope="col">Age, sex</th>
          <th scope="col">MRN</th>
          <th scope="col">What, and pack</th>
          <th scope="col" className="queue-rests">
            Rests on
          </th>
          <th scope="col">Sentences</th>
          <th scope="col">State</th>
          <th scope="col">With</th>
        </tr>
      </thead>
      {props.groups.map((group) => (
        <tbody key={group.urgency}>
          <tr className="queue-group">
            <th scope="rowgroup" colSpan={11} className={group.urgency === 'Overdue' ? 'withheld' : ''}>
              {group.urgency === 'Overdue' && <Icon name="warning" />} {group.urgency}{' '}
              <span className="queue-count">{group.items.length}</span>
            </th>
          </tr>
          {group.items.map((item) => (
            <QueueRow key={item.id} item={item} {...props} state={rowState(item, props.gone, held)} />
          ))}
        </tbody>
      ))}
    </table>
  );
}

function QueueRow(props: Props & { item: WorklistItem; state: Word }) {
  const { item, now } = props;
  const zone = useZone();
  const age = ageYears(item.person.birthDate, now, zone);
  const due = dueWords(item.dueAt, now, zone);
  return (
    <tr
      aria-current={item.id === props.current}
      className={props.gone.has(item.id) ? 'queue-gone' : ''}
      onClick={() => props.onOpen(item.id)}
    >
      <td className="nowrap queue-due" title={item.dueAt ? exactText(item.dueAt, zone) : undefined}>
        {due.when}
      </td>
      <td className={`nowrap ${due.late ? 'withheld' : 'second'}`}>{due.distance}</td>
      {/* The day of a visit stands under Due already; the whole reason is on the row's title. */}
      <td className="queue-why" title={item.why}>
        <Link
          to="/review/$id"
          params={{ id: item.id }}
          tabIndex={item.id === props.current ? 0 : -1}
          onClick={(event) => event.stopPropagation()}
          onFocus={() => props.onSelect(item.id)}
        >
          {withClocks(item.whyUtc, zone)}
        </Link>
      </td>
      <td className="queue-name">{item.person.name ?? <span className="third">name not given</span>}</td>
      <td className="nowrap second">
        {age ?? ''} {sexWord(item.person.sex)}
      </td>
      <td className="second">{item.person.mrn ?? <span className="third">none</span>}</td>
      <td className="queue-what">
        {item.title} <span className="third">{item.pack}</span>
      </td>
      <td className="second nowrap queue-rests">
        {counted(item.restsOn.facts, 'fact')}, {counted(item.restsOn.sources, 'source')}
      </td>
      <td className="nowrap">
        <TallyMarks tally={item.tally} />
      </td>
      <td className="nowrap">
        <StateWord of={props.state} />
      </td>
      <td
        className={`nowrap ${item.with ? (item.with.you ? 'strong' : 'second') : 'third queue-pool'}`}
        title={openStates.includes(item.state) ? withSentence(item.with, zone) : undefined}
      >
        {openStates.includes(item.state) && withWord(item.with)}
      </td>
    </tr>
  );
}

function rowState(item: WorklistItem, gone: Set<string>, held: Set<string>): Word {
  if (held.has(item.id)) return { icon: 'pencil', word: 'signed here, undo with U', tone: 'accent' };
  if (gone.has(item.id)) return { icon: 'partial', word: 'no longer open', tone: 'second' };
  if (item.changedSince > 0)
    return { icon: 'warning', word: `${item.state}, ${counted(item.changedSince, 'fact')} changed since`, tone: 'look' };
  return proposalWords[item.state];
}

/** From here on the minutes stand in the clock time beside it. */
const TWO_HOURS_MS = 2 * 3_600_000;

/** Clock time today, weekday within a week, date later; and how far away that is. */
function dueWords(dueAt: string | null, now: number, zone: string): { when: string; distance: string; late: boolean } {
  if (!dueAt) return { when: 'no time', distance: '', late: false };
  const wait = Date.parse(dueAt) - now;
  const days = dayDistance(dueAt, now, zone);
  const when = days === 0 ? clockText(dueAt, zone) : Math.abs(days) < 7 ? weekdayText(dueAt, zone) : dateText(dueAt, zone);
  if (wait < 0) return { when, distance: `${spanText(wait)} late`, late: true };
  if (days === 1) return { when, distance: `tomorrow ${clockText(dueAt, zone)}`, late: false };
  return {
    when,
    distance: days === 0 ? `in ${wait < TWO_HOURS_MS ? spanText(wait) : `${Math.floor(wait / 3_600_000)} h`}` : `in ${days} d`,
    late: false,
  };
}

function sexWord(sex: string | null): string {
  return sex ? sex.charAt(0).toUpperCase() : '';
}
