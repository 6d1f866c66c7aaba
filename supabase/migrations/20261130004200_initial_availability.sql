-- The initial schema of 42_availability: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/42_availability/tables.sql

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

-- sql/42_availability/functions/answers.sql

-- Answers to the questions of a service. They are read like any argument: an answer must have the
-- kind of its question, or it is refused by its key. They are stored with the question as it was
-- asked.

/*
 * Read the answers to the questions of a service, sent as an object by key. Returns
 * [{key, label, kind, value}] in the order of the questions, without questions that have no answer.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.read_answers(service_id uuid, answers jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_questions catalog.service_questions[] = array(
        select service_questions
        from catalog.service_questions
        where service_questions.service_id = read_answers.service_id and service_questions.is_active
        order by service_questions.position, service_questions.key
    );
    v_question catalog.service_questions;
    v_unknown text;
    v_value jsonb;
    v_found jsonb = '[]';
begin
    select sent.key into v_unknown
    from jsonb_object_keys(answers) as sent (key)
    where not exists (select 1 from unnest(v_questions) as question where question.key = sent.key)
    limit 1;
    if found then
        perform private.invalid(
            'answers.' || left(regexp_replace(v_unknown, '[^ -~]', '?', 'g'), 50),
            'is not a question of this service'
        );
    end if;
    foreach v_question in array v_questions loop
        v_value = scheduling.to_answer(v_question, answers -> v_question.key);
        if v_value is not null then
            v_found = v_found || jsonb_build_object(
                'key', v_question.key,
                'label', v_question.label,
                'kind', v_question.kind,
                'value', v_value
            );
        elsif v_question.is_required then
            perform private.invalid('answers.' || v_question.key, 'is required');
        end if;
    end loop;
    return v_found;
end;
$$;

/*
 * Read one answer by the kind of its question. Null, blank and empty values are no answer.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_answer(question catalog.service_questions, value jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_argument text = 'answers.' || question.key;
    v_text text = btrim(value #>> '{}');
    v_expected text = case question.kind
        when 'number' then 'number'
        when 'yes_no' then 'boolean'
        when 'choices' then 'array'
        else 'string'
    end;
begin
    if v_text is null or v_text in ('', '[]') then
        return null;
    end if;
    if jsonb_typeof(value) <> v_expected then
        perform private.invalid(v_argument, case question.kind
            when 'number' then 'must be a number'
            when 'yes_no' then 'must be true or false'
            when 'choices' then 'must be a list of choices'
            else 'must be a text'
        end);
    end if;
    if question.kind in ('choice', 'choices') then
        return scheduling.to_choice(question, value);
    end if;
    v_text = private.to_text(
        v_text, v_argument, case question.kind when 'long_text' then 5000 else 500 end
    );
    if question.kind = 'number' then
        if abs(v_text::numeric) > 1e15 or scale(v_text::numeric) > 10 then
            perform private.invalid(
                v_argument, 'must be from -1e15 to 1e15 with at most 10 decimals'
            );
        end if;
    elsif question.kind = 'phone' and v_text !~ '^\+[1-9]\d{5,14}$' then
        perform private.invalid(v_argument, 'must be in international form, such as +491701234567');
    elsif question.kind = 'email' and (v_text !~ '^[^@\s]+@[^@\s]+$' or length(v_text) > 320) then
        perform private.invalid(v_argument, 'must be an e-mail address');
    end if;
    return case question.kind
        when 'number' then value
        when 'yes_no' then value
        when 'date' then to_jsonb(private.to_date(v_text, v_argument))
        else to_jsonb(v_text)
    end;
end;
$$;

/*
 * Read the chosen answers: each of the question's choices at most once, in the order of the
 * question.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_choice(question catalog.service_questions, value jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_chosen jsonb = case question.kind when 'choice' then jsonb_build_array(value) else value end;
begin
    if exists (
        select 1
        from jsonb_array_elements(v_chosen) as chosen (value)
        where
            jsonb_typeof(chosen.value) <> 'string'
            or chosen.value #>> '{}' <> all(question.choices)
    ) then
        perform private.invalid(
            'answers.' || question.key, 'must be chosen from the question''s choices'
        );
    end if;
    if question.kind = 'choice' then
        return value;
    end if;
    return (
        select jsonb_agg(choices.choice order by choices.place)
        from unnest(question.choices) with ordinality as choices (choice, place)
        where v_chosen ? choices.choice
    );
end;
$$;

-- sql/42_availability/functions/bookable.sql

-- When a service takes bookings at all: it and its business are open, and a start is neither too
-- soon nor too far ahead. Hours and bookings of others are the matter of vacancies.sql.

/*
 * Return a service that takes bookings now, or null.
 * Definer: callers need not be members of the business.
 */
create function scheduling.bookable_service(service_id uuid)
returns catalog.services
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_service catalog.services;
begin
    select services.* into v_service
    from catalog.services
    inner join business.businesses on services.business_id = businesses.id
    where
        services.id = bookable_service.service_id
        and services.is_active
        and services.archived_at is null
        and businesses.is_active
        and businesses.status = 'approved';
    return v_service;
end;
$$;

/*
 * Return a service that takes bookings now or, for a booking that is about to move, that the
 * booking has: what is archived or switched off takes no new bookings, but those that exist may
 * still move. Null: neither, or the business is not open.
 * Definer: as scheduling.bookable_service.
 */
create function scheduling.provided_service(service_id uuid, except_booking_id uuid)
returns catalog.services
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.bookable_service(provided_service.service_id);
begin
    if v_service.id is null and except_booking_id is not null then
        select services.* into v_service
        from scheduling.booking_items
        inner join catalog.services on services.id = booking_items.service_id
        where
            booking_items.booking_id = except_booking_id
            and booking_items.service_id = provided_service.service_id
            and business.is_open(services.business_id)
        limit 1;
    end if;
    return v_service;
end;
$$;

/*
 * Return the first instant at which a service may start, by its notice and its first date. Without
 * them it is a day ago: a walk-in is often written down when they are there already.
 */
create function scheduling.first_bookable(
    service catalog.services,
    time_zone text,
    overridden scheduling.start_rule[] default '{}'
)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if 'notice' = any(overridden) then
        return private.now() - interval '1 day';
    end if;
    return greatest(
        private.now() + make_interval(mins => service.min_notice_minutes),
        scheduling.start_of_date(service.bookable_from, time_zone)
    );
end;
$$;

/*
 * Return the instant from which on a service may no longer start, by its advance, which is longer
 * for callers with early booking, and its last date. Without them it is ten years ahead.
 */
create function scheduling.end_of_bookable(
    service catalog.services,
    time_zone text,
    overridden scheduling.start_rule[] default '{}'
)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_today date = (private.now() at time zone end_of_bookable.time_zone)::date;
    v_last_day date = service.bookable_until;
begin
    if 'advance' = any(overridden) then
        return private.now() + interval '10 years';
    end if;
    if service.max_advance_days is not null then
        v_last_day = least(
            v_last_day,
            v_today + service.max_advance_days
            + customers.extra_advance_days(service.business_id)
        );
    end if;
    return scheduling.start_of_date(v_last_day + 1, end_of_bookable.time_zone);
end;
$$;

/*
 * Return the half-open period in which a service may start, by its notice, its advance and its
 * dates. It may be empty.
 */
create function scheduling.bookable_period(
    service catalog.services,
    time_zone text,
    overridden scheduling.start_rule[] default '{}'
)
returns tstzrange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_first timestamptz = scheduling.first_bookable(service, time_zone, overridden);
    v_end timestamptz = scheduling.end_of_bookable(service, time_zone, overridden);
begin
    return case when v_end <= v_first then 'empty' else tstzrange(v_first, v_end) end;
end;
$$;

/*
 * Return the part of some periods in which a service may start. A booking that keeps its time and
 * changes only its resource needs no notice.
 */
create function scheduling.bookable_part(
    service catalog.services,
    during tstzmultirange,
    except_booking_id uuid,
    overridden scheduling.start_rule[] default '{}'
)
returns tstzmultirange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_time_zone text = (
        select businesses.time_zone from business.businesses where businesses.id = service.business_id
    );
begin
    if except_booking_id is not null and exists (
        select 1
        from scheduling.bookings
        where
            bookings.id = bookable_part.except_booking_id
            and bookable_part.during <@ tstzrange(bookings.starts_at, bookings.ends_at)
    ) then
        return during;
    end if;
    return during
        * scheduling.bookable_period(service, v_time_zone, overridden)::tstzmultirange;
end;
$$;

-- sql/42_availability/functions/legs.sql

-- From a selection (one service that somebody wants, when, with whom and with what) to a leg: the
-- selection with everything that the catalog says about it, such as its length, price and buffers.

/*
 * Return the legs of some selections, in order. They must not overlap, and must share a business
 * and a currency.
 * Definer: services and add-ons are read the same for everybody; what the caller may see is
 * checked.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 not_bookable link_expired
 */
