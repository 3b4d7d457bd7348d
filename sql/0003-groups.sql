-- Groups stand in the ledger as users do, under negative keys: minus the key of the identifier, and never 0.
--
-- An event that says something of several (a user and a group, say) has a part for each of them: rows of `events` with the
-- same message_id, one right after the other. One part of an event counts at a time. The first has its row in the ledger at
-- once; when it is delivered or superseded, the next one gets its row, pending, and the first has moved on: it still says
-- what Dopt has (law 4), but no count of events has it any more, that of its batch included.

alter table ledger add column moved_on integer not null default 0; -- 1: the event's next part counts

alter table batches add column subject text not null default 'user'; -- 'user', or 'group': one group

-- The parts whose turn has not come. What stands before one of these in `events` is a part of the same event.
create table waiting_parts (
  seq      integer primary key,
  user_key integer not null -- as in events
) strict;

create index waiting_parts_by_user on waiting_parts (user_key);

-- As user_history, of groups.
create table group_history (
  identifier text primary key,
  newest     text not null
) strict, without rowid;
