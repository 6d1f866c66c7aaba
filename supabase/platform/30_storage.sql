-- The schema `storage` as Supabase Storage has it: buckets, the objects in them, and the small functions
-- that policies on objects are written with. Row level security is on and nothing is allowed: a policy for
-- a bucket comes with the domain that fills it.

create schema if not exists storage authorization supabase_storage_admin;
grant usage on schema storage to anon, authenticated, service_role;

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

create or replace trigger update_objects_updated_at
before update on storage.objects
for each row
execute function storage.update_updated_at_column();

alter table storage.buckets enable row level security;
alter table storage.objects enable row level security;
alter table storage.buckets owner to supabase_storage_admin;
alter table storage.objects owner to supabase_storage_admin;
alter function storage.foldername(text) owner to supabase_storage_admin;
alter function storage.filename(text) owner to supabase_storage_admin;
alter function storage.extension(text) owner to supabase_storage_admin;
alter function storage.update_updated_at_column() owner to supabase_storage_admin;

grant select, insert, update, delete on storage.buckets, storage.objects
to anon, authenticated, service_role;
grant all on storage.buckets, storage.objects to current_user;
grant execute on function
    storage.foldername(text),
    storage.filename(text),
    storage.extension(text)
to anon, authenticated, service_role;