create function scheduling.legs(selections scheduling.selection[])
returns scheduling.leg[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_selection scheduling.selection;
    v_leg scheduling.leg;
    v_legs scheduling.leg[] = '{}';
begin
    foreach v_selection in array legs.selections loop
        if v_selection.starts_at is null and v_leg.ends_at is not null then
            v_selection.starts_at = v_leg.ends_at
            + make_interval(mins => coalesce(v_selection.gap_minutes, 0));
        end if;
        if v_selection.starts_at < v_leg.ends_at then
            perform private.invalid('items', 'must follow each other in time');
        end if;
        v_leg = scheduling.leg(v_selection);
        if v_leg.business_id <> v_legs[1].business_id or v_leg.currency <> v_legs[1].currency then
            perform private.invalid('items', 'must belong to one business and have one currency');
        end if;
        v_legs = v_legs || v_leg;
    end loop;
    return v_legs;
end;
$$;

/*
 * Return the leg of one selection, which the caller may see.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 not_bookable link_expired
 */
create function scheduling.leg(selection scheduling.selection)
returns scheduling.leg
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_link catalog.private_links;
    v_service catalog.services;
    v_leg scheduling.leg;
begin
    if selection.link_token is not null then
        v_link = scheduling.link_of(selection.link_token, selection.service_id);
        if v_link.id is null then
            perform scheduling.refuse_unseen();
        end if;
    end if;
    v_service = scheduling.visible_service(selection.service_id, has_link => v_link.id is not null);
    if selection.party_size > v_service.max_party_size then
        perform private.invalid(
            'party_size', format('must be at most %s', v_service.max_party_size)
        );
    end if;
    v_leg = scheduling.make_leg(v_service, scheduling.chosen_addons(v_service.id, selection.addon_ids));
    v_leg.starts_at = selection.starts_at;
    v_leg.ends_at = selection.starts_at + make_interval(mins => v_leg.minutes);
    v_leg.resource_id = selection.resource_id;
    v_leg.party_size = selection.party_size;
    v_leg.answers = coalesce(selection.answers, '{}');
    v_leg.private_link_id = v_link.id;
    return v_leg;
end;
$$;

/*
 * Return what the catalog says about a service with some add-ons. Add-ons do not make a class
 * longer.
 */
create function scheduling.make_leg(service catalog.services, chosen scheduling.chosen_addons)
returns scheduling.leg
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_leg scheduling.leg;
begin
    v_leg.business_id = service.business_id;
    v_leg.service_id = service.id;
    v_leg.service_name = service.name;
    v_leg.minutes = service.duration_minutes
    + case when service.is_class then 0 else chosen.minutes end;
    v_leg.before = make_interval(mins => service.buffer_before_minutes);
    v_leg.after = make_interval(mins => service.buffer_after_minutes);
    v_leg.currency = service.currency;
    v_leg.price_minor = service.price_minor;
    v_leg.addons = chosen.addons;
    v_leg.requires_confirmation = service.requires_confirmation;
    v_leg.is_blocked_by_pending = service.is_blocked_by_pending;
    v_leg.hold_minutes = service.hold_minutes;
    v_leg.anonymous_hold_minutes = service.anonymous_hold_minutes;
    v_leg.prepayment_bps = service.prepayment_bps;
    v_leg.is_class = service.is_class;
    return v_leg;
end;
$$;

/*
 * Return a service that takes bookings and that the caller may see. A hidden service, and one that
 * needs an entitlement that the caller lacks, is for members of its business and for callers with a
 * link to it.
 *
 * Errors:  PT404 not_found · PT409 not_bookable
 */
create function scheduling.visible_service(service_id uuid, has_link boolean default false)
returns catalog.services
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.open_service(visible_service.service_id);
begin
    if (
        v_service.visibility = 'hidden'
        or v_service.access is not null
        and not customers.is_entitled(v_service.business_id, v_service.access)
    )
        and not has_link
        and v_service.business_id not in (select private.my_businesses('view')) then
        perform scheduling.refuse_unseen();
    end if;
    return v_service;
end;
$$;

/*
 * Return a service that takes bookings. An absent service and one that the caller may not see get
 * the same answer; members learn that their service takes no bookings.
 *
 * Errors:  PT404 not_found · PT409 not_bookable
 */
create function scheduling.open_service(service_id uuid)
returns catalog.services
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services;
begin
    v_service = scheduling.bookable_service(open_service.service_id);
    if v_service.id is not null then
        return v_service;
    end if;
    if exists (
        select 1
        from catalog.services
        where
            services.id = open_service.service_id
            and services.business_id in (select private.my_businesses('view'))
    ) then
        perform private.refuse(
            'PT409', 'not_bookable', 'This service takes no bookings at the moment.',
            'Check that the service and its business are active, and that the business is approved.'
        );
    end if;
    perform scheduling.refuse_unseen();
    return null;
end;
$$;

/*
 * Refuse a service that does not exist for the caller.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.refuse_unseen()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT404', 'not_found', 'There is no such service.', 'Check the id in the view services.'
    );
end;
$$;

/*
 * Return the chosen add-ons as they are now, with the minutes that they add up to.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.chosen_addons(service_id uuid, addon_ids uuid[])
returns scheduling.chosen_addons
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_chosen scheduling.chosen_addons = row('[]', 0);
begin
    if coalesce(addon_ids, '{}') = '{}' then
        return v_chosen;
    end if;
    select
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', service_addons.id,
                    'name', service_addons.name,
                    'price_minor', service_addons.price_minor,
                    'duration_minutes', service_addons.duration_minutes
                )
                order by service_addons.position, service_addons.id
            ),
            '[]'
        ),
        coalesce(sum(service_addons.duration_minutes), 0)
    into v_chosen
    from catalog.service_addons
    where
        service_addons.service_id = chosen_addons.service_id
        and service_addons.id = any(chosen_addons.addon_ids)
        and service_addons.is_active;
    if jsonb_array_length(v_chosen.addons) <> cardinality(addon_ids) then
        perform private.refuse(
            'PT404', 'not_found', 'This service has no such add-on.',
            'Check the id in the view service_addons.'
        );
    end if;
    return v_chosen;
end;
$$;

-- sql/42_availability/functions/limit_checks.sql

-- Checking booking limits: which starts they rule out, which limit a start would pass, and, under
-- locks, whether a written booking passes one.

/*
 * Return the starts in a period at which limits leave no room for a service of so many minutes: for
 * everybody (without a resource), and for single resources. A booking that is about to move keeps
 * its place in the periods in which it already counts. Overridden limits rule out nothing.
 */
create function scheduling.full_times(
    service catalog.services,
    resource_ids uuid[],
    during tstzrange,
    minutes integer,
    except_booking_id uuid,
    overridden scheduling.start_rule[] default '{}'
)
returns scheduling.full_times[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booker scheduling.booker;
begin
    if 'limits' = any(overridden) or not scheduling.has_limits(service.business_id) then
        return '{}';
    end if;
    v_booker = scheduling.booker_of(except_booking_id);
    return array(
        select row(limit_use.resource_id, range_agg(limit_use.period))::scheduling.full_times
        from scheduling.limit_use(
            scheduling.limits_of(
                service.business_id, array[service.id], resource_ids, v_booker
            ),
            full_times.during,
            v_booker,
            array[except_booking_id]
        ) as limit_use
        where
            limit_use.own_bookings = 0
            and (limit_use.is_full or limit_use.minutes_left < full_times.minutes)
        group by limit_use.resource_id
    );
end;
$$;

/*
 * Return the starts at which limits of the service, the business or the customer leave no room.
 */
create function scheduling.full_for_everybody(full_times scheduling.full_times[])
returns tstzmultirange
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select sold.times
            from unnest(full_for_everybody.full_times) as sold
            where sold.resource_id is null
        ),
        '{}'
    );
end;
$$;

/*
 * Return the limits that leave no room for a leg at its start.
 */
create function scheduling.full_limits(
    leg scheduling.leg, resource_ids uuid[], except_booking_id uuid
)
returns setof catalog.booking_limits
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booker scheduling.booker = scheduling.booker_of(except_booking_id);
    v_limits catalog.booking_limits[] = scheduling.limits_of(
        leg.business_id, array[leg.service_id], resource_ids, v_booker
    );
begin
    return query
    select rule.*
    from scheduling.limit_use(
        v_limits, tstzrange(leg.starts_at, leg.starts_at, '[]'), v_booker, array[except_booking_id]
    ) as limit_use
    inner join unnest(v_limits) as rule on rule.id = limit_use.id
    where
        limit_use.own_bookings = 0
        and limit_use.period @> leg.starts_at
        and (limit_use.is_full or limit_use.minutes_left < leg.minutes);
end;
$$;

/*
 * Return a limit that a leg would pass at its start, or null: of its service, its business or its
 * customer, or of a resource if nobody in its pool has room.
 */
create function scheduling.passed_limit(
    leg scheduling.leg, needs scheduling.need[], except_booking_id uuid
)
returns catalog.booking_limits
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_full catalog.booking_limits[] = array(
        select rule
        from scheduling.full_limits(
            leg, array(select need.id from unnest(needs) as need), except_booking_id
        ) as rule
    );
    v_full_ids uuid[] = array(
        select rule.resource_id from unnest(v_full) as rule where rule.resource_id is not null
    );
    v_limit catalog.booking_limits;
begin
    select rule.* into v_limit
    from unnest(v_full) as rule
    where
        rule.resource_id is null
        or exists (
            select 1
            from unnest(needs) as need
            group by need.pool
            having
                bool_and(need.id = any(v_full_ids))
                and bool_or(need.id = rule.resource_id)
        )
    order by rule.resource_id nulls first, rule.id
    limit 1;
    return v_limit;
end;
$$;

/*
 * Return how far limits are used in each period that some bookings of one customer touch. What they
 * count themselves stands apart.
 */
create function scheduling.use_around(
    bookings scheduling.bookings[], limits catalog.booking_limits[]
)
returns setof scheduling.limit_use
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select *
    from scheduling.limit_use(
        limits,
        (
            select tstzrange(min(booking.starts_at), max(booking.ends_at))
            from unnest(use_around.bookings) as booking
        ),
        scheduling.booker_of(bookings[1].id),
        array(select booking.id from unnest(use_around.bookings) as booking)
    );
end;
$$;

/*
 * Return how often some bookings of one customer count in each period of some limits:
 * {"limit period": count}.
 */
