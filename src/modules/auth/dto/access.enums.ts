import { registerEnumType } from '@nestjs/graphql';
import { type Permission, permissions, type Role, roles } from '../../../common/access/permissions.js';

const permissionMeanings: Readonly<Record<Permission, string>> = {
  'workspace:read': 'See the workspace and its settings.',
  'user:read': 'See the users of the workspace.',
  'user:manage': 'Create and disable users and give them roles.',
  'api-key:read': 'See the API keys of the workspace, never the keys themselves.',
  'api-key:manage': 'Create, rotate and revoke API keys.',
  'model:read': 'See models and their versions.',
  'model:write': 'Register models and versions, and edit them.',
  'model:promote': 'Move aliases and stages.',
  'artifact:write': 'Upload artifacts.',
  'inference:predict': 'Ask for predictions.',
  'inference:submit': 'Submit, cancel and retry inference jobs.',
  'inference:read': 'See inference jobs and their results.',
  'deployment:read': 'See deployments and how their variants compare.',
  'deployment:manage': 'Create, change, roll back and delete deployments.',
  'feedback:record': 'Tell what became of predictions.',
  'data:read': 'See data sources, collections and snapshots.',
  'data:manage': 'Create, change and delete data sources.',
  'data:collect': 'Have data sources collected.',
  'executor:read': 'See executors and their state.',
  'executor:manage': 'Change how many executors there are.',
  'audit:read': 'Read the audit trail.',
};

const roleMeanings: Readonly<Record<Role, string>> = {
  ADMIN: 'May do everything in the workspace.',
  ENGINEER: 'Registers, promotes and runs models.',
  SERVICE: 'A program that runs models.',
  AUDITOR: 'Sees users, API keys and the audit trail, and changes nothing.',
  VIEWER: 'Sees models, jobs and executors, and changes nothing.',
};

/** GraphQL names hold no colons: `model:read` is MODEL_READ. */
const graphqlName = (permission: Permission): string => permission.toUpperCase().replaceAll(/[:-]/g, '_');

export const PermissionEnum: Readonly<Record<string, Permission>> = Object.fromEntries(
  permissions.map((permission) => [graphqlName(permission), permission]),
);

export const RoleEnum: Readonly<Record<string, Role>> = Object.fromEntries(roles.map((role) => [role, role]));

registerEnumType(PermissionEnum, {
  name: 'Permission',
  description: 'Something that can be allowed or refused.',
  valuesMap: Object.fromEntries(
    permissions.map((permission) => [graphqlName(permission), { description: permissionMeanings[permission] }]),
  ),
});

registerEnumType(RoleEnum, {
  name: 'Role',
  description: 'A named set of permissions.',
  valuesMap: Object.fromEntries(roles.map((role) => [role, { description: roleMeanings[role] }])),
});
