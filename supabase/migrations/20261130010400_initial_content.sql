-- The initial schema of 64_content: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/64_content/tables/pages.sql

-- Content: what the operator and the businesses say on their own pages. A page has versions, and a
-- version has a text in each language. A version is a draft until it is published; from then on it
-- never changes, and the next draft becomes the next version. Texts are Markdown, without HTML: a
-- client renders them with HTML switched off, so no text can carry a script.
--
-- The page of terms writes its version where acceptances refer to it (catalog.terms_versions), so
-- that what somebody accepted can always be read.

create schema content;
comment on schema content is 'Pages, banners, and what the front page features.';

/*
 * Is a text Markdown without HTML and without links that run a script?
 */
create function content.is_plain_markdown(value text)
returns boolean
language sql
immutable
security invoker
set search_path = ''
as $$
select value !~ '<[a-zA-Z/!?]' and value !~* '(javascript|vbscript|data)\s*:';
$$;

create table content.pages (
    id uuid primary key default gen_random_uuid(),
    -- Null: a page of the platform.
    business_id uuid references business.businesses (id) on delete cascade,
    slug text not null,
    position integer not null default 0,
    -- Whether the front page lists it.
    is_listed boolean not null default false,
    -- A page that was taken down keeps its versions.
    is_active boolean not null default true,
    -- Whether its versions are terms that people accept.
    is_terms boolean not null default false,
    -- What a customer must have access to (customers.entitlements) to read it; null: everybody
    -- reads it.
    entitlement text,
    created_at timestamptz not null default now(),

    constraint pages_business_id_id_unique unique (business_id, id),
    constraint pages_slug_unique unique nulls not distinct (business_id, slug),
    constraint pages_slug_is_a_slug check (
        slug ~ '^[a-z0-9](-?[a-z0-9]){1,79}$' and length(slug) <= 80
        or private.invalid('slug', 'must be 2 to 80 lower-case letters, digits and single hyphens')
    ),
    constraint pages_entitlement_is_a_word check (
        entitlement is null
        or business_id is not null and entitlement ~ '^[a-z][a-z0-9_]{0,39}$'
        or private.invalid('entitlement', 'must be a word such as gold_member, of a business')
    ),
    constraint pages_terms_are_of_the_platform check (
        not is_terms or business_id is null
        or private.invalid('is_terms', 'is only for public pages of the platform')
    )
);
comment on table content.pages is 'Pages of the platform and of businesses.';

create table content.page_versions (
    page_id uuid not null references content.pages (id) on delete restrict,
    version integer not null,
    -- Null: a draft.
    published_at timestamptz,
    published_by uuid references auth.users (id) on delete set null,

    primary key (page_id, version),
    constraint page_versions_version_is_positive check (version > 0)
);
comment on table content.page_versions is
'The versions of a page: a draft at most, and the published ones, of which the latest is shown.';
create unique index page_versions_one_draft_idx
on content.page_versions (page_id)
where published_at is null;
create index page_versions_published_by_idx on content.page_versions (published_by);

create table content.page_texts (
    page_id uuid not null,
    version integer not null,
    locale text not null,
    title text not null,
    body text not null,

    primary key (page_id, version, locale),
    constraint page_texts_version_fkey foreign key (page_id, version)
    references content.page_versions (page_id, version) on delete cascade,
    constraint page_texts_locale_is_a_language_tag check (
        locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
        or private.invalid('locale', 'must be a language tag, such as en or de-AT')
    ),
    constraint page_texts_title_is_short check (
        length(btrim(title)) between 1 and 200 and private.is_one_line(title)
        or private.invalid('title', 'must have 1 to 200 printable characters')
    ),
    constraint page_texts_body_is_short check (
        length(body) between 1 and 200000 and not private.has_control_characters(body)
        or private.invalid('body', 'must have 1 to 200000 printable characters')
    ),
    constraint page_texts_are_plain_markdown check (
        content.is_plain_markdown(body) and content.is_plain_markdown(title)
        or private.invalid('body', 'must be Markdown without HTML and without links to scripts')
    )
);
comment on table content.page_texts is 'The text of a version of a page in one language.';

create table content.sale_terms (
    business_id uuid not null,
    sale_id uuid not null,
    slug text not null,
    version integer not null,

    primary key (business_id, sale_id, slug),
    constraint sale_terms_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint sale_terms_version_fkey foreign key (slug, version)
    references catalog.terms_versions (slug, version) on delete restrict
);
comment on table content.sale_terms is
'Which versions of terms the buyer had accepted when a sale was made. Only ever added to.';
create index sale_terms_version_idx on content.sale_terms (slug, version);

-- sql/64_content/tables/privacy.sql

-- Privacy: what is known about a person can be exported and erased. Which columns are personal and
-- which name the person stands in their comments (00_foundation/functions/personal_data.sql), so a
-- new table is covered as soon as it is tagged, and a test refuses columns without a tag. Erasing
-- keeps the rows that statistics and the ledger need, and empties what identifies somebody; what
-- must stay for some years is tagged with the reason.

create schema privacy;
comment on schema privacy is 'Requests to export and to erase, and how long data are kept.';

create type privacy.request_kind as enum ('export', 'erasure');
-- waiting: for its time or a worker; erased: only files are left to delete.
create type privacy.request_state as enum (
    'waiting', 'erased', 'done', 'cancelled', 'refused', 'expired'
);

-- A table that has rows about people.
create type privacy.person_table as (
    relation regclass,
    -- What finds a person's rows.
    condition text,
    -- Whether keys of people refer to the ids of its rows.
    is_named boolean,
    has_business boolean
);

-- A person while they are exported or erased.
create type privacy.person as (
    user_id uuid,
    -- Proven addresses, in lower case, by which rows without an account are found.
    contacts text array,
    -- The person's ids: of the account, and of every row about them that others refer to.
    ids uuid array,
    -- The businesses where they have rows, which lead the indexes.
    business_ids uuid array,
    -- Only the rows of this business; null: all.
    business_id uuid,
    -- Where to look, from the catalog's tags.
    tables privacy.person_table array
);

create table privacy.settings (
    -- One row, which the operator edits.
    is_only_row boolean primary key default true,
    -- How long somebody may change their mind after asking to be erased.
    grace_days integer not null default 7,
    -- How old a sign-in may be for it.
    sign_in_minutes integer not null default 10,
    -- How long an export can be fetched.
    export_hours integer not null default 72,

    constraint settings_are_one_row check (is_only_row),
    constraint settings_are_sane check (
        grace_days between 0 and 30 and sign_in_minutes > 0 and export_hours between 1 and 720
    )
);
comment on table privacy.settings is 'Periods of exports and erasures.';

create table privacy.requests (
    id uuid primary key default gen_random_uuid(),
    kind privacy.request_kind not null,
    state privacy.request_state not null default 'waiting',
    -- Whom it is about: an account, a customer of a business, or a guest by address.
    user_id uuid references auth.users (id) on delete set null,
    business_id uuid references business.businesses (id) on delete cascade,
    customer_id uuid,
    email text,
    -- Null: the operator.
    requested_by uuid references auth.users (id) on delete set null,
    created_at timestamptz not null,
    due_at timestamptz not null,
    finished_at timestamptz,
    -- When the file of an export is deleted.
    expires_at timestamptz,
    object_name text,
    -- How many rows of which tables: {"erased": {table: rows}, "deleted": {table: rows},
    -- "kept": [{table, column, rows, years, reason}]}.
    report jsonb not null default '{}',

    constraint requests_are_about_one check (
        num_nonnulls(user_id, customer_id, email) >= 1 or state <> 'waiting'
    ),
    constraint requests_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete set null (customer_id),
    constraint requests_business_id_id_unique unique (business_id, id),
    constraint requests_have_one_line check (private.is_one_line(concat(email, object_name)))
);
comment on table privacy.requests is
'Who asked for whose data to be exported or erased, and what was done.';
comment on column privacy.requests.user_id is '[person]';
comment on column privacy.requests.email is '[person] [personal]';
create index requests_user_id_idx on privacy.requests (user_id);
create index requests_requested_by_idx on privacy.requests (requested_by);
create index requests_customer_idx on privacy.requests (business_id, customer_id);
-- One of each kind waits at a time.
create unique index requests_one_waiting_idx
on privacy.requests (kind, user_id, business_id, customer_id, email)
nulls not distinct
where state = 'waiting';
-- What is due?
create index requests_due_at_idx on privacy.requests (due_at)
where state in ('waiting', 'erased', 'done');

create type privacy.retention_action as enum ('delete', 'erase');

create table privacy.retention_rules (
    -- The table, with its schema.
    relation text primary key,
    -- The instant from which its rows are counted.
    counted_from text not null,
    keep interval not null,
    -- Delete the row, or erase what is personal in it, the kept columns included.
    action privacy.retention_action not null,
    reason text not null,

    constraint retention_rules_keep_a_while check (keep >= interval '1 day'),
    constraint retention_rules_are_of_tables check (to_regclass(relation) is not null)
);
comment on table privacy.retention_rules is
'How long the rows of a table are kept. The operator edits the periods; a worker applies them '
'daily.';

-- sql/64_content/tables/promotion.sql

-- What the front page shows beside pages: banners, featured businesses, and the categories that
-- are booked most.

create type content.banner_place as enum ('home', 'search', 'checkout', 'business');

create table content.settings (
    -- One row, which the operator edits.
    is_only_row boolean primary key default true,
    -- Trending: the bookings made in so many days until the count.
    trending_days integer not null default 14,
    trending_number integer not null default 8,

    constraint settings_are_one_row check (is_only_row),
    constraint settings_are_sane check (
        trending_days between 1 and 365 and trending_number between 1 and 50
    )
);
comment on table content.settings is 'The window and the number of trending categories.';

create table content.banners (
    id uuid primary key default gen_random_uuid(),
    -- Null: of the platform.
    business_id uuid references business.businesses (id) on delete cascade,
    place content.banner_place not null,
    -- The language of its readers; null: everybody.
    locale text,
    -- The highest comes first.
    priority integer not null default 0,
    title text not null,
    body text,
    image_url text,
    link_url text,
    starts_at timestamptz not null default now(),
    -- Null: until it is deleted.
    ends_at timestamptz,
    created_at timestamptz not null default now(),

    constraint banners_business_id_id_unique unique (business_id, id),
    constraint banners_of_businesses_stay_there check (
        (business_id is not null) = (place = 'business')
        or private.invalid('place', 'must be business for a business, and another for the platform')
    ),
    constraint banners_end_after_they_start check (
        ends_at is null
        or ends_at > starts_at
        or private.invalid('ends_at', 'must be after starts_at')
    ),
    constraint banners_locale_is_a_language_tag check (
        locale is null
        or locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
        or private.invalid('locale', 'must be a language tag, such as en or de-AT')
    ),
    constraint banners_title_is_short check (
        length(btrim(title)) between 1 and 200 and private.is_one_line(title)
        or private.invalid('title', 'must have 1 to 200 printable characters')
    ),
    constraint banners_body_is_short check (
        length(concat(body)) <= 2000 and not private.has_control_characters(concat(body))
        or private.invalid('body', 'must have at most 2000 printable characters')
    ),
    constraint banners_are_plain_markdown check (
        content.is_plain_markdown(concat_ws(' ', title, body))
        or private.invalid('body', 'must be Markdown without HTML and without links to scripts')
    ),
    constraint banners_link_somewhere check (
        concat(link_url) ~ '^((https://|/)\S*)?$' and concat(image_url) ~ '^((https://|/)\S*)?$'
        and length(concat(link_url, image_url)) <= 4000
        or private.invalid('link_url and image_url', 'must begin with https:// or /')
    )
);
comment on table content.banners is 'Banners: where, for whom, from when to when.';
create index banners_business_id_idx on content.banners (business_id);
-- Which banners of a place are live?
create index banners_place_idx on content.banners (place, starts_at);