create function scheduling.counts_of(
    bookings scheduling.bookings[], limits catalog.booking_limits[]
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if limits = '{}' then
        return '{}';
    end if;
    return (
        select coalesce(
            jsonb_object_agg(
                format('%s %s', limit_use.id, lower(limit_use.period)), limit_use.own_bookings
            ),
            '{}'
        )
        from scheduling.use_around(counts_of.bookings, limits) as limit_use
        where limit_use.own_bookings > 0
    );
end;
$$;

/*
 * Refuse written bookings of one customer if they pass a limit in which they count more than
 * before. Call it under the locks.
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_passed(
    bookings scheduling.bookings[],
    limits catalog.booking_limits[],
    counts_before jsonb default '{}'
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_limit catalog.booking_limits;
begin
    if limits = '{}' then
        return;
    end if;
    select rule.* into v_limit
    from scheduling.use_around(refuse_passed.bookings, limits) as limit_use
    inner join unnest(limits) as rule on rule.id = limit_use.id
    where
        limit_use.is_passed
        and limit_use.own_bookings > coalesce(
            (counts_before ->> format('%s %s', limit_use.id, lower(limit_use.period)))::bigint, 0
        )
    limit 1;
    if v_limit.id is not null then
        perform scheduling.refuse_limit(v_limit);
    end if;
end;
$$;

/*
 * Refuse a booking whose customer has just become known if it passes a limit for each customer.
 * Call it under the locks.
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_passed_by_customer(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.refuse_passed(
        array[booking],
        array(
            select rule
            from unnest(scheduling.limits_on(booking)) as rule
            where rule.is_per_customer
        )
    );
end;
$$;

/*
 * Refuse, and say which limit is reached.
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_limit(rule catalog.booking_limits)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT422', 'limit_reached',
        case
            when rule.period = 'upcoming' and rule.is_per_customer
                then 'This customer has reached the limit of upcoming bookings.'
            when rule.period = 'upcoming' then 'The limit of upcoming bookings is reached.'
            when rule.is_per_customer
                then 'This customer has reached the booking limit for that period.'
            when rule.service_id is not null
                then 'This service has reached its booking limit for that period.'
            when rule.resource_id is not null
                then 'This resource has reached its booking limit for that period.'
            else 'This business has reached its booking limit for that period.'
        end,
        case
            when rule.period = 'upcoming' then 'Wait until one of them has started, or cancel one.'
            else 'Choose a time in another day, week or month.'
        end
    );
end;
$$;

-- sql/42_availability/functions/limit_room.sql

-- The room that limits leave, counted once and then kept up to date. A series counts what its
-- limits have left once for all occurrences: counting for each of them would read a year of
-- bookings hundreds of times.

/*
 * Return how far limits are used around some legs of the caller.
 */
create function scheduling.room_for(legs scheduling.leg[], limits catalog.booking_limits[])
returns scheduling.limit_use[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if limits = '{}' or legs = '{}' then
        return '{}';
    end if;
    return array(
        select used
        from scheduling.limit_use(
            limits,
            (
                select tstzrange(min(leg.starts_at), max(leg.ends_at), '[]')
                from unnest(legs) as leg
            ),
            scheduling.booker_of(null),
            '{}'
        ) as used
    );
end;
$$;

/*
 * Return the limits that have no room for a leg at its start.
 */
create function scheduling.full_at(leg scheduling.leg, room scheduling.limit_use[])
returns scheduling.limit_use[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if room = '{}' then
        return '{}';
    end if;
    return array(
        select used
        from unnest(room) as used
        where
            used.period @> leg.starts_at
            and (used.is_full or used.minutes_left < leg.minutes)
            -- Whoever leads a class is not limited by its guests.
            and (used.resource_id is null or not leg.is_class)
    );
end;
$$;

/*
 * Say whether limits leave no room for a leg: one of the service, the business or the customer, or
 * one of everybody in a pool that it needs.
 */
create function scheduling.is_limited(
    leg scheduling.leg, needs scheduling.need[], room scheduling.limit_use[]
)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_full scheduling.limit_use[] = scheduling.full_at(leg, room);
begin
    return exists (select 1 from unnest(v_full) as used where used.resource_id is null)
        or exists (
            select 1
            from unnest(needs) as need
            group by need.pool
            having
                bool_and(
                    need.id in (select used.resource_id from unnest(v_full) as used)
                )
        );
end;
$$;

/*
 * Return the vacancies for a leg that pass no limit. None is left if a limit of the service, the
 * business or the customer has no room, or a limit of everybody in a pool.
 */
create function scheduling.vacancies_with_room(
    vacancies scheduling.vacancy[], leg scheduling.leg, room scheduling.limit_use[]
)
returns scheduling.vacancy[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_full scheduling.limit_use[] = scheduling.full_at(leg, room);
    v_left scheduling.vacancy[];
begin
    if v_full = '{}' then
        return vacancies;
    end if;
    v_left = array(
        select vacancy
        from unnest(vacancies) as vacancy
        where not exists (
            select 1
            from unnest(v_full) as used
            where used.resource_id is null or used.resource_id = vacancy.id
        )
    );
    if (select count(distinct vacancy.pool) from unnest(v_left) as vacancy)
        < (select count(distinct vacancy.pool) from unnest(vacancies) as vacancy) then
        return '{}';
    end if;
    return v_left;
end;
$$;

/*
 * Return the room that is left after one more booking of a leg, which takes some resources.
 */
create function scheduling.room_after(
    room scheduling.limit_use[], leg scheduling.leg, resource_ids uuid[]
)
returns scheduling.limit_use[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return array(
        select case
            when
                used.period @> leg.starts_at
                and (used.resource_id is null or used.resource_id = any(room_after.resource_ids))
                then scheduling.with_one_more(used, leg.minutes)
            else used
        end
        from unnest(room) as used
    );
end;
$$;

/*
 * Return how far a limit is used with one more booking of so many minutes.
 */
create function scheduling.with_one_more(used scheduling.limit_use, minutes integer)
returns scheduling.limit_use
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_used scheduling.limit_use = used;
begin
    v_used.bookings_left = used.bookings_left - 1;
    v_used.is_full = used.bookings_left <= 1;
    v_used.minutes_left = used.minutes_left - minutes;
    return v_used;
end;
$$;

/*
 * Return the vacancies for some legs of a booking whose resources have not reached a limit
 * meanwhile. Where nobody in a pool has room all stay, and so does a resource that was named: the
 * refusal then says that its limit is reached.
 */
create function scheduling.vacancies_left(
    legs scheduling.leg[],
    vacancies scheduling.vacancy[],
    limits catalog.booking_limits[],
    booking scheduling.bookings
)
returns scheduling.vacancy[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_limits catalog.booking_limits[] = array(
        select rule from unnest(limits) as rule where rule.resource_id is not null
    );
    v_room scheduling.limit_use[];
    v_leg scheduling.leg;
    v_at scheduling.vacancy[];
    v_left scheduling.vacancy[] = '{}';
begin
    if v_limits = '{}' then
        return vacancies;
    end if;
    v_room = array(
        select used
        from scheduling.limit_use(
            v_limits,
            tstzrange(legs[1].starts_at, legs[cardinality(legs)].ends_at, '[]'),
            scheduling.booker_of(booking.id),
            array[booking.id]
        ) as used
    );
    foreach v_leg in array legs loop
        v_at = array(
            select vacancy from unnest(vacancies) as vacancy where vacancy.at = v_leg.starts_at
        );
        v_left = v_left || coalesce(
            nullif(scheduling.vacancies_with_room(v_at, v_leg, v_room), '{}'), v_at
        );
    end loop;
    return v_left;
end;
$$;

-- sql/42_availability/functions/limit_use.sql

-- How far booking limits are used. A limit counts in days, weeks, months or years of the business's
-- zone, or what lies ahead (upcoming). A limit of a service counts each of its items, a limit of a
-- resource each item that takes its time, a limit of a business each booking. Minutes are those of
-- the items. Cancelled, rejected and expired bookings and lapsed holds are not counted.

/*
 * Return the periods of a kind that some time touches, in a time zone. The only period of what lies
 * ahead begins now.
 */
create function scheduling.limit_periods(
    kind catalog.limit_period, during tstzrange, time_zone text
)
returns setof tstzrange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_step interval;
begin
    if kind = 'upcoming' then
        return next tstzrange(private.now(), 'infinity');
        return;
    end if;
    v_step = '1 ' || kind::text;
    return query
    select tstzrange(
        scheduling.first_instant(first.day, time_zone),
        scheduling.first_instant(first.day + v_step, time_zone)
    )
    from generate_series(
        date_trunc(kind::text, lower(during) at time zone time_zone),
        upper(during) at time zone time_zone,
        v_step
    ) as first (day);
end;
$$;

/*
 * Return what a limit for each customer counts in a period: items of its service or resource, or
 * whole bookings.
 */
create function scheduling.items_of_customer(
    rule catalog.booking_limits, period tstzrange, booker scheduling.booker
)
returns table (booking_id uuid, minutes integer)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        booking_items.booking_id,
        sum(booking_items.duration_minutes)::integer
    from scheduling.bookings
    inner join scheduling.booking_items
        on
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
    where
        (
            bookings.customer_id = items_of_customer.booker.id
            or bookings.customer_id is null
            and lower(bookings.customer_email) = items_of_customer.booker.email
            and (bookings.contact_verified_at is not null or scheduling.is_proven(bookings.id))
        )
        and bookings.business_id = rule.business_id
        and bookings.starts_at < upper(items_of_customer.period)
        and bookings.ends_at > lower(items_of_customer.period)
        and booking_items.cancelled_at is null
        and items_of_customer.period @> case
            when coalesce(rule.service_id, rule.resource_id) is null
                then bookings.starts_at
            else booking_items.starts_at
        end
        and (rule.service_id is null or booking_items.service_id = rule.service_id)
        and (
            rule.resource_id is null
            or exists (
                select 1
                from scheduling.allocations
                where
                    allocations.business_id = booking_items.business_id
                    and allocations.booking_id = booking_items.booking_id
                    and allocations.booking_item_id = booking_items.id
                    and allocations.resource_id = rule.resource_id
            )
        )
    -- A limit of the whole business counts a booking once.
    group by
        booking_items.booking_id,
        case
            when coalesce(rule.service_id, rule.resource_id) is not null
                then booking_items.id
        end;
end;
$$;

/*
 * Return the items of a limit's service that start in a period.
 */
create function scheduling.items_of_service(rule catalog.booking_limits, period tstzrange)
returns table (booking_id uuid, minutes integer)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        booking_items.booking_id,
        booking_items.duration_minutes
    from scheduling.booking_items
    where
        booking_items.business_id = rule.business_id
        and booking_items.service_id = rule.service_id
        and booking_items.starts_at >= lower(items_of_service.period)
        and booking_items.starts_at < upper(items_of_service.period)
        and booking_items.cancelled_at is null;
end;
$$;

/*
 * Return the items that start in a period and take time of a limit's resource.
 */
create function scheduling.items_of_resource(rule catalog.booking_limits, period tstzrange)
returns table (booking_id uuid, minutes integer)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        booking_items.booking_id,
        booking_items.duration_minutes
    from catalog.services
    inner join scheduling.booking_items
        on
            booking_items.business_id = services.business_id
            and booking_items.service_id = services.id
    where
        services.business_id = rule.business_id
        and booking_items.starts_at >= lower(items_of_resource.period)
        and booking_items.starts_at < upper(items_of_resource.period)
        and booking_items.cancelled_at is null
        and exists (
            select 1
            from scheduling.allocations
            where
                allocations.business_id = booking_items.business_id
                and allocations.booking_id = booking_items.booking_id
                and allocations.booking_item_id = booking_items.id
                and allocations.resource_id = rule.resource_id
        );
end;
$$;

/*
 * Return the bookings of a limit's business that start in a period, with the minutes of their
 * items if the limit is one of minutes.
 */
create function scheduling.bookings_of_business(rule catalog.booking_limits, period tstzrange)
returns table (booking_id uuid, minutes integer)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        bookings.id,
        case when rule.max_minutes is not null then (
            select sum(booking_items.duration_minutes)::integer
            from scheduling.booking_items
            where
                booking_items.business_id = bookings.business_id
                and booking_items.booking_id = bookings.id
                and booking_items.cancelled_at is null
        ) end
    from scheduling.bookings
    where
        bookings.business_id = rule.business_id
        and bookings.starts_at >= lower(bookings_of_business.period)
        and bookings.starts_at < upper(bookings_of_business.period);
end;
$$;

/*
 * Return how far limits are used in each period that some time touches. What some bookings count
 * stands apart.
 */
create function scheduling.limit_use(
    limits catalog.booking_limits[],
    during tstzrange,
    booker scheduling.booker,
    booking_ids uuid[]
)
returns setof scheduling.limit_use
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select
        rule.id,
        rule.resource_id,
        periods.period,
        used.bookings - used.own_bookings + 1 > rule.max_bookings,
        rule.max_minutes - used.minutes + used.own_minutes,
        used.own_bookings,
        used.bookings > rule.max_bookings or used.minutes > rule.max_minutes,
        rule.max_bookings - used.bookings + used.own_bookings
    from unnest(limits) as rule
    inner join business.businesses on businesses.id = rule.business_id
    cross join lateral scheduling.limit_periods(
        rule.period, limit_use.during, businesses.time_zone
    ) as periods (period)
    cross join lateral (
        select
            count(*) as bookings,
            coalesce(sum(items.minutes), 0) as minutes,
            count(*) filter (where bookings.id = any(limit_use.booking_ids)) as own_bookings,
            coalesce(
                sum(items.minutes) filter (where bookings.id = any(limit_use.booking_ids)), 0
            ) as own_minutes
        from (
            select * from scheduling.items_of_customer(rule, periods.period, booker)
            where rule.is_per_customer
            union all
            select * from scheduling.items_of_service(rule, periods.period)
            where not rule.is_per_customer and rule.service_id is not null
            union all
            select * from scheduling.items_of_resource(rule, periods.period)
            where not rule.is_per_customer and rule.resource_id is not null
            union all
            select * from scheduling.bookings_of_business(rule, periods.period)
            where not rule.is_per_customer and num_nonnulls(rule.service_id, rule.resource_id) = 0
        ) as items
        inner join scheduling.bookings on bookings.id = items.booking_id
        where
            bookings.status not in ('cancelled', 'rejected', 'expired')
            and coalesce(bookings.hold_expires_at > v_now, true)
    ) as used;
end;
$$;

-- sql/42_availability/functions/limits.sql

-- Which booking limits concern whom. A limit is for a service, a resource or the whole business,
-- and counts everybody together or each customer apart. The bookings that it counts are found in
-- limit_use.sql. Limits are checked twice (limit_checks.sql): for what is offered, and once more,
-- under locks, for what was written.

/*
 * Return whose bookings a limit for each customer counts: those of a booking's customer, or of the
 * caller if there is no booking. A guest is known once the mailed code has come back.
 */
create function scheduling.booker_of(booking_id uuid)
returns scheduling.booker
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booker scheduling.booker = row(auth.uid(), null);
begin
    if booking_id is not null then
        select
            bookings.customer_id,
            case
                when
                    bookings.customer_id is null
                    and (
                        bookings.contact_verified_at is not null
                        or scheduling.is_proven(bookings.id)
                    ) then lower(bookings.customer_email)
            end
        into v_booker
        from scheduling.bookings
        where bookings.id = booker_of.booking_id;
    end if;
    -- An account and its verified address are one person.
    if v_booker.id is not null then
        v_booker.email = (
            select lower(users.email)
            from auth.users
            where users.id = v_booker.id and users.email_confirmed_at is not null
        );
    elsif v_booker.email is not null then
        v_booker.id = (
            select users.id
            from auth.users
            where
                users.email = v_booker.email
                and users.email_confirmed_at is not null
                and not users.is_sso_user
        );
    end if;
    return v_booker;
end;
$$;

/*
 * Say whether a business has any limit. Most have none, which spares them the rest.
 */
create function scheduling.has_limits(business_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from catalog.booking_limits
        where booking_limits.business_id = has_limits.business_id
    );
end;
$$;

/*
 * Return the limits that concern some services and resources of a business. Limits for each
 * customer apply only to a known customer.
 */
create function scheduling.limits_of(
    business_id uuid, service_ids uuid[], resource_ids uuid[], booker scheduling.booker
)
returns catalog.booking_limits[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select booking_limits
        from catalog.booking_limits
        where
            booking_limits.business_id = limits_of.business_id
            and (
                booking_limits.service_id is null
                or booking_limits.service_id = any(limits_of.service_ids)
            )
            and (
                booking_limits.resource_id is null
                or booking_limits.resource_id = any(limits_of.resource_ids)
            )
            and (
                not booking_limits.is_per_customer
                or num_nonnulls(limits_of.booker.id, limits_of.booker.email) > 0
            )
        order by booking_limits.id
    );
end;
$$;

/*
 * Return the limits that concern a booking as it is written.
 */
create function scheduling.limits_on(booking scheduling.bookings)
returns catalog.booking_limits[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return scheduling.limits_of(
        booking.business_id,
        array(
            select booking_items.service_id
            from scheduling.booking_items
            where
                booking_items.business_id = booking.business_id
                and booking_items.booking_id = booking.id
                and booking_items.cancelled_at is null
        ),
        scheduling.resources_of(booking.id),
        scheduling.booker_of(booking.id)
    );
end;
$$;

/*
 * Return what to lock so that two bookings cannot pass a limit together: the service, the business,
 * or the customer of a booking (of the caller if there is no booking). Resources are locked already
 * by whoever takes their time.
 */
create function scheduling.subjects(limits catalog.booking_limits[], booking_id uuid)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if limits = '{}' then
        return '{}';
    end if;
    return array(
        select distinct case
            when rule.is_per_customer then (
                select coalesce(booker.id, md5('booker ' || booker.email)::uuid)
                from scheduling.booker_of(subjects.booking_id) as booker
            )
            else coalesce(rule.resource_id, rule.service_id, rule.business_id)
        end
        from unnest(limits) as rule
    );
end;
$$;

-- sql/42_availability/functions/linked_service.sql

-- What a private link shows: the service and its business as the catalog would show them. The token
-- is the proof, so nothing here asks who the caller is.

/*
 * Return a service as a link shows it.
 */
create function scheduling.linked_service(service catalog.services)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return to_jsonb(service) - array[
        'category_id', 'cancellation_policy_id', 'position', 'is_active', 'archived_at',
        'created_at', 'updated_at'
    ];
end;
$$;

/*
 * Return a business as a link to one of its services shows it.
 */
create function scheduling.linked_business(business_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'id', businesses.id,
            'slug', businesses.slug,
            'name', businesses.name,
            'time_zone', businesses.time_zone
        )
        from business.businesses
        where businesses.id = linked_business.business_id
    );
end;
$$;

/*
 * Return the active add-ons of a service as a link shows them.
 */
create function scheduling.linked_addons(service_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(jsonb_agg(
            jsonb_build_object(
                'id', service_addons.id,
                'name', service_addons.name,
                'price_minor', service_addons.price_minor,
                'duration_minutes', service_addons.duration_minutes
            )
            order by service_addons.position, service_addons.id
        ), '[]')
        from catalog.service_addons
        where service_addons.service_id = linked_addons.service_id and service_addons.is_active
    );
end;
$$;

/*
 * Return the active questions of a service as a link shows them.
 */
create function scheduling.linked_questions(service_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(jsonb_agg(
            jsonb_build_object(
                'key', service_questions.key,
                'label', service_questions.label,
                'kind', service_questions.kind,
                'is_required', service_questions.is_required,
                'choices', service_questions.choices
            )
            order by service_questions.position, service_questions.key
        ), '[]')
        from catalog.service_questions
        where
            service_questions.service_id = linked_questions.service_id
            and service_questions.is_active
    );
end;
$$;

/*
 * Return the active resources of a service as a link shows them.
 */
create function scheduling.linked_resources(service_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(jsonb_agg(
            jsonb_build_object('id', resources.id, 'name', resources.name, 'kind', resources.kind)
            order by resources.position, resources.name
        ), '[]')
        from catalog.service_resources
        inner join catalog.resources on resources.id = service_resources.resource_id
        where service_resources.service_id = linked_resources.service_id and resources.is_active
    );
end;
$$;

/*
 * Return what a link opens: the service with its add-ons, questions and resources, and the
 * business.
 * Definer: a hidden service shows to nobody else; the token is the proof.
 *
 * Errors:  PT404 not_found · PT409 link_expired
 */
create function scheduling.resolve_link(token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_link catalog.private_links = scheduling.link_of(resolve_link.token);
    v_service catalog.services = scheduling.bookable_service(v_link.service_id);
begin
    if v_service.id is null then
        perform scheduling.refuse_unseen();
    end if;
    return jsonb_build_object(
        'service', scheduling.linked_service(v_service),
        'business', scheduling.linked_business(v_service.business_id),
        'addons', scheduling.linked_addons(v_service.id),
        'questions', scheduling.linked_questions(v_service.id),
        'resources', scheduling.linked_resources(v_service.id),
        'expires_at', v_link.expires_at,
        'uses_left', v_link.max_uses - scheduling.link_uses(v_link.business_id, v_link.id)
    );
end;
$$;

-- sql/42_availability/functions/links.sql

-- Hidden services and the private links that open them. A caller without a link learns nothing: a
-- hidden service gets the same answer as one that does not exist. What a link shows is in
-- linked_service.sql.

/*
 * Create a link to a service. For owners and managers.
 * Definer: nobody has a write grant on links; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function scheduling.create_private_link(
    service_id uuid, token text, label text, expires_at timestamptz, max_uses integer
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_service catalog.services;
    v_id uuid;
begin
    perform private.current_user_id();
    select services.* into v_service
    from catalog.services
    where
        services.id = create_private_link.service_id
        and (
            services.visibility = 'public'
            or services.business_id in (select private.my_businesses('view'))
        );
    if v_service.id is null then
        perform scheduling.refuse_unseen();
    end if;
    perform private.require_member(v_service.business_id, 'manage');
    insert into catalog.private_links (
        business_id, service_id, token_hash, label, expires_at, max_uses, created_by, created_at
    )
    values (
        v_service.business_id,
        v_service.id,
        business.token_hash(create_private_link.token),
        create_private_link.label,
        create_private_link.expires_at,
        create_private_link.max_uses,
        auth.uid(),
        private.now()
    )
    returning private_links.id into v_id;
    return v_id;
end;
$$;

/*
 * Revoke a link. Bookings made through it stay; a repeated call changes nothing.
 * Definer: as scheduling.create_private_link.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function scheduling.revoke_private_link(link_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_link catalog.private_links;
begin
    perform private.current_user_id();
    perform private.lock(array[revoke_private_link.link_id]);
    select private_links.* into v_link
    from catalog.private_links
    where
        private_links.id = revoke_private_link.link_id
        and private_links.business_id in (select private.my_businesses('view'));
    if v_link.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such link.',
            'Check the id in the view private_links.'
        );
    end if;
    perform private.require_member(v_link.business_id, 'manage');
    update catalog.private_links
    set revoked_at = private.now()
    where private_links.id = v_link.id and private_links.revoked_at is null;
end;
$$;

/*
 * Return how often a link was used: the services booked through it, with running holds and without
 * what was cancelled.
 * Definer: counts bookings that the caller does not see.
 */
create function scheduling.link_uses(business_id uuid, link_id uuid)
returns integer
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select count(*)
        from scheduling.booking_items
        inner join scheduling.bookings on bookings.id = booking_items.booking_id
        where
            booking_items.business_id = link_uses.business_id
            and booking_items.private_link_id = link_uses.link_id
            and booking_items.cancelled_at is null
            and bookings.status not in ('cancelled', 'rejected', 'expired')
            and (bookings.hold_expires_at is null or bookings.hold_expires_at > private.now())
    );
end;
$$;

/*
 * Return the link of a token, or null if there is none or it opens another service than the given
 * one. A caller who knows the token learns that the link has ended.
 * Definer: nobody reads the hash of a token.
 *
 * Errors:  PT409 link_expired
 */
create function scheduling.link_of(token text, service_id uuid default null)
returns catalog.private_links
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_link catalog.private_links;
begin
    select private_links.* into v_link
    from catalog.private_links
    where
        private_links.token_hash = business.token_hash(link_of.token)
        and (link_of.service_id is null or private_links.service_id = link_of.service_id);
    if v_link.id is not null then
        perform scheduling.refuse_link_over(v_link, 1);
    end if;
    return v_link;
end;
$$;

/*
 * Refuse a link that was revoked, has expired, or has fewer uses left than wanted.
 *
 * Errors:  PT409 link_expired
 */
create function scheduling.refuse_link_over(link catalog.private_links, wanted integer)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if link.revoked_at is not null
        or link.expires_at <= private.now()
        or link.max_uses < wanted + scheduling.link_uses(link.business_id, link.id) then
        perform private.refuse(
            'PT409', 'link_expired', 'This link is no longer valid.',
            'Ask the business for a new link.'
        );
    end if;
end;
$$;

/*
 * Check the links of some legs once more, under their lock.
 *
 * Errors:  PT409 link_expired
 */
create function scheduling.refuse_links_over(legs scheduling.leg[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_link record;
begin
    if array(
        select leg.private_link_id from unnest(legs) as leg where leg.private_link_id is not null
    ) = '{}' then
        return;
    end if;
    for v_link in
        select
            private_links,
            count(*)::integer as wanted
        from unnest(legs) as leg
        inner join catalog.private_links on private_links.id = leg.private_link_id
        group by private_links.id
    loop
        perform scheduling.refuse_link_over(v_link.private_links, v_link.wanted);
    end loop;
end;
$$;

-- sql/42_availability/functions/offered.sql

-- What can be booked in the caller's own turn on a waitlist: also the time that is held for them.

/*
 * Return the vacancies of a leg in some periods, as scheduling.vacancies does, and those that the
 * waitlist holds for the caller, whose turn it is. `needs` is what the leg needs, if it is known.
 * Definer: the caller does not read the holds.
 */
create function scheduling.vacancies_for_caller(
    leg scheduling.leg, during tstzmultirange, needs scheduling.need[] default null
)
returns setof scheduling.vacancy
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_offers scheduling.waitlist_offers[] = '{}';
begin
    if auth.uid() is not null then
        v_offers = array(
            select offers
            from scheduling.open_offers(auth.uid(), leg.service_id, leg.resource_id) as offers
            where vacancies_for_caller.during @> offers.starts_at
        );
    end if;
    return query
    select vacancies.*
    from scheduling.vacancies(
        leg.service_id, during, leg.resource_id, leg.party_size, leg.minutes, null, needs
    ) as vacancies
    where
        vacancies.at <> all(array(select offer.starts_at from unnest(v_offers) as offer));
    if v_offers <> '{}' then
        return query
        select * from scheduling.held_vacancies(leg, v_offers);
    end if;
end;
$$;

/*
 * Return the vacancies of a leg at the starts of some offers, as if what they hold were free.
 */
create function scheduling.held_vacancies(
    leg scheduling.leg, offers scheduling.waitlist_offers[]
)
returns setof scheduling.vacancy
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with held as materialized (
        select distinct on (held.at, held.pool, held.id, held.session_id) held.*
        from unnest(offers) as offer
        cross join lateral scheduling.vacancies(
            leg.service_id,
            tstzmultirange(tstzrange(offer.starts_at, offer.starts_at, '[]')),
            leg.resource_id,
            leg.party_size,
            leg.minutes,
            offer.booking_id
        ) as held
        order by held.at, held.pool, held.id, held.session_id, held.remaining desc
    ),

    kept as materialized (
        select held.*
        from held
        where
            not scheduling.passes_own_limit(leg.service_id, held.id, held.at, leg.minutes)
    )

    -- A start is lost when nobody of one of its pools is left.
    select kept.*
    from kept
    where
        (select count(distinct others.pool) from kept as others where others.at = kept.at)
        = (select count(distinct others.pool) from held as others where others.at = kept.at);
end;
$$;

/*
 * Return whether one more booking of a service, with a resource at a start, passes a limit for
 * each customer of the caller. A hold without a customer is not the caller's yet, so
 * scheduling.vacancies does not check theirs.
 */
create function scheduling.passes_own_limit(
    service_id uuid, resource_id uuid, at timestamptz, minutes integer
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booker scheduling.booker = scheduling.booker_of(null);
begin
    return exists (
        select 1
        from catalog.services
        cross join lateral scheduling.limit_use(
            array(
                select rule
                from unnest(
                    scheduling.limits_of(
                        services.business_id, array[services.id],
                        array_remove(array[passes_own_limit.resource_id], null), v_booker
                    )
                ) as rule
                where rule.is_per_customer
            ),
            tstzrange(passes_own_limit.at, passes_own_limit.at, '[]'),
            v_booker,
            '{}'
        ) as limit_use
        where
            services.id = passes_own_limit.service_id
            and (limit_use.is_full or limit_use.minutes_left < passes_own_limit.minutes)
    );
end;
$$;

-- sql/42_availability/functions/overriding.sql

-- What a member of the business may set aside when they book for somebody. The member names rules,
-- and only those that the start breaks are set aside: a booking inside the hours still goes to
-- somebody who works then. Nobody sets aside that time is taken.

/*
 * Read the rules that a member wants to set aside.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_overrides(value text)
returns scheduling.start_rule[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rules constant text[] = enum_range(null::scheduling.start_rule)::text[];
    v_list jsonb = private.to_list(value, 'override', 100);
begin
    if exists (
        select 1
        from jsonb_array_elements(v_list) as element (value)
        where
            jsonb_typeof(element.value) <> 'string'
            or element.value #>> '{}' <> all(v_rules)
    ) then
        perform private.invalid(
            'override', 'must be a list of these: ' || array_to_string(v_rules, ', ')
        );
    end if;
    return array(
        select distinct element.value::scheduling.start_rule
        from jsonb_array_elements_text(v_list) as element (value)
        order by 1
    );
end;
$$;

/*
 * Refuse a member who may not book for others with these rules set aside. Staff may set aside
 * notice and advance; hours, closures and limits are for managers.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function scheduling.refuse_overrides(
    business_id uuid, overrides scheduling.start_rule[]
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform private.require_member(
        business_id,
        case
            when overrides && '{hours,closures,limits}'::scheduling.start_rule[] then 'manage'
            else 'serve'
        end
    );
end;
$$;

/*
 * Return the rules that the start of a leg breaks. A class has sessions and no hours. The booking
 * is the one that is about to be written: limits for each customer do not count the member.
 */
create function scheduling.broken_rules(leg scheduling.leg, booking_id uuid)
returns scheduling.start_rule[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.bookable_service(leg.service_id);
    v_time_zone text = business.time_zone(leg.business_id);
    v_needs scheduling.need[] = scheduling.needs_of(
        leg.service_id, leg.resource_id, leg.party_size
    );
    v_hours record;
    v_broken scheduling.start_rule[] = '{}';
begin
    if leg.starts_at < scheduling.first_bookable(v_service, v_time_zone) then
        v_broken = v_broken || 'notice'::scheduling.start_rule;
    end if;
    if leg.starts_at >= scheduling.end_of_bookable(v_service, v_time_zone) then
        v_broken = v_broken || 'advance'::scheduling.start_rule;
    end if;
    if leg.is_class then
        v_hours = scheduling.is_in_session(leg);
    else
        v_hours = scheduling.is_in_hours(leg, v_service, v_needs, '{}');
        if not v_hours.in_hours then
            v_broken = v_broken || 'hours'::scheduling.start_rule;
            v_hours = scheduling.is_in_hours(leg, v_service, v_needs, '{hours}');
        end if;
    end if;
    if v_hours.in_hours and not v_hours.not_shut then
        v_broken = v_broken || 'closures'::scheduling.start_rule;
    end if;
    if (scheduling.passed_limit(leg, v_needs, broken_rules.booking_id)).id is not null then
        v_broken = v_broken || 'limits'::scheduling.start_rule;
    end if;
    return v_broken;
end;
$$;

/*
 * Return those of the rules that a member sets aside which the start of a leg breaks.
 */
create function scheduling.overridden_rules(
    leg scheduling.leg, overrides scheduling.start_rule[], booking_id uuid
)
returns scheduling.start_rule[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if overrides = '{}' then
        return '{}';
    end if;
    return array(
        select broken.rule
        from unnest(scheduling.broken_rules(leg, booking_id)) as broken (rule)
        where broken.rule = any(overrides)
        order by broken.rule
    );
end;
$$;

-- sql/42_availability/functions/prices.sql

-- What a selection costs: the lines that scheduling asks pricing about.

/*
 * Return the lines of a quote for some legs: the price of the service with its add-ons, for each
 * guest.
 */
create function scheduling.lines_of(legs scheduling.leg[])
returns pricing.line[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select pricing.make_line(
            kind => 'service',
            name => leg.service_name,
            quantity => leg.party_size,
            unit_minor => leg.price_minor + addons.total_minor,
            currency => leg.currency,
            reference => jsonb_build_object('service_id', leg.service_id, 'addons', leg.addons),
            item_id => leg.service_id,
            addon_ids => addons.ids,
            addon_minors => addons.minors,
            starts_at => leg.starts_at,
            resource_id => leg.resource_id
        )
        from unnest(legs) with ordinality as leg
        cross join lateral (
            select
                coalesce(array_agg((addon.value ->> 'id')::uuid order by addon.place), '{}') as ids,
                coalesce(
                    array_agg((addon.value ->> 'price_minor')::bigint order by addon.place), '{}'
                ) as minors,
                coalesce(sum((addon.value ->> 'price_minor')::bigint), 0)::bigint as total_minor
            from jsonb_array_elements(leg.addons) with ordinality as addon (value, place)
        ) as addons
        order by leg.ordinality
    );
end;
$$;

/*
 * Price some legs of one business for a buyer: an account, a guest with a proven address, or nobody
 * who is known.
 *
 * Errors:  PT409 insufficient_points · PT422 coupon_invalid
 */
create function scheduling.price_legs(
    legs scheduling.leg[], terms pricing.context, buyer_id uuid, buyer_email text
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return pricing.quote(
        scheduling.lines_of(legs),
        pricing.for_buyer(terms, legs[1].business_id, buyer_id, buyer_email)
    );
end;
$$;

/*
 * Return what a line of a quote costs after its discounts, with the tax that comes on top.
 */
create function scheduling.price_of_line(line jsonb)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (line ->> 'amount_minor')::bigint - (line ->> 'discount_minor')::bigint
        + case when (line ->> 'tax_is_included')::boolean then 0
            else (line ->> 'tax_minor')::bigint end;
end;
$$;

-- sql/42_availability/functions/refusals.sql

-- Why a start cannot be booked. Called only after scheduling.vacancies found nobody; the first
-- reason that applies is refused by name. A time that is simply taken has a quicker check of its
-- own.

/*
 * Say whether a start is one of the steps of some windows.
 */
create function scheduling.is_step(
    start timestamptz, windows tstzrange[], step interval, slot_offset interval
)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from unnest(windows) as opening
        where
            start <@ opening
            and start >= lower(opening) + slot_offset
            and date_bin(step, start, lower(opening) + slot_offset) = start
    );
end;
$$;

/*
 * Say whether hours allow a leg to start, and whether they are not shut then by closures or blocked
 * periods. Each pool needs somebody, and a leading resource must have a step at the start. Without
 * hours, everybody works at every start.
 */
create function scheduling.is_in_hours(
    leg scheduling.leg,
    service catalog.services,
    needs scheduling.need[],
    overridden scheduling.start_rule[],
    out in_hours boolean,
    out not_shut boolean
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_during tstzrange = tstzrange(leg.starts_at, leg.ends_at);
    v_ids uuid[] = array(select need.id from unnest(needs) as need);
    v_step interval = make_interval(mins => service.slot_interval_minutes);
    v_offset interval = make_interval(mins => service.slot_offset_minutes);
begin
    with pools as (
        select
            bool_or(facts.is_open) as in_hours,
            bool_or(facts.is_open and not coalesce(closings.closings && v_during, false)) as not_shut
        from unnest(needs) as need
        left join scheduling.openings(
            leg.business_id,
            v_ids,
            array(select each.time_zone from unnest(needs) as each),
            array(select each.kind = 'staff' from unnest(needs) as each),
            v_during::tstzmultirange
        ) as openings on openings.resource_id = need.id
        left join scheduling.closings(leg.business_id, v_ids, v_during::tstzmultirange) as closings
            on closings.resource_id = need.id
        cross join lateral (
            select
                'hours' = any(overridden)
                or coalesce(openings.openings @> v_during, false)
                and (
                    not need.is_leading
                    or scheduling.is_step(leg.starts_at, openings.windows, v_step, v_offset)
                ) as is_open
        ) as facts
        group by need.pool
    )

    select
        coalesce(bool_and(pools.in_hours) and count(*) = needs[1].pool_count, false),
        coalesce(bool_and(pools.not_shut), false)
    into in_hours, not_shut
    from pools;
end;
$$;

/*
 * Refuse a start outside the service's notice, advance and dates, unless they are overridden.
 *
 * Errors:  PT422 too_soon too_far
 */
create function scheduling.refuse_date(
    leg scheduling.leg,
    service catalog.services,
    time_zone text,
    overridden scheduling.start_rule[]
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_period tstzrange = scheduling.bookable_period(service, time_zone, overridden);
begin
    if leg.starts_at < scheduling.first_bookable(service, time_zone, overridden) then
        perform private.refuse(
            'PT422', 'too_soon', 'That time is too soon to book.', 'Choose a later time.'
        );
    end if;
    if isempty(v_period) or leg.starts_at >= upper(v_period) then
        perform private.refuse(
            'PT422', 'too_far', 'That time is too far ahead to book.', 'Choose an earlier time.'
        );
    end if;
end;
$$;

/*
 * Say whether the time between start and end is taken for everybody in a pool that the service
 * needs. Asked before anything else: in a rush on one slot nearly every caller gets this answer,
 * which needs no hours.
 */
create function scheduling.is_plainly_taken(
    leg scheduling.leg, needs scheduling.need[], except_booking_id uuid
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return not leg.is_class and exists (
        select 1
        from unnest(needs) as need
        group by need.pool
        having
            bool_and(
                need.capacity = 1
                and exists (
                    select 1
                    from scheduling.allocations
                    where
                        allocations.resource_id = need.id
                        and allocations.unit = 1
                        and allocations.during && tstzrange(leg.starts_at, leg.ends_at)
                        and allocations.is_blocking
                        and (allocations.expires_at is null or allocations.expires_at > v_now)
                        and coalesce(
                            allocations.booking_id <> is_plainly_taken.except_booking_id, true
                        )
                )
            )
    );
end;
$$;

/*
 * Refuse a time at which the business or the resource is shut. If the chosen resource is away, the
 * hint names the colleague who stands in, if they provide the service.
 *
 * Errors:  PT422 blocked_out
 */
create function scheduling.refuse_shut(leg scheduling.leg)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_absent record;
begin
    select
        resources.name,
        stand_ins.id as stand_in_id,
        stand_ins.name as stand_in_name
    into v_absent
    from catalog.blocked_periods
    inner join catalog.resources on resources.id = blocked_periods.resource_id
    inner join catalog.resources as stand_ins on stand_ins.id = blocked_periods.stand_in_id
    inner join catalog.service_resources
        on
            service_resources.service_id = leg.service_id
            and service_resources.resource_id = stand_ins.id
    where
        blocked_periods.business_id = leg.business_id
        and blocked_periods.resource_id = leg.resource_id
        and blocked_periods.during && tstzrange(leg.starts_at, leg.ends_at)
        and stand_ins.is_active
    order by lower(blocked_periods.during), blocked_periods.id
    limit 1;
    if v_absent.stand_in_id is not null then
        perform private.refuse(
            'PT422', 'blocked_out', format('%s is away at that time.', v_absent.name),
            format(
                'Ask for %s instead (resource_id %s), or choose another time.',
                v_absent.stand_in_name, v_absent.stand_in_id
            )
        );
    end if;
    perform private.refuse(
        'PT422', 'blocked_out', 'The business takes no bookings at that time.',
        'Ask for slots and choose one of them.'
    );
end;
$$;

/*
 * Refuse a start, and say why it cannot be booked. Overridden rules are no reason; a class needs a
 * session even so.
 *
 * Errors:  PT409 slot_taken
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached
 */
create function scheduling.refuse_start(
    leg scheduling.leg,
    except_booking_id uuid,
    overridden scheduling.start_rule[] default '{}'
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.provided_service(leg.service_id, except_booking_id);
    v_time_zone text;
    v_needs scheduling.need[] = scheduling.needs_of(
        leg.service_id, leg.resource_id, leg.party_size
    );
    v_hours record;
    v_limit catalog.booking_limits;
begin
    select businesses.time_zone into v_time_zone
    from business.businesses
    where businesses.id = leg.business_id;

    if v_needs = '{}' and leg.resource_id is not null then
        perform private.refuse(
            'PT422', 'not_eligible', 'That resource does not provide this service.',
            'Choose a resource from service_resources, or omit resource_id.'
        );
    end if;
    perform scheduling.refuse_date(leg, v_service, v_time_zone, overridden);
    v_hours = case
        when leg.is_class then scheduling.is_in_session(leg)
        else scheduling.is_in_hours(leg, v_service, v_needs, overridden)
    end;
    if not v_hours.in_hours then
        perform private.refuse(
            'PT422', 'outside_hours', 'This service cannot start at that time.',
            'Ask for slots and choose one of them.'
        );
    end if;
    if not v_hours.not_shut and 'closures' <> all(overridden) then
        perform scheduling.refuse_shut(leg);
    end if;
    if 'limits' <> all(overridden) then
        v_limit = scheduling.passed_limit(leg, v_needs, except_booking_id);
        if v_limit.id is not null then
            perform scheduling.refuse_limit(v_limit);
        end if;
    end if;
    perform scheduling.refuse_taken();
end;
$$;

-- sql/42_availability/functions/selections.sql

-- How clients say what they want to book: one service each time, with when, whom and what. Every
-- function that takes such arguments reads them here, so that the same words mean the same thing.

/*
 * Make a selection.
 */
create function scheduling.make_selection(
    service_id uuid,
    starts_at timestamptz,
    resource_id uuid,
    party_size integer,
    addon_ids uuid[] default '{}',
    gap_minutes integer default null,
    answers jsonb default null,
    link_token text default null
)
returns scheduling.selection
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_selection scheduling.selection;
begin
    v_selection.service_id = make_selection.service_id;
    v_selection.starts_at = make_selection.starts_at;
    v_selection.gap_minutes = make_selection.gap_minutes;
    v_selection.resource_id = make_selection.resource_id;
    v_selection.addon_ids = make_selection.addon_ids;
    v_selection.party_size = make_selection.party_size;
    v_selection.answers = make_selection.answers;
    v_selection.link_token = make_selection.link_token;
    return v_selection;
end;
$$;

/*
 * Read the size of a party, 1 if none is sent.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_party_size(value text, argument text default 'party_size')
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.to_whole_number(value, argument, 1, 1000, if_null => 1);
end;
$$;

/*
 * Read the arguments of a function that books one service.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_selection(
    service_id text,
    starts_at text,
    resource_id text,
    party_size text,
    addon_ids text,
    answers text,
    link_token text default null
)
returns scheduling.selection
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return scheduling.make_selection(
        service_id => private.to_identifier(to_selection.service_id, 'service_id'),
        starts_at => private.to_instant(to_selection.starts_at, 'starts_at'),
        resource_id => private.to_identifier(
            to_selection.resource_id, 'resource_id', is_required => false
        ),
        party_size => scheduling.to_party_size(to_selection.party_size),
        addon_ids => private.to_identifiers(to_selection.addon_ids, 'addon_ids'),
        answers => private.to_object(to_selection.answers, 'answers'),
        link_token => private.to_text(to_selection.link_token, 'link_token', 100)
    );
end;
$$;

/*
 * Read the arguments of a function that shows when a service is free, as a leg without a start.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired not_bookable
 */
create function scheduling.to_leg(
    service_id text, resource_id text, party_size text, addon_ids text, link_token text
)
returns scheduling.leg
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        scheduling.legs(array[
            scheduling.make_selection(
                service_id => private.to_identifier(to_leg.service_id, 'service_id'),
                starts_at => null,
                resource_id => private.to_identifier(
                    to_leg.resource_id, 'resource_id', is_required => false
                ),
                party_size => scheduling.to_party_size(to_leg.party_size),
                addon_ids => private.to_identifiers(to_leg.addon_ids, 'addon_ids'),
                link_token => private.to_text(to_leg.link_token, 'link_token', 100)
            )
        ])
    )[1];
end;
$$;

/*
 * Read the items of book_many and quote. The first one starts at `starts_at` if it says no time of
 * its own, and `party_size` is for the items that say none.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_selections(
    items text, starts_at timestamptz default null, party_size integer default 1
)
returns scheduling.selection[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_item jsonb;
    v_selections scheduling.selection[] = '{}';
begin
    foreach v_item in array private.to_objects(
        items,
        'items',
        20,
        '{service_id,starts_at,gap_minutes,resource_id,addon_ids,party_size,answers,link_token}'
    ) loop
        v_selections = v_selections || scheduling.to_item(v_item, to_selections.party_size);
    end loop;
    if v_selections = '{}' then
        perform private.invalid('items', 'must not be empty');
    end if;
    v_selections[1].starts_at = coalesce(v_selections[1].starts_at, to_selections.starts_at);
    return v_selections;
end;
$$;

/*
 * Read one item of book_many or quote.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_item(item jsonb, party_size integer)
returns scheduling.selection
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return scheduling.make_selection(
        service_id => private.to_identifier(item ->> 'service_id', 'items.service_id'),
        starts_at => private.to_instant(
            item ->> 'starts_at', 'items.starts_at', is_required => false
        ),
        resource_id => private.to_identifier(
            item ->> 'resource_id', 'items.resource_id', is_required => false
        ),
        party_size => private.to_whole_number(
            item ->> 'party_size', 'items.party_size', 1, 1000, if_null => to_item.party_size
        ),
        addon_ids => private.to_identifiers(item ->> 'addon_ids', 'items.addon_ids'),
        gap_minutes => private.to_whole_number(
            item ->> 'gap_minutes', 'items.gap_minutes', 0, 1440, is_required => false
        ),
        answers => private.to_object(item ->> 'answers', 'items.answers'),
        link_token => private.to_text(item ->> 'link_token', 'items.link_token', 100)
    );
end;
$$;

-- sql/42_availability/functions/sessions.sql

-- Classes: which of their sessions can be booked. Sessions are made by the business
-- (44_bookings), and their seats are taken by bookings.

/*
 * Return the sessions of a class that start in some periods, led by a given resource or anybody, at
 * times when neither the business nor the leader is shut, unless closures are overridden.
 */
create function scheduling.open_sessions(
    service catalog.services,
    starts tstzmultirange,
    resource_id uuid,
    overridden scheduling.start_rule[] default '{}'
)
returns setof scheduling.sessions
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_reach tstzrange = tstzrange(
        lower(starts), upper(starts) + make_interval(mins => service.duration_minutes), '[]'
    );
begin
    return query
    with wanted as materialized (
        select sessions.*
        from scheduling.sessions
        where
            sessions.business_id = open_sessions.service.business_id
            and sessions.service_id = open_sessions.service.id
            and sessions.starts_at >= lower(open_sessions.starts)
            and sessions.starts_at <= upper(open_sessions.starts)
            and sessions.starts_at <@ open_sessions.starts
            and (
                open_sessions.resource_id is null
                or sessions.resource_id = open_sessions.resource_id
            )
    )

    select wanted.*
    from wanted
    left join scheduling.closings(
        service.business_id,
        array(select distinct coalesce(leaders.resource_id, leaders.business_id) from wanted as leaders),
        v_reach::tstzmultirange
    ) as closings
        on closings.resource_id = coalesce(wanted.resource_id, wanted.business_id)
    where
        'closures' = any(overridden)
        or not coalesce(closings.closings && tstzrange(wanted.starts_at, wanted.ends_at), false);
end;
$$;

/*
 * Return the sessions of a class that a party can book, as vacancies: open ones with enough free
 * seats, at times when no limit is reached.
 */
create function scheduling.session_vacancies(
    service catalog.services,
    starts tstzmultirange,
    resource_id uuid,
    party_size integer,
    except_booking_id uuid,
    overridden scheduling.start_rule[] default '{}'
)
returns setof scheduling.vacancy
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
    v_starts tstzmultirange = starts - scheduling.full_for_everybody(
        scheduling.full_times(
            service, '{}', range_merge(starts), service.duration_minutes, except_booking_id,
            overridden
        )
    );
begin
    return query
    select
        sessions.starts_at,
        sessions.resource_id,
        'seats',
        true,
        session_vacancies.party_size,
        sessions.capacity - taken.seats,
        sessions.capacity,
        row_number() over (order by resources.position, resources.name, sessions.id)::integer,
        sessions.id
    from scheduling.open_sessions(
        service, v_starts, session_vacancies.resource_id, overridden
    ) as sessions
    left join catalog.resources on resources.id = sessions.resource_id
    cross join lateral (
        select count(*)::integer as seats
        from scheduling.seats
        where
            seats.business_id = sessions.business_id
            and seats.session_id = sessions.id
            and seats.is_blocking
            and (seats.expires_at is null or seats.expires_at > v_now)
            and seats.booking_id is distinct from session_vacancies.except_booking_id
    ) as taken
    where sessions.capacity - taken.seats >= session_vacancies.party_size;
end;
$$;

/*
 * Say whether a leg starts with a session, and whether that session is not shut.
 */
create function scheduling.is_in_session(
    leg scheduling.leg, out in_hours boolean, out not_shut boolean
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    select
        count(*) > 0,
        coalesce(
            bool_or(
                not coalesce(
                    closings.closings && tstzrange(sessions.starts_at, sessions.ends_at), false
                )
            ),
            false
        )
    into in_hours, not_shut
    from scheduling.sessions
    left join scheduling.closings(
        sessions.business_id,
        array[coalesce(sessions.resource_id, sessions.business_id)],
        tstzmultirange(tstzrange(sessions.starts_at, sessions.ends_at))
    ) as closings on true
    where
        sessions.business_id = leg.business_id
        and sessions.service_id = leg.service_id
        and sessions.starts_at = leg.starts_at
        and (leg.resource_id is null or sessions.resource_id = leg.resource_id);
end;
$$;

-- sql/42_availability/functions/timelines.sql

-- What each resource can do for a service: when it works, what takes it already, and the starts
-- that this leaves. Vacancies are found on these timelines.

/*
 * Return periods that begin earlier and end later.
 */
create function scheduling.widened(periods tstzmultirange, before interval, after interval)
returns tstzmultirange
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select range_agg(tstzrange(lower(period) - before, upper(period) + after))
        from unnest(periods) as period
    );
end;
$$;

/*
 * Return the period in which every resource works, or null if hours are not overridden: it reaches
 * to the end of `reach`, and steps begin at the first start.
 */
create function scheduling.always_open(
    service catalog.services,
    starts tstzmultirange,
    reach tstzmultirange,
    overridden scheduling.start_rule[]
)
returns tstzrange
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case
        when 'hours' = any(overridden) then tstzrange(
            lower(starts) - make_interval(mins => service.slot_offset_minutes), upper(reach)
        )
    end;
end;
$$;

/*
 * Return the timeline of each resource that a service needs: its windows, what clashes with a start
 * unit by unit, and those of the given starts from which the service ends before its opening does,
 * while no limit is reached. Where a resource with one unit is taken it has no starts. Rules that a
 * member sets aside do not count.
 */
create function scheduling.timelines(
    service catalog.services,
    needs scheduling.need[],
    starts tstzmultirange,
    minutes integer,
    except_booking_id uuid,
    overridden scheduling.start_rule[] default '{}'
)
returns setof scheduling.timeline
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_ids uuid[] = array(select need.id from unnest(needs) as need);
    v_length interval = make_interval(mins => minutes);
    v_before interval = make_interval(mins => service.buffer_before_minutes);
    v_after interval = make_interval(mins => service.buffer_after_minutes);
    v_reach tstzmultirange = scheduling.widened(starts, v_before, v_length + v_after);
    v_full scheduling.full_times[] = scheduling.full_times(
        service, v_ids, range_merge(starts), minutes, except_booking_id, overridden
    );
    v_starts tstzmultirange = starts - scheduling.full_for_everybody(v_full);
begin
    return query
    select
        need.id,
        need.pool,
        need.is_leading,
        need.units,
        need.capacity,
        need.rank,
        openings.windows,
        taken.clashes,
        v_starts
        * (
            select range_agg(tstzrange(lower(open.during), upper(open.during) - v_length, '[]'))
            from unnest(openings.openings - coalesce(closings.closings, '{}')) as open (during)
            where lower(open.during) <= upper(open.during) - v_length
        )
        - case need.capacity when 1 then coalesce(taken.clashes[1], '{}') else '{}' end
        - coalesce(taken.elsewhere, '{}') - coalesce(sold.times, '{}')
    from unnest(needs) as need
    inner join scheduling.openings(
        service.business_id,
        v_ids,
        array(select each.time_zone from unnest(needs) as each),
        array(select each.kind = 'staff' from unnest(needs) as each),
        v_reach,
        scheduling.always_open(service, starts, v_reach, overridden)
    ) as openings on openings.resource_id = need.id
    left join scheduling.closings(service.business_id, v_ids, v_reach) as closings
        on 'closures' <> all(overridden) and closings.resource_id = need.id
    left join scheduling.clashes(v_ids, v_reach, v_length + v_after, v_before, except_booking_id)
        as taken on taken.resource_id = need.id
    left join unnest(v_full) as sold on sold.resource_id = need.id;
end;
$$;

-- sql/42_availability/functions/unbookable.sql

-- Services that look bookable and never are, with the reason. `./frontdesk doctor` reports them.

/*
 * Return the longest opening without a break, in minutes, of each owner of hours (a resource, or a
 * business for those who follow it): in the weekly hours, where one day can run into the next, and
 * on special days that are still to come.
 */
create function scheduling.longest_openings()
returns table (owner_id uuid, weekly_minutes integer, special_minutes integer)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with weeks as (
        select
            coalesce(working_hours.resource_id, working_hours.business_id) as owner_id,
            range_agg(
                int4range(
                    week.minute + extract(epoch from working_hours.opens_at)::integer / 60,
                    week.minute + extract(epoch from working_hours.closes_at)::integer / 60
                )
            ) as minutes
        from catalog.working_hours
        cross join lateral (
            values ((working_hours.weekday - 1) * 1440), ((working_hours.weekday + 6) * 1440)
        ) as week (minute)
        group by 1
    ),

    longest as (
        select
            weeks.owner_id,
            max(upper(opening) - lower(opening)) as weekly_minutes,
            null::integer as special_minutes
        from weeks
        cross join lateral unnest(weeks.minutes) as opening
        group by weeks.owner_id
        union all
        select
            coalesce(schedule_exceptions.resource_id, schedule_exceptions.business_id),
            null,
            extract(epoch from schedule_exceptions.closes_at - schedule_exceptions.opens_at)::integer
            / 60
        from catalog.schedule_exceptions
        where
            schedule_exceptions.opens_at is not null
            and schedule_exceptions.ends_on >= (private.now() at time zone 'UTC')::date - 1
    )

    select
        longest.owner_id,
        max(longest.weekly_minutes),
        max(longest.special_minutes)
    from longest
    group by longest.owner_id;
end;
$$;

/*
 * Return the resources of each service that is not a class, with the longest opening of each in
 * minutes. A service without resources has one row without any. Rooms and equipment for which
 * nobody wrote hours are always open.
 */
create function scheduling.service_openings()
returns table (
    service_id uuid,
    pool text,
    is_active boolean,
    is_big boolean,
    longest_minutes integer,
    duration_minutes integer
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with openings as materialized (
        select * from scheduling.longest_openings()
    )

    select
        services.id,
        case service_resources.mode
            when 'all' then service_resources.resource_id::text
            else service_resources.pool
        end,
        coalesce(resources.is_active, false),
        resources.capacity >= service_resources.quantity,
        case
            when
                resources.kind <> 'staff'
                and own.weekly_minutes is null
                and shared.weekly_minutes is null then 2147483647
            else greatest(
                coalesce(own.weekly_minutes, shared.weekly_minutes),
                own.special_minutes,
                shared.special_minutes
            )
        end,
        services.duration_minutes
    from catalog.services
    left join catalog.service_resources on service_resources.service_id = services.id
    left join catalog.resources on resources.id = service_resources.resource_id
    left join openings as own on own.owner_id = resources.id
    left join openings as shared on shared.owner_id = services.business_id
    where not services.is_class;
end;
$$;

/*
 * Return services with a pool in which nobody can ever provide them, and the problem: nobody is
 * active (no_resource), has enough places (too_small), has any hours (no_hours), or has an opening
 * as long as the service without add-ons (too_short).
 */
create function scheduling.unbookable_pools()
returns table (service_id uuid, problem text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with pools as (
        select
            members.service_id,
            bool_or(members.is_active) as somebody,
            bool_or(members.is_active and members.is_big) as big,
            bool_or(members.is_active and members.is_big and members.longest_minutes > 0) as ever,
            bool_or(
                members.is_active
                and members.is_big
                and members.longest_minutes >= members.duration_minutes
            ) as enough
        from scheduling.service_openings() as members
        group by members.service_id, members.pool
    )

    select distinct
        pools.service_id,
        case
            when not pools.somebody then 'no_resource'
            when not pools.big then 'too_small'
            when pools.ever is not true then 'no_hours'
            else 'too_short'
        end
    from pools
    where pools.enough is not true;
end;
$$;

/*
 * Return services whose own settings never leave a start, and the problem: a class without a coming
 * session (no_session), a last date in the past (over), a notice longer than the advance
 * (notice_past_advance), a limit without room for one booking (limit_of_none).
 */
create function scheduling.unbookable_settings()
returns table (service_id uuid, problem text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        services.id,
        problems.problem
    from catalog.services
    inner join business.businesses on businesses.id = services.business_id
    cross join lateral (
        select 'no_session' as problem
        where
            services.is_class
            and not exists (
                select 1
                from scheduling.sessions
                where
                    sessions.business_id = services.business_id
                    and sessions.service_id = services.id
                    and sessions.starts_at > private.now()
            )
        union all
        select 'over'
        where services.bookable_until < (private.now() at time zone businesses.time_zone)::date
        union all
        select 'notice_past_advance'
        where services.min_notice_minutes >= (services.max_advance_days + 1) * 1440
        union all
        select 'limit_of_none'
        from catalog.booking_limits
        where
            booking_limits.service_id = services.id
            and (
                booking_limits.max_bookings = 0
                or booking_limits.max_minutes < services.duration_minutes
            )
    ) as problems;
end;
$$;

/*
 * Return the active services of public businesses that can never be booked, with each problem.
 */
create function scheduling.unbookable()
returns table (business text, service text, problem text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with problems as (
        select * from scheduling.unbookable_pools()
        union all
        select * from scheduling.unbookable_settings()
    )

    select distinct
        businesses.name,
        services.name,
        problems.problem
    from problems
    inner join catalog.services on services.id = problems.service_id
    inner join business.businesses on businesses.id = services.business_id
    where
        services.is_active
        and services.archived_at is null
        and businesses.is_active
        and businesses.status = 'approved'
    order by 1, 2, 3;
end;
$$;

-- sql/42_availability/functions/vacancies.sql

-- What can be booked. One function, scheduling.vacancies, decides it for a month of slots and for
-- the single start that somebody books, so the two never disagree. The functions above it are its
-- steps: the starts on the timeline of each resource (timelines.sql), and the resources that are
-- free together.

/*
 * Say whether somebody active is left in every pool that a service needs.
 */
create function scheduling.has_every_pool(needs scheduling.need[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if cardinality(needs) = 0 or needs[1].pool_count = 1 then
        return cardinality(needs) > 0;
    end if;
    return needs[1].pool_count = (select count(distinct need.pool) from unnest(needs) as need);
end;
$$;

/*
 * Return the starts that step from the windows of leading resources, with each of them that has
 * enough units left.
 */
create function scheduling.leading_vacancies(
    service catalog.services, timelines scheduling.timeline[]
)
returns setof scheduling.vacancy
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_step interval = make_interval(mins => service.slot_interval_minutes);
    v_offset interval = make_interval(mins => service.slot_offset_minutes);
begin
    return query
    select
        starts.at,
        timeline.id,
        timeline.pool,
        true,
        timeline.units,
        units.remaining,
        timeline.capacity,
        timeline.rank,
        null::uuid
    from unnest(timelines) as timeline
    cross join lateral (
        -- Windows may overlap, and two of them offer one start.
        select distinct stepped.at
        from unnest(timeline.windows) as opening
        cross join lateral unnest(timeline.starts * tstzmultirange(opening)) as possible
        cross join lateral (select lower(opening) + v_offset as at) as first
        cross join lateral generate_series(
            greatest(first.at, date_bin(v_step, lower(possible), first.at)), upper(possible), v_step
        ) as stepped (at)
        where stepped.at <@ possible
    ) as starts
    cross join lateral (
        select case timeline.capacity
            when 1 then 1
            else timeline.capacity - scheduling.units_taken(timeline.clashes, starts.at)
        end as remaining
    ) as units
    where timeline.is_leading and units.remaining >= timeline.units;
end;
$$;

/*
 * Return how many units of a resource clash with a start.
 */
create function scheduling.units_taken(clashes tstzmultirange[], at timestamptz)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_unit tstzmultirange;
    v_count integer = 0;
begin
    foreach v_unit in array coalesce(clashes, '{}') loop
        v_count = v_count + (v_unit @> at)::integer;
    end loop;
    return v_count;
end;
$$;

/*
 * Return the starts at which resources of every pool have enough units left, with each such
 * resource.
 */
create function scheduling.joint_vacancies(
    service catalog.services, timelines scheduling.timeline[], pool_count integer
)
returns setof scheduling.vacancy
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with vacancies as materialized (
        select * from scheduling.leading_vacancies(service, timelines)
    ),

    others as materialized (
        select
            starts.at,
            timeline.id,
            timeline.pool,
            timeline.is_leading,
            timeline.units,
            timeline.capacity - scheduling.units_taken(timeline.clashes, starts.at) as remaining,
            timeline.capacity,
            timeline.rank,
            null::uuid as session_id
        from unnest(timelines) as timeline
        inner join (select distinct vacancies.at from vacancies) as starts
            on not timeline.is_leading and timeline.starts @> starts.at
    ),

    free as materialized (
        select * from vacancies
        union all
        select * from others
        where others.remaining >= others.units
    )

    select free.*
    from free
    where
        free.at in (
            select starts.at
            from free as starts
            group by starts.at
            having count(distinct starts.pool) = joint_vacancies.pool_count
        );
end;
$$;

/*
 * Return every start in some periods, or at some moments, at which a service can be booked, with
 * each resource that could provide it then and the units that it has left. `minutes` is the length
 * with add-ons. A booking that is about to move is left out. Whoever knows what the service needs
 * hands it in. Rules that a member sets aside do not count; without hours `during` must be one
 * moment.
 * Definer: sees what is taken, and tells nobody by whom.
 */
create function scheduling.vacancies(
    service_id uuid,
    during tstzmultirange,
    resource_id uuid,
    party_size integer,
    minutes integer,
    except_booking_id uuid default null,
    needs scheduling.need[] default null,
    overridden scheduling.start_rule[] default '{}'
)
returns setof scheduling.vacancy
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
declare
    v_service catalog.services = scheduling.provided_service(
        vacancies.service_id, except_booking_id
    );
    v_starts tstzmultirange;
    v_needs scheduling.need[];
    v_timelines scheduling.timeline[];
begin
    if v_service.id is null or party_size > v_service.max_party_size then
        return;
    end if;
    v_starts = scheduling.bookable_part(v_service, during, except_booking_id, overridden);
    if isempty(v_starts) then
        return;
    end if;
    if v_service.is_class then
        return query
        select *
        from scheduling.session_vacancies(
            v_service, v_starts, vacancies.resource_id, party_size, except_booking_id, overridden
        );
        return;
    end if;
    v_needs = coalesce(needs, scheduling.needs_of(service_id, resource_id, party_size));
    if not scheduling.has_every_pool(v_needs) then
        return;
    end if;
    v_timelines = array(
        select timeline
        from scheduling.timelines(
            v_service, v_needs, v_starts, minutes, except_booking_id, overridden
        ) as timeline
    );
    if v_needs[1].pool_count = 1 then
        return query select * from scheduling.leading_vacancies(v_service, v_timelines);
    else
        return query
        select * from scheduling.joint_vacancies(v_service, v_timelines, v_needs[1].pool_count);
    end if;
end;
$$;

-- sql/42_availability/policies.sql

-- What public functions call to know what can be booked. Each checks its caller; none is reachable
-- over HTTP by itself.

grant execute on function
scheduling.make_selection(
    uuid, timestamptz, uuid, integer, uuid[], integer, jsonb, text
),
scheduling.to_party_size(text, text),
scheduling.to_selection(text, text, text, text, text, text, text),
scheduling.to_selections(text, timestamptz, integer),
scheduling.to_leg(text, text, text, text, text),
scheduling.to_item(jsonb, integer),
scheduling.to_overrides(text),
scheduling.legs(scheduling.selection[]),
scheduling.lines_of(scheduling.leg[]),
scheduling.price_legs(scheduling.leg[], pricing.context, uuid, text),
scheduling.price_of_line(jsonb),
scheduling.visible_service(uuid, boolean),
scheduling.open_service(uuid),
scheduling.refuse_unseen(),
scheduling.bookable_service(uuid),
scheduling.vacancies(
    uuid, tstzmultirange, uuid, integer, integer, uuid, scheduling.need[], scheduling.start_rule[]
),
scheduling.chosen_addons(uuid, uuid[])
to anon, authenticated, service_role;

-- sql/42_availability/api/links.sql

-- Private links for clients: made and revoked by owners and managers, opened by whoever has one.

create view public.private_links
with (security_invoker = true)
as
select
    private_links.id,
    private_links.business_id,
    private_links.service_id,
    private_links.label,
    private_links.expires_at,
    private_links.max_uses,
    scheduling.link_uses(private_links.business_id, private_links.id) as use_count,
    private_links.revoked_at,
    private_links.created_by,
    private_links.created_at
from catalog.private_links;
grant select on public.private_links to authenticated, service_role;

comment on view public.private_links is
'Secret links to services, for the business''s members.

Written by create_private_link and revoke_private_link.';
comment on column public.private_links.id is 'Primary key.';
comment on column public.private_links.business_id is 'The business.';
comment on column public.private_links.service_id is 'The service that it opens.';
comment on column public.private_links.label is 'For whom the link is, or null.';
comment on column public.private_links.expires_at is 'When it expires; null for never.';
comment on column public.private_links.max_uses is
'For how many bookings it is valid; null for no limit.';
comment on column public.private_links.use_count is
'How many services were booked through it, without cancelled ones.';
comment on column public.private_links.revoked_at is 'When it was revoked, or null.';
comment on column public.private_links.created_by is 'The user who created it.';
comment on column public.private_links.created_at is 'When it was created.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.create_private_link(
    service_id public.identifier,
    label text default null,
    expires_at public.instant default null,
    max_uses public.whole_number default null,
    out link_id uuid,
    out token text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    -- 244 random bits: two UUIDs of PostgreSQL's strong random source.
    token = replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
    link_id = scheduling.create_private_link(
        private.to_identifier(service_id, 'service_id'),
        token,
        private.to_text(label, 'label', 200),
        private.to_instant(expires_at, 'expires_at', is_required => false),
        private.to_whole_number(max_uses, 'max_uses', 1, 1000000, is_required => false)
    );
end;
$$;
comment on function public.create_private_link is
'Create a secret link to a service, hidden or not.

available_slots, quote and book take its token as link_token. For owners and managers. Returns '
'{link_id, token}; the token is returned only once.

- label: for whom the link is, at most 200 characters.
- expires_at: when it expires.
- max_uses: for how many bookings it is valid.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.revoke_private_link(link_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.revoke_private_link(private.to_identifier(link_id, 'link_id'));
end;
$$;
comment on function public.revoke_private_link is
'Revoke a link.

Bookings made through it stay. For owners and managers.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired
 */
create function public.resolve_link(token text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select scheduling.resolve_link(private.to_required_text(token, 'token', 100));
end;
comment on function public.resolve_link is
'Return what a private link opens: {service, business, addons, questions, resources, expires_at, '
'uses_left}.

- token: the link''s token.

Errors: invalid_input 400, not_found 404, link_expired 409.';
grant execute on function scheduling.link_uses(uuid, uuid) to authenticated, service_role;
grant execute on function
scheduling.create_private_link(uuid, text, text, timestamptz, integer),
scheduling.revoke_private_link(uuid),
scheduling.resolve_link(text),
public.create_private_link(public.identifier, text, public.instant, public.whole_number),
public.revoke_private_link(public.identifier),
public.resolve_link(text)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
