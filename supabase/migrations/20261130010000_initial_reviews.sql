-- The initial schema of 60_reviews: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/60_reviews/tables/base.sql

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

-- sql/60_reviews/tables/moderation.sql

-- What is kept beside the reviews: which statuses follow which, every change, earlier texts, the
-- reports of others, and photos.

create table reviews.review_transitions (
    from_status reviews.review_status not null,
    to_status reviews.review_status not null,
    -- Whether a moderator decides so; false: it follows from an edit.
    is_decision boolean not null,

    primary key (from_status, to_status)
);
comment on table reviews.review_transitions is
'The life of a review: every change of its status that exists.';

create table reviews.review_history (
    id bigint generated always as identity primary key,
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- No reference: the history outlives the review.
    review_id uuid not null,
    booking_id uuid,
    sale_line_id uuid,
    from_status reviews.review_status,
    -- Null: the review was deleted.
    to_status reviews.review_status,
    actor_id uuid references auth.users (id) on delete set null,
    reason text,
    at timestamptz not null,

    constraint review_history_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint review_history_sale_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete cascade
);
comment on table reviews.review_history is
'Every status of every review, who decided, when and why, and who deleted it. Only ever added to.';
comment on column reviews.review_history.review_id is '[person]';
comment on column reviews.review_history.booking_id is '[person]';
comment on column reviews.review_history.actor_id is '[person]';
comment on column reviews.review_history.reason is '[personal]';
create index review_history_review_idx on reviews.review_history (business_id, review_id, id);
create index review_history_booking_idx on reviews.review_history (business_id, booking_id);
create index review_history_sale_line_idx on reviews.review_history (business_id, sale_line_id);
create index review_history_actor_id_idx on reviews.review_history (actor_id);

create table reviews.review_versions (
    business_id uuid not null,
    review_id uuid not null,
    version integer not null,
    rating smallint not null,
    sub_ratings jsonb not null,
    body text,
    locale text not null,
    -- When this version was replaced.
    at timestamptz not null,

    primary key (business_id, review_id, version),
    constraint review_versions_review_fkey foreign key (business_id, review_id)
    references reviews.reviews (business_id, id) on delete cascade
);
comment on table reviews.review_versions is 'What a review said before its author edited it.';
comment on column reviews.review_versions.review_id is '[person]';
comment on column reviews.review_versions.body is '[personal]';

create table reviews.review_reports (
    business_id uuid not null,
    review_id uuid not null,
    reporter_id uuid not null references auth.users (id) on delete cascade,
    -- Members of the reviewed business count as one person together.
    is_member boolean not null,
    reason text not null,
    at timestamptz not null,
    -- When a moderator decided about the review. A settled report does not count any more.
    settled_at timestamptz,

    primary key (business_id, review_id, reporter_id),
    constraint review_reports_review_fkey foreign key (business_id, review_id)
    references reviews.reviews (business_id, id) on delete cascade,
    constraint review_reports_reason_is_short check (
        length(reason) between 1 and 1000 and not private.has_control_characters(reason)
    )
);
comment on table reviews.review_reports is
'Who thinks that a review should not be public: each person once.';
comment on column reviews.review_reports.reporter_id is '[person: delete]';
comment on column reviews.review_reports.reason is '[personal]';
create index review_reports_reporter_id_idx on reviews.review_reports (reporter_id);

create table reviews.review_media (
    media_id uuid primary key,
    review_id uuid not null references reviews.reviews (id) on delete cascade,
    position integer not null,

    -- A photo belongs to the author, and goes with their account.
    constraint review_media_medium_fkey foreign key (media_id)
    references files.media (id) on delete cascade,
    constraint review_media_position_unique unique (review_id, position)
);
comment on table reviews.review_media is 'The photos of reviews.';

-- sql/60_reviews/tables/ratings.sql

-- Ratings: how many published reviews with one to five stars a business, a service, a staff member
-- and a product have, as a whole and for each aspect.
--
-- A counter that every review updates would be a row for which all authors wait. So a review only
-- adds rows that say what changed, which waits for nobody, and a worker folds them into totals
-- every minute. Whoever reads adds both, so figures are exact at any moment, with or without
-- workers.

create type reviews.rated as enum ('business', 'service', 'resource', 'product');

create table reviews.rating_changes (
    id bigint generated always as identity primary key,
    business_id uuid not null references business.businesses (id) on delete cascade,
    subject reviews.rated not null,
    subject_id uuid not null,
    -- The key of an aspect; '' is the rating as a whole.
    aspect text not null,
    rating smallint not null,
    -- How many more reviews have this rating; less than 0 for fewer.
    change integer not null
);
comment on table reviews.rating_changes is
'What changed in the ratings and is not in the totals yet. Only ever added to, and folded.';
create index rating_changes_subject_idx on reviews.rating_changes (business_id, subject_id);

create table reviews.rating_totals (
    business_id uuid not null references business.businesses (id) on delete cascade,
    subject reviews.rated not null,
    subject_id uuid not null,
    aspect text not null,
    one_count bigint not null,
    two_count bigint not null,
    three_count bigint not null,
    four_count bigint not null,
    five_count bigint not null,

    primary key (business_id, subject_id, aspect)
);
comment on table reviews.rating_totals is
'How many published reviews gave one to five stars, without the changes that are not folded yet.';

-- The exact figures of now: totals and changes together.
create view reviews.rating_counts
with (security_invoker = true)
as
select
    counts.business_id,
    counts.subject,
    counts.subject_id,
    counts.aspect,
    sum(counts.one_count)::bigint as one_count,
    sum(counts.two_count)::bigint as two_count,
    sum(counts.three_count)::bigint as three_count,
    sum(counts.four_count)::bigint as four_count,
    sum(counts.five_count)::bigint as five_count
from (
    select
        rating_totals.business_id,
        rating_totals.subject,
        rating_totals.subject_id,
        rating_totals.aspect,
        rating_totals.one_count,
        rating_totals.two_count,
        rating_totals.three_count,
        rating_totals.four_count,
        rating_totals.five_count
    from reviews.rating_totals
    union all
    select
        rating_changes.business_id,
        rating_changes.subject,
        rating_changes.subject_id,
        rating_changes.aspect,
        case when rating_changes.rating = 1 then rating_changes.change else 0 end as one_count,
        case when rating_changes.rating = 2 then rating_changes.change else 0 end as two_count,
        case when rating_changes.rating = 3 then rating_changes.change else 0 end as three_count,
        case when rating_changes.rating = 4 then rating_changes.change else 0 end as four_count,
        case when rating_changes.rating = 5 then rating_changes.change else 0 end as five_count
    from reviews.rating_changes
) as counts
group by counts.business_id, counts.subject, counts.subject_id, counts.aspect;
comment on view reviews.rating_counts is
'How many published reviews gave one to five stars, now.';

-- sql/60_reviews/functions/drafts.sql

-- What an author writes, read from the arguments of the API, and how an author is shown.

/*
 * Read what an author writes. With `is_whole`, the rating is required; without, what is left out
 * stays as it was.
 *
 * Errors:  PT400 invalid_input
 */
create function reviews.to_draft(
    rating text,
    body text,
    sub_ratings text,
    locale text,
    display_name text,
    is_whole boolean default true
)
returns reviews.draft
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_draft reviews.draft;
begin
    v_draft.rating = private.to_whole_number(rating, 'rating', 1, 5, is_required => is_whole);
    v_draft.body = private.to_text(body, 'body', 5000);
    v_draft.locale = private.to_text(locale, 'locale', 35);
    v_draft.display_name = private.to_text(display_name, 'display_name', 80);
    if not private.is_one_line(coalesce(v_draft.display_name, '')) then
        perform private.invalid('display_name', 'must be one line');
    end if;
    if sub_ratings is not null or is_whole then
        v_draft.sub_ratings = private.to_object(sub_ratings, 'sub_ratings');
    end if;
    if not reviews.sub_ratings_are_valid(v_draft.sub_ratings) then
        perform private.invalid(
            'sub_ratings', 'must map at most 20 keys of rating_aspects to whole numbers from 1 to 5'
        );
    end if;
    return v_draft;
end;
$$;

/*
 * Return how a person is shown beside a review: the first name and the initial of the last one.
 * Null when nothing is known but an address.
 */
create function reviews.display_name(full_name text)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_words constant text[] = regexp_split_to_array(btrim(full_name), '\s+');
begin
    if full_name ~ '@' or coalesce(v_words[1], '') = '' then
        return null;
    end if;
    return left(v_words[1], 76)
    || coalesce(' ' || left(v_words[nullif(cardinality(v_words), 1)], 1) || '.', '');
end;
$$;

/*
 * Refuse sub-ratings of aspects that the business does not let rate for these services or this
 * product.
 *
 * Errors:  PT400 invalid_input
 */
