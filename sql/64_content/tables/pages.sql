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
