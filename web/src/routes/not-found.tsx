import { Link } from '@tanstack/react-router';

export function NotFound() {
  return (
    <main className="failure">
      <h1 className="strong">There is no page at this address.</h1>
      <p className="second">
        Go to the <Link to="/queue">queue</Link> and open what you were looking for from there.
      </p>
    </main>
  );
}
