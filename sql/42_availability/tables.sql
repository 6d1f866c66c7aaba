-- Values that the functions of availability hand to each other. No table stores them.

-- A vacancy: a resource that could provide a service at a start, as scheduling.vacancies finds it.
create type scheduling.vacancy as (
    at timestamptz,
    id uuid,
    pool text,
    is_leading boolean,
    units integer,
    remaining integer,
    capacity integer,
    rank integer,
    -- The session, if the service is a class. `id` is then its leader, if it has one.
    session_id uuid
);

-- What a resource can do for a service in some time, as scheduling.timelines finds it.
create type scheduling.timeline as (
    id uuid,
    pool text,
    is_leading boolean,
    units integer,
    capacity integer,
    rank integer,
    -- Its openings as they were written; starts step from their beginnings.
    windows tstzrange array,
    -- The starts that clash with what takes it already, for each unit that is taken.
    clashes tstzmultirange array,
    -- The starts at which it works long enough.
    starts tstzmultirange
);

-- How far a limit is used in a period, as scheduling.limit_use finds it: whether one more booking
-- is too many, the minutes that are left, how often the bookings in question count in it, whether
-- the limit is passed, and the bookings that are left.
create type scheduling.limit_use as (
    id uuid,
    resource_id uuid,
    period tstzrange,
    is_full boolean,
    minutes_left bigint,
    own_bookings bigint,
    is_passed boolean,
    bookings_left bigint
);

-- A customer as limits know them: an account, a verified e-mail address in lower case, or both.
create type scheduling.booker as (
    id uuid,
    email text
);

-- The starts that limits rule out, for one resource or (null) for everybody.
create type scheduling.full_times as (
    resource_id uuid,
    times tstzmultirange
);

-- A selection: one service that somebody wants, when (null: right after the selection before it),
-- with whom and with what. scheduling.make_selection builds it.
create type scheduling.selection as (
    service_id uuid,
    starts_at timestamptz,
    gap_minutes integer,
    resource_id uuid,
    addon_ids uuid array,
    party_size integer,
    -- Answers to the service's questions, by key.
    answers jsonb,
    -- The token of a private link to the service.
    link_token text
);

-- Chosen add-ons of a service as they are now, and the minutes that they add.
create type scheduling.chosen_addons as (
    addons jsonb,
    minutes integer
);

-- A leg: a selection with everything that the catalog says about it, as scheduling.legs finds it.
create type scheduling.leg as (
    business_id uuid,
    service_id uuid,
    service_name text,
    starts_at timestamptz,
    ends_at timestamptz,
    minutes integer,
    before interval,
    after interval,
    resource_id uuid,
    party_size integer,
    currency text,
    price_minor bigint,
    addons jsonb,
    requires_confirmation boolean,
    is_blocked_by_pending boolean,
    hold_minutes integer,
    is_class boolean,
    answers jsonb,
    private_link_id uuid,
    anonymous_hold_minutes integer,
    prepayment_bps integer
);