create table content.featured_businesses (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- The lowest comes first.
    position integer not null default 0,
    starts_at timestamptz not null default now(),
    ends_at timestamptz not null,

    constraint featured_businesses_business_id_id_unique unique (business_id, id),
    constraint featured_businesses_end_after_they_start check (
        ends_at > starts_at or private.invalid('ends_at', 'must be after starts_at')
    ),
    constraint featured_businesses_once_at_a_time exclude using gist (
        business_id with =, tstzrange(starts_at, ends_at) with &&
    )
);
comment on table content.featured_businesses is 'Which businesses are featured, and how long.';
-- Which are featured now?
create index featured_businesses_ends_at_idx on content.featured_businesses (ends_at);

create table content.trending_categories (
    vertical_id text not null references business.verticals (id) on delete cascade,
    -- The name of categories that businesses of this line share, whatever its case.
    name text not null,
    rank integer not null,
    booking_count bigint not null,
    business_count bigint not null,
    -- The window: when the bookings were made.
    from_at timestamptz not null,
    to_at timestamptz not null,

    primary key (vertical_id, name),
    constraint trending_categories_name_is_one_line check (private.is_one_line(name))
);
comment on table content.trending_categories is
'The categories that were booked most in the window of the settings. Counted every hour.';

-- sql/64_content/tables/promotion_pictures.sql

-- The pictures that people upload for banners. A banner shows the newest picture that a worker
-- found fit; until then it shows what it showed before.

create table content.banner_media (
    media_id uuid primary key,
    banner_id uuid not null references content.banners (id) on delete cascade,

    -- The picture of a platform's banner belongs to an admin, and goes with their account.
    constraint banner_media_medium_fkey foreign key (media_id)
    references files.media (id) on delete cascade
);
comment on table content.banner_media is
'The pictures of banners: the one that is shown, and the one that a worker still looks into.';
create index banner_media_banner_id_idx on content.banner_media (banner_id);

-- sql/64_content/functions/erasing.sql

-- How a person is erased, in one transaction: rows that are theirs alone are deleted, and in all
-- others what is personal is emptied. Nothing here names a table of another domain: the tags do.

/*
 * Erase a person's rows in every table. Returns what was done, as privacy.requests.report.
 */
create function privacy.erase_rows(person privacy.person)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_table privacy.person_table;
    v_count bigint;
    v_erased jsonb = '{}';
    v_deleted jsonb = '{}';
    v_kept jsonb = '[]';
begin
    foreach v_table in array person.tables loop
        v_count = privacy.delete_rows(person, v_table.relation);
        if v_count > 0 then
            v_deleted = v_deleted || jsonb_build_object(v_table.relation::text, v_count);
        end if;
    end loop;
    foreach v_table in array person.tables loop
        v_kept = v_kept || privacy.kept_columns(person, v_table.relation, v_table.condition);
        v_count = privacy.empty_columns(person, v_table.relation, v_table.condition);
        if v_count > 0 then
            v_erased = v_erased || jsonb_build_object(v_table.relation::text, v_count);
        end if;
    end loop;
    return jsonb_build_object('erased', v_erased, 'deleted', v_deleted, 'kept', v_kept);
end;
$$;

/*
 * Empty the personal columns of a person's rows in a table. Returns how many rows had something in
 * them.
 */
create function privacy.empty_columns(person privacy.person, relation regclass, condition text)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_changes text;
    v_is_filled text;
    v_count bigint;
begin
    select
        string_agg(format('%I = %s', erasable.column_name, erasable.emptied), ', '),
        string_agg(erasable.is_filled, ' or ')
    into v_changes, v_is_filled
    from private.erasable_columns(relation, with_kept => false) as erasable;
    if v_changes is null then
        return 0;
    end if;
    execute format('update %s set %s where %s and (%s)', relation, v_changes, condition, v_is_filled)
    using person.ids, person.contacts, person.business_ids, person.business_id;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Delete the rows of a table that go with the person. Returns how many there were.
 */
create function privacy.delete_rows(person privacy.person, relation regclass)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_keys text;
    v_has_business constant boolean = exists (
        select 1
        from pg_catalog.pg_attribute
        where pg_attribute.attrelid = relation and pg_attribute.attname = 'business_id'
    );
    v_count bigint;
begin
    select string_agg(
        case
            when tagged.column_type = 'uuid'::regtype then format('%I = any($1)', tagged.column_name)
            else format('lower(%I) = any($2)', tagged.column_name)
        end,
        ' or '
    )
    into v_keys
    from private.tags_of(relation) as tagged
    where tagged.deletes_row;
    if v_keys is null or person.business_id is not null and not v_has_business then
        return 0;
    end if;
    execute format(
        'delete from %s where (%s)%s',
        relation, v_keys, case when v_has_business then ' and ($3::uuid is null or business_id = $3)' else '' end
    )
    using person.ids, person.contacts, person.business_id;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Return what of a person's rows in a table is kept, why and for how many years.
 */
