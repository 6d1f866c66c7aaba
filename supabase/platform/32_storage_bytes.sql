-- Bytes and rows stay together. Each body of an object lies under a version, which is never used again. A
-- version that no row refers to, or not yet, is a leftover: it is written down before its first byte is
-- stored, and the row that refers to it takes it off the list in the same transaction. So a crash leaves
-- garbage that is collected, and never a row without bytes. These tables are ours; Supabase has none of them.

do $$
begin
    -- supabase/roles.sql makes them too, after this; there is nobody to grant to before they exist.
    if not exists (select 1 from pg_roles where rolname = 'storage') then
        create role storage login noinherit;
    end if;
    if not exists (select 1 from pg_roles where rolname = 'worker') then
        create role worker login noinherit;
    end if;
end;
$$;
-- As `authenticator` does for PostgREST: the login itself reads no object, it becomes the caller first.
grant anon, authenticated, service_role to storage;
alter role storage set statement_timeout = '8s';
alter role storage set lock_timeout = '8s';

create unique index if not exists objects_version_once on storage.objects (version);

-- `doomed_at`: a collector has begun to delete the bytes, so that nothing may refer to them any more.
create table if not exists storage.leftovers (
    version text primary key,
    delete_after timestamptz not null,
    doomed_at timestamptz
);
create index if not exists leftovers_delete_after on storage.leftovers (delete_after);

-- Uploads in parts, by the tus protocol. `part_tags` are those of the parts that are stored, in their order,
-- and `tail` is what was received behind them and is no part yet. `told` is the client's Upload-Metadata.
create table if not exists storage.resumable_uploads (
    version text primary key references storage.leftovers (version) on delete cascade,
    bucket_id text not null references storage.buckets (id) on delete cascade,
    name text not null,
    owner_id text,
    is_upsert boolean not null,
    length bigint not null constraint resumable_uploads_length_not_negative check (length >= 0),
    handle text not null,
    part_tags text[] not null default '{}',
    tail bytea not null default '',
    received bigint not null default 0
    constraint resumable_uploads_received_within_length check (received between 0 and length),
    metadata jsonb not null,
    user_metadata jsonb,
    told text not null,
    expires_at timestamptz not null
);
create index if not exists resumable_uploads_bucket on storage.resumable_uploads (bucket_id);

-- Signatures of upload addresses that were used; each works once.
create table if not exists storage.spent_signatures (
    id uuid primary key,
    expires_at timestamptz not null
);

/*
 * Keep the list of leftovers true: what a row refers to is none, what it no longer refers to is one. The old
 * bytes stay for some minutes, because downloads of them may have begun.
 *
 * Definer: callers who may write objects have no right to this list.
 * Errors:  55000, when a row refers to bytes that were never stored or are being deleted
 */
create or replace function storage.objects__follow_versions()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op <> 'INSERT' and old.version is not null then
        insert into storage.leftovers (version, delete_after)
        values (old.version, now() + interval '5 minutes')
        on conflict (version) do nothing;
    end if;
    if tg_op = 'DELETE' or new.version is null then
        return null;
    end if;
    delete from storage.leftovers
    where leftovers.version = new.version and leftovers.doomed_at is null;
    if not found then
        raise exception using
            errcode = '55000',
            message = format('There are no bytes of the version %s.', new.version);
    end if;
    return null;
end;
$$;

create or replace trigger _010_follow_versions_insert
after insert on storage.objects
for each row
execute function storage.objects__follow_versions();

create or replace trigger _010_follow_versions_update
after update of version on storage.objects
for each row
when (old.version is distinct from new.version)
execute function storage.objects__follow_versions();

create or replace trigger _010_follow_versions_delete
after delete on storage.objects
for each row
execute function storage.objects__follow_versions();

/*
 * Return leftovers that are due, and doom them. Those that another collector doomed and never finished come
 * again after some minutes.
 *
 * Definer: the workers see no table of Storage.
 */
create or replace function storage.doom_leftovers(limits integer)
returns setof text
language sql
volatile
security definer
set search_path = ''
as $$
    update storage.leftovers
    set doomed_at = now()
    where leftovers.version in (
        select due.version
        from storage.leftovers as due
        where
            due.delete_after <= now()
            and (due.doomed_at is null or due.doomed_at < now() - interval '5 minutes')
        order by due.delete_after
        limit limits
        for update skip locked
    )
    returning leftovers.version
$$;

/*
 * Take leftovers whose bytes are gone off the list, and forget signatures that have expired.
 *
 * Definer: as above.
 */
create or replace function storage.forget_leftovers(versions text[])
returns void
language sql
volatile
security definer
set search_path = ''
as $$
    delete from storage.leftovers
    where leftovers.version = any (versions) and leftovers.doomed_at is not null;
    delete from storage.spent_signatures where spent_signatures.expires_at < now();
$$;

alter table storage.leftovers owner to supabase_storage_admin;
alter table storage.resumable_uploads owner to supabase_storage_admin;
alter table storage.spent_signatures owner to supabase_storage_admin;
alter function storage.objects__follow_versions() owner to supabase_storage_admin;
alter function storage.doom_leftovers(integer) owner to supabase_storage_admin;
alter function storage.forget_leftovers(text[]) owner to supabase_storage_admin;

grant usage on schema storage to storage, worker;
grant select, insert, update, delete
on storage.leftovers, storage.resumable_uploads, storage.spent_signatures to storage;
grant execute on function storage.doom_leftovers(integer), storage.forget_leftovers(text[]) to worker;
