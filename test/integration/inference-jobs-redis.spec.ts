import { describeQueuedInference } from '../support/inference-jobs.js';

describeQueuedInference('redis');
