-- The schema `storage` as Supabase Storage has it: buckets, the objects in them, and the small functions
-- that policies on objects are written with. Row-level security is on and nothing is allowed: a policy for
-- a bucket comes with the domain that fills it.

create schema if not exists storage authorization supabase_storage_admin;
grant usage on schema storage to anon, authenticated, service_role;

do $$
begin
    if to_regtype('storage.buckettype') is null then
        create type storage.buckettype as enum ('STANDARD', 'ANALYTICS', 'VECTOR');
        alter type storage.buckettype owner to supabase_storage_admin;
    end if;
end;
$$;

create table if not exists storage.buckets (
    id text primary key,
    name text not null,
    owner uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    public boolean default false,
    avif_autodetection boolean default false,
    file_size_limit bigint,
    allowed_mime_types text[],
    owner_id text
);
alter table storage.buckets
add column if not exists type storage.buckettype not null default 'STANDARD';
create unique index if not exists bname on storage.buckets (name);

create table if not exists storage.objects (
    id uuid primary key default gen_random_uuid(),
    bucket_id text constraint "objects_bucketId_fkey" references storage.buckets (id),
    name text,
    owner uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    last_accessed_at timestamptz default now(),
    metadata jsonb,
    path_tokens text[] generated always as (string_to_array(name, '/')) stored,
    version text,
    owner_id text,
    user_metadata jsonb
);
create unique index if not exists bucketid_objname on storage.objects (bucket_id, name);
create index if not exists name_prefix_search on storage.objects (name text_pattern_ops);
-- Lists walk the names of a bucket in byte order, and searches ignore the case.
create index if not exists idx_objects_bucket_id_name
on storage.objects (bucket_id, name collate "C");
create index if not exists idx_objects_bucket_id_name_lower
on storage.objects (bucket_id, (lower(name) collate "C"));

-- The folders of an object's name, outermost first.
create or replace function storage.foldername(name text)
returns text[]
language sql
immutable
security invoker
as $$
    select path[1:cardinality(path) - 1]
    from (select string_to_array(name, '/') as path) as names
$$;

-- The last part of an object's name.
create or replace function storage.filename(name text)
returns text
language sql
immutable
security invoker
as $$ select split_part(name, '/', -1) $$;

-- What follows the last dot of the last part.
create or replace function storage.extension(name text)
returns text
language sql
immutable
security invoker
as $$ select split_part(split_part(name, '/', -1), '.', -1) $$;

-- What the request does, such as `storage.object.list`; null outside of Storage.
create or replace function storage.operation()
returns text
language sql
stable
security invoker
as $$ select current_setting('storage.operation', true) $$;

-- Whether the request does one of these. The prefix `storage.` may be left out.
create or replace function storage.allow_any_operation(expected_operations text[])
returns boolean
language sql
stable
security invoker
as $$
    select coalesce(
        regexp_replace(storage.operation(), '^storage\.', '') = any (
            select regexp_replace(expected, '^storage\.', '')
            from unnest(expected_operations) as expected
            where expected <> ''
        ),
        false
    )
$$;

-- Whether the request does this. The prefix `storage.` may be left out.
create or replace function storage.allow_only_operation(expected_operation text)
returns boolean
language sql
stable
security invoker
as $$ select storage.allow_any_operation(array[expected_operation]) $$;

-- Bytes in each bucket that the caller sees.
create or replace function storage.get_size_by_bucket()
returns table (size bigint, bucket_id text)
language sql
stable
security invoker
as $$
    select sum((objects.metadata ->> 'size')::bigint)::bigint, objects.bucket_id
    from storage.objects
    group by objects.bucket_id
$$;

create or replace function storage.update_updated_at_column()
returns trigger
language plpgsql
volatile
security invoker
as $$
begin
    new.updated_at = now();
    return new;
end;
$$;

create or replace function storage.enforce_bucket_name_length()
returns trigger
language plpgsql
volatile
security invoker
as $$
begin
    if length(new.name) > 100 then
        raise exception 'bucket name "%" is too long (% characters). Max is 100.',
            new.name, length(new.name);
    end if;
    return new;
end;
$$;

-- A row that is deleted here would leave its bytes behind; Storage's own deletes say that they mean it.
create or replace function storage.protect_delete()
returns trigger
language plpgsql
volatile
security invoker
as $$
begin
    if coalesce(current_setting('storage.allow_delete_query', true), 'false') <> 'true' then
        raise exception using
            errcode = '42501',
            message = 'Direct deletion from storage tables is not allowed. Use the Storage API instead.',
            hint = 'This prevents accidental data loss from orphaned objects.';
    end if;
    return null;
end;
$$;

create or replace trigger update_objects_updated_at
before update on storage.objects
for each row
execute function storage.update_updated_at_column();

create or replace trigger enforce_bucket_name_length_trigger
before insert or update of name on storage.buckets
for each row
execute function storage.enforce_bucket_name_length();

create or replace trigger protect_buckets_delete
before delete on storage.buckets
for each statement
execute function storage.protect_delete();

create or replace trigger protect_objects_delete
before delete on storage.objects
for each statement
execute function storage.protect_delete();

alter table storage.buckets enable row level security;
alter table storage.objects enable row level security;
alter table storage.buckets owner to supabase_storage_admin;
alter table storage.objects owner to supabase_storage_admin;
alter function storage.foldername(text) owner to supabase_storage_admin;
alter function storage.filename(text) owner to supabase_storage_admin;
alter function storage.extension(text) owner to supabase_storage_admin;
alter function storage.operation() owner to supabase_storage_admin;
alter function storage.allow_any_operation(text[]) owner to supabase_storage_admin;
alter function storage.allow_only_operation(text) owner to supabase_storage_admin;
alter function storage.get_size_by_bucket() owner to supabase_storage_admin;
alter function storage.update_updated_at_column() owner to supabase_storage_admin;
alter function storage.enforce_bucket_name_length() owner to supabase_storage_admin;
alter function storage.protect_delete() owner to supabase_storage_admin;

grant select, insert, update, delete on storage.buckets, storage.objects
to anon, authenticated, service_role;
grant all on storage.buckets, storage.objects to current_user;
grant execute on function
storage.foldername(text),
storage.filename(text),
storage.extension(text),
storage.operation(),
storage.allow_any_operation(text[]),
storage.allow_only_operation(text),
storage.get_size_by_bucket()
to anon, authenticated, service_role;
