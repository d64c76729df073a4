import { AsyncLocalStorage } from 'node:async_hooks';
import type { Queryable } from './queryable.ts';

type Scope = { open: boolean };

/**
 * Keeps a transaction honest: while it is open, a query that goes round it (`db.query` where `tx.query` was meant) is refused,
 * because on one connection it would wait for ever and on a server it would see other data; a `tx` used after its end is refused too.
 */
export class TransactionScope {
  readonly #scopes = new AsyncLocalStorage<Scope>();

  refuseInside(): void {
    if (this.#scopes.getStore()?.open) throw new Error('a query went round the open transaction: use its tx');
  }

  async run<T>(tx: Queryable, work: (tx: Queryable) => Promise<T>): Promise<T> {
    const scope: Scope = { open: true };
    const guarded: Queryable = {
      query: async (sql, params) => {
        if (!scope.open) throw new Error('the transaction has ended: its tx is no longer usable');
        return tx.query(sql, params);
      },
    };
    try {
      return await this.#scopes.run(scope, () => work(guarded));
    } finally {
      scope.open = false;
    }
  }
}
