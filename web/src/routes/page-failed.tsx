import { FailurePage } from '../components/notice.tsx';

/** Where a page of ours broke: it says so in its place, and that nothing was sent. */
export function PageFailed(props: { error: unknown; reset: () => void }) {
  const error = props.error instanceof Error ? props.error : new Error(String(props.error));
  return <FailurePage error={error} what="This page" again={props.reset} />;
}
