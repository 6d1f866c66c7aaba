-- The days on which a business is closed.

create table business.closures (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    starts_on date not null,
    ends_on date not null,
    title text,
    created_at timestamptz not null default now(),

    constraint closures_business_id_id_unique unique (business_id, id),
    constraint closures_have_usual_dates check (
        private.is_usual_date(starts_on) and private.is_usual_date(ends_on)
        or private.invalid('starts_on and ends_on', 'must be between the years 1 and 9999')
    ),
    constraint closures_end_after_they_start check (
        ends_on >= starts_on or private.invalid('ends_on', 'must not be before starts_on')
    ),
    constraint closures_are_shorter_than_two_years check (
        isfinite(starts_on) and isfinite(ends_on) and ends_on - starts_on <= 731
        or private.invalid('ends_on', 'must be within two years of starts_on')
    ),
    constraint closures_title_is_short check (
        title is null
        or length(title) <= 200 and private.is_one_line(title)
        or private.invalid('title', 'must have at most 200 printable characters')
    )
);
comment on table business.closures is
'Whole days, in the business''s zone, on which nothing can be booked: holidays, days off.';
create index closures_business_id_days_idx on business.closures (business_id, ends_on, starts_on);
