const line = ['core', 'platform', 'sources', 'interop', 'record', 'ai', 'governance', 'delivery', 'measure'],
  test = '\\.test\\.tsx?$';
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-new-rooms',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: `^src/((${line.join('|')}|packs)/|(flow|app|doors|cli)\\.ts$)` },
    },
    ...line.map((l, i) => ({
      name: `${l}-sees-left-only`,
      severity: 'error',
      from: { path: `^src/${l}/`, pathNot: test },
      to: { path: '^(src|web|hospital|test|bench)/', pathNot: `^src/(${line.slice(0, i + 1).join('|')})/` },
    })),
    {
      name: 'core-is-pure',
      severity: 'error',
      from: { path: '^src/core/', pathNot: test },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'],
        pathNot: 'node_modules/zod/',
      },
    },
    {
      name: 'packs-see-core-only',
      severity: 'error',
      from: { path: '^src/packs/([^/]+)/', pathNot: test },
      to: { pathNot: ['^src/core/', '^src/packs/$1/'] },
    },
    {
      name: 'pack-list-lists-only',
      severity: 'error',
      from: { path: '^src/packs/index\\.ts$' },
      to: { pathNot: '^src/(core/|packs/[^/]+/index\\.ts$)' },
    },
    {
      name: 'only-app-lists-packs',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(app\\.ts|packs/)|${test}` },
      to: { path: '^src/packs/' },
    },
    { name: 'web-sees-core-only', severity: 'error', from: { path: '^web/' }, to: { path: '^src/', pathNot: '^src/core/' } },
    { name: 'hospital-is-a-stranger', severity: 'error', from: { path: '^hospital/' }, to: { path: '^(src|web)/' } },
    {
      name: 'verifier-trusts-nobody',
      severity: 'error',
      from: { path: '^src/ai/verify/', pathNot: test },
      to: { path: '^src/(ai/(write|llm|retrieve)|packs)/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types', 'require'],
      mainFields: ['module', 'main', 'types'],
    },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^web/dist/' },
  },
};
