-- The ledger in the order of its users, pending events first. A batch takes users that stand next to each other, so forming
-- it touches a few pages of the ledger instead of one for each of its users.

create table ordered_ledger (
  batched       integer not null check (batched in (0, 1)), -- 0: pending; 1: has a batch, and the batch's state
  user_key      integer not null, -- 52 bits of a hash of the identifier
  event_time    integer not null, -- epoch ms, never later than arrival
  seq           integer not null,
  batch_id      integer,
  superseded_by integer,          -- seq of the event that overtook the last of its values
  uncertain     integer not null default 0, -- 1 when a batch that it was in before a replay was uncertain
  primary key (batched, user_key, event_time, seq),
  check ((batch_id is not null) = batched)
) strict, without rowid;

insert into ordered_ledger (batched, user_key, event_time, seq, batch_id, superseded_by, uncertain)
  select batch_id is not null, user_key, event_time, seq, batch_id, superseded_by, uncertain from ledger
  order by 1, 2, 3, 4;

-- Who looks for an event's place in the ledger needs all of its key.
create table keyed_events (
  seq         integer primary key autoincrement, -- order of arrival; never used twice, so that ties stay decided
  message_key integer not null,                  -- 52 bits of a hash of message_id: a small index instead of a copy of the text
  user_key    integer not null,                  -- as in the ledger
  event_time  integer not null,                  -- as in the ledger
  arrived_at  integer not null,                  -- epoch ms
  message_id  text    not null,
  identifier  text    not null,
  properties  text    not null                   -- JSON object, flat, as it goes to Dopt
) strict;

insert into keyed_events (seq, message_key, user_key, event_time, arrived_at, message_id, identifier, properties)
  select seq, message_key, user_key, event_time, arrived_at, message_id, identifier, properties
  from events join ledger using (seq) order by seq;

-- Numbers that were given to events which are gone by now are not given again.
delete from sqlite_sequence where name = 'keyed_events';
insert into sqlite_sequence (name, seq) select 'keyed_events', seq from sqlite_sequence where name = 'events';

drop table ledger;
drop table events;
alter table ordered_ledger rename to ledger;
alter table keyed_events rename to events;

create index ledger_by_batch on ledger (batch_id) where batch_id is not null;
-- What a replay has put back although Dopt may have it. As good as empty at most times.
create index ledger_put_back on ledger (user_key, event_time) where batched = 0 and uncertain = 1;
create index events_by_message on events (message_key);