create function privacy.kept_columns(person privacy.person, relation regclass, condition text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_column record;
    v_count bigint;
    v_kept jsonb = '[]';
begin
    for v_column in
        select tagged.*
        from private.tags_of(relation) as tagged
        where tagged.kept_years is not null
    loop
        execute format(
            'select count(*) from %s where %s and %I is not null',
            relation, condition, v_column.column_name
        )
        into v_count
        using person.ids, person.contacts, person.business_ids, person.business_id;
        if v_count > 0 then
            v_kept = v_kept || jsonb_build_object(
                'table', relation::text, 'column', v_column.column_name, 'rows', v_count,
                'years', v_column.kept_years, 'reason', v_column.kept_reason
            );
        end if;
    end loop;
    return v_kept;
end;
$$;

/*
 * Erase an account: how it signs in, its sessions and what sign-in wrote down about it. The row
 * itself stays, empty, so that its id is never given to somebody else and counts stay what they
 * were; Supabase Auth calls that a soft deletion.
 */
create function privacy.erase_account(user_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_table regclass;
begin
    for v_table in
        select pg_class.oid::regclass
        from pg_catalog.pg_class
        inner join pg_catalog.pg_attribute on pg_attribute.attrelid = pg_class.oid
        where
            pg_class.relnamespace = 'auth'::regnamespace
            and pg_class.relkind in ('r', 'p')
            and pg_attribute.attname = 'user_id'
            and pg_attribute.atttypid = 'uuid'::regtype
    loop
        execute format('delete from %s where user_id = $1', v_table) using erase_account.user_id;
    end loop;
    delete from auth.audit_log_entries
    where
        audit_log_entries.payload ->> 'actor_id' = erase_account.user_id::text
        or audit_log_entries.payload -> 'traits' ->> 'user_id' = erase_account.user_id::text;
    update auth.users
    set
        email = null,
        phone = null,
        encrypted_password = '',
        email_change = '',
        phone_change = '',
        raw_user_meta_data = '{}',
        raw_app_meta_data = '{}',
        confirmation_token = '',
        recovery_token = '',
        email_change_token_new = '',
        email_change_token_current = '',
        reauthentication_token = '',
        phone_change_token = '',
        deleted_at = coalesce(users.deleted_at, private.now())
    where users.id = erase_account.user_id;
end;
$$;

/*
 * Erase a person from messages. Messages that say how they are reached, such as a mail of sign-in,
 * are deleted, and so are finished ones that have the name. A message that still waits may be
 * somebody's work, such as a payment's: there the name is replaced, if it is about the person.
 */
create function privacy.erase_messages(person privacy.person, names text[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_table record;
    v_name text;
begin
    for v_table in
        select
            pg_class.oid::regclass as relation,
            pg_class.relname ~ '^a_|_dead$' as is_finished
        from pg_catalog.pg_class
        where
            pg_class.relnamespace = 'pgmq'::regnamespace
            and pg_class.relkind in ('r', 'p')
            and pg_class.relname ~ '^[aq]_'
    loop
        execute format(
            'delete from %s where exists ('
            'select from unnest($1) as said where strpos(lower(message::text), lower(said)) > 0)',
            v_table.relation
        )
        using person.contacts || case when v_table.is_finished then names end;
        foreach v_name in array names loop
            execute format(
                'update %s set message = replace(message::text, $1, ''erased'')::jsonb'
                ' where strpos(message::text, $1) > 0 and exists ('
                'select from regexp_matches(message::text, $2, ''g'') as mentioned'
                ' where mentioned[1]::uuid = any($3))',
                v_table.relation
            )
            using
                trim(both '"' from to_json(v_name)::text),
                '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})',
                person.ids;
        end loop;
    end loop;
end;
$$;

-- sql/64_content/functions/exporting.sql

-- How everything about a person becomes one document.

/*
 * Return everything about a person: for each table the rows about them, without what is secret.
 */
create function privacy.export_rows(person privacy.person)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_table privacy.person_table;
    v_rows jsonb;
    v_export jsonb = '{}';
begin
    foreach v_table in array person.tables loop
        execute format(
            'select jsonb_agg(to_jsonb(found) - $5) from %s as found where %s',
            v_table.relation, v_table.condition
        )
        into v_rows
        using
            person.ids, person.contacts, person.business_ids, person.business_id,
            array(
                select tagged.column_name::text
                from private.tags_of(v_table.relation) as tagged
                where tagged.is_secret
            );
        if v_rows is not null then
            v_export = v_export || jsonb_build_object(v_table.relation::text, v_rows);
        end if;
    end loop;
    return v_export;
end;
$$;

/*
 * Return what sign-in knows about an account, without its secrets.
 */
create function privacy.export_account(user_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'id', users.id,
            'email', users.email,
            'phone', users.phone,
            'metadata', users.raw_user_meta_data,
            'created_at', users.created_at,
            'last_sign_in_at', users.last_sign_in_at,
            'identities', (
                select jsonb_agg(jsonb_build_object(
                    'provider', identities.provider, 'data', identities.identity_data
                ))
                from auth.identities
                where identities.user_id = users.id
            ),
            'sessions', (
                select jsonb_agg(jsonb_build_object(
                    'created_at', sessions.created_at, 'ip', sessions.ip,
                    'user_agent', sessions.user_agent
                ))
                from auth.sessions
                where sessions.user_id = users.id
            )
        )
        from auth.users
        where users.id = export_account.user_id
    );
end;
$$;

-- sql/64_content/functions/files.sql

-- The files of people who are erased, and of exports.

/*
 * Let go of the files that belong to a user. A worker deletes them.
 */
create function privacy.release_files(user_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from identity.profile_media
    where profile_media.user_id = release_files.user_id;
    update files.media
    set released_at = private.now()
    where media.owner_id = release_files.user_id and media.released_at is null;
    if to_regclass('storage.objects') is not null then
        update storage.objects
        set user_metadata = null
        where objects.owner_id = release_files.user_id::text and objects.user_metadata is not null;
    end if;
end;
$$;

/*
 * Return the objects that are to be deleted now, of one bucket: what a person who was erased put
 * into buckets of their own choice, exports that expired or whose person was erased, and records
 * that were released. Null when there are none.
 * Definer: as privacy.start_export.
 */
create function privacy.files_to_delete(batch integer)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object('bucket', found.bucket_id, 'names', jsonb_agg(found.name))
        from (
            select objects.bucket_id, objects.name
            from storage.objects
            where
                objects.bucket_id = 'exports'
                and not exists (
                    select 1
                    from files.downloads
                    where
                        downloads.bucket = objects.bucket_id
                        and downloads.object_name = objects.name
                        and downloads.expires_at > private.now()
                )
                and objects.created_at < now() - interval '1 hour'
            union all
            select objects.bucket_id, objects.name
            from privacy.requests
            inner join storage.objects on objects.owner_id = requests.user_id::text
            where
                requests.state = 'erased'
                and objects.bucket_id not in ('originals', 'documents', 'public-media', 'exports')
            union all
            select objects.bucket_id, objects.name
            from files.records
            inner join storage.objects
                on objects.bucket_id = 'records' and objects.name = records.object_name
            where records.released_at is not null
            limit batch
        ) as found
        group by found.bucket_id
        limit 1
    );
end;
$$;

/*
 * Note that the files of the erased and released records are deleted, and that exports have
 * expired.
 * Definer: as privacy.start_export.
 */
create function privacy.finish_erasures()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update privacy.requests
    set state = 'done', finished_at = private.now()
    where requests.state = 'erased';
    update privacy.requests
    set state = 'expired', object_name = null
    where
        requests.kind = 'export'
        and requests.state = 'done'
        and requests.expires_at <= private.now();
    delete from files.downloads where downloads.expires_at <= private.now();
    delete from files.records
    where
        records.released_at is not null
        and not exists (
            select 1
            from storage.objects
            where objects.bucket_id = 'records' and objects.name = records.object_name
        );
end;
$$;

-- sql/64_content/functions/fulfilling.sql

-- How workers fulfil requests. Each function may be called again: it does what is left to do.

/*
 * Return the person whom a request is about.
 */
create function privacy.person_of(request privacy.requests)
returns privacy.person
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_customer customers.customers;
begin
    select customers.* into v_customer
    from customers.customers
    where customers.id = request.customer_id;
    return privacy.find_person(
        coalesce(request.user_id, v_customer.user_id),
        privacy.contacts_of(coalesce(request.user_id, v_customer.user_id))
        || array_remove(array[request.email, lower(v_customer.email), v_customer.phone], null),
        request.business_id,
        request.customer_id
    );
end;
$$;

/*
 * Return the document of an export that waits, or null when there is nothing to do.
 * Definer: called by the workers, who have no access to the tables.
 */
create function privacy.start_export(request_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_request privacy.requests;
begin
    select requests.* into v_request
    from privacy.requests
    where
        requests.id = request_id
        and requests.kind = 'export'
        and requests.state = 'waiting';
    return case when v_request.id is not null then privacy.document_of(v_request) end;
end;
$$;

/*
 * Return everything about the person of a request.
 */
create function privacy.document_of(request privacy.requests)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_person constant privacy.person = privacy.person_of(request);
begin
    return jsonb_build_object(
        'about', jsonb_build_object(
            'user_id', request.user_id, 'customer_id', request.customer_id,
            'business_id', request.business_id, 'email', request.email
        ),
        'exported_at', private.now(),
        'account', case
            when request.business_id is null then privacy.export_account(v_person.user_id)
        end,
        'tables', privacy.export_rows(v_person)
    );
end;
$$;

/*
 * Return everything about an account or a guest's address at once, for the operator.
 */
create function privacy.export_of(user_id uuid, email text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_request privacy.requests;
begin
    v_request.user_id = export_of.user_id;
    v_request.email = lower(export_of.email);
    return privacy.document_of(v_request);
end;
$$;

/*
 * Record where the file of an export lies, and until when.
 * Definer: as privacy.start_export.
 */
create function privacy.finish_export(request_id uuid, object_name text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_request privacy.requests;
begin
    update privacy.requests
    set
        state = 'done',
        object_name = finish_export.object_name,
        finished_at = private.now(),
        expires_at = private.now() + make_interval(
            hours => (select settings.export_hours from privacy.settings)
        )
    where requests.id = request_id and requests.state = 'waiting'
    returning requests.* into v_request;
    if v_request.requested_by is not null then
        insert into files.downloads (bucket, object_name, user_id, expires_at)
        values (
            'exports', v_request.object_name, v_request.requested_by, v_request.expires_at
        );
    end if;
end;
$$;

/*
 * Erase the person of a request that is due, in one transaction. Returns whether there was
 * something to do. Somebody who cannot go any more is not erased: the request ends as refused.
 * Definer: as privacy.start_export.
 */
create function privacy.run_erasure(request_id uuid)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_request privacy.requests;
begin
    select requests.* into v_request
    from privacy.requests
    where
        requests.id = request_id
        and requests.kind = 'erasure'
        and requests.state = 'waiting'
        and requests.due_at <= private.now()
    for update;
    if v_request.id is null then
        return false;
    end if;
    begin
        perform privacy.erase(v_request);
    exception
        when sqlstate 'PT409' then
            update privacy.requests
            set
                state = 'refused',
                finished_at = private.now(),
                report = jsonb_build_object('refused', sqlerrm)
            where requests.id = request_id;
    end;
    return true;
end;
$$;

/*
 * Erase the person of a request.
 *
 * Errors:  PT409 bookings_ahead last_owner last_admin still_member
 */
create function privacy.erase(request privacy.requests)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_person privacy.person = privacy.person_of(request);
    v_names text[];
    v_report jsonb;
begin
    perform privacy.require_ready(v_person.user_id, request.business_id, v_person.contacts);
    if request.business_id is null then
        v_names = array(
            select profiles.full_name
            from identity.profiles
            where profiles.id = v_person.user_id and length(profiles.full_name) > 4
        );
        perform privacy.erase_messages(v_person, v_names);
        -- Before the profile goes: a change of the account's address writes the profile.
        perform privacy.erase_account(v_person.user_id);
        perform privacy.release_files(v_person.user_id);
        update privacy.requests
        set expires_at = private.now()
        where
            requests.user_id = v_person.user_id
            and requests.kind = 'export'
            and requests.state = 'done';
        delete from files.downloads
        where downloads.user_id = v_person.user_id;
    end if;
    v_report = privacy.erase_rows(v_person);
    update privacy.requests
    set
        state = 'erased',
        email = null,
        report = v_report
    where requests.id = request.id;
end;
$$;

/*
 * Return the requests that are due: a worker that died, or a grace period that is over.
 * Definer: as privacy.start_export.
 */
create function privacy.due_requests()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select jsonb_agg(requests.id)
        from privacy.requests
        where requests.state = 'waiting' and requests.due_at <= private.now()
    );
end;
$$;

-- sql/64_content/functions/pages.sql

-- How pages are written and published, and which text a reader gets.

/*
 * Refuse a caller who may not write pages: of the platform only admins, of a business its owners
 * and managers.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function content.require_writer(business_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if business_id is not null then
        perform private.require_member(business_id, 'manage');
    elsif not private.is_operator() then
        perform private.require_platform_staff('admin');
    end if;
end;
$$;

/*
 * Return the page of an id that the caller may write.
 * Definer: it must tell a page of another tenant from one that the caller may only read.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function content.writable_page(page_id uuid)
returns content.pages
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_page content.pages;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select pages.* into v_page
    from content.pages
    where pages.id = writable_page.page_id;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such page.', 'Check the id in the view pages.'
        );
    end if;
    perform content.require_writer(v_page.business_id);
    return v_page;
end;
$$;

/*
 * Return the draft of a page. A new one begins with the texts of the latest version.
 */
create function content.open_draft(page_id uuid)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_latest content.page_versions;
begin
    select page_versions.* into v_latest
    from content.page_versions
    where page_versions.page_id = open_draft.page_id
    order by page_versions.version desc
    limit 1;
    if v_latest.version is not null and v_latest.published_at is null then
        return v_latest.version;
    end if;
    insert into content.page_versions (page_id, version)
    values (open_draft.page_id, coalesce(v_latest.version, 0) + 1);
    insert into content.page_texts (page_id, version, locale, title, body)
    select page_texts.page_id, page_texts.version + 1, page_texts.locale, page_texts.title, page_texts.body
    from content.page_texts
    where
        page_texts.page_id = open_draft.page_id
        and page_texts.version = v_latest.version;
    return coalesce(v_latest.version, 0) + 1;
end;
$$;

/*
 * Save the draft of a page in one language, and how the page is listed. Null keeps what there is.
 * Returns the page.
 * Definer: nobody has a write grant on pages and texts.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function content.save_page(page content.pages, text_of_page content.page_texts)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_page content.pages;
    v_version integer;
begin
    perform content.require_writer(page.business_id);
    insert into content.pages as known (
        business_id, slug, position, is_listed, is_terms, entitlement, created_at
    )
    values (
        page.business_id, page.slug, coalesce(page.position, 0), coalesce(page.is_listed, false),
        coalesce(page.is_terms, false), nullif(page.entitlement, ''), private.now()
    )
    on conflict on constraint pages_slug_unique do update
    set
        position = coalesce(page.position, known.position),
        is_listed = coalesce(page.is_listed, known.is_listed),
        is_terms = coalesce(page.is_terms, known.is_terms),
        entitlement = case when page.entitlement is null then known.entitlement else nullif(page.entitlement, '') end
    returning known.* into v_page;
    v_version = content.open_draft(v_page.id);
    insert into content.page_texts (page_id, version, locale, title, body)
    values (
        v_page.id, v_version, text_of_page.locale, text_of_page.title, text_of_page.body
    )
    on conflict on constraint page_texts_pkey do update
    set title = excluded.title, body = excluded.body;
    return v_page.id;
end;
$$;

/*
 * Publish the draft of a page. It is shown from now on and never changes. A version of terms can
 * be accepted from now on, and must be where they are required.
 * Definer: nobody has a write grant on pages, versions and terms.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 nothing_to_publish
 */
create function content.publish_page(page_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_page content.pages = content.writable_page(page_id);
    v_version integer;
begin
    update content.pages
    set is_active = true
    where pages.id = publish_page.page_id;
    update content.page_versions
    set published_at = private.now(), published_by = auth.uid()
    where page_versions.page_id = publish_page.page_id and page_versions.published_at is null
    returning page_versions.version into v_version;
    if v_version is null then
        perform private.refuse(
            'PT409', 'nothing_to_publish', 'This page has no draft.',
            'Save a text with save_page first.'
        );
    end if;
    if v_page.is_terms then
        insert into catalog.terms (slug) values (v_page.slug) on conflict do nothing;
        insert into catalog.terms_versions (slug, version, published_at)
        values (v_page.slug, v_version, private.now());
    end if;
end;
$$;

/*
 * Take a page down. Its versions stay, and publishing the next one shows it again.
 * Definer: nobody has a write grant on pages.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 in_use
 */
create function content.take_page_down(page_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_page content.pages = content.writable_page(page_id);
begin
    if exists (
        select 1
        from catalog.terms
        where
            v_page.is_terms
            and terms.slug = v_page.slug
            and (terms.is_required_to_sign_up or terms.is_required_to_buy)
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'People must accept these terms.',
            'Call require_terms first, so that nobody must accept them.'
        );
    end if;
    update content.pages
    set is_active = false
    where pages.id = take_page_down.page_id;
end;
$$;

-- sql/64_content/functions/people.sql

-- Whose rows a request is about. Rows are found by the keys that the catalog's tags name: first by
-- the account and by proven addresses, then by the ids of the rows found so far.

/*
 * Return the proven addresses of an account, in lower case, and its id as a text. Addresses that
 * nobody has proven find nothing: they may be somebody else's.
 */
create function privacy.contacts_of(user_id uuid)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select lower(contact)
        from auth.users
        cross join lateral unnest(array[
            users.id::text,
            case when users.email_confirmed_at is not null then users.email end,
            case when users.phone_confirmed_at is not null then users.phone end,
            case when users.phone_confirmed_at is not null then '+' || ltrim(users.phone, '+') end
        ]) as contact
        where users.id = contacts_of.user_id and contact <> ''
    );
end;
$$;

/*
 * Return the condition that finds a person's rows in a table: by a key that is one of the ids ($1),
 * or by an address ($2) in a row of no other account. In a table of businesses, $3 leads the index,
 * and $4 limits the rows to one business.
 */
create function privacy.condition_of(relation regclass)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_by_id text;
    v_by_contact text;
    v_of_nobody_else text;
    v_business text;
begin
    select
        string_agg(format('%I = any($1)', tagged.column_name), ' or ')
            filter (where tagged.column_type = 'uuid'::regtype),
        string_agg(format('lower(%I) = any($2)', tagged.column_name), ' or ')
            filter (where tagged.column_type <> 'uuid'::regtype),
        coalesce(
            string_agg(format('and (%1$I is null or %1$I = any($1))', tagged.column_name), ' ')
                filter (where privacy.is_account(condition_of.relation, tagged.column_name)),
            ''
        )
    into v_by_id, v_by_contact, v_of_nobody_else
    from private.tags_of(relation) as tagged
    where tagged.is_key;
    select case when pg_attribute.attnotnull then '($3::uuid[] is null or business_id = any($3)) and ' else '' end into v_business
    from pg_catalog.pg_attribute
    where
        pg_attribute.attrelid = condition_of.relation
        and pg_attribute.attname = 'business_id';
    return concat(
        '(',
        concat_ws(
            ' or ',
            v_business || '(' || v_by_id || ')',
            case when v_business is null then v_by_id end,
            '(' || v_by_contact || ') ' || v_of_nobody_else
        ),
        ')',
        case
            when v_business is null then ' and $4::uuid is null'
            else ' and ($4::uuid is null or business_id = $4)'
        end
    );
end;
$$;

/*
 * Does a column refer to accounts?
 */
create function privacy.is_account(relation regclass, column_name name)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from pg_catalog.pg_constraint
        inner join pg_catalog.pg_attribute
            on
                pg_attribute.attrelid = pg_constraint.conrelid
                and pg_attribute.attnum = any(pg_constraint.conkey)
        where
            pg_constraint.contype = 'f'
            and pg_constraint.conrelid = is_account.relation
            and pg_constraint.confrelid = 'auth.users'::regclass
            and pg_attribute.attname = is_account.column_name
    );
end;
$$;

/*
 * Return the tables that have rows about people, with the condition that finds those of a person.
 */
create function privacy.tables_of_people()
returns privacy.person_table[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        with keys as materialized (
            select tagged.relation, tagged.column_name
            from private.tagged_columns() as tagged
            where tagged.is_key
        ),

        named as (
            select pg_constraint.confrelid as relation
            from keys
            inner join pg_catalog.pg_attribute
                on
                    pg_attribute.attrelid = keys.relation
                    and pg_attribute.attname = keys.column_name
            inner join pg_catalog.pg_constraint
                on
                    pg_constraint.conrelid = keys.relation
                    and pg_constraint.contype = 'f'
                    and pg_attribute.attnum = any(pg_constraint.conkey)
            union
            select keys.relation
            from keys
            where keys.column_name = 'id'
        )

        select array_agg(privacy.make_person_table(
            relation => keyed.relation,
            condition => privacy.condition_of(keyed.relation),
            is_named => keyed.relation in (select named.relation from named)
        ) order by keyed.relation::text)
        from (select distinct keys.relation from keys) as keyed
    );
end;
$$;

/*
 * Make a row of privacy.tables_of_people.
 */
create function privacy.make_person_table(relation regclass, condition text, is_named boolean)
returns privacy.person_table
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_table privacy.person_table;
begin
    v_table.relation = relation;
    v_table.condition = condition;
    v_table.is_named = is_named and exists (
        select 1
        from pg_catalog.pg_attribute
        where
            pg_attribute.attrelid = make_person_table.relation
            and pg_attribute.attname = 'id'
            and pg_attribute.atttypid = 'uuid'::regtype
    );
    v_table.has_business = exists (
        select 1
        from pg_catalog.pg_attribute
        where
            pg_attribute.attrelid = make_person_table.relation
            and pg_attribute.attname = 'business_id'
    );
    return v_table;
end;
$$;

/*
 * Return a person with the ids of all rows about them: the account, its customers, their bookings
 * and sales, and what refers to those. Each pass looks for rows that refer to what the pass before
 * it found.
 */
create function privacy.find_person(
    user_id uuid, contacts text[], business_id uuid, customer_id uuid
)
returns privacy.person
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_person privacy.person;
    v_new uuid[] = array_remove(array[find_person.user_id, find_person.customer_id], null);
    v_found privacy.person;
begin
    v_person.user_id = find_person.user_id;
    v_person.business_id = find_person.business_id;
    v_person.tables = privacy.tables_of_people();
    v_person.contacts = coalesce(find_person.contacts, '{}');
    v_person.ids = v_new;
    for v_pass in 1 .. 8 loop
        v_found = v_person;
        v_found.ids = v_new;
        v_found = privacy.find_rows(v_found);
        v_person.business_ids = array(
            select unnest(v_person.business_ids) union select unnest(v_found.business_ids)
        );
        v_new = array(select unnest(v_found.ids) except select unnest(v_person.ids));
        exit when v_new = '{}';
        v_person.ids = v_person.ids || v_new;
    end loop;
    return v_person;
end;
$$;

/*
 * Return the ids and the businesses of the rows that refer to the ids, or have the addresses, of a
 * person. Without businesses it looks into those of all.
 */
create function privacy.find_rows(person privacy.person)
returns privacy.person
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_table privacy.person_table;
    v_ids uuid[];
    v_business_ids uuid[];
    v_found privacy.person;
begin
    foreach v_table in array person.tables loop
        continue when not v_table.is_named;
        execute format(
            'select array_agg(id), array_agg(distinct %s) from %s where %s',
            case when v_table.has_business then 'business_id' else 'null::uuid' end,
            v_table.relation, v_table.condition
        )
        into v_ids, v_business_ids
        using person.ids, person.contacts, person.business_ids, person.business_id;
        v_found.ids = v_found.ids || v_ids;
        v_found.business_ids = v_found.business_ids || array_remove(v_business_ids, null);
    end loop;
    return v_found;
end;
$$;

-- sql/64_content/functions/promotion.sql

-- What is counted for the front page.

/*
 * Count the trending categories anew: of the bookings made in the window, those that were not
 * called off, by line of business and name of the category. Returns how many there are.
 * Definer: called by the workers, who cannot read bookings.
 */
create function content.count_trending()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_settings content.settings;
    v_count integer;
begin
    select settings.* into v_settings
    from content.settings;
    delete from content.trending_categories;
    insert into content.trending_categories (
        vertical_id, name, rank, booking_count, business_count, from_at, to_at
    )
    select
        counted.vertical_id,
        counted.name,
        row_number() over (order by counted.booking_count desc, counted.vertical_id, counted.name),
        counted.booking_count,
        counted.business_count,
        private.now() - make_interval(days => v_settings.trending_days),
        private.now()
    from content.booked_categories(
        private.now() - make_interval(days => v_settings.trending_days)
    ) as counted
    order by counted.booking_count desc, counted.vertical_id, counted.name
    limit v_settings.trending_number;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Return how often categories were booked since an instant, in businesses open to the public.
 */
create function content.booked_categories(since timestamptz)
returns table (vertical_id text, name text, booking_count bigint, business_count bigint)
language sql
stable
security invoker
set search_path = ''
as $$
select
    businesses.vertical_id,
    min(service_categories.name),
    count(distinct bookings.id),
    count(distinct bookings.business_id)
from scheduling.bookings
inner join scheduling.booking_items
    on
        booking_items.business_id = bookings.business_id
        and booking_items.booking_id = bookings.id
inner join catalog.services
    on
        services.business_id = booking_items.business_id
        and services.id = booking_items.service_id
inner join catalog.service_categories
    on
        service_categories.business_id = services.business_id
        and service_categories.id = services.category_id
inner join business.businesses on businesses.id = bookings.business_id
where
    bookings.created_at >= since
    and bookings.status in ('pending_payment', 'pending', 'confirmed', 'checked_in', 'completed')
    and businesses.status = 'approved'
    and businesses.is_active
group by businesses.vertical_id, lower(service_categories.name);
$$;

-- sql/64_content/functions/promotion_pictures.sql

-- Whose the pictures of banners are, and where they are shown.

/*
 * Return the place of a banner's files: the business whose banner it is, or the admin who asks, for
 * a banner of the platform.
 * Definer: a banner that the caller may not change and an absent one get the same answer.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function content.place_of_banner(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_banner content.banners;
    v_place files.place;
begin
    select banners.* into v_banner
    from content.banners
    where banners.id = place_of_banner.subject_id;
    if v_banner.id is not null
        and v_banner.business_id is null
        and private.is_platform_staff('admin') then
        v_place.owner_id = private.token_user_id();
        return v_place;
    end if;
    return files.place_in_business(v_banner.business_id, 'banner');
end;
$$;

/*
 * Link a picture to its banner. It takes the place of one that no worker has looked into yet.
 */
create function content.add_banner_picture(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.lock(array[medium.subject_id]);
    delete from content.banner_media
    using files.media
    where
        banner_media.banner_id = medium.subject_id
        and media.id = banner_media.media_id
        and media.state = 'processing';
    insert into content.banner_media (media_id, banner_id)
    values (medium.id, medium.subject_id);
end;
$$;

/*
 * Return the path of a picture below the API's address; null until it is ready.
 */
create function content.picture_url(medium files.media)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return '/storage/v1/object/public/public-media/' || medium.public_name;
end;
$$;

-- sql/64_content/functions/request_guards.sql

-- Who may ask for whose data, and who cannot be erased yet.

/*
 * Refuse to erase somebody who cannot go yet.
 *
 * Errors:  PT409 bookings_ahead last_owner still_member
 */
create function privacy.require_ready(user_id uuid, business_id uuid, contacts text[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.bookings
        where
            bookings.status in ('held', 'pending_payment', 'pending', 'confirmed', 'checked_in')
            and bookings.ends_at > private.now()
            and (bookings.status <> 'held' or bookings.hold_expires_at > private.now())
            and (
                bookings.customer_id = require_ready.user_id
                or bookings.customer_id is null and lower(bookings.customer_email) = any(contacts)
            )
            and (require_ready.business_id is null or bookings.business_id = require_ready.business_id)
    ) then
        perform private.refuse(
            'PT409', 'bookings_ahead', 'There are bookings ahead.', 'Cancel them first.'
        );
    end if;
    if business_id is null and exists (
        select 1
        from business.business_members
        where
            business_members.user_id = require_ready.user_id
            and business_members.role = 'owner'
            and not exists (
                select 1
                from business.business_members as others
                where
                    others.business_id = business_members.business_id
                    and others.role = 'owner'
                    and others.user_id <> require_ready.user_id
            )
    ) then
        perform private.refuse(
            'PT409', 'last_owner', 'The last owner of a business cannot be erased.',
            'Make somebody else an owner first.'
        );
    end if;
    if exists (
        select 1
        from business.business_members
        where
            business_members.user_id = require_ready.user_id
            and business_members.business_id = require_ready.business_id
    ) then
        perform private.refuse(
            'PT409', 'still_member', 'This customer is a member of the business.',
            'Remove the member first.'
        );
    end if;
end;
$$;

/*
 * Refuse somebody who erases themselves and has not just signed in: a token that somebody else
 * found must not be enough.
 *
 * Errors:  PT401 reauthentication_needed
 */
create function privacy.require_recent_sign_in()
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_last constant double precision = (
        select max((method ->> 'timestamp')::double precision)
        from jsonb_array_elements(
            case when jsonb_typeof(auth.jwt() -> 'amr') = 'array' then auth.jwt() -> 'amr' else '[]' end
        ) as method
        where method ->> 'timestamp' ~ '^\d+(\.\d+)?$'
    );
begin
    if v_last is null or to_timestamp(v_last) < private.now() - make_interval(
        mins => (select settings.sign_in_minutes from privacy.settings)
    ) then
        perform private.refuse(
            'PT401', 'reauthentication_needed', 'Sign in again to erase your account.',
            'Sign in with your password or a code, and call again within ten minutes.'
        );
    end if;
end;
$$;

/*
 * Return the customer of a business whose data the caller may export or erase.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function privacy.known_customer(customer_id uuid)
returns customers.customers
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_customer customers.customers;
begin
    select customers.* into v_customer
    from customers.customers
    where
        customers.id = known_customer.customer_id
        and (
            private.is_operator()
            or customers.business_id in (select private.my_businesses('view'))
        );
    if v_customer.id is null then
        if not private.is_operator() then
            perform private.token_user_id();
        end if;
        perform private.refuse(
            'PT404', 'not_found', 'There is no such customer.', 'Check the id in the view customers.'
        );
    end if;
    perform private.require_member(v_customer.business_id, 'manage');
    return v_customer;
end;
$$;

/*
 * Refuse a caller who is neither an admin of the platform nor the operator.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden
 */
create function privacy.require_admin()
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not private.is_operator() then
        perform private.require_platform_staff('admin');
    end if;
end;
$$;

/*
 * Return the id of an account that exists, or null for null.
 *
 * Errors:  PT404 not_found
 */
create function privacy.known_user(user_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if user_id is not null
        and not exists (select 1 from auth.users where users.id = known_user.user_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such user.', 'Check the user''s id.'
        );
    end if;
    return user_id;
end;
$$;

-- sql/64_content/functions/requests.sql

-- Requests: who may ask for what, and how a worker fulfils them. Every step may be repeated.

/*
 * Ask for a person's data to be exported or erased. A request of the same kind that waits already
 * is returned instead. Whoever asks for themselves to be erased must have just signed in, and may
 * change their mind until the grace period is over.
 * Definer: nobody has a write grant on requests; it reads customers that the caller may not.
 *
 * Errors:  PT401 not_signed_in reauthentication_needed · PT403 forbidden · PT404 not_found
 *          PT409 bookings_ahead last_owner still_member
 */
create function privacy.make_request(
    kind privacy.request_kind, user_id uuid, customer_id uuid, email text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_request privacy.requests;
    v_customer customers.customers;
    v_is_own boolean = num_nonnulls(user_id, customer_id, email) = 0
        or make_request.user_id is not distinct from auth.uid() and auth.uid() is not null;
begin
    v_request.kind = make_request.kind;
    v_request.due_at = private.now();
    if v_is_own then
        v_request.user_id = private.current_user_id();
    elsif customer_id is not null then
        v_customer = privacy.known_customer(customer_id);
        v_request.customer_id = v_customer.id;
        v_request.business_id = v_customer.business_id;
    else
        perform privacy.require_admin();
        v_request.user_id = privacy.known_user(user_id);
        v_request.email = lower(email);
    end if;
    if kind = 'erasure' then
        if v_is_own then
            perform privacy.require_recent_sign_in();
            v_request.due_at = v_request.due_at + make_interval(
                days => (select settings.grace_days from privacy.settings)
            );
        end if;
        perform privacy.require_ready(
            coalesce(v_request.user_id, v_customer.user_id),
            v_request.business_id,
            privacy.contacts_of(coalesce(v_request.user_id, v_customer.user_id))
            || array_remove(array[lower(v_customer.email), v_request.email], null)
        );
    end if;
    return privacy.save_request(v_request);
end;
$$;

/*
 * Save a request, or return the one that waits already, and wake a worker.
 */
create function privacy.save_request(request privacy.requests)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
begin
    insert into privacy.requests (
        kind, user_id, business_id, customer_id, email, requested_by, created_at, due_at
    )
    values (
        request.kind, request.user_id, request.business_id, request.customer_id, request.email,
        (select users.id from auth.users where users.id = auth.uid()), private.now(), request.due_at
    )
    on conflict do nothing
    returning requests.id into v_id;
    if v_id is null then
        return (
            select requests.id
            from privacy.requests
            where
                requests.state = 'waiting'
                and requests.kind = request.kind
                and requests.user_id is not distinct from request.user_id
                and requests.customer_id is not distinct from request.customer_id
                and requests.email is not distinct from request.email
        );
    end if;
    if request.due_at <= private.now() then
        perform private.emit('privacy.requested', jsonb_build_object('request_id', v_id));
    end if;
    return v_id;
end;
$$;

/*
 * Cancel a request to be erased that waits for its grace period.
 * Definer: nobody has a write grant on requests.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function privacy.cancel_request(request_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id constant uuid = case when not private.is_operator() then private.token_user_id() end;
    v_state privacy.request_state;
begin
    select requests.state into v_state
    from privacy.requests
    where
        requests.id = request_id
        and (v_user_id is null or v_user_id in (requests.user_id, requests.requested_by))
    for update;
    if v_state is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such request.',
            'Check the id in the view privacy_requests.'
        );
    end if;
    if v_state <> 'waiting' then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This request is not waiting any more.',
            'Read the view privacy_requests.'
        );
    end if;
    update privacy.requests
    set state = 'cancelled', finished_at = private.now()
    where requests.id = request_id;
end;
$$;

-- sql/64_content/functions/retention.sql

-- How long data are kept, by table.

/*
 * Apply the rules of retention to at most so many rows of each table. Returns how many rows were
 * deleted or emptied; less than the batch in every table means that nothing is left to do.
 * Definer: called by the workers, who have no access to the tables.
 */
create function privacy.apply_retention(batch integer)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_rule privacy.retention_rules;
    v_all bigint = 0;
begin
    for v_rule in select retention_rules.* from privacy.retention_rules order by relation loop
        v_all = v_all + privacy.apply_rule(v_rule, batch);
    end loop;
    return v_all;
end;
$$;

/*
 * Apply a rule of retention to at most so many rows.
 */
create function privacy.apply_rule(rule privacy.retention_rules, batch integer)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_changes text;
    v_is_filled text;
    v_count bigint;
begin
    if rule.action = 'erase' then
        select
            string_agg(format('%I = %s', erasable.column_name, erasable.emptied), ', '),
            string_agg(erasable.is_filled, ' or ')
        into v_changes, v_is_filled
        from private.erasable_columns(rule.relation::regclass, with_kept => true) as erasable;
    end if;
    execute format(
        '%s where ctid in (select ctid from %s where %I < $1%s limit $2)',
        case
            when rule.action = 'delete' then 'delete from ' || rule.relation
            else format('update %s set %s', rule.relation, v_changes)
        end,
        rule.relation,
        rule.counted_from,
        case when rule.action = 'erase' then format(' and (%s)', v_is_filled) else '' end
    )
    using private.now() - rule.keep, batch;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- sql/64_content/rules/pages.sql

-- What was published never changes, and a sale keeps which terms its buyer had accepted.

create trigger _100_refuse_rewriting
before update or delete on content.page_versions
for each row
when (old.published_at is not null)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_emptying
before truncate on content.page_versions
for each statement
execute function private.any__refuse_rewriting();

/*
 * Refuse to write the text of a version that is published.
 *
 * Errors:  PT409 append_only
 */
create function content.page_texts__keep_published()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from content.page_versions
        where
            (page_versions.page_id, page_versions.version) in (
                (old.page_id, old.version), (new.page_id, new.version)
            )
            and page_versions.published_at is not null
    ) then
        perform private.refuse(
            'PT409', 'append_only', 'A published version never changes.',
            'Save a text, and publish it as the next version.'
        );
    end if;
    return coalesce(new, old);
end;
$$;

create trigger _100_keep_published
before insert or update or delete on content.page_texts
for each row
execute function content.page_texts__keep_published();

create trigger _100_refuse_emptying
before truncate on content.page_texts
for each statement
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update on content.sale_terms
for each row
execute function private.any__refuse_rewriting();

/*
 * Record with a sale which terms its buyer had accepted. A customer who buys for themselves must
 * have accepted what buying requires; a member who books for somebody is not asked.
 * Definer: the buyer has no rights on acceptances and on sale_terms.
 *
 * Errors:  PT409 terms_not_accepted
 */
create function content.sales__record_terms()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    -- Not a worker or a provider's message, which only finish what the customer began.
    if current_setting('role') in ('anon', 'authenticated') then
        perform catalog.require_terms(placed.customer_id, placed.customer_email, false)
        from placed
        where auth.uid() is null or auth.uid() = placed.customer_id;
    end if;
    insert into content.sale_terms (business_id, sale_id, slug, version)
    select placed.business_id, placed.id, accepted.slug, max(accepted.version)
    from placed
    cross join lateral (
        select terms_acceptances.slug, terms_acceptances.version
        from catalog.terms_acceptances
        where terms_acceptances.user_id = placed.customer_id
        union all
        select terms_acceptances.slug, terms_acceptances.version
        from catalog.terms_acceptances
        where
            placed.customer_id is null
            and terms_acceptances.user_id is null
            and lower(terms_acceptances.email) = lower(placed.customer_email)
    ) as accepted
    group by placed.business_id, placed.id, accepted.slug;
    return null;
end;
$$;

create trigger _300_record_terms
after insert on sales.sales
referencing new table as placed
for each statement
execute function content.sales__record_terms();

-- sql/64_content/rules/promotion.sql

-- Banners and featured businesses are written by clients: a bad row is answered in the API's words.

/*
 * Answer a bad row in the API's words. Banners of a business are for those who manage it, and all
 * others for admins of the platform.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden · PT404 not_found · PT409 already_exists
 */
create function content.any__refuse_bad_input()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_new jsonb = to_jsonb(new);
    v_old jsonb = case when tg_op = 'UPDATE' then to_jsonb(old) end;
begin
    perform private.refuse_changed_keys(v_new, v_old);
    perform private.refuse_missing_values(tg_relid, v_new);
    if private.is_client() and not private.is_platform_staff('admin') then
        if v_new ->> 'business_id' is null or tg_argv[0] = 'admin' then
            perform private.require_platform_staff('admin');
        end if;
        perform private.refuse_foreign_business((v_new ->> 'business_id')::uuid, 'manage');
    end if;
    perform private.refuse_broken_references(tg_relid, v_new, v_old);
    perform private.refuse_duplicates(tg_relid, v_new, v_old);
    return new;
end;
$$;

create trigger _010_refuse_bad_input
before insert or update on content.banners
for each row
execute function content.any__refuse_bad_input();

create trigger _010_refuse_bad_input
before insert or update on content.featured_businesses
for each row
execute function content.any__refuse_bad_input('admin');

-- sql/64_content/rules/promotion_pictures.sql

-- A banner's image_url follows its pictures, and its pictures follow its image_url, so readers of
-- the banner need to read nothing else.

/*
 * Show a picture on its banner once it is ready.
 * Definer: workers have no access to banners.
 */
create function content.media__show_on_banner()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update content.banners
    set image_url = content.picture_url(new)
    from content.banner_media
    where banner_media.media_id = new.id and banners.id = banner_media.banner_id;
    return null;
end;
$$;

create trigger _500_show_on_banner
after update of state on files.media
for each row
when (new.subject = 'banner' and new.state = 'ready' and old.state <> 'ready')
execute function content.media__show_on_banner();

/*
 * Take a picture off its banner when it is let go or deleted.
 * Definer: the caller may have no access to banners.
 */
create function content.media__take_off_banner()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update content.banners
    set image_url = null
    where banners.id = old.subject_id and banners.image_url = content.picture_url(old);
    return null;
end;
$$;

create trigger _500_take_off_banner
after update of released_at on files.media
for each row
when (new.subject = 'banner' and new.released_at is not null and old.released_at is null)
execute function content.media__take_off_banner();

create trigger _510_take_off_banner
after delete on files.media
for each row
when (old.subject = 'banner')
execute function content.media__take_off_banner();

/*
 * Let go of the pictures that a banner does not show any more, since it has another image_url.
 * Definer: clients have no grant on the links.
 */
create function content.banners__release_pictures()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    delete from content.banner_media
    using files.media
    where
        banner_media.banner_id = new.id
        and media.id = banner_media.media_id
        and content.picture_url(media) is distinct from new.image_url;
    return null;
end;
$$;

create trigger _500_release_pictures
after update of image_url on content.banners
for each row
when (old.image_url is distinct from new.image_url)
execute function content.banners__release_pictures();

create trigger _500_release_medium
after delete on content.banner_media
for each row execute function files.any__release_medium();

-- sql/64_content/policies/pages.sql

-- Everybody reads published pages, except those that need an entitlement: these are readable for
-- as long as the reader has it, and not an instant longer. Writers read everything of theirs, and
-- write with functions alone.

grant usage on schema content to anon, authenticated, service_role;

alter table content.pages enable row level security;
alter table content.page_versions enable row level security;
alter table content.page_texts enable row level security;
alter table content.sale_terms enable row level security;

grant select on content.pages, content.page_versions, content.page_texts to anon, authenticated;
grant select on content.sale_terms to authenticated;
grant select on content.pages, content.page_versions, content.page_texts, content.sale_terms
to service_role;

create policy pages_select_public
on content.pages
for select
to anon
using (
    is_active
    and entitlement is null
    and (
        business_id is null
        or exists (
            select 1 from business.businesses
            where businesses.id = pages.business_id
        )
    )
);

create policy pages_select
on content.pages
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('manage')))
    or business_id is null and (select private.is_platform_staff('admin'))
    or is_active
    and (
        business_id is null
        or exists (
            select 1 from business.businesses
            where businesses.id = pages.business_id
        )
    )
    and (entitlement is null or (select customers.is_entitled(business_id, entitlement)))
);

create policy page_versions_select_public
on content.page_versions
for select
to anon
using (
    published_at is not null
    and exists (
        select 1 from content.pages
        where pages.id = page_versions.page_id
    )
);

create policy page_versions_select
on content.page_versions
for select
to authenticated
using (
    exists (
        select 1
        from content.pages
        where
            pages.id = page_versions.page_id
            and (
                page_versions.published_at is not null
                or pages.business_id = any(array(select private.my_businesses('manage')))
                or pages.business_id is null and (select private.is_platform_staff('admin'))
            )
    )
);

create policy page_texts_select
on content.page_texts
for select
to anon, authenticated
using (
    exists (
        select 1
        from content.page_versions
        where
            page_versions.page_id = page_texts.page_id
            and page_versions.version = page_texts.version
    )
);

-- Whoever reads the sale reads its terms.
create policy sale_terms_select
on content.sale_terms
for select
to authenticated
using (
    exists (
        select 1
        from sales.sales
        where sales.business_id = sale_terms.business_id and sales.id = sale_terms.sale_id
    )
);

grant execute on function
content.is_plain_markdown(text),
content.save_page(content.pages, content.page_texts),
content.publish_page(uuid),
content.take_page_down(uuid)
to anon, authenticated, service_role;

-- sql/64_content/policies/privacy.sql

-- People read their own requests, members with `manage` those of their business, admins all. An
-- export is fetched by whoever asked for it, until it expires (files.downloads). Everything is
-- written by functions.

grant usage on schema privacy to anon, authenticated, service_role, worker;

alter table privacy.settings enable row level security;
alter table privacy.requests enable row level security;
alter table privacy.retention_rules enable row level security;

grant select, update on privacy.settings to service_role;
grant select on table privacy.requests to authenticated, service_role;
grant select on table privacy.retention_rules to authenticated, service_role;
grant update (keep, action, reason) on table privacy.retention_rules to service_role;

create policy requests_select
on privacy.requests
for select
to authenticated
using (
    user_id = (select auth.uid())
    or requested_by = (select auth.uid())
    or business_id = any(array(select private.my_businesses('manage')))
    or (select private.is_platform_staff('admin'))
);

create policy retention_rules_select
on privacy.retention_rules
for select
to authenticated
using (true);

grant execute on function
privacy.make_request(privacy.request_kind, uuid, uuid, text),
privacy.cancel_request(uuid)
to anon, authenticated, service_role;

grant execute on function
privacy.start_export(uuid),
privacy.finish_export(uuid, text),
privacy.run_erasure(uuid),
privacy.files_to_delete(integer),
privacy.finish_erasures(),
privacy.due_requests(),
privacy.apply_retention(integer)
to worker;

-- sql/64_content/policies/promotion.sql

-- Everybody reads the banners that are live and the businesses that are featured now. Admins write
-- those of the platform, owners and managers the banners of their business.

alter table content.settings enable row level security;
alter table content.banners enable row level security;
alter table content.featured_businesses enable row level security;
alter table content.trending_categories enable row level security;

grant select, update on content.settings to service_role;
grant select on content.banners, content.featured_businesses, content.trending_categories
to anon, authenticated;
grant insert (
    id, business_id, place, locale, priority, title, body, image_url, link_url, starts_at, ends_at
) on content.banners to authenticated;
grant update (
    id, business_id, place, locale, priority, title, body, image_url, link_url, starts_at, ends_at
) on content.banners to authenticated;
grant insert (id, business_id, position, starts_at, ends_at)
on content.featured_businesses to authenticated;
grant update (id, business_id, position, starts_at, ends_at)
on content.featured_businesses to authenticated;
grant delete on content.banners, content.featured_businesses to authenticated;
grant select, insert, update, delete on content.banners, content.featured_businesses
to service_role;
grant select on content.trending_categories to service_role;
-- No writes on trending categories: content.count_trending counts them.

create policy banners_select_public
on content.banners
for select
to anon
using (
    starts_at <= (select private.now())
    and (ends_at is null or ends_at > (select private.now()))
    and (
        business_id is null
        or exists (
            select 1 from business.businesses
            where businesses.id = banners.business_id
        )
    )
);

create policy banners_select
on content.banners
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('manage')))
    or (select private.is_platform_staff('admin'))
    or starts_at <= (select private.now())
    and (ends_at is null or ends_at > (select private.now()))
    and (
        business_id is null
        or exists (
            select 1 from business.businesses
            where businesses.id = banners.business_id
        )
    )
);

create policy banners_insert
on content.banners
for insert
to authenticated
with check (
    business_id in (select private.my_businesses('manage'))
    or (select private.is_platform_staff('admin'))
);

create policy banners_update
on content.banners
for update
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or (select private.is_platform_staff('admin'))
)
with check (
    business_id in (select private.my_businesses('manage'))
    or (select private.is_platform_staff('admin'))
);

create policy banners_delete
on content.banners
for delete
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or (select private.is_platform_staff('admin'))
);

