import type { Permission } from '../../../common/access/permissions.js';

/** The permission that an inference takes, whatever way its request comes by. */
export const MAY_INFER: Permission = 'inference:predict';
