-- The initial schema of 25_files: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/25_files/tables/files.sql

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

-- sql/25_files/tables/galleries.sql

-- The pictures of businesses and people. A gallery has an order and one featured picture.

create table business.business_media (
    media_id uuid not null,
    business_id uuid not null references business.businesses (id) on delete cascade,
    position integer not null,
    is_featured boolean not null default false,

    primary key (business_id, media_id),
    constraint business_media_medium_fkey foreign key (business_id, media_id)
    references files.media (business_id, id) on delete no action,
    -- Deferrable, so that one statement can exchange places.
    constraint business_media_position_unique
    unique (business_id, position) deferrable initially immediate
);
comment on table business.business_media is 'The gallery of a business.';
create unique index business_media_one_featured_idx on business.business_media (business_id)
where is_featured;

create table identity.profile_media (
    user_id uuid primary key references auth.users (id) on delete cascade,
    media_id uuid not null,

    constraint profile_media_media_id_unique unique (media_id),
    constraint profile_media_medium_fkey foreign key (media_id)
    references files.media (id) on delete no action
);
comment on table identity.profile_media is 'The picture of a user.';
comment on column identity.profile_media.user_id is '[person: delete]';

-- sql/25_files/tables/papers.sql

-- Papers by which a business is verified. The file lies in a private bucket; people get it by
-- short-lived links only.

create type business.document_status as enum ('submitted', 'accepted', 'rejected');

create table business.business_documents (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind text not null,
    media_id uuid not null,
    status business.document_status not null default 'submitted',
    reviewed_by uuid references auth.users (id) on delete set null,
    reviewed_at timestamptz,
    reason text,
    created_at timestamptz not null default now(),

    constraint business_documents_business_id_id_unique unique (business_id, id),
    constraint business_documents_media_id_unique unique (business_id, media_id),
    constraint business_documents_medium_fkey foreign key (business_id, media_id)
    references files.media (business_id, id) on delete no action,
    constraint business_documents_kind_is_known check (
        kind in ('registration', 'identity', 'license', 'tax', 'other')
    ),
    constraint business_documents_review_is_whole check (
        (status = 'submitted') = (reviewed_at is null)
        and (status <> 'rejected' or reason is not null)
    )
);
comment on table business.business_documents is 'Papers that a business hands in to be verified.';
create index business_documents_reviewed_by_idx on business.business_documents (reviewed_by);

-- sql/25_files/tables/private_files.sql

-- Private files that are made for one user, such as an export. Other domains write the rows.

create table files.downloads (
    bucket text not null,
    object_name text not null,
    -- Who may fetch it, and until when.
    user_id uuid not null references auth.users (id) on delete cascade,
    expires_at timestamptz not null,

    primary key (bucket, object_name),
    constraint downloads_object_name_is_one_line check (private.is_one_line(object_name))
);
comment on table files.downloads is 'Private files that one user may fetch until an instant.';
comment on column files.downloads.user_id is '[person: delete]';
create index downloads_user_id_idx on files.downloads (user_id);

-- sql/25_files/tables/records.sql

-- Files that workers write for people, such as the PDF of an invoice. They lie in the private
-- bucket `records`. Each is about a row of some domain, and whoever reads that row may make a link
-- to it.

create table files.records (
    -- In the bucket `records`.
    object_name text primary key,
    -- The table whose policy says who may read the file, and the row of it.
    relation text not null,
    row_id uuid not null,
    created_at timestamptz not null,
    -- When its row let go of it. A worker deletes the file.
    released_at timestamptz,

    constraint records_object_name_is_one_line check (private.is_one_line(object_name))
);
comment on table files.records is 'Files that workers wrote, and the row of which each is about.';
create index records_row_id_idx on files.records (row_id);
create index records_released_at_idx on files.records (released_at) where released_at is not null;

-- sql/25_files/functions/arguments.sql

-- Arguments of the RPCs about files.

/*
 * Read the name of a subject: what stands before the colon.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_subject_name(value text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is null or value !~ '^[a-z_]{1,40}:' then
        perform private.invalid('subject', 'must be a name and an id, such as business:ID');
    end if;
    return split_part(value, ':', 1);
end;
$$;

/*
 * Read the id of a subject: what stands behind the colon.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_subject_id(value text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.to_identifier(substr(value, strpos(value, ':') + 1), 'subject');
end;
$$;

/*
 * Read a number of bytes.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_bytes(value text, argument text)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is null then
        perform private.invalid(argument, 'is required');
    end if;
    if value !~ '^\d{1,15}$' then
        perform private.invalid(argument, 'must be a whole number of bytes');
    end if;
    return value::bigint;
end;
$$;

-- sql/25_files/functions/galleries.sql

-- Links between media and their subjects. A gallery is a table of links with a position and one
-- featured picture; whoever changes one locks its subject first.

/*
 * Link a medium to its subject, as its domain does it.
 */