create function reviews.refuse_unknown_aspects(review reviews.reviews)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_unknown text;
begin
    select rated.key into v_unknown
    from jsonb_object_keys(review.sub_ratings) as rated (key)
    where rated.key not in (
        select rating_aspects.key
        from reviews.rating_aspects
        where
            rating_aspects.business_id = review.business_id
            and (
                num_nonnulls(rating_aspects.service_category_id, rating_aspects.product_category_id) = 0
                or exists (
                    select 1 from catalog.services
                    where
                        services.id = any(review.service_ids)
                        and services.category_id = rating_aspects.service_category_id
                )
                or exists (
                    select 1 from catalog.products
                    where
                        products.id = review.product_id
                        and products.category_id = rating_aspects.product_category_id
                )
            )
    )
    limit 1;
    if found then
        perform private.invalid(
            format('sub_ratings.%s', v_unknown), 'is no key of rating_aspects that apply'
        );
    end if;
end;
$$;

-- sql/60_reviews/functions/editing.sql

-- How authors edit their reviews, and add photos to them. An edit within the window keeps the
-- earlier text as a version. Where moderators publish, a new text or photo waits for them again.

/*
 * Edit a review of the caller; what the draft leaves out stays. Returns the id of the review.
 * Definer: clients have no write privileges on reviews; the review must be the caller's.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 invalid_transition · PT422 edit_window_over
 */
create function reviews.edit_review(review_id uuid, draft reviews.draft)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_old constant reviews.reviews = reviews.lock_own_review(review_id);
    v_new reviews.reviews = v_old;
begin
    perform reviews.refuse_late_edit(v_old);
    v_new.rating = coalesce(draft.rating, v_old.rating);
    v_new.sub_ratings = coalesce(draft.sub_ratings, v_old.sub_ratings);
    v_new.body = coalesce(draft.body, v_old.body);
    v_new.locale = coalesce(draft.locale, v_old.locale);
    v_new.author_name = coalesce(draft.display_name, v_old.author_name);
    perform reviews.refuse_unknown_aspects(v_new);
    if v_new is not distinct from v_old then
        return review_id;
    end if;
    insert into reviews.review_versions (
        business_id, review_id, version, rating, sub_ratings, body, locale, at
    )
    values (
        v_old.business_id, v_old.id, v_old.version, v_old.rating, v_old.sub_ratings, v_old.body,
        v_old.locale, private.now()
    );
    update reviews.reviews
    set
        rating = v_new.rating,
        sub_ratings = v_new.sub_ratings,
        body = v_new.body,
        locale = v_new.locale,
        author_name = v_new.author_name,
        status = reviews.status_of_text(v_old),
        status_reason = null,
        version = reviews.version + 1,
        edited_at = private.now()
    where reviews.id = review_id;
    return review_id;
end;
$$;

/*
 * Lock a review of the caller and return it.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function reviews.lock_own_review(review_id uuid)
returns reviews.reviews
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_review reviews.reviews;
begin
    select reviews.* into v_review
    from reviews.reviews
    where reviews.id = review_id and reviews.author_id = private.current_user_id()
    for no key update;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such review of yours.',
            'Check the id in the view reviews.'
        );
    end if;
    return v_review;
end;
$$;

/*
 * Refuse to edit a review that a moderator took down, or after the window of the settings.
 *
 * Errors:  PT409 invalid_transition · PT422 edit_window_over
 */
create function reviews.refuse_late_edit(review reviews.reviews)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if review.status in ('flagged', 'hidden') then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A review that is %s cannot be edited.', review.status),
            'Wait for a moderator, or delete the review.'
        );
    end if;
    if review.created_at + make_interval(days => (select settings.edit_days from reviews.settings))
        < private.now() then
        perform private.refuse(
            'PT422', 'edit_window_over', 'This review is too old to be edited.',
            'Leave it as it is, or delete it.'
        );
    end if;
end;
$$;

/*
 * Return the place of the photos of a review: its author's.
 * Definer: another author's review and an absent one get the same answer.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function reviews.place_of_review(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_place files.place;
begin
    select reviews.author_id into v_place.owner_id
    from reviews.reviews
    where
        reviews.id = subject_id
        and (reviews.author_id = auth.uid() or private.is_operator() and reviews.author_id is not null);
    if not found then
        if not private.is_operator() then
            perform private.token_user_id();
        end if;
        perform private.refuse(
            'PT404', 'not_found', 'There is no such review of yours.', 'Check the id of the subject.'
        );
    end if;
    return v_place;
end;
$$;

/*
 * Add a photo at the end of a review. Where moderators publish, the review waits for them again.
 */
