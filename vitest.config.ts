import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,web,hospital,test,bench}/**/*.test.{ts,tsx}'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    reporters: ['default', ['json', { outputFile: 'node_modules/.cache/countersign/results.json' }]],
  },
});