create function files.attach(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_kind constant files.kinds = files.find_kind(medium.subject, medium.kind);
begin
    execute format('select %s($1)', v_kind.attach_function) using medium;
end;
$$;

/*
 * Add a picture at the end of the gallery of a row of a business. The first one is featured.
 */
create function files.add_to_gallery(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_kind constant files.kinds = files.find_kind(medium.subject, medium.kind);
begin
    perform private.lock(array[medium.subject_id]);
    execute format(
        $sql$
        insert into %1$s as link (business_id, media_id, %3$s position, is_featured)
        select $1, $2, %4$s coalesce(max(link.position), 0) + 1,
            not coalesce(bool_or(link.is_featured), false)
        from %1$s as link
        where link.%2$I = $3
        $sql$,
        v_kind.links, v_kind.gallery_key,
        case when v_kind.gallery_key <> 'business_id' then format('%I,', v_kind.gallery_key) end,
        case when v_kind.gallery_key <> 'business_id' then '$3,' end
    )
    using medium.business_id, medium.id, medium.subject_id;
end;
$$;

/*
 * Make a picture the one of its user; the one before is let go.
 */
create function identity.set_picture(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into identity.profile_media (user_id, media_id)
    values (medium.subject_id, medium.id)
    on conflict (user_id) do update
    set media_id = excluded.media_id;
end;
$$;

/*
 * Note that a business handed in a document.
 */
create function business.hand_in_document(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into business.business_documents (business_id, kind, media_id, created_at)
    values (medium.business_id, medium.kind, medium.id, private.now());
end;
$$;

/*
 * Put the pictures of a gallery into this order. Each must be named once.
 * Definer: nobody has an update grant on galleries.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function files.reorder(subject text, subject_id uuid, kind text, media_ids uuid[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_kind constant files.kinds = files.find_kind(subject, kind);
    v_present uuid[];
begin
    perform files.find_place(v_kind, subject_id);
    if v_kind.gallery_key is null then
        perform private.invalid('kind', 'must be one that has an order');
    end if;
    perform private.lock(array[subject_id]);
    execute format(
        'select array_agg(media_id order by media_id) from %s where %I = $1',
        v_kind.links, v_kind.gallery_key
    )
    into v_present
    using subject_id;
    if v_present is distinct from (
        select array_agg(named.id order by named.id) from unnest(media_ids) as named (id)
    ) then
        perform private.invalid('media_ids', 'must name every picture of the gallery once');
    end if;
    execute format(
        'update %s as link set position = named.position '
        'from unnest($1) with ordinality as named (id, position) where link.media_id = named.id',
        v_kind.links
    )
    using media_ids;
end;
$$;

/*
 * Make a picture the featured one of its gallery.
 * Definer: as files.reorder.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function files.feature(media_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_medium constant files.media = files.find_medium(media_id);
    v_kind constant files.kinds = files.find_kind(v_medium.subject, v_medium.kind);
begin
    if v_kind.gallery_key is null then
        perform private.invalid('media_id', 'must be a picture of a gallery');
    end if;
    perform private.lock(array[v_medium.subject_id]);
    -- The index of the featured one cannot be deferred, so the mark is taken before it is set.
    execute format(
        'update %s set is_featured = false where %I = $1 and is_featured and media_id <> $2',
        v_kind.links, v_kind.gallery_key
    )
    using v_medium.subject_id, media_id;
    execute format('update %s set is_featured = true where media_id = $1', v_kind.links)
    using media_id;
end;
$$;

/*
 * Return a medium that its subject has, if the caller may change it.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function files.find_medium(media_id uuid)
returns files.media
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_medium files.media;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select media.* into v_medium
    from files.media
    where
        media.id = media_id
        and media.released_at is null
        and (
            private.is_operator()
            or media.owner_id = auth.uid()
            or media.business_id in (select private.my_businesses('view'))
        );
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such file.', 'Check the id in the view media.'
        );
    end if;
    perform files.find_place(
        files.find_kind(v_medium.subject, v_medium.kind), v_medium.subject_id
    );
    return v_medium;
end;
$$;

-- sql/25_files/functions/kinds.sql

-- Kinds of files and the functions that their domains registered for them. This is the only place
-- that calls those functions.

/*
 * Return a kind of files of a subject.
 *
 * Errors:  PT400 invalid_input
 */
create function files.find_kind(subject text, kind text)
returns files.kinds
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_kind files.kinds;
begin
    select kinds.* into v_kind
    from files.kinds
    where kinds.subject = find_kind.subject and kinds.name = find_kind.kind;
    if v_kind.name is null then
        perform private.invalid(
            case
                when exists (select 1 from files.kinds where kinds.subject = find_kind.subject)
                    then 'kind'
                else 'subject'
            end,
            'must be one that takes files, as docs/files.md lists them'
        );
    end if;
    return v_kind;
end;
$$;

/*
 * Return to whom files of a subject belong, if the caller may add some.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function files.find_place(kind files.kinds, subject_id uuid)
returns files.place
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_place files.place;
begin
    execute format('select (%s($1)).*', kind.place_function) into v_place using subject_id;
    return v_place;
end;
$$;

/*
 * Return the place of a row of a business, if the caller may add files to it. Members who may not
 * are refused as such; for everybody else the row does not exist. `noun` names the row.
 * Definer: it must give a row of another tenant and an absent one the same answer.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function files.place_in_business(business_id uuid, noun text)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_place files.place;
begin
    if private.is_operator() and business_id is not null
        or business_id in (select private.my_businesses('manage')) then
        v_place.business_id = business_id;
        return v_place;
    end if;
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    if business_id in (select private.my_businesses('view')) then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to do this for this business.',
            'Ask an owner of the business for a role with this permission.'
        );
    end if;
    perform private.refuse(
        'PT404', 'not_found', format('There is no such %s.', noun), 'Check the id of the subject.'
    );
    return null;
end;
$$;

/*
 * Return the place of a business's own files.
 * Definer: as files.place_in_business.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function business.place_of_business(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return files.place_in_business(
        (select businesses.id from business.businesses where businesses.id = subject_id),
        'business'
    );
end;
$$;

/*
 * Return the place of a user's own files.
 * Definer: it must give another user's profile and an absent one the same answer.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function identity.place_of_profile(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_place files.place;
begin
    if not private.is_operator() and subject_id <> private.token_user_id()
        or not exists (select 1 from identity.profiles where profiles.id = subject_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such profile.', 'Check the id of the subject.'
        );
    end if;
    v_place.owner_id = subject_id;
    return v_place;
end;
$$;

/*
 * Does the caller read the row that public media are about? The policy of its table decides.
 */
create function files.is_readable(subject text, kind text, subject_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_relation constant text = (
        select kinds.relation
        from files.kinds
        where kinds.subject = is_readable.subject and kinds.name = is_readable.kind
    );
    v_is_readable boolean;
begin
    execute format('select exists (select 1 from %s where id = $1)', v_relation)
    into v_is_readable
    using subject_id;
    return v_is_readable;
end;
$$;

/*
 * Does the caller read the row that links a private file to its subject? The policy of that table
 * decides who reads the file, beside those to whom it belongs.
 */
create function files.is_link_readable(subject text, kind text, media_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_links constant text = (
        select kinds.links
        from files.kinds
        where kinds.subject = is_link_readable.subject and kinds.name = is_link_readable.kind
    );
    v_is_readable boolean;
begin
    execute format('select exists (select 1 from %s where media_id = $1)', v_links)
    into v_is_readable
    using media_id;
    return v_is_readable;
end;
$$;

/*
 * Are files of a kind only for those who write to each other?
 */
create function files.is_confidential(subject text, kind text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from files.kinds
        where
            kinds.subject = is_confidential.subject
            and kinds.name = is_confidential.kind
            and kinds.is_confidential
    );
end;
$$;

-- sql/25_files/functions/papers.sql

-- The decision about a paper that a business handed in.

/*
 * Accept or reject a submitted document, once. For platform staff.
 * Definer: nobody has an update grant on documents.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function business.review_document(document_id uuid, is_accepted boolean, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_document business.business_documents;
begin
    select business_documents.* into v_document
    from business.business_documents
    where business_documents.id = review_document.document_id
    for update;
    perform business.refuse_reviewer(v_document);
    if v_document.status <> 'submitted' then
        perform business.refuse_step('review', v_document.status::text);
    end if;
    if not exists (
        select 1
        from files.media
        where media.id = v_document.media_id and media.state = 'ready'
    ) then
        perform private.refuse(
            'PT409', 'invalid_transition', 'The file of this document was not looked into yet.',
            'Try again in a moment.'
        );
    end if;

    update business.business_documents
    set
        status = case when review_document.is_accepted then 'accepted' else 'rejected' end
        ::business.document_status,
        reviewed_by = auth.uid(),
        reviewed_at = private.now(),
        reason = review_document.reason
    where business_documents.id = review_document.document_id;
end;
$$;

/*
 * Refuse a caller who may not review a document. Callers who cannot see it get not_found.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function business.refuse_reviewer(document business.business_documents)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_is_reviewer boolean = private.is_operator() or private.is_platform_staff('support');
begin
    if v_is_reviewer and document.id is not null then
        return;
    end if;
    if not v_is_reviewer then
        perform private.token_user_id();
    end if;
    if document.business_id in (select private.my_businesses('manage')) then
        perform private.refuse(
            'PT403', 'forbidden', 'Only the platform''s staff can review documents.',
            'Wait for their decision.'
        );
    end if;
    perform private.refuse(
        'PT404', 'not_found', 'There is no such document.',
        'Check the id in the view business_documents.'
    );
end;
$$;

-- sql/25_files/functions/processing.sql

-- What the workers do with files: look into each that arrived, and delete what nothing refers to.

/*
 * Return what a worker must know to look into a file, or null when that is done already.
 * Definer: workers have no access to the tables.
 */
create function files.start_processing(media_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'bucket', media.bucket,
            'name', media.object_name,
            'content_type', media.content_type,
            'bytes', media.bytes,
            'sha256', media.sha256,
            'max_pixels', kinds.max_pixels,
            'widths', to_jsonb(kinds.widths)
        )
        from files.media
        inner join files.kinds on kinds.subject = media.subject and kinds.name = media.kind
        where media.id = start_processing.media_id and media.state = 'processing'
    );
end;
$$;

/*
 * A file is fit: keep its hash and, of a picture, what it shows and its renditions, the widest of
 * which is JPEG. `facts` has sha256, width, height, blurhash and renditions.
 * Definer: as files.start_processing.
 */
create function files.finish_processing(media_id uuid, facts jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update files.media
    set
        state = 'ready',
        sha256 = facts ->> 'sha256',
        width = (facts ->> 'width')::integer,
        height = (facts ->> 'height')::integer,
        blurhash = facts ->> 'blurhash',
        public_name = (
            select rendition.object_name
            from jsonb_to_recordset(facts -> 'renditions')
                as rendition (format text, width integer, object_name text)
            where rendition.format = 'jpeg'
            order by rendition.width desc
            limit 1
        )
    where media.id = finish_processing.media_id and media.state = 'processing';
    if found then
        insert into files.renditions (media_id, format, width, height, bytes, object_name)
        select
            finish_processing.media_id, rendition.format, rendition.width, rendition.height,
            rendition.bytes, rendition.object_name
        from jsonb_to_recordset(finish_processing.facts -> 'renditions') as rendition (
            format text, width integer, height integer, bytes bigint, object_name text
        );
    end if;
end;
$$;

/*
 * A file is not fit. Its subject lets go of it.
 * Definer: as files.start_processing.
 */
create function files.refuse_medium(media_id uuid, refusal files.refusal)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_links text;
begin
    update files.media
    set state = 'refused', refusal = refuse_medium.refusal
    from files.kinds
    where
        media.id = refuse_medium.media_id
        and media.state = 'processing'
        and kinds.subject = media.subject
        and kinds.name = media.kind
    returning kinds.links into v_links;
    if found then
        execute format('delete from %s where media_id = $1', v_links) using media_id;
    end if;
end;
$$;

/*
 * Forget the media that were let go a while ago, and the uploads that nobody completed. Their
 * objects are then garbage.
 * Definer: as files.start_processing.
 */
create function files.forget_what_is_let_go()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_since constant timestamptz = private.now()
        - (select settings.grace_hours from files.settings) * interval '1 hour';
begin
    delete from files.media where media.released_at < v_since;
    delete from files.uploads where uploads.expires_at < v_since;
end;
$$;

/*
 * Return objects that no row refers to after the grace period: what was forgotten, what was cut
 * off, what belonged to a business that is gone. One bucket at a time: {bucket, names}.
 * Definer: as files.start_processing.
 */
create function files.garbage(maximum integer)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'bucket', old.bucket_id, 'names', jsonb_agg(old.name order by old.name)
        )
        from (
            select objects.bucket_id, objects.name
            from storage.objects
            cross join files.settings
            where
                (
                    objects.bucket_id = 'public-media'
                    or objects.bucket_id in (select kinds.bucket from files.kinds)
                )
                and objects.created_at
                < private.now() - settings.grace_hours * interval '1 hour'
                and not exists (
                    select 1
                    from files.media
                    where
                        media.bucket = objects.bucket_id and media.object_name = objects.name
                )
                and not exists (
                    select 1
                    from files.uploads
                    where
                        uploads.bucket = objects.bucket_id and uploads.object_name = objects.name
                )
                and not exists (
                    select 1
                    from files.renditions
                    where
                        objects.bucket_id = 'public-media'
                        and renditions.object_name = objects.name
                )
            order by objects.bucket_id, objects.name
            limit garbage.maximum
        ) as old
        group by old.bucket_id
        order by old.bucket_id
        limit 1
    );
end;
$$;

-- sql/25_files/functions/quotas.sql

-- How much a business or a user may store. Reserved bytes count as long as their upload is open.

/*
 * Refuse a file that its kind does not take.
 *
 * Errors:  PT400 invalid_input · PT413 file_too_large · PT415 type_not_allowed
 */
create function files.check_file(kind files.kinds, bytes bigint, content_type text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if bytes < 1 then
        perform private.invalid('size', 'must be at least 1');
    end if;
    if bytes > kind.max_bytes then
        perform private.refuse(
            'PT413', 'file_too_large',
            format('This file is too large. At most %s bytes are allowed.', kind.max_bytes),
            'Make the file smaller.'
        );
    end if;
    if content_type <> all(kind.content_types) then
        perform private.refuse(
            'PT415', 'type_not_allowed', 'Files of this type are not allowed here.',
            format('Send one of: %s.', array_to_string(kind.content_types, ', '))
        );
    end if;
end;
$$;

/*
 * Refuse another file of a kind when its subject has as many as it may, uploads included. A kind of
 * one file exchanges it. The caller holds the lock of the place.
 *
 * Errors:  PT422 limit_reached
 */
create function files.check_number(kind files.kinds, subject_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_number bigint;
begin
    if kind.max_number = 1 then
        return;
    end if;
    select
        (
            select count(*)
            from files.media
            where
                media.subject = kind.subject
                and media.kind = check_number.kind.name
                and media.subject_id = check_number.subject_id
                and media.released_at is null
        ) + (
            select count(*)
            from files.uploads
            where
                uploads.subject = kind.subject
                and uploads.kind = check_number.kind.name
                and uploads.subject_id = check_number.subject_id
                and uploads.expires_at > private.now()
        )
    into v_number;
    if v_number >= kind.max_number then
        perform private.refuse(
            'PT422', 'limit_reached',
            format('There are %s files already, and no more are allowed.', kind.max_number),
            'Delete one first.'
        );
    end if;
end;
$$;

/*
 * Refuse a file for which the quota has no room. The caller holds the lock of the place, so
 * uploads at the same time take turns.
 *
 * Errors:  PT409 quota_exceeded
 */
create function files.check_quota(place files.place, bytes bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_use record;
    v_quota record;
begin
    select * into v_use from files.usage(place);
    select * into v_quota from files.quota_of(place);
    if v_use.number >= v_quota.max_number or v_use.bytes + bytes > v_quota.max_bytes then
        perform private.refuse(
            'PT409', 'quota_exceeded',
            format(
                'There is no room for this file: %s of %s bytes and %s of %s files are in use.',
                v_use.bytes, v_quota.max_bytes, v_use.number, v_quota.max_number
            ),
            'Delete files that are not needed, or ask the platform for more room.'
        );
    end if;
end;
$$;

/*
 * Return what is stored and reserved. What was let go does not count, unless it came within the
 * grace period: so nobody fills the disk by sending and deleting, and both together never exceed
 * twice the quota. An upload counts as long as it is open or has a file, with the larger of what
 * was announced and what was sent.
 */
create function files.usage(place files.place, out bytes bigint, out number bigint)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_since constant timestamptz = private.now()
        - (select settings.grace_hours from files.settings) * interval '1 hour';
begin
    select coalesce(sum(stored.bytes), 0), count(*) into usage.bytes, usage.number
    from (
        select media.bytes
        from files.media
        where
            (media.released_at is null or media.created_at > v_since)
            and (media.business_id = place.business_id or media.owner_id = place.owner_id)
        union all
        select greatest(uploads.bytes, (objects.metadata ->> 'size')::bigint)
        from files.uploads
        left join storage.objects
            on objects.bucket_id = uploads.bucket and objects.name = uploads.object_name
        where
            (uploads.expires_at > private.now() or objects.id is not null)
            and (uploads.business_id = place.business_id or uploads.owner_id = place.owner_id)
    ) as stored (bytes);
end;
$$;

/*
 * Return how much may be stored.
 */
create function files.quota_of(place files.place, out max_bytes bigint, out max_number integer)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    select
        case
            when place.business_id is null then settings.max_bytes_for_user
            else coalesce(quotas.max_bytes, settings.max_bytes_for_business)
        end,
        case
            when place.business_id is null then settings.max_number_for_user
            else coalesce(quotas.max_number, settings.max_number_for_business)
        end
    into quota_of.max_bytes, quota_of.max_number
    from files.settings
    left join files.quotas on quotas.business_id = place.business_id;
end;
$$;

-- sql/25_files/functions/records.sql

-- Files that workers wrote for people.

/*
 * Keep a file of the bucket `records` for whoever may read a row.
 */
create function files.keep_record(object_name text, relation text, row_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into files.records (object_name, relation, row_id, created_at)
    values (
        keep_record.object_name, keep_record.relation, keep_record.row_id, private.now()
    )
    on conflict do nothing;
end;
$$;

/*
 * Release the files that were kept for a row. Nobody can read them any more, and a worker deletes
 * them.
 */
create function files.release_records(relation text, row_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update files.records
    set released_at = private.now()
    where
        records.row_id = release_records.row_id
        and records.relation = release_records.relation
        and records.released_at is null;
end;
$$;

/*
 * Return the row that a file of the bucket `records` is about.
 * Definer: nobody reads the table.
 */
create function files.row_of_record(object_name text)
returns files.records
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_record files.records;
begin
    select records.* into v_record
    from files.records
    where records.object_name = row_of_record.object_name and records.released_at is null;
    return v_record;
end;
$$;

/*
 * May the caller read a file of the bucket `records`: can they read the row that it is about?
 */
create function files.is_record_readable(object_name text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_record constant files.records = files.row_of_record(object_name);
    v_is_readable boolean = false;
begin
    if v_record.relation is not null then
        execute format('select exists (select 1 from %s where id = $1)', v_record.relation)
        into v_is_readable
        using v_record.row_id;
    end if;
    return v_is_readable;
end;
$$;

-- sql/25_files/functions/uploads.sql

-- Uploads: announced, sent to Storage, completed. Between the first and the last step only the
-- caller may put a file at the upload's name, once (policies).

/*
 * Announce a file: check it, reserve its bytes, and return its upload.
 * Definer: nobody has a write grant on uploads.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 quota_exceeded · PT413 file_too_large · PT415 type_not_allowed
 *          PT422 limit_reached
 */
create function files.open_upload(
    subject text,
    subject_id uuid,
    kind text,
    file_name text,
    bytes bigint,
    content_type text,
    sha256 text
)
returns files.uploads
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_kind constant files.kinds = files.find_kind(subject, kind);
    v_place constant files.place = files.find_place(v_kind, subject_id);
    v_id constant uuid = gen_random_uuid();
    v_upload files.uploads;
begin
    perform files.check_file(v_kind, bytes, content_type);
    perform private.lock(array[coalesce(v_place.business_id, v_place.owner_id)]);
    perform files.check_number(v_kind, subject_id);
    perform files.check_quota(v_place, bytes);
    insert into files.uploads (
        id, business_id, owner_id, uploaded_by, subject, subject_id, kind, bucket, object_name,
        file_name, content_type, bytes, sha256, expires_at, created_at
    )
    values (
        v_id, v_place.business_id, v_place.owner_id, auth.uid(), v_kind.subject,
        open_upload.subject_id, v_kind.name, v_kind.bucket,
        files.object_name(v_place, v_id, open_upload.file_name), open_upload.file_name,
        open_upload.content_type, open_upload.bytes, open_upload.sha256,
        private.now()
        + (select settings.upload_minutes from files.settings) * interval '1 minute',
        private.now()
    )
    returning uploads.* into v_upload;
    return v_upload;
end;
$$;

/*
 * Return where a file lies: below whose it is and its upload, under its own name without what is
 * not plain.
 */
create function files.object_name(place files.place, upload_id uuid, file_name text)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return concat_ws(
        '/',
        coalesce(place.business_id, place.owner_id),
        upload_id,
        coalesce(
            nullif(
                trim(
                    '.-' from right(regexp_replace(file_name, '[^A-Za-z0-9._-]+', '-', 'g'), 100)
                ),
                ''
            ),
            'file'
        )
    );
end;
$$;

/*
 * Complete an upload: check the file that Storage has, make it a medium of its subject, and let a
 * worker look into it. Completing again changes nothing. Returns the id of the medium.
 * Definer: nobody has a write grant on uploads and media.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 *          PT409 not_uploaded upload_expired upload_mismatch
 */
create function files.complete_upload(upload_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_upload constant files.uploads = files.find_upload(upload_id);
    v_medium files.media;
begin
    if v_upload.id is null then
        return upload_id;
    end if;
    perform files.check_object(v_upload);
    delete from files.uploads where uploads.id = upload_id;
    insert into files.media (
        id, business_id, owner_id, uploaded_by, subject, subject_id, kind, is_public, bucket,
        object_name, file_name, content_type, bytes, sha256, created_at
    )
    values (
        v_upload.id, v_upload.business_id, v_upload.owner_id, v_upload.uploaded_by,
        v_upload.subject, v_upload.subject_id, v_upload.kind,
        (files.find_kind(v_upload.subject, v_upload.kind)).is_public, v_upload.bucket,
        v_upload.object_name, v_upload.file_name, v_upload.content_type, v_upload.bytes,
        v_upload.sha256, private.now()
    )
    returning media.* into v_medium;
    perform files.attach(v_medium);
    perform private.emit('media.uploaded', jsonb_build_object('media_id', v_medium.id));
    return v_medium.id;
end;
$$;

/*
 * Return the caller's upload and lock it, or null when it is complete already.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function files.find_upload(upload_id uuid)
returns files.uploads
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_caller constant uuid = case
        when not private.is_operator() then private.token_user_id()
    end;
    v_upload files.uploads;
begin
    select uploads.* into v_upload
    from files.uploads
    where uploads.id = upload_id and (v_caller is null or uploads.uploaded_by = v_caller)
    for update;
    if not found and not exists (
        select 1
        from files.media
        where media.id = upload_id and (v_caller is null or media.uploaded_by = v_caller)
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such upload.',
            'Use the upload_id that create_upload returned.'
        );
    end if;
    return v_upload;
end;
$$;

/*
 * Refuse to complete an upload that took too long, or whose file is not what was announced.
 *
 * Errors:  PT409 not_uploaded upload_expired upload_mismatch
 */
create function files.check_object(upload files.uploads)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_object jsonb;
begin
    if upload.expires_at <= private.now() then
        perform private.refuse(
            'PT409', 'upload_expired', 'This upload took too long.', 'Begin with create_upload again.'
        );
    end if;
    select coalesce(objects.metadata, '{}') into v_object
    from storage.objects
    where objects.bucket_id = upload.bucket and objects.name = upload.object_name;
    if not found then
        perform private.refuse(
            'PT409', 'not_uploaded', 'The file is not there yet.',
            'Send it to the place that create_upload returned, then complete the upload.'
        );
    end if;
    if (v_object ->> 'size')::bigint is distinct from upload.bytes
        or split_part(v_object ->> 'mimetype', ';', 1) is distinct from upload.content_type then
        perform private.refuse(
            'PT409', 'upload_mismatch',
            format(
                'The file has %s bytes of the type %s, but %s of %s were announced.',
                coalesce(v_object ->> 'size', 'unknown'),
                coalesce(v_object ->> 'mimetype', 'unknown'), upload.bytes, upload.content_type
            ),
            'Begin with create_upload again.'
        );
    end if;
end;
$$;

-- sql/25_files/rules.sql

-- A kind is registered by the names of functions and tables, which must exist. Whatever deletes a
-- link lets go of its medium.

/*
 * The functions and tables of a kind exist.
 *
 * Errors:  PT400 invalid_input
 */
create function files.kinds__require_names()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.require_subject_function(
        'place_function', new.place_function, 'uuid', 'files.place'
    );
    perform private.require_subject_function(
        'attach_function', new.attach_function, 'files.media', 'void'
    );
    if to_regclass(new.relation) is null then
        perform private.invalid('relation', 'must be a table');
    end if;
    if (
        select count(*)
        from pg_catalog.pg_attribute
        where
            pg_attribute.attrelid = to_regclass(new.links)
            and pg_attribute.attname in ('media_id', new.gallery_key)
    ) <> num_nonnulls(new.links, new.gallery_key) then
        perform private.invalid('links', 'must be a table with media_id and the gallery''s key');
    end if;
    return new;
end;
$$;

create trigger _100_require_names
before insert or update on files.kinds
for each row execute function files.kinds__require_names();

/*
 * Let go of the medium of a link that is deleted or exchanged: it is no longer shown, and is
 * deleted after the grace period.
 * Definer: whoever deletes a link has no write grant on media.
 */
create function files.any__release_medium()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update files.media
    set released_at = private.now()
    where media.id = old.media_id and media.released_at is null;
    return null;
end;
$$;

create trigger _500_release_medium
after delete on business.business_media
for each row execute function files.any__release_medium();

create trigger _500_release_medium
after delete or update of media_id on identity.profile_media
for each row execute function files.any__release_medium();

create trigger _500_release_medium
after delete on business.business_documents
for each row execute function files.any__release_medium();

create trigger _010_refuse_bad_input
before update on files.media
for each row execute function private.any__refuse_bad_input();

/*
 * Write a line for every submitted document and every decision about it.
 * Definer: as business.businesses__keep_history.
 */
create function business.business_documents__keep_history()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into business.business_history (
        business_id, kind, subject_id, old_value, new_value, reason, actor_id, at
    )
    values (
        new.business_id,
        'document',
        new.id,
        old.status::text,
        new.status::text,
        new.reason,
        auth.uid(),
        private.now()
    );
    return null;
end;
$$;

create trigger _500_keep_history
after insert or update of status on business.business_documents
for each row
execute function business.business_documents__keep_history();

-- sql/25_files/policies.sql

-- Whoever may read a subject sees its public media once they are ready. Owners and managers see all
-- media of their business, users their own, platform staff all but what is confidential. Whoever
-- may read the row that links a private file to its subject sees the file. Clients write
-- alternative texts, delete links, and call functions for the rest.

grant usage on schema files to anon, authenticated, service_role, worker;

alter table files.settings enable row level security;
alter table files.quotas enable row level security;
alter table files.kinds enable row level security;
alter table files.uploads enable row level security;
alter table files.media enable row level security;
alter table files.renditions enable row level security;
alter table files.records enable row level security;
alter table business.business_media enable row level security;
alter table business.business_documents enable row level security;
alter table identity.profile_media enable row level security;

grant select, insert, update, delete
on table files.settings, files.quotas, files.uploads, files.media, files.renditions,
business.business_media, business.business_documents, identity.profile_media
to service_role;

grant select on files.kinds to anon, authenticated, service_role;
-- No writes: kinds come with the seed.

create policy kinds_select
on files.kinds
for select
to anon, authenticated
using (true);

-- The policies of Storage look for open uploads. Only functions write them.
grant select on files.uploads to authenticated;

create policy uploads_select
on files.uploads
for select
to authenticated
using (uploaded_by = (select auth.uid()));

-- Somebody fetches what was made for them. Only functions write downloads.
alter table files.downloads enable row level security;
grant select on files.downloads to authenticated, service_role;

create policy downloads_select
on files.downloads
for select
to authenticated
using (user_id = (select auth.uid()));

grant select on files.media to anon, authenticated;
grant update (alt) on files.media to authenticated;
-- No other writes: create_upload and complete_upload make media, workers look into them.

create policy media_select_public
on files.media
for select
to anon
using (
    is_public
    and state = 'ready'
    and released_at is null
    and (select files.is_readable(subject, kind, subject_id))
);

create policy media_select
on files.media
for select
to authenticated
using (
    owner_id = (select auth.uid())
    or business_id in (select private.my_businesses('manage'))
    or (select private.is_platform_staff('support'))
    and not (select files.is_confidential(subject, kind))
    or is_public
    and state = 'ready'
    and released_at is null
    and (select files.is_readable(subject, kind, subject_id))
    or not is_public
    and (select files.is_link_readable(subject, kind, id))
);

create policy media_update
on files.media
for update
to authenticated
using (
    owner_id = (select auth.uid())
    or business_id in (select private.my_businesses('manage'))
)
with check (
    owner_id = (select auth.uid())
    or business_id in (select private.my_businesses('manage'))
);

grant select on files.renditions to anon, authenticated;

create policy renditions_select
on files.renditions
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = renditions.media_id
    )
);

grant select on business.business_media to anon;
grant select, delete on business.business_media to authenticated;
-- No inserts and updates: complete_upload, reorder_media and feature_media.

create policy business_media_select
on business.business_media
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = business_media.media_id
    )
);

create policy business_media_delete
on business.business_media
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on identity.profile_media to anon;
grant select, delete on identity.profile_media to authenticated;

create policy profile_media_select
on identity.profile_media
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = profile_media.media_id
    )
);

create policy profile_media_delete
on identity.profile_media
for delete
to authenticated
using (user_id = (select auth.uid()));

grant select on business.business_documents to authenticated;
-- No writes: a submitted document stays, and the platform decides about it.

create policy business_documents_select
on business.business_documents
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or (select private.is_platform_staff('support'))
);

-- The files themselves. Originals and documents are private, and nobody overwrites or deletes one.
-- Documents and records are read by short-lived links only, and never sent to a caller directly.
-- public-media has no policy: everybody who knows a name gets it, and nobody lists names.
create policy objects_select_files
on storage.objects
for select
to authenticated
using (
    exists (
        select 1
        from files.downloads
        where
            downloads.bucket = objects.bucket_id
            and downloads.object_name = objects.name
            and downloads.user_id = (select auth.uid())
            and downloads.expires_at > (select private.now())
    )
    or (
        bucket_id = 'originals'
        or bucket_id = 'documents'
        and (select storage.operation()) in ('storage.object.sign', 'storage.object.sign_many')
    )
    and exists (
        select 1
        from files.media
        where
            media.bucket = objects.bucket_id
            and media.object_name = objects.name
            and (
                media.owner_id = (select auth.uid())
                or media.business_id in (select private.my_businesses('manage'))
                or (select private.is_platform_staff('support'))
                and not (select files.is_confidential(media.subject, media.kind))
                or not media.is_public
                and files.is_link_readable(media.subject, media.kind, media.id)
            )
    )
    or bucket_id = 'records'
    and (select storage.operation()) in ('storage.object.sign', 'storage.object.sign_many')
    and files.is_record_readable(name)
);

create policy objects_insert_files
on storage.objects
for insert
to authenticated
with check (
    bucket_id in ('originals', 'documents')
    and exists (
        select 1
        from files.uploads
        where
            uploads.bucket = objects.bucket_id
            and uploads.object_name = objects.name
            and uploads.expires_at > (select private.now())
    )
);

grant execute on function
private.to_subject_name(text),
private.to_subject_id(text),
private.to_bytes(text, text),
files.alt_is_valid(jsonb),
files.is_readable(text, text, uuid),
files.is_confidential(text, text),
files.is_link_readable(text, text, uuid),
files.is_record_readable(text),
files.row_of_record(text),
files.open_upload(text, uuid, text, text, bigint, text, text),
files.complete_upload(uuid),
files.reorder(text, uuid, text, uuid[]),
files.feature(uuid),
business.review_document(uuid, boolean, text)
to anon, authenticated, service_role;

grant execute on function
files.start_processing(uuid),
files.finish_processing(uuid, jsonb),
files.refuse_medium(uuid, files.refusal),
files.forget_what_is_let_go(),
files.garbage(integer)
to worker;

-- sql/25_files/api/media.sql

-- Media and galleries as clients read them, and the functions that change a gallery.

create view public.media
with (security_invoker = true)
as
select
    media.id,
    media.business_id,
    media.subject,
    media.subject_id,
    media.kind,
    media.bucket,
    media.object_name,
    media.file_name,
    media.content_type,
    media.bytes,
    media.sha256,
    media.state,
    media.refusal,
    media.width,
    media.height,
    media.blurhash,
    media.alt,
    '/storage/v1/object/public/public-media/' || media.public_name as url,
    media.created_at
from files.media
where media.released_at is null or media.state = 'refused';
grant select on public.media to anon, authenticated;
grant update (alt) on public.media to authenticated;
grant select, update on public.media to service_role;

comment on view public.media is
'Uploaded files.

Public pictures can be read by everybody who may read their subject, once they are ready. Owners and managers read all files of their business, users their own. Only alt can be changed.';
comment on column public.media.id is 'Key; the upload_id of its upload.';
comment on column public.media.business_id is 'The business that owns it; null for a user''s own.';
comment on column public.media.subject is 'What it is about, such as business or service.';
comment on column public.media.subject_id is 'The id of the row that it is about.';
comment on column public.media.kind is 'What it is for, such as gallery, picture or license.';
comment on column public.media.bucket is 'The private bucket of the original.';
comment on column public.media.object_name is 'Its name in that bucket.';
comment on column public.media.file_name is 'The name that the client gave.';
comment on column public.media.content_type is 'The type, which the content was compared with.';
comment on column public.media.bytes is 'The size of the original.';
comment on column public.media.sha256 is 'SHA-256 of the original, 64 hexadecimal digits.';
comment on column public.media.state is
'processing until a worker has looked into the file, then ready or refused.';
comment on column public.media.refusal is
'Why it was refused: hash_mismatch, type_mismatch, not_readable, too_many_pixels, '
'ambiguous or infected; otherwise null.';
comment on column public.media.width is
'Pixels, the orientation applied; null unless a picture is ready.';
comment on column public.media.height is 'As width.';
comment on column public.media.blurhash is 'A blurred preview to show while the picture loads.';
comment on column public.media.alt is
'Texts for those who do not see the picture, by language tag, such as {"en": "Our shop window"}.';
comment on column public.media.url is
'Path of the widest rendition below the API''s address; null unless a public picture is ready.';
comment on column public.media.created_at is 'When the upload was completed.';

create view public.media_renditions
with (security_invoker = true)
as
select
    renditions.media_id,
    renditions.format,
    renditions.width,
    renditions.height,
    renditions.bytes,
    '/storage/v1/object/public/public-media/' || renditions.object_name as url
from files.renditions;
grant select on public.media_renditions to anon, authenticated, service_role;

comment on view public.media_renditions is
'The widths and formats of public pictures. They can be read like the medium.';
comment on column public.media_renditions.media_id is 'The medium.';
comment on column public.media_renditions.format is 'avif, webp or jpeg.';
comment on column public.media_renditions.width is 'Pixels.';
comment on column public.media_renditions.height is 'Pixels.';
comment on column public.media_renditions.bytes is 'Size of the file.';
comment on column public.media_renditions.url is
'Path below the API''s address. It holds a hash of the bytes and never changes, so caches keep it.';

create view public.business_media
with (security_invoker = true)
as
select
    business_media.media_id,
    business_media.business_id,
    business_media.position,
    business_media.is_featured
from business.business_media;
grant select on public.business_media to anon;
grant select, delete on public.business_media to authenticated, service_role;

comment on view public.business_media is
'The galleries of businesses. Owners and managers take a picture out by deleting its row.';
comment on column public.business_media.media_id is 'The picture.';
comment on column public.business_media.business_id is 'The business.';
comment on column public.business_media.position is 'Order by it; see reorder_media.';
comment on column public.business_media.is_featured is
'Whether it stands for the whole gallery; at most one does. See feature_media.';

create view public.profile_media
with (security_invoker = true)
as
select
    profile_media.user_id,
    profile_media.media_id
from identity.profile_media;
grant select on public.profile_media to anon;
grant select, delete on public.profile_media to authenticated, service_role;

comment on view public.profile_media is
'The pictures of users. It can be read like the profile; users take theirs away by deleting it.';
comment on column public.profile_media.user_id is 'The user.';
comment on column public.profile_media.media_id is 'The picture.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.reorder_media(
    subject text, media_ids public.list, kind text default null
)
returns setof public.media
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_ids constant uuid[] = array(
        select private.to_identifier(named.id, 'media_ids')
        from jsonb_array_elements_text(private.to_list(media_ids, 'media_ids', 100))
            with ordinality as named (id, position)
        order by named.position
    );
begin
    perform files.reorder(
        private.to_subject_name(subject), private.to_subject_id(subject),
        coalesce(private.to_text(kind, 'kind', 40), 'gallery'), v_ids
    );
    return query
    select media.*
    from public.media
    inner join unnest(v_ids) with ordinality as named (id, position) on named.id = media.id
    order by named.position;
end;
$$;
grant execute on function public.reorder_media(text, public.list, text)
to anon, authenticated, service_role;

comment on function public.reorder_media(text, public.list, text) is
'Put the pictures of a gallery into another order.

Returns the pictures in the new order.

- subject: such as business:ID or service:ID.
- media_ids: every picture of the gallery once.
- kind: gallery unless said otherwise.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.feature_media(media_id public.identifier)
returns public.media
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(media_id, 'media_id');
    v_medium public.media;
begin
    perform files.feature(v_id);
    select media.* into strict v_medium from public.media where media.id = v_id;
    return v_medium;
end;
$$;
grant execute on function public.feature_media(public.identifier)
to anon, authenticated, service_role;

comment on function public.feature_media(public.identifier) is
'Make a picture the featured one of its gallery.

Returns the picture.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

-- sql/25_files/api/papers.sql

-- Papers that a business hands in, and what was decided about it.

create view public.business_documents
with (security_invoker = true)
as
select
    business_documents.id,
    business_documents.business_id,
    business_documents.kind,
    business_documents.media_id,
    business_documents.status,
    business_documents.reviewed_by,
    business_documents.reviewed_at,
    business_documents.reason,
    business_documents.created_at
from business.business_documents;
grant select on public.business_documents to authenticated;
grant select, insert, update, delete on public.business_documents to service_role;

comment on view public.business_documents is
'Documents that verify a business.

Owners and managers hand them in by create_upload and complete_upload, and see their own; the platform''s staff see and review all.';
comment on column public.business_documents.id is 'Primary key.';
comment on column public.business_documents.business_id is 'The business that owns it.';
comment on column public.business_documents.kind is
'registration, identity, license, tax or other.';
comment on column public.business_documents.media_id is
'The file. Its bucket and object_name in the view media are for a signed link to it.';
comment on column public.business_documents.status is 'submitted, accepted or rejected.';
comment on column public.business_documents.reviewed_by is
'The user who decided; null before the decision, or for the operator.';
comment on column public.business_documents.reviewed_at is 'When the decision was made, or null.';
comment on column public.business_documents.reason is 'The reason for the decision, or null.';
comment on column public.business_documents.created_at is 'When it was submitted.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.review_document(
    document_id public.identifier, is_accepted public.yes_no, reason text default null
)
returns public.business_documents
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(review_document.document_id, 'document_id');
    v_is_accepted boolean = private.to_yes_no(review_document.is_accepted, 'is_accepted');
    v_reason text = private.to_text(review_document.reason, 'reason', 1000);
    v_document public.business_documents;
begin
    if review_document.is_accepted is null then
        perform private.invalid('is_accepted', 'is required');
    end if;
    if not v_is_accepted and v_reason is null then
        perform private.invalid('reason', 'is required');
    end if;
    perform business.review_document(v_id, v_is_accepted, v_reason);
    select business_documents.* into strict v_document
    from public.business_documents
    where business_documents.id = v_id;
    return v_document;
end;
$$;
grant execute on function public.review_document(public.identifier, public.yes_no, text)
to anon, authenticated, service_role;

comment on function public.review_document(public.identifier, public.yes_no, text) is
'Accept or reject a submitted document.

Each document is reviewed once, after its file was looked into. For the platform''s staff.

- is_accepted: true or false.
- reason: at most 1000 characters, required to reject.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

-- sql/25_files/api/uploads.sql

-- The two steps around sending a file: announce it, complete it.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 quota_exceeded · PT413 file_too_large · PT415 type_not_allowed
 *          PT422 limit_reached
 */
create function public.create_upload(
    subject text,
    kind text,
    name text,
    size public.whole_number,
    content_type text,
    sha256 text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_upload files.uploads;
    v_path text;
begin
    if sha256 is not null and lower(sha256) !~ '^[0-9a-f]{64}$' then
        perform private.invalid('sha256', 'must be 64 hexadecimal digits');
    end if;
    if not private.is_one_line(name) then
        perform private.invalid('name', 'must be one line without control characters');
    end if;
    v_upload = files.open_upload(
        subject => private.to_subject_name(subject),
        subject_id => private.to_subject_id(subject),
        kind => private.to_required_text(kind, 'kind', 40),
        file_name => private.to_required_text(name, 'name', 255),
        bytes => private.to_bytes(size, 'size'),
        content_type => lower(private.to_required_text(content_type, 'content_type', 100)),
        sha256 => lower(sha256)
    );
    v_path = v_upload.bucket || '/' || v_upload.object_name;
    return jsonb_build_object(
        'upload_id', v_upload.id,
        'bucket', v_upload.bucket,
        'path', v_upload.object_name,
        'url', '/storage/v1/object/' || v_path,
        'sign_url', '/storage/v1/object/upload/sign/' || v_path,
        'resumable_url', '/storage/v1/upload/resumable',
        'expires_at', v_upload.expires_at
    );
end;
$$;
grant execute on function public.create_upload(text, text, text, public.whole_number, text, text)
to anon, authenticated, service_role;

comment on function public.create_upload(text, text, text, public.whole_number, text, text) is
'Announce a file and reserve room for it.

Returns an object: upload_id, bucket and path, as Storage''s clients take them; url, to which the caller may POST the file once; sign_url, where the caller gets a signed URL that works once without a token; resumable_url for tus, better above 6 MB; and expires_at. The paths are below the API''s address. Nobody sees the file before complete_upload.

- subject: what it is about, such as business:ID, service:ID, resource:ID, banner:ID or profile:ID.
- kind: gallery, picture, or for the papers of a business registration, identity, license, tax or other.
- name: the name of the file, at most 255 characters.
- size: bytes.
- content_type: such as image/jpeg. The content is compared with it later.
- sha256: 64 hexadecimal digits, if the content is to be compared with them.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, quota_exceeded 409, file_too_large 413, type_not_allowed 415, limit_reached 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 not_uploaded upload_expired upload_mismatch
 */
create function public.complete_upload(upload_id public.identifier)
returns public.media
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = files.complete_upload(private.to_identifier(upload_id, 'upload_id'));
    v_medium public.media;
begin
    select media.* into v_medium from public.media where media.id = v_id;
    return v_medium;
end;
$$;
grant execute on function public.complete_upload(public.identifier)
to anon, authenticated, service_role;

comment on function public.complete_upload(public.identifier) is
'Bind an uploaded file to its subject, if its size and type are those that were announced.

Returns the medium. It is processing until a worker has compared hash and content and drawn the renditions, then ready or refused. Repeating the call changes nothing.

Errors: invalid_input 400, not_signed_in 401, not_found 404, not_uploaded 409, upload_expired 409, upload_mismatch 409.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
