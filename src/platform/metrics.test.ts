import { expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

it('is one registry in Prometheus text', async () => {
  const metrics = createMetrics();
  metrics.verdicts.inc({ outcome: 'proven' });
  metrics.requests.observe({ route: '/api/kpis', method: 'GET', status: '200' }, 0.004);

  const text = await metrics.registry.metrics();

  expect(text).toContain('countersign_verdicts_total{outcome="proven"} 1');
  expect(text).toContain('countersign_http_request_seconds_count{route="/api/kpis",method="GET",status="200"} 1');
});

it('has no label a patient could be in, and may be made twice', async () => {
  createMetrics();
  const labels = (await createMetrics().registry.getMetricsAsJSON()).flatMap(
    (metric) => (metric as { labelNames?: string[] }).labelNames ?? [],
  );

  for (const label of labels) expect(label).not.toMatch(/person|patient|name|id|fact|receipt|source|caller/i);
});
