import { useQuery } from '@tanstack/react-query';
import type { QuarantineItem } from '../../../src/core/api.ts';
import { fieldPath, refusedField } from '../field-path.ts';
import { receiptExplainedQuery, receiptQuery } from '../queries.ts';
import { useZone } from '../session.ts';
import { clockText } from '../time.ts';
import { counted } from '../words.ts';
import { Icon } from './icon.tsx';
import { MessageFields } from './message-fields.tsx';
import { Moment } from './moment.tsx';
import { Failure, Skeleton } from './notice.tsx';

/** One receipt as it was received and answered: by field and byte, with what was refused and why on top. */
export function ReceiptDetail(props: { id: string; wrapAll: boolean; refused?: QuarantineItem }) {
  const receipt = useQuery(receiptQuery(props.id));
  const explained = useQuery(receiptExplainedQuery(props.id));
  const zone = useZone();
  if (receipt.error) return <Failure error={receipt.error} what="This receipt" again={() => void receipt.refetch()} />;
  if (!receipt.data) return <Skeleton lines={14} label="Loading the receipt" />;
  const { data } = receipt;
  const refused = props.refused ?? data.rejections[0];
  return (
    <section className="receipt" aria-label="Receipt">
      <Headline refused={refused} detail={explained.data?.rejections[0]?.detail} facts={data.facts} />
      {explained.error && <Failure error={explained.error} what="The fields of this receipt" again={() => void explained.refetch()} />}
      {explained.isPending && <Skeleton lines={14} label="Loading the fields" />}
      {explained.data && (
        <MessageFields
          view={explained.data}
          size={data.size}
          wrapAll={props.wrapAll}
          refused={refused?.state === 'open' ? refusedField(refused.item, refused.reason) : undefined}
          ackTitle={`Answered at ${clockText(data.receivedAt, zone, true)}`}
        >
          <h3>Receipt</h3>
          <p className="mono second receipt-facts">
            {data.id}
            <br />
            <span title={data.sha256}>sha256 {data.sha256.slice(0, 24)}…</span>
            <br />
            {data.size.toLocaleString('en-US')} bytes from {data.source}
            <br />
            on disk <Moment at={data.receivedAt} show="seconds" />
            <br />
            <a href={`/api/receipts/${encodeURIComponent(data.id)}/bytes`} className="link" download={`receipt-${data.id}`}>
              the stored bytes
            </a>
          </p>
          {data.flags.length > 0 && <p className="small look">Flagged: {data.flags.join(', ')}</p>}
        </MessageFields>
      )}
    </section>
  );
}

/** What became of the receipt; the reader's own words are added only where they say more than the title. */
function Headline(props: { refused: QuarantineItem | undefined; detail: string | undefined; facts: number }) {
  const { refused, detail } = props;
  if (!refused) {
    return (
      <p className="receipt-head">
        <span className="word proven strong">
          <Icon name="proven" />
          <span>Used</span>
        </span>{' '}
        <span className="second">{counted(props.facts, 'fact')} in the record rest on it.</span>
      </p>
    );
  }
  return (
    <p className="receipt-head">
      <span className="word withheld strong">
        <Icon name="warning" />
        <span>Not used: {refused.title.charAt(0).toLowerCase() + refused.title.slice(1)}</span>
      </span>{' '}
      <span className="second">
        {detail && !sameWords(detail, refused.title) ? `${detail} ` : ''}
        {refused.item ? `At ${fieldPath(refusedField(refused.item, refused.reason), new Set())}. ` : ''}Kept as it came; nothing was
        guessed.
      </span>
    </p>
  );
}

function sameWords(one: string, other: string): boolean {
  const bare = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim();
  return bare(one) === bare(other);
}
