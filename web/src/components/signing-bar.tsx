import type { ProposalView } from '../../../src/core/api.ts';
import { decisionReasons } from '../../../src/core/decision-reason.ts';
import { tallyOf } from '../draft.ts';
import type { KeyBinding } from '../keys.ts';
import { useSession } from '../session.ts';
import { counted } from '../words.ts';
import { Icon } from './icon.tsx';
import { Keys } from './keybar.tsx';
import { Moment } from './moment.tsx';
import { StateWord } from './state-word.tsx';

type Props = { proposal: ProposalView; keys: KeyBinding[]; blockedBecause: string | undefined; onSign: () => void };

/** The foot of the review: what signing will write and to whom, in one line; the keys; the verdicts counted. */
export function SigningBar(props: Props) {
  const { proposal } = props;
  const tally = tallyOf(proposal);
  // What is written where reads first; how much of the draft it is comes after.
  const cut = proposal.signingWrites.indexOf(', with ');
  const [effect, rest] = cut < 0 ? [proposal.signingWrites, ''] : [proposal.signingWrites.slice(0, cut), proposal.signingWrites.slice(cut)];
  return (
    <footer className="signing">
      <div className="signing-line">
        {proposal.decision || proposal.delivery.length > 0 ? (
          <Outcome proposal={proposal} />
        ) : (
          <>
            <p>
              <span className="strong">{effect}</span>
              {props.blockedBecause ? (
                <span className="look"> {props.blockedBecause}</span>
              ) : (
                <span className="second">{rest} Undo for 10 s, then it is sent.</span>
              )}
              {!props.blockedBecause && proposal.with && !proposal.with.you && (
                <span className="look"> It is with {proposal.with.name}.</span>
              )}
            </p>
            <button type="button" className="button primary" disabled={props.blockedBecause !== undefined} onClick={props.onSign}>
              Sign {counted(tally.selected, 'sentence')} <kbd>S</kbd>
            </button>
          </>
        )}
      </div>
      <div className="signing-keys">
        <Keys keys={props.keys} />
        <span className="keybar-right">
          <StateWord of={{ icon: 'proven', word: `${tally.proven} proven`, tone: 'proven' }} />
          {tally.look > 0 && (
            <StateWord of={{ icon: 'look', word: `${tally.look} ${tally.look === 1 ? 'needs' : 'need'} a look`, tone: 'look' }} />
          )}
          {tally.withheld > 0 && <StateWord of={{ icon: 'withheld', word: `${tally.withheld} withheld`, tone: 'withheld' }} />}
        </span>
      </div>
    </footer>
  );
}

/** What became of a decided draft: who, when, and where each copy of it stands. */
function Outcome(props: { proposal: ProposalView }) {
  const { decision, delivery } = props.proposal;
  const session = useSession();
  const by = decision?.by === session?.identity.name ? 'you' : decision?.by;
  return (
    <div className="small">
      {decision && (
        <p className={`word strong ${decision.kind === 'signed' ? 'proven' : 'second'}`}>
          <Icon name={decision.kind === 'signed' ? 'proven' : 'withheld'} />
          <span>
            {decision.kind === 'signed' ? 'Signed' : 'Declined'} by {by}, <Moment at={decision.at} />
            {whyOf(decision)}
          </span>
        </p>
      )}
      {delivery.map((one) => (
        <p key={one.surface} className="second">
          {one.surface}: {deliveryWords[one.state]}
          {one.reference ? ` ${one.reference}` : ''}
          {one.confirmedAt ? (
            <>
              , <Moment at={one.confirmedAt} />
            </>
          ) : null}
          {one.state === 'waiting' && one.attempts > 0 ? `, tried ${counted(one.attempts, 'time')}` : ''}
          {one.reason ? ` (${one.reason})` : ''}
        </p>
      ))}
    </div>
  );
}

/** The code's word, and the words beside it. */
function whyOf({ reasonCode, reason }: NonNullable<ProposalView['decision']>): string {
  const said = [reasonCode && reasonCode !== 'other' ? decisionReasons[reasonCode].word : null, reason].filter(Boolean);
  return said.length > 0 ? `: ${said.join('. ')}` : '';
}

const deliveryWords = {
  waiting: 'on its way; tried again until the EHR confirms it',
  delivered: 'written and confirmed as',
  kept: 'does not stand in the EHR as signed; kept here and referenced',
  failed: 'not in the EHR as it was signed; the integration team was told',
};
