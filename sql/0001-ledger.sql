-- What came in. A row never changes: where an event stands is the ledger's business. That keeps the wide rows, with the
-- properties in them, from being written a second time when a batch is formed.
create table events (
  seq         integer primary key autoincrement, -- order of arrival; never used twice, so that ties stay decided
  message_key integer not null,                  -- 52 bits of a hash of message_id: a small index instead of a copy of the text
  message_id  text    not null,
  identifier  text    not null,
  arrived_at  integer not null,                  -- epoch ms
  properties  text    not null                   -- JSON object, flat, as it goes to Dopt
) strict;

create index events_by_message on events (message_key);

-- Where each event stands: without a batch it is pending, with one it has the batch's state, except that in a delivered
-- batch an event whose every value was overtaken is superseded. One row an event, so one state an event.
create table ledger (
  seq           integer primary key,
  user_key      integer not null, -- 52 bits of a hash of the identifier
  event_time    integer not null, -- epoch ms, never later than arrival
  batch_id      integer,
  superseded_by integer,          -- seq of the event that overtook the last of its values
  uncertain     integer not null default 0 -- 1 when a batch that it was in before a replay was uncertain
) strict;

create index ledger_by_batch on ledger (batch_id);
-- A user's pending events stand together in it (no batch), and its delivered ones can be told by time without their rows.
create index ledger_by_user on ledger (user_key, batch_id, event_time);

-- One row a call's worth of users.
create table batches (
  id              integer primary key autoincrement,
  state           text    not null check (state in ('sending', 'retrying', 'delivered', 'failed', 'split', 'replayed')),
  parent_id       integer, -- the batch that it was split from
  users           integer not null,
  events          integer not null,                -- how many ledger rows name this batch
  superseded      integer not null,                -- how many of those have superseded_by
  uncertain       integer not null default 0,      -- 1 once a call may have taken effect although it did not say so
  attempts        integer not null default 0,      -- calls that were answered or failed; a refused key does not count
  created_at      integer not null,
  next_attempt_at integer,                         -- while retrying
  settled_at      integer,                         -- once delivered, failed, split or replayed
  last_attempt_at integer,
  last_status     integer,                         -- HTTP status; null when no answer came
  last_code       text,                            -- Dopt's code, or ours where Dopt gave none
  last_error      text                             -- Dopt's words, or ours
) strict;

create index batches_waiting on batches (next_attempt_at) where state = 'retrying';
create index batches_by_state on batches (state, settled_at, events, superseded);
create index batches_by_parent on batches (parent_id) where parent_id is not null;

-- Calls that did not deliver, one row each: what Dopt said and when. (A call that did is in its batch's row.)
create table attempts (
  batch_id integer not null,
  attempt  integer not null, -- how many calls had been counted before this one, plus one
  at       integer not null,
  status   integer,
  code     text,
  error    text
) strict;

create index attempts_by_batch on attempts (batch_id);

-- What law 4 still has to know of delivered events that retention has removed: which names they gave their newest value,
-- and when. Names only, never values. JSON: [[event_time, seq, [name, …]], …].
create table user_history (
  identifier text primary key,
  newest     text not null
) strict, without rowid;

-- What should have been for us but cannot be: kept for inspection and replay, once for each content and reason.
create table rejected (
  id          integer primary key autoincrement,
  content_key text    not null unique,
  source      text    not null,    -- file and line, or the name of the intake
  reason      text    not null,
  raw         text    not null,    -- the event's JSON, or the text that was not JSON
  complete    integer not null,    -- 0 when raw was cut and so cannot be replayed
  received_at integer not null
) strict;

-- Every event that came in, by what became of it at the door.
create table counters (
  name  text    primary key,
  value integer not null
) strict, without rowid;

-- Small facts for other processes to read: endpoint health, who is sending.
create table facts (
  name  text primary key,
  value text not null -- JSON
) strict, without rowid;
