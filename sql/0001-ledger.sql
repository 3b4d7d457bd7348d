-- Accepted events. A row never changes: an event's state is in the ledger. So the wide rows, which have the properties, are
-- not written a second time when a batch is formed.
create table events (
  seq         integer primary key autoincrement, -- order of arrival; never reused, because it breaks ties
  message_key integer not null,                  -- 52 bits of a hash of message_id: a small index instead of a copy of the text
  message_id  text    not null,
  identifier  text    not null,
  arrived_at  integer not null,                  -- epoch ms
  properties  text    not null                   -- flat JSON object, as it is sent to Dopt
) strict;

create index events_by_message on events (message_key);

-- The state of each event: pending without a batch; otherwise that of its batch, except that in a delivered batch an event
-- of which no value was sent is superseded. One row per event, so one state per event.
create table ledger (
  seq           integer primary key,
  user_key      integer not null, -- 52 bits of a hash of the identifier
  event_time    integer not null, -- epoch ms, never later than arrival
  batch_id      integer,
  superseded_by integer,          -- seq of the event that replaced the last of its values
  uncertain     integer not null default 0 -- 1 when a batch that it was in before a replay was uncertain
) strict;

create index ledger_by_batch on ledger (batch_id);
-- A user's pending events are adjacent in it (no batch), and its delivered ones can be found by time without their rows.
create index ledger_by_user on ledger (user_key, batch_id, event_time);

-- One row per batch: the users of one call.
create table batches (
  id              integer primary key autoincrement,
  state           text    not null check (state in ('sending', 'retrying', 'delivered', 'failed', 'split', 'replayed')),
  parent_id       integer, -- the batch that it was split from
  users           integer not null,
  events          integer not null,                -- how many ledger rows name this batch
  superseded      integer not null,                -- how many of those have superseded_by
  uncertain       integer not null default 0,      -- 1 once a call may have taken effect without a clear answer
  attempts        integer not null default 0,      -- calls that were answered or failed; a refused key does not count
  created_at      integer not null,
  next_attempt_at integer,                         -- while retrying
  settled_at      integer,                         -- once delivered, failed, split or replayed
  last_attempt_at integer,
  last_status     integer,                         -- HTTP status; null without an answer
  last_code       text,                            -- Dopt's code, or ours if there is none
  last_error      text                             -- Dopt's message, or ours
) strict;

create index batches_waiting on batches (next_attempt_at) where state = 'retrying';
create index batches_by_state on batches (state, settled_at, events, superseded);
create index batches_by_parent on batches (parent_id) where parent_id is not null;

-- Calls that did not deliver their batch: Dopt's answer and when. (A call that did is recorded in its batch's row.)
create table attempts (
  batch_id integer not null,
  attempt  integer not null, -- number of calls counted before this one, plus one
  at       integer not null,
  status   integer,
  code     text,
  error    text
) strict;

create index attempts_by_batch on attempts (batch_id);

-- What the newest-wins rule needs to know of delivered events that retention removed: which properties they set last, and
-- when. Names only, never values. JSON: [[event_time, seq, [name, …]], …].
create table user_history (
  identifier text primary key,
  newest     text not null
) strict, without rowid;

-- Rejected events, kept for inspection and replay, once for each content and reason.
create table rejected (
  id          integer primary key autoincrement,
  content_key text    not null unique,
  source      text    not null,    -- file and line, or the name of the intake
  reason      text    not null,
  raw         text    not null,    -- the event's JSON, or the text that was not JSON
  complete    integer not null,    -- 0 if raw was cut, so that it cannot be replayed
  received_at integer not null
) strict;

-- Totals of received events: accepted, duplicate, rejected or ignored.
create table counters (
  name  text    primary key,
  value integer not null
) strict, without rowid;

-- Small facts for other processes: endpoint health, who is sending.
create table facts (
  name  text primary key,
  value text not null -- JSON
) strict, without rowid;