create policy featured_businesses_select_public
on content.featured_businesses
for select
to anon
using (
    starts_at <= (select private.now())
    and ends_at > (select private.now())
    and exists (
        select 1 from business.businesses
        where businesses.id = featured_businesses.business_id
    )
);

create policy featured_businesses_select
on content.featured_businesses
for select
to authenticated
using (
    (select private.is_platform_staff('admin'))
    or starts_at <= (select private.now())
    and ends_at > (select private.now())
    and exists (
        select 1 from business.businesses
        where businesses.id = featured_businesses.business_id
    )
);

create policy featured_businesses_insert
on content.featured_businesses
for insert
to authenticated
with check ((select private.is_platform_staff('admin')));

create policy featured_businesses_update
on content.featured_businesses
for update
to authenticated
using ((select private.is_platform_staff('admin')))
with check ((select private.is_platform_staff('admin')));

create policy featured_businesses_delete
on content.featured_businesses
for delete
to authenticated
using ((select private.is_platform_staff('admin')));

create policy trending_categories_select
on content.trending_categories
for select
to anon, authenticated
using (true);

grant usage on schema content to worker;
grant execute on function content.count_trending() to worker;

-- sql/64_content/policies/promotion_pictures.sql

-- Clients do not read the links of banners' pictures: a banner's image_url says which one it shows.
-- They change a picture by complete_upload, or by writing another image_url.

