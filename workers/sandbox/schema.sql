-- The sandbox's books: every object as a JSON document, first answers, and events to be sent.
-- They survive the end of a program, and need not survive that of the machine.
pragma journal_mode = wal;
pragma synchronous = normal;

create table if not exists objects (
    id text primary key,
    kind text not null,
    created real not null,
    body text not null
);

create index if not exists objects_by_kind on objects (kind, created);

create table if not exists answers (
    key text primary key,
    request text not null,
    status integer not null,
    body text not null
);

create table if not exists events (
    id text primary key,
    due real not null,
    attempts integer not null default 0,
    is_sent integer not null default 0,
    body text not null
);

create index if not exists events_to_send on events (due) where is_sent = 0;

create table if not exists happenings (
    due real not null,
    object_id text not null,
    what text not null
);
