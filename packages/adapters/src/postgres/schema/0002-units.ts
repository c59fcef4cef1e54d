import { type Kysely, type Migration, sql } from 'kysely';

/** Units of frames: the row of each as the pages show it. Their products carry their own origin. */
export const units0002: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw(
        `create table unit (
          key text primary key,
          pipeline text not null,
          night_id text not null,
          updated_at timestamptz not null,
          row jsonb not null
        )`,
      )
      .execute(db);
    await sql.raw('create index unit_night on unit (night_id, updated_at)').execute(db);
  },
};