alter table content.banner_media enable row level security;
grant select on content.banner_media to service_role;

-- sql/64_content/api/pages.sql

-- Pages as clients read them, and the functions that write them.

create view public.pages
with (security_invoker = true)
as
select
    pages.id,
    pages.business_id,
    pages.slug,
    page_texts.locale,
    page_texts.title,
    page_texts.body,
    page_versions.version,
    page_versions.published_at,
    pages.position,
    pages.is_listed,
    pages.is_terms,
    pages.entitlement
from content.pages
inner join lateral (
    select
        versions.version,
        versions.published_at
    from content.page_versions as versions
    where versions.page_id = pages.id and versions.published_at is not null
    order by versions.version desc
    limit 1
) as page_versions on true
inner join content.page_texts
    on
        pages.id = page_texts.page_id
        and page_versions.version = page_texts.version
where pages.is_active;
grant select on public.pages to anon, authenticated, service_role;

comment on view public.pages is
'The published pages, a row for each language. Everybody reads them; a page that needs an '
'entitlement is readable while the caller has it. Written by save_page and publish_page.';
comment on column public.pages.id is 'Key of the page.';
comment on column public.pages.business_id is 'Whose page it is; null for the platform.';
comment on column public.pages.slug is 'Name in addresses, once in a business or in the platform.';
comment on column public.pages.locale is 'Language of the text.';
comment on column public.pages.title is 'Title, at most 200 characters.';
comment on column public.pages.body is
'Markdown without HTML. Render it with HTML switched off.';
comment on column public.pages.version is 'The version that is shown. It never changes.';
comment on column public.pages.published_at is 'When the version was published.';
comment on column public.pages.position is 'Order of display, ascending.';
comment on column public.pages.is_listed is 'Whether home lists it.';
comment on column public.pages.is_terms is 'Whether its versions are terms that people accept.';
comment on column public.pages.entitlement is
'What a customer of the business must have access to, such as gold_member; null: nothing.';

