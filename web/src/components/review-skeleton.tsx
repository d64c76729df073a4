import { Skeleton } from './notice.tsx';

/** The review before its draft has come, with everything already in its place. */
export function ReviewSkeleton() {
  return (
    <main className="review" aria-busy="true">
      <h1 className="unseen">Loading the draft</h1>
      <div className="banner">
        <span className="bone" style={{ width: 180 }} />
        <span className="bone" style={{ width: 280 }} />
      </div>
      <div className="why">
        <span className="bone" style={{ width: 320 }} />
      </div>
      <div className="review-panes">
        <div className="review-draft">
          <div className="draft">
            <Skeleton lines={18} label="Loading the draft" />
          </div>
        </div>
        <div className="review-evidence">
          <div className="evidence">
            <Skeleton lines={12} label="Loading the evidence" />
          </div>
        </div>
      </div>
      <footer className="signing">
        <span className="bone" style={{ width: 420 }} />
      </footer>
    </main>
  );
}
