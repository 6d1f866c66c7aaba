-- Reviews: what customers say about a booking that they had, or about a product that was delivered
-- to them. Each booking and each line of a sale has at most one review. Everybody reads published
-- reviews; their author is a display name only. Moderators are staff of the platform, never the
-- reviewed business, which may reply once. Earlier texts of a review and every change of its status
-- are kept, also after its author deleted it.

create schema reviews;
comment on schema reviews is 'Reviews, their moderation, and the ratings that follow from them.';

create type reviews.review_status as enum (
    'pending', 'published', 'rejected', 'flagged', 'hidden'
);

-- What an author writes. Null is what they leave out.
create type reviews.draft as (
    rating integer,
    body text,
    sub_ratings jsonb,
    locale text,
    display_name text
);

/*
 * Does an object map at most 20 words to ratings from 1 to 5?
 */
create function reviews.sub_ratings_are_valid(sub_ratings jsonb)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return jsonb_typeof(sub_ratings) = 'object'
    and not exists (
        select 1
        from jsonb_each(sub_ratings) as entry (key, value)
        where entry.key !~ '^[a-z][a-z0-9_]{0,39}$' or entry.value::text !~ '^[1-5]$'
    )
    and (select count(*) <= 20 from jsonb_object_keys(sub_ratings));
end;
$$;

create table reviews.settings (
    -- One row, which the operator edits.
    is_only_row boolean primary key default true,
    -- Whether a review is public at once, or a moderator publishes it.
    is_published_at_once boolean not null default true,
    -- How many people must report a published review until it is flagged.
    reports_to_flag integer not null default 3,
    -- How long an author may edit a review.
    edit_days integer not null default 30,
    -- How long the link of an invitation works.
    invitation_days integer not null default 60,
    -- The score of a rating: as if so many reviews with this rating had come before the first.
    prior_count integer not null default 5,
    prior_rating numeric not null default 3.5,

    constraint settings_are_one_row check (is_only_row),
    constraint settings_are_sane check (
        least(reports_to_flag, invitation_days) > 0
        and least(edit_days, prior_count) >= 0
        and prior_rating between 1 and 5
    )
);
comment on table reviews.settings is
'How reviews are published, flagged, edited and weighed: one row for the whole platform.';

create table reviews.rating_aspects (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- The services or the products to which it applies; null in both: all reviews of the business.
    service_category_id uuid,
    product_category_id uuid,
    -- How sub_ratings call it.
    key text not null,
    name text not null,
    position integer not null default 0,

    constraint rating_aspects_business_id_id_unique unique (business_id, id),
    constraint rating_aspects_key_unique unique nulls not distinct (
        business_id, key, service_category_id, product_category_id
    ),
    constraint rating_aspects_service_category_fkey foreign key (business_id, service_category_id)
    references catalog.service_categories (business_id, id) on delete cascade,
    constraint rating_aspects_product_category_fkey foreign key (business_id, product_category_id)
    references catalog.product_categories (business_id, id) on delete cascade,
    constraint rating_aspects_are_of_one_category check (
        num_nonnulls(service_category_id, product_category_id) <= 1
        or private.invalid('product_category_id', 'must be empty beside service_category_id')
    ),
    constraint rating_aspects_key_is_a_word check (
        key ~ '^[a-z][a-z0-9_]{0,39}$'
        or private.invalid('key', 'must be a lower-case word of at most 40 characters')
    ),
    constraint rating_aspects_name_is_short check (
        length(btrim(name)) between 1 and 100 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 100 printable characters')
    )
);
comment on table reviews.rating_aspects is
'What a business lets its customers rate beside the whole, such as cleanliness.';
create index rating_aspects_service_category_idx
on reviews.rating_aspects (business_id, service_category_id);
create index rating_aspects_product_category_idx
on reviews.rating_aspects (business_id, product_category_id);

create table reviews.reviews (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- What it is of: one of these two.
    booking_id uuid,
    sale_line_id uuid,
    -- What was reviewed, as it was then: the services and the staff of the booking, or the product.
    service_ids uuid array not null default '{}',
    resource_ids uuid array not null default '{}',
    product_id uuid,
    -- Null: a guest, or an account that is gone.
    author_id uuid references auth.users (id) on delete set null,
    author_name text,
    rating smallint not null,
    sub_ratings jsonb not null default '{}',
    body text,
    locale text not null,
    status reviews.review_status not null,
    -- Why a moderator decided so.
    status_reason text,
    version integer not null default 1,
    created_at timestamptz not null,
    -- When it was public for the first time.
    published_at timestamptz,
    edited_at timestamptz,
    -- The one reply of the business.
    reply text,
    replied_by uuid references auth.users (id) on delete set null,
    replied_at timestamptz,

    constraint reviews_business_id_id_unique unique (business_id, id),
    constraint reviews_one_of_a_booking unique (business_id, booking_id),
    constraint reviews_one_of_a_sale_line unique (business_id, sale_line_id),
    constraint reviews_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint reviews_sale_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete cascade,
    constraint reviews_product_fkey foreign key (business_id, product_id)
    references catalog.products (business_id, id) on delete set null (product_id),
    constraint reviews_are_of_one_purchase check (num_nonnulls(booking_id, sale_line_id) = 1),
    constraint reviews_rating_is_one_to_five check (rating between 1 and 5),
    constraint reviews_sub_ratings_are_valid check (reviews.sub_ratings_are_valid(sub_ratings)),
    constraint reviews_body_is_short check (
        length(body) between 1 and 5000 and not private.has_control_characters(body)
    ),
    constraint reviews_author_name_is_one_line check (
        length(author_name) between 1 and 80 and private.is_one_line(author_name)
    ),
    constraint reviews_locale_is_a_language_tag check (
        locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
        or private.invalid('locale', 'must be a language tag, such as en or de-AT')
    ),
    constraint reviews_decisions_have_a_reason check (
        status not in ('rejected', 'flagged', 'hidden') or status_reason is not null
    ),
    constraint reviews_published_were_published check (
        status <> 'published' or published_at is not null
    ),
    constraint reviews_replies_are_short check (
        length(reply) between 1 and 5000 and not private.has_control_characters(reply)
    ),
    constraint reviews_replies_have_a_date check (reply is null or replied_at is not null)
);
comment on table reviews.reviews is
'What a customer says about a booking or a delivered product; one for each.';
comment on column reviews.reviews.booking_id is '[person]';
comment on column reviews.reviews.author_id is '[person]';
comment on column reviews.reviews.author_name is '[personal]';
comment on column reviews.reviews.body is '[personal]';
comment on column reviews.reviews.status_reason is '[personal: replaced]';
comment on column reviews.reviews.reply is '[personal]';
-- The public list of a business, of a product, of a service and of a staff member, page by page.
create index reviews_published_idx on reviews.reviews (business_id, published_at desc, id desc)
where status = 'published';
create index reviews_product_idx
on reviews.reviews (business_id, product_id, published_at desc, id desc)
where product_id is not null;
create index reviews_service_ids_idx on reviews.reviews using gin (service_ids)
where status = 'published';
create index reviews_resource_ids_idx on reviews.reviews using gin (resource_ids)
where status = 'published';
-- My reviews.
create index reviews_author_id_idx on reviews.reviews (author_id, created_at, id);
create index reviews_replied_by_idx on reviews.reviews (replied_by);
-- What waits for a moderator.
create index reviews_status_idx on reviews.reviews (status, created_at)
where status in ('pending', 'flagged');