create view public.page_versions
with (security_invoker = true)
as
select
    pages.id as page_id,
    pages.business_id,
    pages.slug,
    page_versions.version,
    page_texts.locale,
    page_texts.title,
    page_texts.body,
    page_versions.published_at
from content.pages
inner join content.page_versions on pages.id = page_versions.page_id
inner join content.page_texts
    on
        page_versions.page_id = page_texts.page_id
        and page_versions.version = page_texts.version;
grant select on public.page_versions to anon, authenticated, service_role;

comment on view public.page_versions is
'Every version of every page, a row for each language: what was shown and accepted earlier. Those '
'who write a page see its draft as well.';
comment on column public.page_versions.page_id is 'The page.';
comment on column public.page_versions.business_id is 'Whose page it is; null for the platform.';
comment on column public.page_versions.slug is 'Name in addresses.';
comment on column public.page_versions.version is 'The version, counted from 1.';
comment on column public.page_versions.locale is 'Language of the text.';
comment on column public.page_versions.title is 'Title.';
comment on column public.page_versions.body is 'Markdown without HTML.';
comment on column public.page_versions.published_at is 'When it was published; null for a draft.';

create view public.sale_terms
with (security_invoker = true)
as
select
    sale_terms.business_id,
    sale_terms.sale_id,
    sale_terms.slug,
    sale_terms.version
