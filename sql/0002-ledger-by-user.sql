-- The ledger, ordered by user, pending events first. A batch takes adjacent users, so that forming it touches a few pages of
-- the ledger instead of one for each of its users.

create table ordered_ledger (
  batched       integer not null check (batched in (0, 1)), -- 0: pending; 1: in a batch, and in its state
  user_key      integer not null, -- 52 bits of a hash of the identifier
  event_time    integer not null, -- epoch ms, never later than arrival
  seq           integer not null,
  batch_id      integer,
  superseded_by integer,          -- seq of the event that replaced the last of its values
  uncertain     integer not null default 0, -- 1 when a batch that it was in before a replay was uncertain
  primary key (batched, user_key, event_time, seq),
  check ((batch_id is not null) = batched)
) strict, without rowid;

insert into ordered_ledger (batched, user_key, event_time, seq, batch_id, superseded_by, uncertain)
  select batch_id is not null, user_key, event_time, seq, batch_id, superseded_by, uncertain from ledger
  order by 1, 2, 3, 4;

-- Finding an event's place in the ledger needs the whole key, so events have all of it.
create table keyed_events (
  seq         integer primary key autoincrement, -- order of arrival; never reused, because it breaks ties
  message_key integer not null,                  -- 52 bits of a hash of message_id: a small index instead of a copy of the text
  user_key    integer not null,                  -- as in the ledger
  event_time  integer not null,                  -- as in the ledger
  arrived_at  integer not null,                  -- epoch ms
  message_id  text    not null,
  identifier  text    not null,
  properties  text    not null                   -- flat JSON object, as it is sent to Dopt
) strict;

insert into keyed_events (seq, message_key, user_key, event_time, arrived_at, message_id, identifier, properties)
  select seq, message_key, user_key, event_time, arrived_at, message_id, identifier, properties
  from events join ledger using (seq) order by seq;

-- Numbers of events that were removed are not reused.
delete from sqlite_sequence where name = 'keyed_events';
insert into sqlite_sequence (name, seq) select 'keyed_events', seq from sqlite_sequence where name = 'events';

drop table ledger;
drop table events;
alter table ordered_ledger rename to ledger;
alter table keyed_events rename to events;

create index ledger_by_batch on ledger (batch_id) where batch_id is not null;
-- Events that a replay put back although Dopt may have them. Nearly always empty.
create index ledger_put_back on ledger (user_key, event_time) where batched = 0 and uncertain = 1;
create index events_by_message on events (message_key);