create function reviews.add_photo(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_review reviews.reviews;
begin
    select reviews.* into strict v_review
    from reviews.reviews
    where reviews.id = medium.subject_id
    for no key update;
    insert into reviews.review_media (media_id, review_id, position)
    select medium.id, v_review.id, coalesce(max(review_media.position), 0) + 1
    from reviews.review_media
    where review_media.review_id = v_review.id;
    if v_review.status = 'published' and reviews.status_of_text(v_review) = 'pending' then
        update reviews.reviews
        set status = 'pending'
        where reviews.id = v_review.id;
    end if;
end;
$$;

-- sql/60_reviews/functions/invitations.sql

-- Invitations to review a booking. The mail after a visit has a link by which its reader reviews
-- the booking without signing in, whether they have an account or not (47_guests/functions/links).

/*
 * Return the path of a link by which the customer of a booking reviews it; null when nothing is
 * left to review.
 */
create function reviews.invitation_path(booking_id uuid)
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_request scheduling.guest_codes;
begin
    select
        bookings.business_id,
        bookings.id,
        bookings.customer_email,
        private.now() + make_interval(days => settings.invitation_days)
    into v_request.business_id, v_request.booking_id, v_request.email, v_request.expires_at
    from scheduling.bookings
    cross join reviews.settings
    where
        bookings.id = invitation_path.booking_id
        and bookings.customer_email is not null
        and bookings.status = 'completed'
        and not exists (
            select 1
            from reviews.reviews
            where
                reviews.business_id = bookings.business_id and reviews.booking_id = bookings.id
        );
    if not found then
        return null;
    end if;
    return format(
        '/functions/v1/review?booking=%s&token=%s', invitation_path.booking_id,
        scheduling.make_link(v_request)
    );
end;
$$;

/*
 * Review a booking by the link of an invitation, for its customer. Returns {id, status}.
 * Definer: the reader is not signed in; the token proves whose booking it is.
 *
 * Errors:  PT403 code_invalid · those of reviews.write_booking_review
 */
create function reviews.review_by_link(booking_id uuid, token text, draft reviews.draft)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking constant scheduling.bookings = reviews.invited_booking(booking_id, token);
    v_id constant uuid = reviews.write_booking_review(v_booking, draft);
begin
    return (
        select jsonb_build_object('id', reviews.id, 'status', reviews.status)
        from reviews.reviews
        where reviews.id = v_id
    );
end;
$$;

/*
 * Return the booking that a link is for.
 *
 * Errors:  PT403 code_invalid
 */
create function reviews.invited_booking(booking_id uuid, token text)
returns scheduling.bookings
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    perform scheduling.require_link(booking_id, token);
    select bookings.* into strict v_booking
    from scheduling.bookings
    where bookings.id = invited_booking.booking_id;
    return v_booking;
end;
$$;

/*
 * Return what the page behind a link shows: {business_name, services}.
 * Definer: as reviews.review_by_link.
 *
 * Errors:  PT403 code_invalid
 */
create function reviews.show_invitation(booking_id uuid, token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_booking constant scheduling.bookings = reviews.invited_booking(booking_id, token);
begin
    return (
        select jsonb_build_object(
            'business_name', businesses.name, 'services', facts.service_names
        )
        from business.businesses
        cross join lateral scheduling.calendar_facts(array[v_booking.id]) as facts
        where businesses.id = v_booking.business_id
    );
end;
$$;

/*
 * Review a booking with what the form of the page behind a link sends.
 * Definer: the edge reads no arguments and has no rights on reviews.
 *
 * Errors:  those of reviews.review_by_link
 */
create function reviews.answer_invitation(
    booking_id uuid, token text, rating text, body text, display_name text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return reviews.review_by_link(
        booking_id,
        token,
        reviews.to_draft(nullif(rating, ''), body, null, null, display_name)
    );
end;
$$;

-- sql/60_reviews/functions/moderation.sql

-- Moderation: what the platform's staff decide about reviews, what others report, and what the
-- business replies. Nobody but staff changes who reads a review, and the business least of all.

/*
 * Decide about a review as a moderator: staff of the platform, or the operator. A decision that
 * was made already changes nothing. Returns the id of the review.
 * Definer: clients have no write privileges on reviews; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function reviews.decide(review_id uuid, decision reviews.review_status, reason text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_review reviews.reviews;
begin
    if not private.is_operator() then
        perform private.require_platform_staff('support');
    end if;
    select reviews.* into v_review
    from reviews.reviews
    where reviews.id = decide.review_id
    for no key update;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such review.', 'Check the id in the view reviews.'
        );
    end if;
    if decision <> 'published' and reason is null then
        perform private.invalid('reason', 'is required');
    end if;
    if v_review.status = decision then
        return v_review.id;
    end if;
    perform reviews.refuse_decision(v_review.status, decision);
    update reviews.reviews
    set
        status = decision,
        status_reason = case when decision <> 'published' then decide.reason end
    where reviews.id = v_review.id;
    update reviews.review_reports
    set settled_at = private.now()
    where
        review_reports.business_id = v_review.business_id
        and review_reports.review_id = v_review.id
        and review_reports.settled_at is null;
    return v_review.id;
end;
$$;

/*
 * Refuse a decision that does not exist for a review with a status.
 *
 * Errors:  PT409 invalid_transition
 */
create function reviews.refuse_decision(
    from_status reviews.review_status, decision reviews.review_status
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_decisions constant reviews.review_status[] = array(
        select review_transitions.to_status
        from reviews.review_transitions
        where
            review_transitions.from_status = refuse_decision.from_status
            and review_transitions.is_decision
        order by review_transitions.to_status
    );
begin
    if decision <> all(v_decisions) then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A review that is %s cannot become %s.', from_status, decision),
            format('It can become %s.', array_to_string(v_decisions, ' or '))
        );
    end if;
end;
$$;

/*
 * Report a published review, once for each person. Enough reports flag it for the moderators.
 * Definer: clients have no write privileges on reviews.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function reviews.report(review_id uuid, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id constant uuid = private.current_user_id();
    v_review reviews.reviews;
begin
    select reviews.* into v_review
    from reviews.reviews
    where reviews.id = report.review_id and reviews.status in ('published', 'flagged')
    for no key update;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such review.',
            'Check the id in the view business_reviews.'
        );
    end if;
    if v_review.author_id = v_user_id then
        perform private.refuse(
            'PT403', 'forbidden', 'Nobody can report their own review.', 'Delete the review.'
        );
    end if;
    insert into reviews.review_reports (
        business_id, review_id, reporter_id, is_member, reason, at
    )
    values (
        v_review.business_id, v_review.id, v_user_id,
        v_review.business_id in (select private.my_businesses('view')), report.reason, private.now()
    )
    on conflict do nothing;
    perform reviews.flag_if_reported(v_review);
end;
$$;

/*
 * Flag a published review that enough people reported since a moderator last decided about it.
 */
create function reviews.flag_if_reported(review reviews.reviews)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_people integer;
begin
    select
        count(*) filter (where not review_reports.is_member)
        + coalesce(bool_or(review_reports.is_member), false)::integer
    into v_people
    from reviews.review_reports
    where
        review_reports.business_id = review.business_id
        and review_reports.review_id = review.id
        and review_reports.settled_at is null;
    update reviews.reviews
    set
        status = 'flagged',
        status_reason = format('Reported by %s people', v_people)
    from reviews.settings
    where
        reviews.id = review.id
        and reviews.status = 'published'
        and settings.reports_to_flag <= v_people;
end;
$$;

/*
 * Reply to a review for the reviewed business, once; null takes the reply back. Returns the id of
 * the review.
 * Definer: as reviews.report; the caller must manage the business.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_replied invalid_transition
 */
create function reviews.reply(review_id uuid, body text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_review constant reviews.reviews = reviews.lock_review_to_reply(review_id);
begin
    if v_review.reply is not null and reply.body is not null then
        perform private.refuse(
            'PT409', 'already_replied', 'The business has replied to this review already.',
            'Take the reply back with withdraw_reply first.'
        );
    end if;
    if v_review.status <> 'published' and reply.body is not null then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A review that is %s gets no reply.', v_review.status),
            'Reply when it is published.'
        );
    end if;
    update reviews.reviews
    set
        reply = reply.body,
        replied_by = case when reply.body is not null then auth.uid() end,
        replied_at = case when reply.body is not null then private.now() end
    where reviews.id = reply.review_id;
    return review_id;
end;
$$;

/*
 * Lock a review of a business that the caller manages, and return it. A review that the caller
 * cannot see and an absent one get the same answer.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function reviews.lock_review_to_reply(review_id uuid)
returns reviews.reviews
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_review reviews.reviews;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select reviews.* into v_review
    from reviews.reviews
    where
        reviews.id = lock_review_to_reply.review_id
        and (
            reviews.status = 'published'
            or private.is_operator()
            or reviews.business_id in (select private.seen_businesses())
        )
    for no key update;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such review.', 'Check the id in the view reviews.'
        );
    end if;
    perform private.require_member(v_review.business_id, 'manage');
    return v_review;
end;
$$;

-- sql/60_reviews/functions/notifications.sql

-- What people are told of reviews, and who hears of it. The seed registers the subject `review`;
-- the texts are those of 70_notifications.

/*
 * Return what templates may say about reviews.
 */
create function reviews.review_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'review_id', reviews.id,
            'business_id', reviews.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'author_name', coalesce(reviews.author_name, ''),
            'about', coalesce(
                products.name,
                (
                    select string_agg(services.name, ', ' order by services.name)
                    from catalog.services
                    where services.id = any(reviews.service_ids)
                ),
                ''
            ),
            'rating', reviews.rating,
            'body', coalesce(reviews.body, ''),
            'reply', coalesce(reviews.reply, ''),
            'reason', coalesce(reviews.status_reason, '')
        )
    from unnest(review_data.messages) as messages
    inner join reviews.reviews on reviews.id = messages.subject_id
    inner join business.businesses on businesses.id = reviews.business_id
    left join catalog.products
        on products.business_id = reviews.business_id and products.id = reviews.product_id;
end;
$$;

/*
 * Return who hears of reviews: the author, or the owners and managers of the business. A guest is
 * reached as the booking says.
 */
create function reviews.review_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        coalesce(profiles.email, bookings.customer_email),
        coalesce(profiles.phone, bookings.customer_phone),
        coalesce(profiles.locale, reviews.locale),
        null::jsonb
    from unnest(review_readers.messages) as messages
    inner join reviews.reviews on reviews.id = messages.subject_id
    left join identity.profiles on profiles.id = reviews.author_id
    left join scheduling.bookings
        on bookings.business_id = reviews.business_id and bookings.id = reviews.booking_id
    where
        audience = 'customer'
        and coalesce(profiles.email, bookings.customer_email) is not null;

    return query
    select readers.*
    from unnest(review_readers.messages) as messages
    inner join reviews.reviews on reviews.id = messages.subject_id
    cross join lateral
    business.manager_readers(reviews.business_id, messages.ordinal) as readers
    where audience = 'business';
end;
$$;

-- sql/60_reviews/functions/ratings.sql

-- Ratings, kept as changes and totals (tables/ratings.sql), and the score by which they are ranked.

/*
 * Return what a review adds to the ratings: for each subject its rating and its sub-ratings.
 * Nothing unless it is published.
 */
create function reviews.ratings_of(review reviews.reviews)
returns table (subject reviews.rated, subject_id uuid, aspect text, rating smallint)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if review.status is distinct from 'published' then
        return;
    end if;
    return query
    select rated.subject, rated.id, given.aspect, given.rating
    from (
        select 'business'::reviews.rated, review.business_id
        union all
        select 'service'::reviews.rated, unnest(review.service_ids)
        union all
        select 'resource'::reviews.rated, unnest(review.resource_ids)
        union all
        select 'product'::reviews.rated, review.product_id
        where review.product_id is not null
    ) as rated (subject, id)
    cross join (
        select '', review.rating
        union all
        select entry.key, entry.value::text::smallint
        from jsonb_each(review.sub_ratings) as entry (key, value)
    ) as given (aspect, rating);
end;
$$;

/*
 * Fold the oldest changes of the ratings into the totals. Returns how many were folded; 0 also when
 * another worker is folding.
 * Definer: called by the worker, which has no access to the tables.
 */
create function reviews.fold_ratings(maximum integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    if not pg_try_advisory_xact_lock(hashtextextended('reviews.fold_ratings', 0)) then
        return 0;
    end if;
    with folded as (
        delete from reviews.rating_changes
        where rating_changes.id in (
            select oldest.id from reviews.rating_changes as oldest order by oldest.id limit maximum
        )
        returning rating_changes.*
    ),

    added as (
        insert into reviews.rating_totals (
            business_id, subject, subject_id, aspect,
            one_count, two_count, three_count, four_count, five_count
        )
        select
            folded.business_id,
            folded.subject,
            folded.subject_id,
            folded.aspect,
            coalesce(sum(folded.change) filter (where folded.rating = 1), 0),
            coalesce(sum(folded.change) filter (where folded.rating = 2), 0),
            coalesce(sum(folded.change) filter (where folded.rating = 3), 0),
            coalesce(sum(folded.change) filter (where folded.rating = 4), 0),
            coalesce(sum(folded.change) filter (where folded.rating = 5), 0)
        from folded
        group by folded.business_id, folded.subject, folded.subject_id, folded.aspect
        on conflict (business_id, subject_id, aspect) do update
            set
                one_count = rating_totals.one_count + excluded.one_count,
                two_count = rating_totals.two_count + excluded.two_count,
                three_count = rating_totals.three_count + excluded.three_count,
                four_count = rating_totals.four_count + excluded.four_count,
                five_count = rating_totals.five_count + excluded.five_count
    )

    select count(*) into v_count from folded;
    return v_count;
end;
$$;

/*
 * Return the score by which ratings are ranked: the average as if `prior_count` reviews with
 * `prior_rating` stars had come before (a Bayesian average). Few reviews move it little.
 */
create function reviews.score(rating_count bigint, rating_sum bigint)
returns numeric
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select round(
            (settings.prior_count * settings.prior_rating + rating_sum)
            / nullif(settings.prior_count + rating_count, 0),
            3
        )
        from reviews.settings
    );
end;
$$;

/*
 * Return the ratings that differ from a recount of all published reviews: none, if all is well.
 */
create function reviews.miscounts()
returns table (subject reviews.rated, subject_id uuid, aspect text, kept jsonb, recounted jsonb)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    with recount as (
        select counted.subject, counted.subject_id, counted.aspect,
            jsonb_object_agg(counted.rating, counted.number) as stars
        from (
            select given.subject, given.subject_id, given.aspect, given.rating,
                count(*) as number
            from reviews.reviews
            cross join lateral reviews.ratings_of(reviews) as given
            group by 1, 2, 3, 4
        ) as counted
        group by 1, 2, 3
    )

    select
        coalesce(recount.subject, summaries.subject),
        coalesce(recount.subject_id, summaries.subject_id),
        coalesce(recount.aspect, summaries.aspect),
        summaries.stars,
        recount.stars
    from recount
    full join (
        select counts.subject, counts.subject_id, counts.aspect,
            jsonb_object_agg(star.rating, star.number) filter (where star.number <> 0) as stars
        from reviews.rating_counts as counts
        cross join lateral (
            values
            (1, counts.one_count), (2, counts.two_count), (3, counts.three_count),
            (4, counts.four_count), (5, counts.five_count)
        ) as star (rating, number)
        group by 1, 2, 3
    ) as summaries
        on
            summaries.subject_id = recount.subject_id
            and summaries.aspect = recount.aspect
    where summaries.stars is distinct from recount.stars;
end;
$$;

-- sql/60_reviews/functions/writing.sql

-- How reviews are written and edited by their authors. What may be reviewed is a booking that was
-- given, or a line of a sale of which something was delivered, once.

/*
 * Review a booking of the caller that is over. Returns the id of the review.
 * Definer: clients have no write privileges on reviews; the booking must be the caller's.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · those of reviews.write_booking_review
 */
create function reviews.review_booking(booking_id uuid, draft reviews.draft)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    select bookings.* into v_booking
    from scheduling.bookings
    where
        bookings.id = review_booking.booking_id
        and bookings.customer_id = private.current_user_id();
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such booking.', 'Check the id in the view bookings.'
        );
    end if;
    return reviews.write_booking_review(v_booking, draft);
end;
$$;

/*
 * Write the review of a booking for its customer. Returns the id of the review.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden · PT409 already_reviewed not_reviewable
 *          PT422 too_soon
 */
create function reviews.write_booking_review(booking scheduling.bookings, draft reviews.draft)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_review reviews.reviews;
begin
    perform reviews.refuse_unreviewable(booking);
    v_review.business_id = booking.business_id;
    v_review.booking_id = booking.id;
    v_review.author_id = booking.customer_id;
    v_review.author_name = reviews.display_name(coalesce(
        (select profiles.full_name from identity.profiles where profiles.id = booking.customer_id),
        booking.customer_name
    ));
    select
        array_agg(distinct booking_items.service_id),
        array_agg(distinct resources.id) filter (where resources.kind = 'staff')
    into v_review.service_ids, v_review.resource_ids
    from scheduling.booking_items
    left join catalog.resources on resources.id = booking_items.resource_id
    where
        booking_items.business_id = booking.business_id
        and booking_items.booking_id = booking.id
        and booking_items.cancelled_at is null;
    return reviews.write_review(v_review, draft);
end;
$$;

/*
 * Refuse a booking that nobody can review: it was not given, or it is not over.
 *
 * Errors:  PT409 not_reviewable · PT422 too_soon
 */
create function reviews.refuse_unreviewable(booking scheduling.bookings)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if booking.status not in ('confirmed', 'checked_in', 'completed') then
        perform private.refuse(
            'PT409', 'not_reviewable',
            format('A booking that is %s cannot be reviewed.', booking.status),
            'Review a booking that was completed.'
        );
    end if;
    if booking.ends_at > private.now() then
        perform private.refuse(
            'PT422', 'too_soon', 'A booking can be reviewed when it is over.',
            format(
                'It ends at %s.', to_char(booking.ends_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
            )
        );
    end if;
end;
$$;

/*
 * Review a product of a sale of the caller. Returns the id of the review.
 * Definer: as reviews.review_booking.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_reviewed not_reviewable
 */
create function reviews.review_product(sale_line_id uuid, draft reviews.draft)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id constant uuid = private.current_user_id();
    v_review reviews.reviews;
begin
    select sale_lines.business_id, sale_lines.id, product_variants.product_id, v_user_id
    into v_review.business_id, v_review.sale_line_id, v_review.product_id, v_review.author_id
    from sales.sale_lines
    inner join sales.sales on sales.id = sale_lines.sale_id
    inner join catalog.product_variants on product_variants.id = sale_lines.variant_id
    where
        sale_lines.id = review_product.sale_line_id
        and sale_lines.kind = 'product'
        and sale_lines.corrects_line_id is null
        and sales.customer_id = v_user_id;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such product among your purchases.',
            'Check the id in the view sale_lines.'
        );
    end if;
    if not exists (
        select 1
        from commerce.order_items
        where
            order_items.business_id = v_review.business_id
            and order_items.sale_line_id = review_product.sale_line_id
            and order_items.delivered_quantity > 0
    ) then
        perform private.refuse(
            'PT409', 'not_reviewable', 'This product was not delivered yet.',
            'Review it when it has arrived.'
        );
    end if;
    v_review.author_name = reviews.display_name(
        (select profiles.full_name from identity.profiles where profiles.id = v_user_id)
    );
    return reviews.write_review(v_review, draft);
end;
$$;

/*
 * Write a review that says of what and by whom it is, with what its author wrote. Returns its id.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden · PT409 already_reviewed
 */
create function reviews.write_review(review reviews.reviews, draft reviews.draft)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1 from business.business_members
        where
            business_members.business_id = review.business_id
            and business_members.user_id = review.author_id
    ) then
        perform private.refuse(
            'PT403', 'forbidden', 'Members of a business cannot review it.',
            'Leave the review to other customers.'
        );
    end if;
    review.id = gen_random_uuid();
    review.service_ids = coalesce(review.service_ids, '{}');
    review.resource_ids = coalesce(review.resource_ids, '{}');
    review.rating = draft.rating;
    review.sub_ratings = draft.sub_ratings;
    review.body = draft.body;
    review.locale = coalesce(draft.locale, reviews.locale_of(review));
    review.author_name = coalesce(draft.display_name, review.author_name);
    review.version = 1;
    review.created_at = private.now();
    review.status = reviews.status_of_text(review);
    perform reviews.refuse_unknown_aspects(review);
    insert into reviews.reviews values (review.*) on conflict do nothing;
    if not found then
        perform private.refuse(
            'PT409', 'already_reviewed', 'There is a review of this already.',
            'Change it with edit_review.'
        );
    end if;
    return review.id;
