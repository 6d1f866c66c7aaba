-- Files that people upload: pictures to show and papers to check. An upload reserves its place and
-- its bytes before the file is sent. Once the file lies in its bucket, the upload becomes a row of
-- media, and a worker looks into the file: only what it finds fit is ready to be shown. Every
-- medium is about one subject, such as a business or a service. Originals stay private; what the
-- public sees are renditions, which were drawn anew and whose names hold a hash of their bytes.
--
-- A subject belongs to its own domain, which registers kinds here, keeps the link to its row in a
-- table of its own, and lets go of the medium when that link is deleted.

create schema files;
comment on schema files is 'Uploads, media, their renditions and quotas.';

create type files.media_state as enum ('processing', 'ready', 'refused');
create type files.refusal as enum (
    'hash_mismatch', 'type_mismatch', 'not_readable', 'too_many_pixels', 'ambiguous', 'infected'
);
-- To whom a file belongs and is charged: a business, or a user where no business is concerned.
create type files.place as (business_id uuid, owner_id uuid);

/*
 * Does an object map at most 50 language tags to texts?
 */
create function files.alt_is_valid(alt jsonb)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if jsonb_typeof(alt) is distinct from 'object' then
        return false;
    end if;
    return not exists (
        select 1
        from jsonb_each(alt) as entry (locale, value)
        where
            entry.locale !~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
            or jsonb_typeof(entry.value) <> 'string'
            or length(entry.value #>> '{}') > 500
            or private.has_control_characters(entry.value #>> '{}')
    ) and (select count(*) <= 50 from jsonb_object_keys(alt));
end;
$$;

create table files.settings (
    -- One row, which the operator edits.
    is_only_row boolean primary key default true,
    max_bytes_for_business bigint not null default 2147483648,
    max_number_for_business integer not null default 2000,
    max_bytes_for_user bigint not null default 104857600,
    max_number_for_user integer not null default 100,
    -- How long an upload may take from its announcement to its completion.
    upload_minutes integer not null default 60,
    -- How long files that nothing refers to are kept.
    grace_hours integer not null default 24,

    constraint settings_are_one_row check (is_only_row),
    constraint settings_are_positive check (
        least(
            max_bytes_for_business, max_number_for_business, max_bytes_for_user,
            max_number_for_user, upload_minutes, grace_hours
        ) > 0
    )
);
comment on table files.settings is 'Quotas and periods for everybody without an agreement.';

create table files.quotas (
    business_id uuid primary key references business.businesses (id) on delete cascade,
    max_bytes bigint not null,
    max_number integer not null,

    constraint quotas_not_negative check (max_bytes >= 0 and max_number >= 0)
);
comment on table files.quotas is 'What was agreed with a business instead of the settings.';

create table files.kinds (
    subject text not null,
    name text not null,
    bucket text not null,
    -- Media of public kinds are pictures, shown to everybody who may read their subject.
    is_public boolean not null,
    content_types text[] not null,
    max_bytes bigint not null,
    -- How many one subject has; where it is one, a new file takes the place of the old one.
    max_number integer not null,
    -- More pixels are refused before they are decoded.
    max_pixels bigint not null default 60000000,
    -- Renditions of a picture that is at least so wide; the widest is also the one at `url`.
    widths integer[] not null default '{}',
    -- (subject id) → files.place. It refuses a caller who may not add files to the subject.
    place_function text not null,
    -- (media) → void. It links the medium to its subject.
    attach_function text not null,
    -- The table whose policy decides who may read the subject, and with it its public media.
    relation text not null,
    -- The table that links media to the subject, and its column with the subject's id if it has
    -- an order (position) and a featured picture (is_featured).
    links text not null,
    gallery_key text,
    -- What people write to each other: the platform's staff does not read it.
    is_confidential boolean not null default false,

    primary key (subject, name),
    constraint kinds_names_are_words check (subject ~ '^[a-z_]{1,40}$' and name ~ '^[a-z_]{1,40}$'),
    constraint kinds_have_limits check (max_bytes > 0 and max_number > 0 and max_pixels > 0),
    constraint kinds_public_have_renditions check (is_public = (cardinality(widths) > 0))
);
comment on table files.kinds is
'What files a subject may have, and the functions and tables of its domain that say whose they are '
'and who reads them. The seed of the domain registers it.';

create table files.uploads (
    -- Also the id of the medium that it becomes.
    id uuid primary key default gen_random_uuid(),
    business_id uuid references business.businesses (id) on delete cascade,
    owner_id uuid references auth.users (id) on delete cascade,
    uploaded_by uuid references auth.users (id) on delete cascade,
    subject text not null,
    subject_id uuid not null,
    kind text not null,
    bucket text not null,
    object_name text not null,
    file_name text not null,
    content_type text not null,
    -- What was announced, and is reserved until the upload expires.
    bytes bigint not null,
    sha256 text,
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),

    constraint uploads_kind_fkey foreign key (subject, kind)
    references files.kinds (subject, name) on delete restrict,
    constraint uploads_business_id_id_unique unique (business_id, id),
    constraint uploads_object_unique unique (bucket, object_name),
    constraint uploads_names_are_one_line check (
        private.is_one_line(concat(object_name, file_name))
    ),
    constraint uploads_belong_to_one check (num_nonnulls(business_id, owner_id) = 1),
    constraint uploads_have_bytes check (bytes > 0),
    constraint uploads_sha256_is_hex check (sha256 is null or sha256 ~ '^[0-9a-f]{64}$')
);
comment on table files.uploads is 'Files that were announced and are not complete yet.';
comment on column files.uploads.uploaded_by is '[person]';
comment on column files.uploads.file_name is '[personal]';
create index uploads_business_id_idx on files.uploads (business_id, expires_at);
create index uploads_owner_id_idx on files.uploads (owner_id, expires_at);
create index uploads_uploaded_by_idx on files.uploads (uploaded_by);
create index uploads_kind_idx on files.uploads (subject, kind, subject_id);
create index uploads_expires_at_idx on files.uploads (expires_at);

create table files.media (
    id uuid primary key,
    business_id uuid references business.businesses (id) on delete cascade,
    owner_id uuid references auth.users (id) on delete cascade,
    uploaded_by uuid references auth.users (id) on delete set null,
    subject text not null,
    subject_id uuid not null,
    kind text not null,
    is_public boolean not null,
    bucket text not null,
    object_name text not null,
    file_name text not null,
    content_type text not null,
    bytes bigint not null,
    -- Announced by the client, and in the end what the worker counted.
    sha256 text,
    state files.media_state not null default 'processing',
    refusal files.refusal,
    width integer,
    height integer,
    blurhash text,
    -- A text for those who do not see the picture, by language: {"en": "Our shop window"}.
    alt jsonb not null default '{}',
    -- The widest rendition, in the bucket public-media.
    public_name text,
    created_at timestamptz not null default now(),
    -- When its subject let go of it, or it was refused. It is deleted after the grace period.
    released_at timestamptz,

    constraint media_business_id_id_unique unique (business_id, id),
    constraint media_object_unique unique (bucket, object_name),
    constraint media_names_are_one_line check (
        private.is_one_line(concat(object_name, file_name, public_name))
    ),
    constraint media_kind_fkey foreign key (subject, kind)
    references files.kinds (subject, name) on delete restrict,
    constraint media_belong_to_one check (num_nonnulls(business_id, owner_id) = 1),
    constraint media_refusals_have_a_reason check ((state = 'refused') = (refusal is not null)),
    constraint media_ready_are_whole check (
        state <> 'ready' or sha256 is not null and (not is_public or public_name is not null)
    ),
    constraint media_alt_is_by_language check (
        files.alt_is_valid(alt)
        or private.invalid('alt', 'must map language tags to texts of at most 500 characters')
    )
);
comment on table files.media is 'Uploaded files: whose, about what, and whether they may be shown.';
comment on column files.media.uploaded_by is '[person]';
comment on column files.media.file_name is '[personal]';
comment on column files.media.alt is '[personal]';
create index media_business_id_idx on files.media (business_id) include (bytes, released_at);
create index media_owner_id_idx on files.media (owner_id);
create index media_uploaded_by_idx on files.media (uploaded_by);
create index media_kind_idx on files.media (subject, kind, subject_id);
create index media_released_at_idx on files.media (released_at) where released_at is not null;

create table files.renditions (
    media_id uuid not null references files.media (id) on delete cascade,
    format text not null,
    width integer not null,
    height integer not null,
    bytes bigint not null,
    -- In the bucket public-media.
    object_name text not null,

    primary key (media_id, format, width),
    constraint renditions_object_unique unique (object_name),
    constraint renditions_object_name_is_one_line check (private.is_one_line(object_name)),
    constraint renditions_format_is_known check (format in ('avif', 'webp', 'jpeg'))
);
comment on table files.renditions is 'Pictures in the widths and formats in which they are shown.';
