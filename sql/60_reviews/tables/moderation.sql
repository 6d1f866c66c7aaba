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
