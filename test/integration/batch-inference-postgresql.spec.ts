import { describeBatchInference } from '../support/batch-inference.js';

describeBatchInference('postgresql');
