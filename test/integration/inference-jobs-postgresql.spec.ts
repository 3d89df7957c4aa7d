import { describeQueuedInference } from '../support/inference-jobs.js';

describeQueuedInference('postgresql');
