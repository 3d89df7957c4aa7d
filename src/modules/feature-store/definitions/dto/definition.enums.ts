import { registerEnumType } from '@nestjs/graphql';
import { enumOf } from '../../sources/dto/data-source.enums.js';
import { type DefinitionChange, definitionChanges } from '../definition-change.js';
import type { FeatureViewSource } from '../feature-view.js';

const viewKinds = ['DATA_SOURCE', 'FEATURE_VIEW', 'REQUEST'] as const satisfies readonly FeatureViewSource['kind'][];

export const FeatureViewKindEnum: { readonly [Name in FeatureViewSource['kind']]: Name } = enumOf(viewKinds);
export const DefinitionChangeEnum: { readonly [Name in DefinitionChange]: Name } = enumOf(definitionChanges);

registerEnumType(FeatureViewKindEnum, {
  name: 'FeatureViewKind',
  description: 'Where the rows of a feature view come from.',
  valuesMap: {
    DATA_SOURCE: { description: 'The rows of a data source.' },
    FEATURE_VIEW: { description: 'The rows of another view, with its features.' },
    REQUEST: { description: 'On demand: fields of a request, and features that are looked up for it.' },
  },
});

registerEnumType(DefinitionChangeEnum, {
  name: 'DefinitionChange',
  description: 'What becomes of a definition.',
  valuesMap: {
    CREATE: { description: 'There is none of this name yet.' },
    UPDATE: { description: 'It is changed as it is: an entity is described anew.' },
    NEW_VERSION: { description: 'A new version says something else than the newest one.' },
    UNCHANGED: { description: 'It says the same already.' },
    DELETE: { description: 'It is deleted.' },
  },
});