from content.sale_terms;
grant select on public.sale_terms to authenticated, service_role;

comment on view public.sale_terms is
'Which versions of terms the buyer had accepted when a sale was made. Whoever reads the sale reads '
'them.';
comment on column public.sale_terms.business_id is 'The business.';
comment on column public.sale_terms.sale_id is 'The sale of a booking, an order or a membership.';
comment on column public.sale_terms.slug is 'The terms.';
comment on column public.sale_terms.version is 'The version; page_versions has its text.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 append_only
 */
create function public.save_page(
    slug text,
    locale text,
    title text,
    body text,
    business_id public.identifier default null,
    list_position public.whole_number default null,
    is_listed public.yes_no default null,
    is_terms public.yes_no default null,
    entitlement text default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_page content.pages;
    v_text content.page_texts;
begin
    v_page.business_id = private.to_identifier(business_id, 'business_id', is_required => false);
    v_page.slug = private.to_required_text(slug, 'slug', 80);
    v_page.position = private.to_whole_number(
        list_position, 'list_position', -1000000, 1000000, is_required => false
    );
    -- Null keeps what is set.
    v_page.is_listed = case
        when is_listed is not null then private.to_yes_no(is_listed, 'is_listed')
    end;
    v_page.is_terms = case
        when is_terms is not null then private.to_yes_no(is_terms, 'is_terms')
    end;
    v_page.entitlement = entitlement;
    v_text.locale = private.to_required_text(locale, 'locale', 35);
    v_text.title = private.to_required_text(title, 'title', 200);
    v_text.body = private.to_required_text(body, 'body', 200000);
    return content.save_page(v_page, v_text);
end;
$$;
comment on function public.save_page is
'Save the draft of a page in one language. Nobody else sees it before publish_page.

The first draft creates the page; each draft after a publication begins with the texts of the last '
'version. For admins of the platform, and for owners and managers of a business. Returns the id of '
'the page.

- slug: name in addresses: lower-case letters, digits and single hyphens.
- locale: language of the text, such as en or de-AT.
- body: Markdown; HTML is refused.
- business_id: whose page; null for the platform.
- list_position, is_listed: where and whether home lists it; null keeps what is set.
- is_terms: whether its versions are terms; only for the platform.
- entitlement: what a customer of the business must have access to, such as gold_member; empty for '
'nothing, null keeps it.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, append_only 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 nothing_to_publish
 *          PT422 too_many_rows
 */
create function public.publish_page(page_id public.identifier)
returns setof public.page_versions
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(page_id, 'page_id');
    v_count bigint;
begin
    perform content.publish_page(v_id);
    return query
    select page_versions.*
    from public.page_versions
    where
        page_versions.page_id = v_id
        and page_versions.version = (
            select max(versions.version)
            from public.page_versions as versions
            where versions.page_id = v_id
        );
    get diagnostics v_count = row_count;
    perform private.require_page(v_count, 'Publish the page in fewer languages.');
end;
$$;
comment on function public.publish_page is
'Publish the draft of a page. The version is shown from now on and never changes.

Returns its texts, a row for each language. The texts of terms can be accepted from now on.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, nothing_to_publish 409, '
'too_many_rows 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 in_use
 */
create function public.take_page_down(page_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform content.take_page_down(private.to_identifier(page_id, 'page_id'));
end;
$$;
comment on function public.take_page_down is
'Take a page down. Its versions stay readable where something refers to them, and publishing the '
'next version shows it again.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, in_use 409.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.page(
    slug text, locale text default null, business_id public.identifier default null
)
returns public.pages
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_id constant uuid = private.to_identifier(
        business_id, 'business_id', is_required => false
    );
    v_wanted constant text[] = private.wanted_locales(private.to_text(locale, 'locale', 500));
    v_page public.pages;
begin
    select pages.* into v_page
    from public.pages
    where
        pages.slug = page.slug
        and pages.business_id is not distinct from v_business_id
    order by private.locale_rank(v_wanted, pages.locale), pages.locale
    limit 1;
    if v_page.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such page.', 'Check the slug in the view pages.'
        );
    end if;
    return v_page;
end;
$$;
comment on function public.page is
'Return a published page in the language that suits the caller best.

- slug: of the page.
- locale: the language; without it, the request''s Accept-Language, then English, then any.
- business_id: whose page; null for the platform.

Errors: invalid_input 400, not_found 404.';

grant execute on function
public.save_page(
    text, text, text, text, public.identifier, public.whole_number, public.yes_no, public.yes_no,
    text
),
public.publish_page(public.identifier),
public.take_page_down(public.identifier),
public.page(text, text, public.identifier)
to anon, authenticated, service_role;

-- sql/64_content/api/privacy.sql

-- How people and businesses ask for data to be exported or erased.

create view public.privacy_requests
with (security_invoker = true)
as
select
    requests.id,
    requests.kind,
    requests.state,
    requests.user_id,
    requests.business_id,
    requests.customer_id,
    requests.requested_by,
    requests.created_at,
    requests.due_at,
    requests.finished_at,
    requests.expires_at,
    requests.object_name,
    requests.report
from privacy.requests;
grant select on public.privacy_requests to authenticated, service_role;

comment on view public.privacy_requests is
'Requests to export or to erase somebody''s data. Everybody reads their own, owners and managers '
'those of their business, admins of the platform all.';
comment on column public.privacy_requests.id is 'Key.';
comment on column public.privacy_requests.kind is 'export or erasure.';
comment on column public.privacy_requests.state is
'waiting (for a worker, or for the grace period), erased (files are being deleted), done, '
'cancelled, refused (report says why) or expired (the file of an export is deleted).';
comment on column public.privacy_requests.user_id is 'The account that it is about; null: none.';
comment on column public.privacy_requests.business_id is
'The business, when it is about a customer of one; null: everything.';
comment on column public.privacy_requests.customer_id is 'The customer of that business.';
comment on column public.privacy_requests.requested_by is 'Who asked; null: the operator.';
comment on column public.privacy_requests.created_at is 'When they asked.';
comment on column public.privacy_requests.due_at is
'When it is done: at once, or at the end of the grace period.';
comment on column public.privacy_requests.finished_at is 'When it was done, cancelled or refused.';
comment on column public.privacy_requests.expires_at is 'Until when the export can be fetched.';
comment on column public.privacy_requests.object_name is
'The file of an export, in the private bucket exports of Storage.';
comment on column public.privacy_requests.report is
'What an erasure did: rows erased and deleted by table, and what is kept, why and how long.';

