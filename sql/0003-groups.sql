-- Groups are in the ledger like users, under negative keys: minus the key of the identifier, and never 0.
--
-- An event that updates several users or groups has a part for each of them: consecutive rows of `events` with the same
-- message_id. Only one part of an event counts at a time. The first has a row in the ledger at once; when it is delivered or
-- superseded, the next one gets a row, pending, and the first has moved on: it still tells what Dopt has, but is not in any
-- count of events, nor in that of its batch.

alter table ledger add column moved_on integer not null default 0; -- 1: the event's next part counts

alter table batches add column subject text not null default 'user'; -- 'user', or 'group': one group

-- Parts whose turn has not come. The row before such a part in `events` is a part of the same event.
create table waiting_parts (
  seq      integer primary key,
  user_key integer not null -- as in events
) strict;

create index waiting_parts_by_user on waiting_parts (user_key);

-- Like user_history, for groups.
create table group_history (
  identifier text primary key,
  newest     text not null
) strict, without rowid;