end;
$$;

/*
 * Return the language of an author, or of the business.
 */
create function reviews.locale_of(review reviews.reviews)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (select profiles.locale from identity.profiles where profiles.id = review.author_id),
        (select businesses.locale from business.businesses where businesses.id = review.business_id)
    );
end;
$$;

/*
 * Return the status of a review with a new text: published at once where the platform does so,
 * unless a moderator once took down a review of the same purchase.
 */
create function reviews.status_of_text(review reviews.reviews)
returns reviews.review_status
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case
        when (select settings.is_published_at_once from reviews.settings)
            and not exists (
                select 1 from reviews.review_history
                where
                    review_history.business_id = review.business_id
                    and (
                        review_history.booking_id = review.booking_id
                        or review_history.sale_line_id = review.sale_line_id
                    )
                    and review_history.to_status in ('rejected', 'flagged', 'hidden')
            ) then 'published'
        else 'pending'
    end;
end;
$$;

-- sql/60_reviews/rules/announcements.sql

-- What happens to reviews is announced, and reviews follow the booking of a guest who signs up.

/*
 * Announce a status of a review as review.published, .rejected and so on, and its deletion;
 * `received` when it is public for the first time.
 */
create function reviews.review_history__announce()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'review.' || case
            when new.to_status is null then 'deleted'
            when new.to_status = 'published' and not exists (
                select 1
                from reviews.review_history
                where
                    review_history.business_id = new.business_id
                    and review_history.review_id = new.review_id
                    and review_history.to_status = 'published'
                    and review_history.id < new.id
            ) then 'received'
            else new.to_status::text
        end,
        jsonb_build_object(
            'review_id', new.review_id,
            'business_id', new.business_id,
            'from_status', new.from_status,
            'to_status', new.to_status
        )
    );
    return null;
end;
$$;

create trigger _500_announce
after insert on reviews.review_history
for each row execute function reviews.review_history__announce();

