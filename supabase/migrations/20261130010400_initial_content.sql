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
    -- The subject of the entitlement that a reader needs; null: everybody reads it.
    entitlement text,
    created_at timestamptz not null default now(),

    constraint pages_business_id_id_unique unique (business_id, id),
    constraint pages_slug_unique unique nulls not distinct (business_id, slug),
    constraint pages_slug_is_a_slug check (
        slug ~ '^[a-z0-9](-?[a-z0-9]){1,79}$' and length(slug) <= 80
        or private.invalid('slug', 'must be 2 to 80 lower-case letters, digits and single hyphens')
    ),
    constraint pages_terms_are_of_the_platform check (
        not is_terms or business_id is null and entitlement is null
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

-- sql/64_content/functions/locales.sql

-- Which language a reader gets: the one that the call names, else those of Accept-Language in
-- their order, then English.

/*
 * Return the languages that a reader wants, the best first, in lower case: each tag, and after it
 * its language without the region. English comes last.
 */
create function content.wanted_locales(locale text)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_header constant text = case
        when locale is null
            then nullif(current_setting('request.headers', true), '')::jsonb ->> 'accept-language'
    end;
begin
    return (
        select array_agg(choice.tag order by choice.position)
        from (
            select tags.tag, min(tags.position) as position
            from (
                select
                    unnest(array[wanted.tag, split_part(wanted.tag, '-', 1)]) as tag,
                    row_number() over (order by wanted.weight desc, wanted.ordinal) as position
                from (
                    select
                        lower(btrim(split_part(part, ';', 1))) as tag,
                        coalesce(substring(part, ';\s*q=([01](?:\.\d{1,3})?)')::numeric, 1) as weight,
                        ordinal
                    from unnest(string_to_array(left(coalesce(locale, v_header), 500), ','))
                        with ordinality as parts (part, ordinal)
                ) as wanted
                where wanted.tag ~ '^[a-z]{2,3}(-[a-z0-9]{2,8})*$' and wanted.weight > 0
                union all
                select 'en', 1000000
            ) as tags
            group by tags.tag
        ) as choice
    );
end;
$$;

/*
 * Return how well a language suits a reader: the lower the better. Every language suits somehow, so
 * a text that exists is shown.
 */
create function content.locale_rank(wanted text[], locale text)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        array_position(wanted, lower(locale)) * 2,
        array_position(wanted, split_part(lower(locale), '-', 1)) * 2 + 1,
        2000000
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
    if current_setting('role') in ('anon', 'authenticated')
        and (auth.uid() is null or auth.uid() = new.customer_id) then
        perform catalog.require_terms(new.customer_id, new.customer_email, false);
    end if;
    insert into content.sale_terms (business_id, sale_id, slug, version)
    select new.business_id, new.id, terms_acceptances.slug, max(terms_acceptances.version)
    from catalog.terms_acceptances
    where
        terms_acceptances.user_id = new.customer_id
        or new.customer_id is null
        and terms_acceptances.user_id is null
        and lower(terms_acceptances.email) = lower(new.customer_email)
    group by terms_acceptances.slug;
    return null;
end;
$$;

create trigger _300_record_terms
after insert on sales.sales
for each row
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
    and entitlement is null
    and (
        business_id is null
        or exists (
            select 1 from business.businesses
            where businesses.id = pages.business_id
        )
    )
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
content.wanted_locales(text),
content.locale_rank(text[], text),
content.save_page(content.pages, content.page_texts),
content.publish_page(uuid),
content.take_page_down(uuid)
to anon, authenticated, service_role;

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
'The subject of the entitlement that a reader needs; null: none.';

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
- entitlement: subject of the entitlement that a reader needs; empty for none, null keeps it.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, append_only 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 nothing_to_publish
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
end;
$$;
comment on function public.publish_page is
'Publish the draft of a page. The version is shown from now on and never changes.

Returns its texts, a row for each language. The texts of terms can be accepted from now on.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, nothing_to_publish 409.';

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
    v_wanted constant text[] = content.wanted_locales(private.to_text(locale, 'locale', 500));
    v_page public.pages;
begin
    select pages.* into v_page
    from public.pages
    where
        pages.slug = page.slug
        and pages.business_id is not distinct from v_business_id
    order by content.locale_rank(v_wanted, pages.locale), pages.locale
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
comment on column public.banners.image_url is 'Address of a picture: https:// or a path.';
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
                    'ends_at', featured_businesses.ends_at
                )
                order by featured_businesses.position, businesses.name
            ),
            '[]'
        )
        from content.featured_businesses
        inner join business.businesses on businesses.id = featured_businesses.business_id
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
            order by pages.id, content.locale_rank(wanted, pages.locale), pages.locale
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
    v_wanted constant text[] = content.wanted_locales(private.to_text(locale, 'locale', 500));
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
'the businesses that are featured now; the categories of trending_categories; and the listed pages '
'of the platform as {slug, title, locale, version}.

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
