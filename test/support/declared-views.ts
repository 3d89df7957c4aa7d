import type { DeclaredFeatureView } from '../../src/modules/feature-store/definitions/declared-definitions.js';
import type { ViewGround } from '../../src/modules/feature-store/definitions/feature-view-binding.rules.js';

/** A view of payments; a test names what it is about. */
export const declaredView = (changes: Partial<DeclaredFeatureView>): DeclaredFeatureView => ({
  name: 'spending',
  description: '',
  source: { kind: 'DATA_SOURCE', name: 'payments' },
  entities: ['customer'],
  eventTimeColumn: null,
  createdTimeColumn: null,
  ttlSeconds: null,
  features: [{ name: 'amount', type: null, description: '' }],
  transformation: null,
  isOnline: null,
  ...changes,
});

/** What that view stands on. */
export const viewGround = (changes: Partial<ViewGround> = {}): ViewGround => ({
  source: { kind: 'DATA_SOURCE', sourceId: '6a1d3c4e-0000-4000-8000-000000000000', name: 'payments' },
  columns: [
    { name: 'customer', type: 'STRING' },
    { name: 'amount', type: 'FLOAT64' },
    { name: 'fee', type: 'FLOAT64' },
    { name: 'paid_at', type: 'TIMESTAMP' },
    { name: 'known_at', type: 'TIMESTAMP' },
  ],
  eventTime: 'paid_at',
  createdTime: null,
  entities: [entity('customer', { name: 'customer', type: 'STRING' })],
  transformation: null,
  ...changes,
});

export const entity = (name: string, ...joinKeys: ViewGround['columns'][number][]): ViewGround['entities'][number] => ({
  id: name,
  workspaceId: 'workspace',
  name,
  description: '',
  joinKeys,
});