/*
 * Announce that the business replied.
 */
create function reviews.reviews__announce_reply()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'review.replied',
        jsonb_build_object('review_id', new.id, 'business_id', new.business_id)
    );
    return null;
end;
$$;

create trigger _500_announce_reply
after update of reply on reviews.reviews
for each row
when (old.reply is null and new.replied_at is not null and old.replied_at is null)
execute function reviews.reviews__announce_reply();

-- Whoever keeps something about a review hears when it is deleted.
create trigger _600_announce_deletion
after delete on reviews.reviews
for each row execute function private.any__announce_deletion('review');

/*
 * Let the reviews of a guest follow their bookings to the account that claims these.
 * Definer: whoever claims a booking has no rights on reviews.
 */
create function reviews.bookings__follow_customer()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update reviews.reviews
    set author_id = new.customer_id
    where reviews.business_id = new.business_id and reviews.booking_id = new.id;
    return null;
end;
$$;

create trigger _700_follow_customer
after update of customer_id on scheduling.bookings
for each row
when (old.customer_id is null and new.customer_id is not null)
execute function reviews.bookings__follow_customer();

-- sql/60_reviews/rules/reviews.sql

-- What holds for reviews on every path: which status follows which, that every change is recorded
-- and announced, and that the ratings follow in the same transaction.

/*
 * Refuse a change of the status that does not exist.
 *
 * Errors:  PT409 invalid_transition
 */
create function reviews.reviews__refuse_illegal_steps()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from reviews.review_transitions
        where
            review_transitions.from_status = old.status
            and review_transitions.to_status = new.status
    ) then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A review that is %s cannot become %s.', old.status, new.status),
            'Read the review again and check its status.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_illegal_steps
before update of status on reviews.reviews
for each row
when (old.status is distinct from new.status)
execute function reviews.reviews__refuse_illegal_steps();

/*
 * Note when a review is public for the first time.
 */
create function reviews.reviews__note_publication()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.published_at = private.now();
    return new;
end;
$$;

create trigger _200_note_publication
before insert or update of status on reviews.reviews
for each row
when (new.status = 'published' and new.published_at is null)
execute function reviews.reviews__note_publication();

/*
 * Record a new review, a change of its status, or its deletion. A review that goes with its booking
 * or its sale leaves no history; what was recorded before goes as well.
 * Definer: authors delete reviews, and have no rights on the history.
 */
create function reviews.reviews__record_status()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_review constant reviews.reviews = case when tg_op = 'DELETE' then old else new end;
begin
    if tg_op = 'DELETE' and not reviews.has_purchase(v_review) then
        return null;
    end if;
    insert into reviews.review_history (
        business_id, review_id, booking_id, sale_line_id, from_status, to_status, actor_id,
        reason, at
    )
    values (
        v_review.business_id,
        v_review.id,
        v_review.booking_id,
        v_review.sale_line_id,
        case when tg_op <> 'INSERT' then old.status end,
        case when tg_op <> 'DELETE' then new.status end,
        auth.uid(),
        case when tg_op <> 'DELETE' then new.status_reason end,
        private.now()
    );
    return null;
end;
$$;

/*
 * Is the booking or the line of a sale still there that a review is of?
 */
create function reviews.has_purchase(review reviews.reviews)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.bookings
        where bookings.business_id = review.business_id and bookings.id = review.booking_id
    ) or exists (
        select 1
        from sales.sale_lines
        where sale_lines.business_id = review.business_id and sale_lines.id = review.sale_line_id
    );
end;
$$;

create trigger _300_record_status
after insert or delete on reviews.reviews
for each row execute function reviews.reviews__record_status();

create trigger _310_record_status
after update of status on reviews.reviews
for each row
when (old.status is distinct from new.status)
execute function reviews.reviews__record_status();

/*
 * Add to the ratings what a review changes: what it gave before is taken back, what it gives now
 * is added. Only adds rows, so nobody waits for anybody.
 * Definer: as reviews.reviews__record_status.
 */
create function reviews.reviews__count_ratings()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into reviews.rating_changes (
        business_id, subject, subject_id, aspect, rating, change
    )
    select
        case when tg_op = 'INSERT' then new.business_id else old.business_id end,
        counted.subject,
        counted.subject_id,
        counted.aspect,
        counted.rating,
        sum(counted.change)
    from (
        select given.*, -1 as change
        from reviews.ratings_of(case when tg_op <> 'INSERT' then old end) as given
        union all
        select given.*, 1
        from reviews.ratings_of(case when tg_op <> 'DELETE' then new end) as given
    ) as counted
    group by counted.subject, counted.subject_id, counted.aspect, counted.rating
    having sum(counted.change) <> 0;
    return null;
end;
$$;

create trigger _400_count_ratings
after insert or delete on reviews.reviews
for each row execute function reviews.reviews__count_ratings();

create trigger _410_count_ratings
after update on reviews.reviews
for each row
when (
    (old.status, old.rating, old.sub_ratings, old.service_ids, old.resource_ids, old.product_id)
    is distinct from (
        new.status, new.rating, new.sub_ratings, new.service_ids, new.resource_ids, new.product_id
    )
)
execute function reviews.reviews__count_ratings();

create trigger _100_refuse_rewriting
before update or delete on reviews.review_history
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_rewriting
before truncate on reviews.review_history
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on reviews.review_versions
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_rewriting
before truncate on reviews.review_versions
for each statement execute function private.any__refuse_rewriting();

create trigger _010_refuse_bad_input
before insert or update on reviews.rating_aspects
for each row execute function business.any__refuse_bad_input('manage');

create trigger _500_release_medium
after delete on reviews.review_media
for each row execute function files.any__release_medium();

-- sql/60_reviews/policies/base.sql

-- Everybody reads published reviews of businesses that they can see. Authors read theirs in any
-- status, members those of their business, platform staff all. Clients have no grant on the author,
-- so a review shows nobody's account. Authors delete their reviews; functions write everything
-- else, so that nobody chooses a status.

/*
 * Return the reviews of the signed-in author.
 * Definer: clients have no grant on the author of a review.
 */
create function private.my_reviews()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select reviews.id
    from reviews.reviews
    where reviews.author_id = auth.uid();
end;
$$;
grant execute on function private.my_reviews() to anon, authenticated, service_role;
grant usage on schema reviews to anon, authenticated, service_role, worker;

alter table reviews.settings enable row level security;
alter table reviews.rating_aspects enable row level security;
alter table reviews.reviews enable row level security;
alter table reviews.review_transitions enable row level security;
alter table reviews.review_history enable row level security;
alter table reviews.review_versions enable row level security;
alter table reviews.review_reports enable row level security;
alter table reviews.review_media enable row level security;
alter table reviews.rating_changes enable row level security;
alter table reviews.rating_totals enable row level security;

grant select on reviews.settings to anon, authenticated;
grant select, update on reviews.settings to service_role;

create policy settings_select
on reviews.settings
for select
to anon, authenticated
using (true);

grant select on reviews.rating_aspects to anon;
grant select, delete on reviews.rating_aspects to authenticated;
grant insert (id, business_id, service_category_id, product_category_id, key, name, position)
on reviews.rating_aspects to authenticated;
grant update (id, business_id, service_category_id, product_category_id, key, name, position)
on reviews.rating_aspects to authenticated;
grant select, insert, update, delete on reviews.rating_aspects to service_role;

create policy rating_aspects_select
on reviews.rating_aspects
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = rating_aspects.business_id
    )
);

create policy rating_aspects_insert
on reviews.rating_aspects
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy rating_aspects_update
on reviews.rating_aspects
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy rating_aspects_delete
on reviews.rating_aspects
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- Never author_id and replied_by.
grant select (
    id, business_id, booking_id, sale_line_id, service_ids, resource_ids, product_id, author_name,
    rating, sub_ratings, body, locale, status, status_reason, version, created_at, published_at,
    edited_at, reply, replied_at
) on reviews.reviews to anon, authenticated;
grant delete on reviews.reviews to authenticated;
grant select, insert, update, delete on reviews.reviews to service_role;

create policy reviews_select_public
on reviews.reviews
for select
to anon
using (
    status = 'published'
    and exists (
        select 1
        from business.businesses
        where businesses.id = reviews.business_id
    )
);

create policy reviews_select
on reviews.reviews
for select
to authenticated
using (
    author_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
    or status = 'published'
    and exists (
        select 1
        from business.businesses
        where businesses.id = reviews.business_id
    )
);

create policy reviews_delete
on reviews.reviews
for delete
to authenticated
using (author_id = (select auth.uid()));

grant select on reviews.review_transitions to anon, authenticated, service_role;

create policy review_transitions_select
on reviews.review_transitions
for select
to anon, authenticated
using (true);

-- Photos are read like their media. Authors take theirs out.
grant select on reviews.review_media to anon;
grant select, delete on reviews.review_media to authenticated;
grant select, insert, update, delete on reviews.review_media to service_role;

create policy review_media_select
on reviews.review_media
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = review_media.media_id
    )
);

create policy review_media_delete
on reviews.review_media
for delete
to authenticated
using (review_id = any(array(select private.my_reviews())));

