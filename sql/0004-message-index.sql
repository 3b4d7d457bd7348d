-- The events by message, in a table of its own instead of an index of `events`: an index is updated at once for each event,
-- at a random place, which in a large store means reading and writing a page for each. This table is updated later, with
-- many events at a time, in its order (src/store/message-index.ts).
create table message_index (
  message_key integer not null, -- as in events
  seq         integer not null,
  primary key (message_key, seq)
) strict, without rowid;

insert into message_index (message_key, seq) select message_key, seq from events order by message_key, seq;

-- One row: every event up to this one is in message_index; of later ones, only some may be.
create table message_index_reach (seq integer not null) strict;

insert into message_index_reach (seq) select coalesce(max(seq), 0) from events;

create trigger message_index_without_event after delete on events begin
  delete from message_index where message_key = old.message_key and seq = old.seq;
end;

drop index events_by_message;
