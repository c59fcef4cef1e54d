import { type Kysely, type Migration, sql } from 'kysely';

/** Frames and their fates, calibration frames, pipeline instances, and the event log. */
export const ledger0001: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  `create table frame (
    key text primary key,
    frame_id text not null,
    revision integer not null check (revision >= 0),
    pipeline text not null,
    sha256 text not null,
    config_hash text not null,
    source_path text not null,
    night_id text not null,
    observed_at timestamptz,
    received_at timestamptz not null,
    updated_at timestamptz not null,
    camera text,
    filter text,
    type text,
    target text,
    is_alert boolean not null,
    exposure_sec double precision,
    state text not null check (state in ('arriving', 'queued', 'reducing', 'reduced', 'measured', 'published', 'skipped', 'failed', 'quarantined')),
    attempts integer not null default 0,
    cells jsonb not null,
    failure jsonb,
    warnings jsonb not null,
    metrics jsonb,
    products jsonb not null,
    latency_sec double precision,
    unique (pipeline, frame_id, revision),
    unique (pipeline, sha256, config_hash)
  )`,
  'create index frame_night on frame (night_id, observed_at)',
  'create index frame_state on frame (pipeline, state)',
  'create index frame_id on frame (frame_id)',

  `create table transition (
    id bigint generated always as identity primary key,
    key text not null references frame (key),
    pipeline text not null,
    from_state text,
    to_state text not null,
    at timestamptz not null,
    attempt integer not null,
    evidence jsonb not null
  )`,
  'create index transition_key on transition (key, id)',
  'create index transition_offer on transition (pipeline) where from_state is null',

  `create table attempt (
    key text not null references frame (key),
    attempt integer not null,
    host text not null,
    at timestamptz not null,
    primary key (key, attempt)
  )`,

  `create table duplicate (
    key text not null references frame (key),
    pipeline text not null,
    source_path text not null,
    at timestamptz not null,
    primary key (key, source_path)
  )`,
  'create index duplicate_pipeline on duplicate (pipeline)',

  `create function refuse_change() returns trigger language plpgsql as
    $$ begin raise exception 'rows of % are never changed or deleted', tg_table_name; end $$`,
  ...['transition', 'attempt', 'duplicate'].map(
    (table) =>
      `create trigger append_only before update or delete on ${table} for each statement execute function refuse_change()`,
  ),

  `create table instance (
    name text primary key,
    heartbeat_at timestamptz not null,
    status jsonb not null
  )`,

  `create table calibration_raw (
    sha256 text not null,
    type text not null check (type in ('bias', 'dark', 'flat')),
    camera text not null,
    binning text not null,
    read_mode text not null,
    soft_gain text not null,
    filter text not null,
    exposure_sec double precision,
    width integer not null,
    height integer not null,
    frame_id text not null,
    path text not null,
    night_id text not null,
    observed_at timestamptz not null,
    primary key (sha256, type)
  )`,
  'create index calibration_raw_key on calibration_raw (type, camera, binning, read_mode, soft_gain, filter)',

  `create table event (
    seq bigint primary key,
    t timestamptz not null,
    topic text not null,
    body jsonb not null
  )`,
  'create index event_t on event (t)',
  'create table event_head (id integer primary key check (id = 1), seq bigint not null)',
  'insert into event_head (id, seq) values (1, 0)',
];