-- sql/60_reviews/policies/moderation.sql

-- Authors read the history and the earlier versions of their reviews, platform staff all. Reporters
-- read their own reports; the reviewed business reads none, so nobody is afraid to report.

grant select on reviews.review_history, reviews.review_versions, reviews.review_reports
to authenticated;
grant select, insert, update, delete
on reviews.review_history, reviews.review_versions, reviews.review_reports
to service_role;

create policy review_history_select
on reviews.review_history
for select
to authenticated
using (
    review_id = any(array(select private.my_reviews()))
    or (select private.is_platform_staff('support'))
);

create policy review_versions_select
on reviews.review_versions
for select
to authenticated
using (
    review_id = any(array(select private.my_reviews()))
    or (select private.is_platform_staff('support'))
);

create policy review_reports_select
on reviews.review_reports
for select
to authenticated
using (
    reporter_id = (select auth.uid())
    or (select private.is_platform_staff('support'))
);

-- Ratings are as public as the business.
grant select on reviews.rating_changes, reviews.rating_totals, reviews.rating_counts
to anon, authenticated, service_role;

create policy rating_changes_select
on reviews.rating_changes
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = rating_changes.business_id
    )
);

create policy rating_totals_select
on reviews.rating_totals
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = rating_totals.business_id
    )
);

-- What public functions call. Each of them checks its caller; none is reachable over HTTP.
grant execute on function
reviews.sub_ratings_are_valid(jsonb),
reviews.to_draft(text, text, text, text, text, boolean),
reviews.review_booking(uuid, reviews.draft),
reviews.review_product(uuid, reviews.draft),
reviews.edit_review(uuid, reviews.draft),
reviews.decide(uuid, reviews.review_status, text),
reviews.report(uuid, text),
reviews.reply(uuid, text),
reviews.score(bigint, bigint)
to anon, authenticated, service_role;

grant execute on function
reviews.fold_ratings(integer)
to worker;
grant execute on function
reviews.miscounts()
to service_role;

-- sql/60_reviews/api/lists.sql

-- What everybody reads: published reviews, their photos, ratings, and what can be rated.

create view public.business_reviews
with (security_invoker = true)
as
select
    reviews.id,
    reviews.business_id,
    reviews.product_id,
    reviews.service_ids,
    reviews.resource_ids,
    reviews.author_name,
    reviews.rating,
    reviews.sub_ratings,
    reviews.body,
    reviews.locale,
    reviews.published_at,
    reviews.edited_at,
    reviews.reply,
    reviews.replied_at
from reviews.reviews
where reviews.status = 'published';
grant select on public.business_reviews to anon, authenticated, service_role;

comment on view public.business_reviews is
'Published reviews of businesses and their products. Read them page by page with '
'order=published_at.desc,id.desc, or with review_page, which adds the ratings.';
comment on column public.business_reviews.id is 'Key.';
comment on column public.business_reviews.business_id is 'The reviewed business.';
comment on column public.business_reviews.product_id is 'The reviewed product; null for a booking.';
comment on column public.business_reviews.service_ids is 'The services of the booking.';
comment on column public.business_reviews.resource_ids is 'The staff who gave them.';
comment on column public.business_reviews.author_name is
'The display name of the author; null when none is known. Nothing else names the author.';
comment on column public.business_reviews.rating is '1 to 5.';
comment on column public.business_reviews.sub_ratings is '1 to 5 by the keys of rating_aspects.';
comment on column public.business_reviews.body is 'Plain text, or null.';
comment on column public.business_reviews.locale is 'The language of the text.';
comment on column public.business_reviews.published_at is 'When it was public for the first time.';
comment on column public.business_reviews.edited_at is 'When it was last edited; null for never.';
comment on column public.business_reviews.reply is 'The reply of the business, or null.';
comment on column public.business_reviews.replied_at is 'When it was written.';

create view public.review_media
with (security_invoker = true)
as
select
    review_media.media_id,
    review_media.review_id,
    review_media.position
from reviews.review_media;
grant select on public.review_media to anon;
grant select, delete on public.review_media to authenticated, service_role;

comment on view public.review_media is
'The photos of reviews. Authors add them with create_upload for review:ID, kind photo, and take '
'one out by deleting its row.';
comment on column public.review_media.media_id is 'The picture.';
comment on column public.review_media.review_id is 'The review.';
comment on column public.review_media.position is 'Order by it.';

create view public.rating_aspects
with (security_invoker = true)
as
select
    rating_aspects.id,
    rating_aspects.business_id,
    rating_aspects.service_category_id,
    rating_aspects.product_category_id,
    rating_aspects.key,
    rating_aspects.name,
    rating_aspects.position
from reviews.rating_aspects;
grant select on public.rating_aspects to anon;
grant select, insert, update, delete on public.rating_aspects to authenticated, service_role;

comment on view public.rating_aspects is
'What customers of a business rate beside the whole, such as cleanliness. Owners and managers '
'write it.';
comment on column public.rating_aspects.id is 'Key.';
comment on column public.rating_aspects.business_id is 'The business.';
comment on column public.rating_aspects.service_category_id is
'Only for services of this category; null: see product_category_id.';
comment on column public.rating_aspects.product_category_id is
'Only for products of this category; null in both columns: for all reviews.';
comment on column public.rating_aspects.key is
'How sub_ratings call it: a lower-case word of at most 40 characters.';
comment on column public.rating_aspects.name is 'How people read it, at most 100 characters.';
comment on column public.rating_aspects.position is 'Order by it.';

create view public.rating_summaries
with (security_invoker = true)
as
select
    figures.business_id,
    figures.subject,
    figures.subject_id,
    nullif(figures.aspect, '') as aspect,
    figures.rating_count,
    round(figures.rating_sum::numeric / figures.rating_count, 2) as average,
    reviews.score(figures.rating_count, figures.rating_sum) as score,
    jsonb_build_object(
        '1', figures.one_count,
        '2', figures.two_count,
        '3', figures.three_count,
        '4', figures.four_count,
        '5', figures.five_count
    ) as histogram
from (
    select
        rating_counts.*,
        rating_counts.one_count + rating_counts.two_count + rating_counts.three_count
        + rating_counts.four_count + rating_counts.five_count as rating_count,
        rating_counts.one_count + 2 * rating_counts.two_count + 3 * rating_counts.three_count
        + 4 * rating_counts.four_count + 5 * rating_counts.five_count as rating_sum
    from reviews.rating_counts
) as figures
where figures.rating_count > 0;
grant select on public.rating_summaries to anon, authenticated, service_role;

comment on view public.rating_summaries is
'The ratings of businesses, services, staff and products: exactly what a count of their published '
'reviews would say. A subject without reviews has no row.';
comment on column public.rating_summaries.business_id is 'The business.';
comment on column public.rating_summaries.subject is 'business, service, resource or product.';
comment on column public.rating_summaries.subject_id is
'The business itself, or its service, staff member or product.';
comment on column public.rating_summaries.aspect is
'The key of an aspect; null for the rating as a whole.';
comment on column public.rating_summaries.rating_count is 'How many reviews rated it.';
comment on column public.rating_summaries.average is '1 to 5, with two decimals.';
comment on column public.rating_summaries.score is
'The average as if reviews.settings.prior_count reviews (5) with prior_rating (3.5) had come '
'before. Rank by it: few reviews move it little.';
comment on column public.rating_summaries.histogram is
'How many reviews gave each rating: {"1": 0, "2": 1, "3": 0, "4": 7, "5": 30}.';

-- sql/60_reviews/api/pages.sql

-- A page of published reviews with the ratings beside it, in one call. Pages follow a key (when it
-- was published, and its id), so each costs the same, and a new review moves no other.

/*
 * Return a page of the published reviews of a business or of one of its products, services or
 * staff, the newest first: those before a key. At most so many.
 * The conditions stand apart, because each has an index of its own. Its plans are kept: planning
 * the policies takes longer than reading a page.
 */
create function reviews.page(
    subject reviews.rated,
    business_id uuid,
    subject_id uuid,
    before_at timestamptz,
    before_id uuid,
    maximum integer
)
returns setof public.business_reviews
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if subject = 'business' then
        return query
        select business_reviews.*
        from public.business_reviews
        where
            business_reviews.business_id = page.business_id
            and (business_reviews.published_at, business_reviews.id) < (before_at, before_id)
        order by business_reviews.published_at desc, business_reviews.id desc
        limit maximum;
    elsif subject = 'product' then
        return query
        select business_reviews.*
        from public.business_reviews
        where
            business_reviews.business_id = page.business_id
            and business_reviews.product_id = page.subject_id
            and (business_reviews.published_at, business_reviews.id) < (before_at, before_id)
        order by business_reviews.published_at desc, business_reviews.id desc
        limit maximum;
    else
        return query
        select business_reviews.*
        from public.business_reviews
        where
            business_reviews.business_id = page.business_id
            and (
                subject = 'service' and business_reviews.service_ids @> array[page.subject_id]
                or subject = 'resource' and business_reviews.resource_ids @> array[page.subject_id]
            )
            and (business_reviews.published_at, business_reviews.id) < (before_at, before_id)
        order by business_reviews.published_at desc, business_reviews.id desc
        limit maximum;
    end if;
