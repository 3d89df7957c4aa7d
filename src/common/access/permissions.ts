/** Everything that can be allowed or refused, as `<resource>:<action>`. */
export const permissions = [
  'workspace:read',
  'user:read',
  'user:manage',
  'api-key:read',
  'api-key:manage',
  'model:read',
  'model:write',
  'model:promote',
  'artifact:write',
  'inference:predict',
  'inference:submit',
  'inference:read',
  'deployment:read',
  'deployment:manage',
  'feedback:record',
  'data:read',
  'data:manage',
  'data:collect',
  'executor:read',
  'executor:manage',
  'audit:read',
] as const;

export type Permission = (typeof permissions)[number];

export const roles = ['ADMIN', 'ENGINEER', 'SERVICE', 'AUDITOR', 'VIEWER'] as const;

export type Role = (typeof roles)[number];

const viewer: readonly Permission[] = [
  'workspace:read',
  'model:read',
  'inference:read',
  'deployment:read',
  'data:read',
  'executor:read',
];

/** The permissions that each role stands for. */
export const permissionsOfRole: Readonly<Record<Role, readonly Permission[]>> = {
  ADMIN: permissions,
  ENGINEER: [
    ...viewer,
    'api-key:read',
    'model:write',
    'model:promote',
    'artifact:write',
    'inference:predict',
    'inference:submit',
    'deployment:manage',
    'feedback:record',
    'data:manage',
    'data:collect',
  ],
  SERVICE: [
    'workspace:read',
    'model:read',
    // The file of a batch inference is uploaded before it is submitted.
    'artifact:write',
    'inference:predict',
    'inference:submit',
    'inference:read',
    'deployment:read',
    'feedback:record',
    'data:read',
    'data:collect',
  ],
  AUDITOR: [...viewer, 'user:read', 'api-key:read', 'audit:read'],
  VIEWER: viewer,
};
