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