end;
$$;

/*
 * Return the ratings of a subject: {count, average, score, histogram, aspects}; zeros when nobody
 * has reviewed it.
 */
create function reviews.summary(business_id uuid, subject_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_summary jsonb;
    v_aspects jsonb;
begin
    select
        jsonb_agg(jsonb_build_object(
            'count', ratings.rating_count,
            'average', ratings.average,
            'score', ratings.score,
            'histogram', ratings.histogram
        )) filter (where ratings.aspect is null) -> 0,
        jsonb_object_agg(
            coalesce(ratings.aspect, ''),
            jsonb_build_object('count', ratings.rating_count, 'average', ratings.average)
        ) - ''
    into v_summary, v_aspects
    from public.rating_summaries as ratings
    where
        ratings.business_id = summary.business_id
        and ratings.subject_id = summary.subject_id;
    return coalesce(
        v_summary,
        '{"count": 0, "average": null, "score": null,
        "histogram": {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0}}'
    ) || jsonb_build_object('aspects', coalesce(v_aspects, '{}'));
end;
$$;

/*
 * Return the business of a subject whose reviews the caller asks for.
 *
 * Errors:  PT404 not_found
 */
create function reviews.business_of(subject reviews.rated, subject_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = case subject
        when 'business' then (
            select businesses.id from business.businesses where businesses.id = subject_id
        )
        when 'product' then (
            select products.business_id from catalog.products where products.id = subject_id
        )
        when 'service' then (
            select services.business_id from catalog.services where services.id = subject_id
        )
        else (
            select resources.business_id from catalog.resources where resources.id = subject_id
        )
    end;
begin
    if v_business_id is null then
        perform private.refuse(
            'PT404', 'not_found', format('There is no such %s.', subject),
            'Use the id of a row that you can see.'
        );
    end if;
    return v_business_id;
end;
$$;

/*
 * Read the key after which a page begins: what review_page returned as next_cursor.
 *
 * Errors:  PT400 invalid_input
 */
create function reviews.read_cursor(cursor text, out at timestamptz, out id uuid)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if cursor is null then
        at = 'infinity';
        id = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
        return;
    end if;
    if cursor !~* '^[0-9TZ:.-]{20,27},[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        perform private.invalid('cursor', 'must be a next_cursor of review_page');
    end if;
    at = private.to_instant(split_part(cursor, ',', 1), 'cursor');
    id = split_part(cursor, ',', 2);
end;
$$;

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.review_page(
    business_id public.identifier default null,
    product_id public.identifier default null,
    service_id public.identifier default null,
    resource_id public.identifier default null,
    "limit" public.whole_number default '20',
    cursor text default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_limit constant integer = private.to_whole_number("limit", 'limit', 1, 100, if_null => 20);
    v_from constant record = reviews.read_cursor(cursor);
    v_subject constant reviews.rated = case
        when product_id is not null then 'product'
        when service_id is not null then 'service'
        when resource_id is not null then 'resource'
        else 'business'
    end;
    v_subject_id constant uuid = private.to_identifier(
        coalesce(product_id, service_id, resource_id, business_id), v_subject || '_id'
    );
    v_business_id uuid;
    v_rows jsonb;
begin
    if num_nonnulls(business_id, product_id, service_id, resource_id) > 1 then
        perform private.invalid('business_id', 'must stand alone, like product_id and the others');
    end if;
    v_business_id = reviews.business_of(v_subject, v_subject_id);
    select coalesce(jsonb_agg(to_jsonb(listed)), '[]') into v_rows
    from reviews.page(
        v_subject, v_business_id, v_subject_id, v_from.at, v_from.id, v_limit + 1
    ) as listed;
    return jsonb_build_object(
        'summary', reviews.summary(v_business_id, v_subject_id),
        -- One more than a page was read, to know whether another follows.
        'reviews', v_rows - v_limit,
        'next_cursor', case
            when jsonb_array_length(v_rows) > v_limit then to_char(
                (v_rows -> v_limit - 1 ->> 'published_at')::timestamptz at time zone 'UTC',
                'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
            ) || ',' || (v_rows -> v_limit - 1 ->> 'id')
        end
    );
end;
$$;
comment on function public.review_page is
'Return a page of published reviews, the newest first, with the ratings beside it: {summary, '
'reviews, next_cursor}.

summary is {count, average, score, histogram, aspects} over all published reviews of what you ask '
'for, as in rating_summaries; aspects has {count, average} by key. reviews are rows of '
'business_reviews.

- business_id, product_id, service_id, resource_id: one of them.
- limit: 1 to 100, 20 by default.
- cursor: next_cursor of the page before; null there means that no page follows.

Errors: invalid_input 400, not_found 404.';

grant execute on function
reviews.page(reviews.rated, uuid, uuid, timestamptz, uuid, integer),
reviews.summary(uuid, uuid),
reviews.business_of(reviews.rated, uuid),
reviews.read_cursor(text),
public.review_page(
    public.identifier, public.identifier, public.identifier, public.identifier,
    public.whole_number, text
)
to anon, authenticated, service_role;

-- sql/60_reviews/api/reviews.sql

-- Reviews as their authors, the reviewed businesses and moderators see them, and the functions by
-- which they act.

create view public.reviews
with (security_invoker = true)
as
select
    reviews.id,
    reviews.business_id,
    case
        when
            (select private.is_operator())
            or reviews.id = any(array(select private.my_reviews()))
            or reviews.business_id = any(array(select private.seen_businesses()))
            then reviews.booking_id
    end as booking_id,
    case
        when
            (select private.is_operator())
            or reviews.id = any(array(select private.my_reviews()))
            or reviews.business_id = any(array(select private.seen_businesses()))
            then reviews.sale_line_id
    end as sale_line_id,
    reviews.product_id,
    reviews.service_ids,
    reviews.resource_ids,
    reviews.author_name,
    reviews.id = any(array(select private.my_reviews())) as is_mine,
    reviews.rating,
    reviews.sub_ratings,
    reviews.body,
    reviews.locale,
    reviews.status,
    reviews.status_reason,
    reviews.version,
    reviews.created_at,
    reviews.published_at,
    reviews.edited_at,
    reviews.reply,
    reviews.replied_at
from reviews.reviews;
grant select on public.reviews to anon;
grant select, delete on public.reviews to authenticated, service_role;

comment on view public.reviews is
'Reviews: published ones for everybody, and in any status your own, those of your business, and '
'all for staff of the platform. Authors delete theirs; the public list is business_reviews.';
comment on column public.reviews.id is 'Key.';
comment on column public.reviews.business_id is 'The reviewed business.';
comment on column public.reviews.booking_id is
'The reviewed booking; null for a product. Only the author, the business and staff see it.';
comment on column public.reviews.sale_line_id is
'The line of the sale of a reviewed product; null otherwise, as booking_id is.';
comment on column public.reviews.product_id is 'The reviewed product; null for a booking.';
comment on column public.reviews.service_ids is 'The services of the booking.';
comment on column public.reviews.resource_ids is 'The staff who gave them.';
comment on column public.reviews.author_name is
'The display name of the author; null when none is known. Nothing else names the author.';
comment on column public.reviews.is_mine is 'Whether the caller wrote it.';
comment on column public.reviews.rating is '1 to 5.';
comment on column public.reviews.sub_ratings is
'1 to 5 by the keys of rating_aspects, such as {"cleanliness": 5}.';
comment on column public.reviews.body is 'Plain text of at most 5000 characters, or null.';
comment on column public.reviews.locale is 'The language of the text, such as en or de-AT.';
comment on column public.reviews.status is
'pending, published, rejected, flagged or hidden. Only published reviews are public and counted.';
comment on column public.reviews.status_reason is
'Why it was rejected, flagged or hidden; null otherwise.';
comment on column public.reviews.version is '1, and one more for each edit.';
comment on column public.reviews.created_at is 'When it was written.';
comment on column public.reviews.published_at is
'When it was public for the first time; null until then.';
comment on column public.reviews.edited_at is 'When it was last edited; null for never.';
comment on column public.reviews.reply is 'The reply of the business, or null.';
comment on column public.reviews.replied_at is 'When it was written.';

/*
 * Return a review as the caller sees it.
 */
create function reviews.shown(review_id uuid)
returns public.reviews
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_shown public.reviews;
begin
    select shown.* into v_shown
    from public.reviews as shown
    where shown.id = $1;
    return v_shown;
end;
$$;
grant execute on function reviews.shown(uuid) to anon, authenticated, service_role;

-- sql/60_reviews/api/reviews_authors.sql

-- What authors call: they review what they had, edit their text, and report what others wrote.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_reviewed not_reviewable · PT422 too_soon
 */
create function public.review_booking(
    booking_id public.identifier,
    rating public.whole_number,
    body text default null,
    sub_ratings public.object default null,
    locale text default null,
    display_name text default null
)
returns public.reviews
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.shown(
        reviews.review_booking(
            private.to_identifier(booking_id, 'booking_id'),
            reviews.to_draft(rating, body, sub_ratings, locale, display_name)
        )
    );
end;
comment on function public.review_booking is
'Review a booking of yours that is over, once.

The booking is completed, or confirmed and its end has passed. The review is published at once, or '
'waits for a moderator where the platform says so. Returns the review.

- rating: 1 to 5.
- body: plain text of at most 5000 characters.
- sub_ratings: 1 to 5 by the keys of rating_aspects, such as {"cleanliness": 5}.
- locale: the language of the text; by default yours.
- display_name: how readers see you, at most 80 characters; by default your first name and the '
'initial of your last name.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_reviewed 409, '
'not_reviewable 409, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_reviewed not_reviewable
 */
create function public.review_product(
    sale_line_id public.identifier,
    rating public.whole_number,
    body text default null,
    sub_ratings public.object default null,
    locale text default null,
    display_name text default null
)
returns public.reviews
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.shown(
        reviews.review_product(
            private.to_identifier(sale_line_id, 'sale_line_id'),
            reviews.to_draft(rating, body, sub_ratings, locale, display_name)
        )
    );
end;
comment on function public.review_product is
'Review a product that you bought and that was delivered to you, once for each purchase.

Returns the review. The other arguments are those of review_booking.

- sale_line_id: a line of the view sale_lines.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_reviewed 409, '
'not_reviewable 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 invalid_transition · PT422 edit_window_over
 */
create function public.edit_review(
    review_id public.identifier,
    rating public.whole_number default null,
    body text default null,
    sub_ratings public.object default null,
    locale text default null,
    display_name text default null
)
returns public.reviews
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.shown(
        reviews.edit_review(
            private.to_identifier(review_id, 'review_id'),
            reviews.to_draft(rating, body, sub_ratings, locale, display_name, is_whole => false)
        )
    );
end;
comment on function public.edit_review is
'Edit a review of yours, within 30 days unless the platform says otherwise. What you leave out '
'stays.

The text before is kept in review_versions. A rejected review waits for a moderator again, and so '
'does any edited review where moderators publish. Returns the review.

Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409, '
'edit_window_over 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.report_review(review_id public.identifier, reason text)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.report(
        private.to_identifier(review_id, 'review_id'),
        private.to_required_text(reason, 'reason', 1000)
    );
end;
comment on function public.report_review is
'Report a review that should not be public. Each person counts once, and all members of the '
'reviewed business count as one.

When three people reported it, unless the platform says otherwise, it is flagged: nobody reads it '
'until a moderator decides. Returns nothing.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
public.review_booking(
    public.identifier, public.whole_number, text, public.object, text, text
),
public.review_product(
    public.identifier, public.whole_number, text, public.object, text, text
),
public.edit_review(
    public.identifier, public.whole_number, text, public.object, text, text
),
public.report_review(public.identifier, text)
to anon, authenticated, service_role;

-- sql/60_reviews/api/reviews_links.sql

-- Reviewing by the link of a mail, for people who are not signed in. The page behind the link is
-- /functions/v1/review; a client with a page of its own calls the function.

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid forbidden
 *          PT409 already_reviewed not_reviewable · PT422 too_soon
 */
create function public.review_by_link(
    booking_id public.identifier,
    token text,
    rating public.whole_number,
    body text default null,
    sub_ratings public.object default null,
    locale text default null,
    display_name text default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.review_by_link(
        private.to_identifier(booking_id, 'booking_id'),
        private.to_required_text(token, 'token', 200),
        reviews.to_draft(rating, body, sub_ratings, locale, display_name)
    );
end;
comment on function public.review_by_link is
'Review a booking by the link of the mail after it, without signing in.

The review is that of the booking''s customer, as if they had called review_booking. Returns {id, '
'status}. The other arguments are those of review_booking.

- token: from the link; it works for 60 days unless the platform says otherwise.

Errors: invalid_input 400, code_invalid 403, forbidden 403, already_reviewed 409, '
'not_reviewable 409, too_soon 422.';

grant execute on function
reviews.review_by_link(uuid, text, reviews.draft),
public.review_by_link(
    public.identifier, text, public.whole_number, text, public.object, text, text
)
to anon, authenticated, service_role;
grant usage on schema reviews to edge;
grant execute on function
reviews.show_invitation(uuid, text),
reviews.answer_invitation(uuid, text, text, text, text)
to edge;

-- sql/60_reviews/api/reviews_moderation.sql

-- What moderators and reviewed businesses call, and what is kept of every review.

/*
 * Read a decision of a moderator.
 *
 * Errors:  PT400 invalid_input
 */
create function reviews.to_decision(value text)
returns reviews.review_status
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is null or value not in ('published', 'rejected', 'flagged', 'hidden') then
        perform private.invalid('decision', 'must be published, rejected, flagged or hidden');
    end if;
    return value::reviews.review_status;
end;
$$;

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.moderate_review(
    review_id public.identifier, decision text, reason text default null
)
returns public.reviews
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.shown(
        reviews.decide(
            private.to_identifier(review_id, 'review_id'),
            reviews.to_decision(decision),
            private.to_text(reason, 'reason', 1000)
        )
    );
end;
comment on function public.moderate_review is
'Decide about a review. For staff of the platform.

A pending review is published or rejected, a published one flagged or hidden, a flagged one '
'published, rejected or hidden, and a rejected or hidden one published after all. Every decision '
'is kept in review_history and settles the reports. The same decision again changes nothing. '
'Returns the review.

- decision: the status, published, rejected, flagged or hidden.
- reason: at most 1000 characters; required unless it is published.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_replied invalid_transition
 */
create function public.reply_to_review(review_id public.identifier, body text)
returns public.reviews
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.shown(
        reviews.reply(
            private.to_identifier(review_id, 'review_id'),
            private.to_required_text(body, 'body', 5000)
        )
    );
end;
comment on function public.reply_to_review is
'Reply to a published review of your business, once. For owners and managers.

Everybody reads the reply beside the review, and the author is told. Returns the review.

- body: plain text of at most 5000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_replied 409, '
'invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.withdraw_reply(review_id public.identifier)
returns public.reviews
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.shown(
        reviews.reply(private.to_identifier(review_id, 'review_id'), null)
    );
end;
comment on function public.withdraw_reply is
'Take back the reply of your business to a review; it may reply again. For owners and managers.

Returns the review.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
reviews.to_decision(text),
public.moderate_review(public.identifier, text, text),
public.reply_to_review(public.identifier, text),
public.withdraw_reply(public.identifier)
to anon, authenticated, service_role;

create view public.review_history
with (security_invoker = true)
as
select
    review_history.id,
    review_history.business_id,
    review_history.review_id,
    review_history.from_status,
    review_history.to_status,
    review_history.reason,
    review_history.at
from reviews.review_history;
grant select on public.review_history to authenticated, service_role;

comment on view public.review_history is
'Every status of a review and its deletion. Its author reads it, and staff of the platform.';
comment on column public.review_history.id is 'Key; order by it.';
comment on column public.review_history.business_id is 'The reviewed business.';
comment on column public.review_history.review_id is 'The review, which may be deleted.';
comment on column public.review_history.from_status is 'The status before; null for a new review.';
comment on column public.review_history.to_status is 'The status after; null for a deleted review.';
comment on column public.review_history.reason is 'Why, if somebody said so.';
comment on column public.review_history.at is 'When.';

create view public.review_versions
with (security_invoker = true)
as
select
    review_versions.business_id,
    review_versions.review_id,
    review_versions.version,
    review_versions.rating,
    review_versions.sub_ratings,
    review_versions.body,
    review_versions.locale,
    review_versions.at
from reviews.review_versions;
grant select on public.review_versions to authenticated, service_role;

comment on view public.review_versions is
'What reviews said before their authors edited them. The author reads it, and staff of the '
'platform.';
comment on column public.review_versions.business_id is 'The reviewed business.';
comment on column public.review_versions.review_id is 'The review.';
comment on column public.review_versions.version is 'Its version: 1 is the first text.';
comment on column public.review_versions.rating is 'The rating of this version.';
comment on column public.review_versions.sub_ratings is 'The sub-ratings of this version.';
comment on column public.review_versions.body is 'The text of this version.';
comment on column public.review_versions.locale is 'The language of this version.';
comment on column public.review_versions.at is 'When the next version replaced it.';

create view public.review_reports
with (security_invoker = true)
as
select
    review_reports.business_id,
    review_reports.review_id,
    review_reports.is_member,
    review_reports.reason,
    review_reports.at,
    review_reports.settled_at
from reviews.review_reports;
grant select on public.review_reports to authenticated, service_role;

comment on view public.review_reports is
'Reports of reviews: your own, and all for staff of the platform.';
comment on column public.review_reports.business_id is 'The reviewed business.';
comment on column public.review_reports.review_id is 'The review.';
comment on column public.review_reports.is_member is
'Whether the reporter is a member of the reviewed business.';
comment on column public.review_reports.reason is 'Why it should not be public.';
comment on column public.review_reports.at is 'When it was reported.';
comment on column public.review_reports.settled_at is
'When a moderator decided about the review; null until then.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
