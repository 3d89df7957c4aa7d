import { registerEnumType } from '@nestjs/graphql';
import { type Environment, environments, type VariantRole as Role, variantRoles } from '../variant.js';

const enumOf = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, name])) as { readonly [Key in Name]: Key };

export const DeploymentEnvironment: { readonly [Name in Environment]: Name } = enumOf(environments);
export const VariantRole: { readonly [Name in Role]: Name } = enumOf(variantRoles);

registerEnumType(DeploymentEnvironment, {
  name: 'DeploymentEnvironment',
  description: 'What a deployment is for.',
  valuesMap: {
    STAGING: { description: 'Trying things out.' },
    PRODUCTION: { description: 'What users depend on.' },
  },
});

registerEnumType(VariantRole, {
  name: 'VariantRole',
  description: 'What a variant does in its deployment.',
  valuesMap: {
    CHAMPION: { description: 'What is trusted; each deployment has one.' },
    CHALLENGER: { description: 'Takes a share of the traffic, to be compared with the champion.' },
    SHADOW: { description: 'Gets a copy of what others answer, and answers nobody.' },
  },
});
