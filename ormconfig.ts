import { DataSource } from 'typeorm';
import { dataSourceOptions } from './src/common/database/data-source-options.js';
import { loadSettings } from './src/common/config/settings.js';

const settings = loadSettings(process.env);

/** For the TypeORM command line: `npx typeorm migration:generate -d dist/ormconfig.js migrations/<name>`. */
export default new DataSource({
  ...dataSourceOptions(settings.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres', 2),
  entities: ['dist/src/modules/**/entities/*.js'],
});