create view public.retention_rules
with (security_invoker = true)
as
select
    retention_rules.relation,
    retention_rules.counted_from,
    retention_rules.keep,
    retention_rules.action,
    retention_rules.reason
from privacy.retention_rules;
grant select on public.retention_rules to authenticated, service_role;

comment on view public.retention_rules is
'How long the rows of a table are kept. Read by everybody who is signed in.';
comment on column public.retention_rules.relation is 'The table.';
comment on column public.retention_rules.counted_from is 'The column from which the period counts.';
comment on column public.retention_rules.keep is 'How long its rows are kept as they are.';
comment on column public.retention_rules.action is
'delete the row, or erase what is personal in it.';
comment on column public.retention_rules.reason is 'Why so long.';

/*
 * Return a request as the caller may read it.
 */
create function privacy.visible_request(request_id uuid)
returns public.privacy_requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_request public.privacy_requests;
begin
    select privacy_requests.* into v_request
    from public.privacy_requests
    where privacy_requests.id = request_id;
    return v_request;
end;
$$;

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.export_person(
    user_id public.identifier default null,
    customer_id public.identifier default null,
    email text default null
)
returns public.privacy_requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return privacy.visible_request(privacy.make_request(
        'export',
        private.to_identifier(user_id, 'user_id', is_required => false),
        private.to_identifier(customer_id, 'customer_id', is_required => false),
        private.to_email(email, 'email')
    ));
end;
$$;
comment on function public.export_person is
'Ask for everything about a person as one JSON file. Without arguments: about the caller.

A worker writes the file into the private bucket exports; the request then has state done and '
'object_name, and whoever asked gets a link with Storage''s createSignedUrl until expires_at. '
'Returns the request; one that waits already is returned again.

- user_id: an account; for admins of the platform.
- customer_id: a customer of a business, with the rows of that business alone; for its owners and '
'managers.
- email: a guest''s address; for admins of the platform.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in reauthentication_needed · PT403 forbidden
 *          PT404 not_found · PT409 bookings_ahead last_owner still_member
 */
create function public.erase_person(
    user_id public.identifier default null,
    customer_id public.identifier default null,
    email text default null
)
returns public.privacy_requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return privacy.visible_request(privacy.make_request(
        'erasure',
        private.to_identifier(user_id, 'user_id', is_required => false),
        private.to_identifier(customer_id, 'customer_id', is_required => false),
        private.to_email(email, 'email')
    ));
end;
$$;
comment on function public.erase_person is
'Ask for a person to be erased. Without arguments: the caller, who must have signed in within ten '
'minutes, and may call cancel_erasure until due_at, seven days later.

A worker then erases what identifies the person in every table and deletes the account and its '
'files. Sales, the ledger and statistics stay without the person; what must be kept for some '
'years is listed in report. Returns the request; one that waits already is returned again.

- user_id: an account; for admins of the platform, and done at once.
- customer_id: a customer of a business, in the rows of that business alone; for its owners and '
'managers, and done at once. The customer''s own account stays.
- email: a guest''s address; for admins of the platform, and done at once.

Errors: invalid_input 400, not_signed_in 401, reauthentication_needed 401, forbidden 403, '
'not_found 404, bookings_ahead 409, last_owner 409, still_member 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function public.cancel_erasure(request_id public.identifier)
returns public.privacy_requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(request_id, 'request_id');
begin
    perform privacy.cancel_request(v_id);
    return privacy.visible_request(v_id);
end;
$$;
comment on function public.cancel_erasure is
'Cancel a request that waits: the account stays as it is. Returns the request.

Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409.';

grant execute on function
privacy.visible_request(uuid),
public.export_person(public.identifier, public.identifier, text),
public.erase_person(public.identifier, public.identifier, text),
public.cancel_erasure(public.identifier)
to anon, authenticated, service_role;

-- sql/64_content/api/promotion.sql

-- Banners, what is featured and trending, and the front page in one call.

create view public.banners
with (security_invoker = true)
as
select
    banners.id,
    banners.business_id,
    banners.place,
    banners.locale,
    banners.priority,
    banners.title,
    banners.body,
    banners.image_url,
    banners.link_url,
    banners.starts_at,
    banners.ends_at,
    banners.created_at
from content.banners;
grant select on public.banners to anon;
grant select, insert, update, delete on public.banners to authenticated, service_role;

comment on view public.banners is
'Banners. Everybody reads those that are live; admins of the platform write all, owners and '
'managers those of their business.';
comment on column public.banners.id is 'Key.';
comment on column public.banners.business_id is 'Whose banner it is; null for the platform.';
comment on column public.banners.place is
'home, search or checkout for the platform; business, which is its own page, for a business.';
comment on column public.banners.locale is 'The language of its readers; null: everybody.';
comment on column public.banners.priority is 'The highest comes first.';
comment on column public.banners.title is 'At most 200 characters.';
comment on column public.banners.body is 'Markdown without HTML, at most 2000 characters.';
comment on column public.banners.image_url is
'Address of a picture: https:// or a path. An uploaded picture (create_upload for banner:ID, kind '
'picture) writes its path here once it is ready; another address lets go of it.';
comment on column public.banners.link_url is 'Where it leads: https:// or a path.';
comment on column public.banners.starts_at is 'When it goes live.';
comment on column public.banners.ends_at is 'When it ends; null: not by itself.';
comment on column public.banners.created_at is 'When it was created.';

create view public.featured_businesses
with (security_invoker = true)
as
select
    featured_businesses.id,
    featured_businesses.business_id,
    featured_businesses.position,
    featured_businesses.starts_at,
    featured_businesses.ends_at
from content.featured_businesses;
grant select on public.featured_businesses to anon;
grant select, insert, update, delete on public.featured_businesses to authenticated, service_role;

comment on view public.featured_businesses is
'Which businesses are featured, and how long. Everybody reads those of now; admins of the platform '
'write them.';
comment on column public.featured_businesses.id is 'Key.';
comment on column public.featured_businesses.business_id is 'The business.';
comment on column public.featured_businesses.position is 'The lowest comes first.';
comment on column public.featured_businesses.starts_at is 'From when.';
comment on column public.featured_businesses.ends_at is 'Until when.';

create view public.trending_categories
with (security_invoker = true)
as
select
    trending_categories.vertical_id,
    trending_categories.name,
    trending_categories.rank,
    trending_categories.booking_count,
    trending_categories.business_count,
    trending_categories.from_at,
    trending_categories.to_at
from content.trending_categories;
grant select on public.trending_categories to anon, authenticated, service_role;

comment on view public.trending_categories is
'The categories of services that were booked most, over all businesses open to the public. '
'Counted every hour: the bookings made in the last content.settings.trending_days days (14) that '
'were not called off.';
comment on column public.trending_categories.vertical_id is 'Line of business.';
comment on column public.trending_categories.name is
'Name of the category; businesses share it whatever its case.';
comment on column public.trending_categories.rank is '1 is booked most.';
comment on column public.trending_categories.booking_count is 'Bookings made in the window.';
comment on column public.trending_categories.business_count is 'Businesses that got them.';
comment on column public.trending_categories.from_at is 'Beginning of the window.';
comment on column public.trending_categories.to_at is 'End of the window: when it was counted.';

/*
 * Return the banners of a place that are live, as the caller may read them.
 * plpgsql, like its siblings: its plan is kept for the session.
 */
create function content.live_banners(place content.banner_place, wanted text[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                to_jsonb(banners) - 'created_at' - 'business_id'
                order by banners.priority desc, banners.starts_at desc, banners.id
            ),
            '[]'
        )
        from public.banners
        where
            banners.place = live_banners.place
            and banners.business_id is null
            and banners.starts_at <= private.now()
            and (banners.ends_at is null or banners.ends_at > private.now())
            and (
                banners.locale is null
                or split_part(lower(banners.locale), '-', 1) = split_part(wanted[1], '-', 1)
            )
    );
end;
$$;

/*
 * Return the businesses that are featured now, as the caller may read them.
 */
create function content.featured_now()
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'business_id', businesses.id,
                    'slug', businesses.slug,
                    'name', businesses.name,
                    'vertical_id', businesses.vertical_id,
                    'city', businesses.city,
                    'country', businesses.country,
                    'ends_at', featured_businesses.ends_at,
                    'rating_count', coalesce(ratings.rating_count, 0),
                    'rating_average', ratings.average
                )
                order by featured_businesses.position, businesses.name
            ),
            '[]'
        )
        from content.featured_businesses
        inner join business.businesses on businesses.id = featured_businesses.business_id
        left join public.rating_summaries as ratings
            on
                ratings.business_id = businesses.id
                and ratings.subject_id = businesses.id
                and ratings.aspect is null
        where
            featured_businesses.ends_at > private.now()
            and featured_businesses.starts_at <= private.now()
            and businesses.status = 'approved'
            and businesses.is_active
    );
end;
$$;

/*
 * Return the pages of the platform that are listed, each in the language that suits best.
 */
create function content.listed_pages(wanted text[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'slug', listed.slug,
                    'title', listed.title,
                    'locale', listed.locale,
                    'version', listed.version
                )
                order by listed.position, listed.slug
            ),
            '[]'
        )
        from (
            select distinct on (pages.id)
                pages.slug, pages.title, pages.locale, pages.version, pages.position
            from public.pages
            where pages.business_id is null and pages.is_listed
            order by pages.id, private.locale_rank(wanted, pages.locale), pages.locale
        ) as listed
    );
end;
$$;

/*
 * Errors:  PT400 invalid_input
 */
create function public.home(locale text default null)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_wanted constant text[] = private.wanted_locales(private.to_text(locale, 'locale', 500));
begin
    return jsonb_build_object(
        'locale', v_wanted[1],
        'banners', content.live_banners('home', v_wanted),
        'featured_businesses', content.featured_now(),
        'trending_categories', (
            select coalesce(
                jsonb_agg(to_jsonb(trending_categories) order by trending_categories.rank), '[]'
            )
            from public.trending_categories
        ),
        'pages', content.listed_pages(v_wanted)
    );
end;
$$;
comment on function public.home is
'Return the front page in one call: {locale, banners, featured_businesses, trending_categories, '
'pages}.

Banners of the place home that are live and in the reader''s language, the highest priority first; '
'the businesses that are featured now, with their ratings; the categories of trending_categories; '
'and the listed pages of the platform as {slug, title, locale, version}.

- locale: the language; without it, the request''s Accept-Language, then English.

Errors: invalid_input 400.';

grant execute on function
content.live_banners(content.banner_place, text[]),
content.featured_now(),
content.listed_pages(text[]),
public.home(text)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
