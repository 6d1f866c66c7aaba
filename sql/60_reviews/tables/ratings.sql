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
