-- The initial schema of 90_insight: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/90_insight/tables/days.sql

-- Figures of days, counted before anybody asks. A day of a business is counted as a whole from the
-- rows of the other domains (functions/counting.sql), and the result is kept. Whatever changes such
-- a row adds a change that names its day, in the same transaction; adding rows waits for nobody. A
-- worker counts changed days again, as often as it likes: the result replaces what was kept. A
-- reader counts the days that are changed or not kept itself, so figures are exact at any moment,
-- with or without workers.

create schema insight;
comment on schema insight is
'Figures of days and events of visitors. Exposed through the views of analytics alone.';

-- What a figure is about: the business as a whole, or one of its parts.
create type insight.subject as enum ('business', 'channel', 'service', 'resource', 'product');

create type insight.measure as enum (
    'held', 'pending_payment', 'pending', 'confirmed', 'checked_in', 'completed', 'cancelled',
    'rejected', 'no_show', 'expired', 'lead_minutes', 'booked_minutes', 'open_minutes',
    'new_customers', 'returning_customers', 'units', 'sold_minor', 'tax_minor', 'captured_minor',
    'refunded_minor', 'disputed_minor', 'gift_cards_minor'
);

create table insight.days (
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- A date in the zone of the business.
    day date not null,
    subject insight.subject not null,
    -- The id of a service, resource or product; a channel's name; '' is the business.
    subject_id text not null,
    -- ISO 4217; XXX, which is no currency, for what has none.
    currency text not null,
    -- Bookings that start on the day, by status; of a service or resource their items.
    held bigint not null default 0,
    pending_payment bigint not null default 0,
    pending bigint not null default 0,
    confirmed bigint not null default 0,
    checked_in bigint not null default 0,
    completed bigint not null default 0,
    cancelled bigint not null default 0,
    rejected bigint not null default 0,
    no_show bigint not null default 0,
    expired bigint not null default 0,
    -- From the making to the start of those that are neither held nor expired.
    lead_minutes bigint not null default 0,
    booked_minutes bigint not null default 0,
    open_minutes bigint not null default 0,
    new_customers bigint not null default 0,
    returning_customers bigint not null default 0,
    units bigint not null default 0,
    sold_minor bigint not null default 0,
    tax_minor bigint not null default 0,
    captured_minor bigint not null default 0,
    refunded_minor bigint not null default 0,
    disputed_minor bigint not null default 0,
    gift_cards_minor bigint not null default 0,

    primary key (business_id, day, subject, subject_id, currency)
);
comment on table insight.days is
'The figures of a day of a business and its parts, by currency, as they were counted last.';
-- Platform-wide figures read the rows of businesses alone.
create index days_business_idx on insight.days (day, business_id) where subject = 'business';

create table insight.kept_days (
    business_id uuid not null references business.businesses (id) on delete cascade,
    day date not null,
    kept_at timestamptz not null default now(),

    primary key (business_id, day)
);
comment on table insight.kept_days is
'Which days were counted. A day without figures was counted too.';

create table insight.day_changes (
    id bigint generated always as identity primary key,
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- The days that must be counted again, both included; infinity for open ends.
    from_on date not null,
    to_on date not null,

    constraint day_changes_end_after_they_start check (to_on >= from_on)
);
comment on table insight.day_changes is
'Days of which something changed since they were counted. Only ever added to, and taken by the '
'worker that counts them again.';
create index day_changes_business_idx on insight.day_changes (business_id, from_on, to_on);

create type insight.taking_kind as enum ('captured', 'refunded', 'disputed', 'gift_cards');

-- The ledger has no index by business and instant, and needs none but this.
create table insight.takings (
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- The transaction of the ledger.
    number bigint not null,
    at timestamptz not null,
    kind insight.taking_kind not null,
    currency text not null,
    amount_minor bigint not null,

    primary key (business_id, number, currency)
);
comment on table insight.takings is
'The movements of the ledger that are revenue of a business: captured payments, refunds, lost '
'disputes, and gift cards sold.';
create index takings_at_idx on insight.takings (business_id, at);

-- A day with the instants between which it lies.
create type insight.span as (day date, from_at timestamptz, until_at timestamptz);

-- One figure of a day, before it becomes a column of insight.days.
create type insight.figure as (
    day date,
    subject insight.subject,
    subject_id text,
    currency text,
    measure insight.measure,
    amount bigint
);

-- sql/90_insight/tables/demand.sql

-- What will be wanted of each service and variant, and days that are unlike others.

create table insight.forecasts (
    business_id uuid not null,
    -- One of the two.
    service_id uuid,
    variant_id uuid,
    made_at timestamptz not null,
    -- The first day, and what is expected of it and of each day after it.
    starts_on date not null,
    expected double precision array not null,
    -- smoothing, or seasonal_naive: as on the same weekday a week before.
    method text not null,
    -- Mean absolute error of a day in a back-test, of smoothing and of seasonal_naive.
    smoothing_error double precision not null,
    naive_error double precision not null,

    constraint forecasts_subject_unique
    unique nulls not distinct (business_id, service_id, variant_id),
    constraint forecasts_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint forecasts_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint forecasts_are_of_one_thing check (num_nonnulls(service_id, variant_id) = 1),
    -- What does not win is not used.
    constraint forecasts_use_what_wins check (
        method = case when smoothing_error < naive_error then 'smoothing' else 'seasonal_naive' end
    )
);
comment on table insight.forecasts is
'The expected demand of services and variants, with the error of a back-test.';
create index forecasts_service_idx on insight.forecasts (business_id, service_id);
create index forecasts_variant_idx on insight.forecasts (business_id, variant_id);

create table insight.unusual_days (
    business_id uuid not null references business.businesses (id) on delete cascade,
    day date not null,
    measure text not null,
    currency text not null,
    amount bigint not null,
    -- The median of the same weekday in the twelve weeks before.
    usual double precision not null,
    score double precision not null,
    announced_at timestamptz not null,

    primary key (business_id, day, measure, currency)
);
comment on table insight.unusual_days is
'Days that are unlike the same weekday before, each announced once.';

-- How long a variant takes to come, and how careful its business is.
create table insight.supply_terms (
    business_id uuid not null,
    variant_id uuid not null,
    lead_days integer not null default 14,
    safety_factor numeric not null default 1.65,

    primary key (business_id, variant_id),
    constraint supply_terms_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint supply_terms_lead_days_are_sane check (
        lead_days between 1 and 365
        or private.invalid('lead_days', 'must be from 1 to 365')
    ),
    constraint supply_terms_safety_factor_is_sane check (
        safety_factor between 0 and 5
        or private.invalid('safety_factor', 'must be from 0 to 5')
    )
);
comment on table insight.supply_terms is
'How long variants take to come; without a row 14 days, and a safety factor of 1.65.';

-- sql/90_insight/tables/events.sql

-- What visitors do, as pages and apps report it. An event has no account and no address. The
-- session is a random number of the client, kept only with the visitor's consent; without it the
-- event is counted and belongs to nobody.

create type insight.event_name as enum (
    'visited', 'searched', 'service_viewed', 'product_viewed', 'slots_viewed', 'added_to_cart',
    'checkout_started', 'paid'
);

create table insight.events (
    id bigint generated always as identity,
    at timestamptz not null,
    name insight.event_name not null,
    -- Null: a page of the platform.
    business_id uuid,
    -- Null without consent.
    session_id uuid,
    service_id uuid,
    product_id uuid,

    primary key (id, at)
)
partition by range (at);
comment on table insight.events is
'What visitors did, by month. A month is dropped as a whole when it is too old.';
-- What happened at a business on a day.
create index events_business_idx on insight.events (business_id, at);

-- What falls into no month that is prepared; insight.keep_event_months prepares them in time.
create table insight.events_else partition of insight.events default;

-- sql/90_insight/tables/reports.sql

-- Reports that people put together: what they may ask for is a catalog of subjects, dimensions and
-- measures. A report is data and never SQL: its names are looked up here, and its values stay
-- parameters. Members save reports and share them inside their business.

create table insight.report_subjects (
    name text primary key,
    description text not null,
    -- Figures of days: of which part of a business. Null: rows of a view.
    part insight.subject,
    -- Rows of a view in public, read under the caller's policies, and the instant that dates a row.
    view_name text,
    instant_column text,

    constraint report_subjects_read_days_or_a_view check (
        (part is null) = (view_name is not null)
        and (view_name is null) = (instant_column is null)
    )
);
comment on table insight.report_subjects is
'What a report can be about, and from where its rows come.';

create type insight.report_field_kind as enum ('dimension', 'measure');

create table insight.report_fields (
    subject text not null references insight.report_subjects (name) on delete cascade,
    name text not null,
    kind insight.report_field_kind not null,
    description text not null,
    -- In which order fields are listed.
    position smallint not null,
    -- What a dimension shows or a measure sums; null: the day of a row, or the number of rows.
    column_name text,
    -- Of a dimension without a column: the period that begins with what it shows.
    grain text,
    -- Money is shown by currency and never summed across currencies.
    is_money boolean not null default false,

    primary key (subject, name),
    constraint report_fields_grain_is_known check (
        grain in ('day', 'week', 'month', 'quarter', 'year', 'weekday')
    ),
    constraint report_fields_dimension_is_a_column_or_a_period check (
        kind = 'measure' or (column_name is null) <> (grain is null)
    ),
    constraint report_fields_measure_has_no_period check (
        kind = 'dimension' or grain is null
    ),
    constraint report_fields_money_is_a_measure check (
        not is_money or (kind = 'measure' and column_name is not null)
    )
);
comment on table insight.report_fields is
'The dimensions and measures that reports can have. Every name in a report is one of these.';

create table insight.reports (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    definition jsonb not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint reports_business_id_id_unique unique (business_id, id),
    constraint reports_name_once unique (business_id, name),
    constraint reports_name_is_short check (
        length(btrim(name)) between 1 and 100 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 100 printable characters')
    )
);
comment on table insight.reports is
'Reports that the members of a business saved, each under a name.';

-- A report as it was read: every name is of the catalog.
create type insight.report as (
    business_id uuid,
    subject text,
    from_on date,
    to_on date,
    dimensions text [],
    measures text [],
    filters jsonb,
    sort text [],
    max_rows integer
);

-- sql/90_insight/tables/values.sql

-- What each customer bought, and what they will probably buy. Once a day a function counts all
-- customers of a business in one write, and a worker adds what a model expects of them
-- (docs/analytics.md). Segments, churn and values are views of these rows.

create table insight.customer_values (
    business_id uuid not null,
    customer_id uuid not null,
    -- The date in the zone of the business on which the row was counted, and what it is counted to.
    counted_on date not null,
    first_on date not null,
    last_on date not null,
    -- Days on which they bought something.
    purchases integer not null,
    -- What they bought, in the currency of the business: amounts of others are not added.
    currency text not null,
    value_minor bigint not null,
    -- What the model expects; null: no model fits the business.
    alive_bps integer,
    expected_purchases double precision,
    expected_minor double precision,

    primary key (business_id, customer_id),
    constraint customer_values_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint customer_values_days_are_in_order check (first_on <= last_on),
    constraint customer_values_bought_once check (purchases > 0),
    constraint customer_values_alive_is_a_share check (alive_bps between 0 and 10000),
    constraint customer_values_expected_together check (
        num_nulls(alive_bps, expected_purchases, expected_minor) in (0, 3)
    )
);
comment on table insight.customer_values is
'What each customer bought until a day, and what a model expects of them in the year after.';
comment on column insight.customer_values.customer_id is '[person: delete]';

-- How a business's customers were modelled: BG/NBD says how often they come, Gamma-Gamma what a
-- purchase is worth.
create table insight.value_models (
    business_id uuid not null references business.businesses (id) on delete cascade,
    fitted_at timestamptz not null,
    -- Customers that the parameters were fitted to.
    customers integer not null,
    r double precision not null,
    alpha double precision not null,
    a double precision not null,
    b double precision not null,
    p double precision not null,
    q double precision not null,
    v double precision not null,
    -- A model of the days before was compared with the last ones.
    test_days integer not null,
    expected_purchases double precision not null,
    actual_purchases integer not null,
    -- Mean absolute error of a customer, and of whoever goes on at the rate so far.
    error double precision not null,
    naive_error double precision not null,

    primary key (business_id)
);
comment on table insight.value_models is
'The parameters by which the customers of a business were valued, and the error of a back-test.';

-- sql/90_insight/functions/adding.sql

-- The figures of a page: what an owner, and the platform, sees of a period.

/*
 * Return a share in basis points, rounded half up; null of nothing.
 */
create function insight.share_bps(part numeric, whole numeric)
returns integer
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select round(10000 * part / nullif(whole, 0))::integer;
end;

/*
 * Add up days: one row for each part of a business and currency, with `day` for its own.
 */
create function insight.sum_days(days insight.days[], day date)
returns setof insight.days
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        (array_agg(each.business_id))[1],
        sum_days.day,
        each.subject,
        each.subject_id,
        each.currency,
        sum(each.held)::bigint,
        sum(each.pending_payment)::bigint,
        sum(each.pending)::bigint,
        sum(each.confirmed)::bigint,
        sum(each.checked_in)::bigint,
        sum(each.completed)::bigint,
        sum(each.cancelled)::bigint,
        sum(each.rejected)::bigint,
        sum(each.no_show)::bigint,
        sum(each.expired)::bigint,
        sum(each.lead_minutes)::bigint,
        sum(each.booked_minutes)::bigint,
        sum(each.open_minutes)::bigint,
        sum(each.new_customers)::bigint,
        sum(each.returning_customers)::bigint,
        sum(each.units)::bigint,
        sum(each.sold_minor)::bigint,
        sum(each.tax_minor)::bigint,
        sum(each.captured_minor)::bigint,
        sum(each.refunded_minor)::bigint,
        sum(each.disputed_minor)::bigint,
        sum(each.gift_cards_minor)::bigint
    from unnest(days) as each
    group by each.subject, each.subject_id, each.currency;
end;
$$;

/*
 * Return the money of some days, a row for each currency: what was sold, and what came in and went
 * out.
 */
create function insight.money_of(days insight.days[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(jsonb_agg(to_jsonb(money) order by money.currency), '[]')
        from (
            select
                each.currency,
                sum(each.sold_minor)::bigint as sold_minor,
                sum(each.tax_minor)::bigint as tax_minor,
                sum(each.captured_minor)::bigint as captured_minor,
                sum(each.refunded_minor)::bigint as refunded_minor,
                sum(each.disputed_minor)::bigint as disputed_minor,
                sum(each.gift_cards_minor)::bigint as gift_cards_minor,
                sum(
                    each.captured_minor - each.refunded_minor - each.disputed_minor
                    - each.gift_cards_minor
                )::bigint as revenue_minor
            from unnest(days) as each
            where each.currency <> 'XXX' and each.subject = 'business'
            group by each.currency
        ) as money
    );
end;
$$;

/*
 * Return the bookings, rates and customers of some days, in all currencies.
 */
create function insight.counts_of(days insight.days[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        with sums as (
            select
                coalesce(sum(each.held), 0) as held,
                coalesce(sum(each.pending_payment), 0) as pending_payment,
                coalesce(sum(each.pending), 0) as pending,
                coalesce(sum(each.confirmed), 0) as confirmed,
                coalesce(sum(each.checked_in), 0) as checked_in,
                coalesce(sum(each.completed), 0) as completed,
                coalesce(sum(each.cancelled), 0) as cancelled,
                coalesce(sum(each.rejected), 0) as rejected,
                coalesce(sum(each.no_show), 0) as no_show,
                coalesce(sum(each.expired), 0) as expired,
                coalesce(sum(each.lead_minutes), 0) as lead_minutes,
                coalesce(sum(each.booked_minutes), 0) as booked_minutes,
                coalesce(sum(each.open_minutes), 0) as open_minutes,
                coalesce(sum(each.new_customers), 0) as new_customers,
                coalesce(sum(each.returning_customers), 0) as returning_customers
            from unnest(days) as each
            where each.subject = 'business'
        ),

        made as (
            select
                sums.*,
                sums.pending_payment + sums.pending + sums.confirmed + sums.checked_in
                + sums.completed + sums.cancelled + sums.rejected + sums.no_show as bookings
            from sums
        )

        select jsonb_build_object(
            'bookings', made.bookings,
            'by_status', jsonb_build_object(
                'held', made.held, 'pending_payment', made.pending_payment, 'pending', made.pending,
                'confirmed', made.confirmed, 'checked_in', made.checked_in,
                'completed', made.completed, 'cancelled', made.cancelled,
                'rejected', made.rejected, 'no_show', made.no_show, 'expired', made.expired
            ),
            'cancellation_bps', insight.share_bps(made.cancelled, made.bookings),
            'no_show_bps', insight.share_bps(made.no_show, made.completed + made.no_show),
            'lead_minutes', round(made.lead_minutes / nullif(made.bookings, 0)),
            'booked_minutes', made.booked_minutes,
            'open_minutes', made.open_minutes,
            'utilisation_bps', insight.share_bps(made.booked_minutes, made.open_minutes),
            'new_customers', made.new_customers,
            'returning_customers', made.returning_customers
        )
        from made
    );
end;
$$;

/*
 * Return the figures of some days: counts, and the money by currency.
 */
create function insight.figures_of(days insight.days[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select insight.counts_of(days) || jsonb_build_object('money', insight.money_of(days))
    );
end;
$$;

-- sql/90_insight/functions/adding_parts.sql

-- The parts of a business beside each other, and its days one by one.

/*
 * Return how many bookings a row counts that are neither held nor expired.
 */
create function insight.bookings_of(figures insight.days)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        (figures).pending_payment + (figures).pending + (figures).confirmed
        + (figures).checked_in + (figures).completed + (figures).cancelled
        + (figures).rejected + (figures).no_show;
end;

/*
 * Return how a part of a business is called.
 */
create function insight.name_of(subject insight.subject, subject_id text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case subject
        when 'service' then (
            select services.name from catalog.services where services.id = subject_id::uuid
        )
        when 'resource' then (
            select resources.name from catalog.resources where resources.id = subject_id::uuid
        )
        when 'product' then (
            select products.name from catalog.products where products.id = subject_id::uuid
        )
        else subject_id
    end;
end;
$$;

/*
 * Rank the parts of a business of one kind in each currency by what they sold from a day on; those
 * that sold as much by bookings, units and id. `before` is what they did on earlier days.
 */
create function insight.rank_parts(days insight.days[], subject insight.subject, from_on date)
returns table (
    currency text, rank bigint, subject_id text, sold_minor bigint, bookings bigint, units bigint,
    before jsonb
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        sums.currency,
        row_number() over (
            partition by sums.currency
            order by sums.sold_minor desc, sums.bookings desc, sums.units desc, sums.subject_id
        ),
        sums.subject_id,
        sums.sold_minor,
        sums.bookings,
        sums.units,
        sums.before
    from (
        select
            each.currency,
            each.subject_id,
            coalesce(sum(each.sold_minor) filter (where each.day >= from_on), 0)::bigint,
            coalesce(sum(insight.bookings_of(each)) filter (where each.day >= from_on), 0)::bigint,
            coalesce(sum(each.units) filter (where each.day >= from_on), 0)::bigint,
            jsonb_build_object(
                'sold_minor',
                coalesce(sum(each.sold_minor) filter (where each.day < from_on), 0),
                'bookings',
                coalesce(sum(insight.bookings_of(each)) filter (where each.day < from_on), 0),
                'units', coalesce(sum(each.units) filter (where each.day < from_on), 0)
            )
        from unnest(days) as each
        where each.subject = rank_parts.subject and each.currency <> 'XXX'
        group by each.currency, each.subject_id
    ) as sums (currency, subject_id, sold_minor, bookings, units, before)
    where sums.sold_minor <> 0 or sums.bookings <> 0 or sums.units <> 0;
end;
$$;

/*
 * Return the first ten parts of a business of one kind in each currency (insight.rank_parts).
 */
create function insight.top_of(days insight.days[], subject insight.subject, from_on date)
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
                    'id', ranked.subject_id,
                    'name', insight.name_of(top_of.subject, ranked.subject_id),
                    'currency', ranked.currency,
                    'rank', ranked.rank,
                    'sold_minor', ranked.sold_minor,
                    'bookings', ranked.bookings,
                    'units', ranked.units,
                    'before', ranked.before
                )
                order by ranked.currency, ranked.rank
            ),
            '[]'
        )
        from insight.rank_parts(days, top_of.subject, from_on) as ranked
        where ranked.rank <= 10
    );
end;
$$;

/*
 * Return a period day by day: bookings that start, and money by currency.
 */
create function insight.series_of(days insight.days[], from_on date, to_on date)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_agg(
            jsonb_build_object(
                'day', dates.at::date,
                'bookings', coalesce(figures.bookings, 0),
                'money', coalesce(figures.money, '[]')
            )
            order by dates.at
        )
        from generate_series(from_on, to_on, interval '1 day') as dates (at)
        left join (
            select
                each.day,
                sum(insight.bookings_of(each))::bigint as bookings,
                jsonb_agg(
                    jsonb_build_object(
                        'currency', each.currency,
                        'sold_minor', each.sold_minor,
                        'revenue_minor',
                        each.captured_minor - each.refunded_minor - each.disputed_minor
                        - each.gift_cards_minor
                    )
                    order by each.currency
                ) filter (where each.currency <> 'XXX') as money
            from unnest(days) as each
            where each.subject = 'business'
            group by each.day
        ) as figures on figures.day = dates.at::date
    );
end;
$$;

-- sql/90_insight/functions/cohorts.sql

-- Customers by the month in which they first bought.

/*
 * Return how many customers of each month came back in each month since, of some businesses; null:
 * of all. A customer is an account, or an e-mail address or a phone number without one.
 */
create function insight.count_cohorts(business_ids uuid[])
returns table (
    business_id uuid, cohort date, month_number integer, customers bigint, cohort_size bigint
)
language sql
stable
security invoker
set search_path = ''
as $$
    with bought as (
        select distinct
            sales.business_id,
            coalesce(
                sales.customer_id::text, lower(sales.customer_email), sales.customer_phone
            ) as customer,
            date_trunc('month', sales.placed_at at time zone businesses.time_zone)::date as month
        from sales.sales
        inner join business.businesses on businesses.id = sales.business_id
        where
            num_nonnulls(sales.customer_id, sales.customer_email, sales.customer_phone) > 0
            and (business_ids is null or sales.business_id = any(business_ids))
    ),

    firsts as (
        select
            bought.*,
            min(bought.month) over (partition by bought.business_id, bought.customer) as cohort
        from bought
    ),

    counted as (
        select
            firsts.business_id,
            firsts.cohort,
            (
                extract(year from age(firsts.month, firsts.cohort)) * 12
                + extract(month from age(firsts.month, firsts.cohort))
            )::integer as month_number,
            count(*) as customers
        from firsts
        group by 1, 2, 3
    )

    select
        counted.business_id,
        counted.cohort,
        counted.month_number,
        counted.customers,
        first_value(counted.customers) over (
            partition by counted.business_id, counted.cohort order by counted.month_number
        )
    from counted
$$;

/*
 * Return the cohorts of all businesses.
 * Definer: analysts read the result, which has no persons, and not the rows below it.
 */
create function insight.customer_cohorts()
returns table (
    business_id uuid, cohort date, month_number integer, customers bigint, cohort_size bigint
)
language sql
stable
security definer
set search_path = ''
begin atomic
    select counted.* from insight.count_cohorts(null) as counted;
end;

/*
 * Return the businesses whose figures the caller may read: those that they manage or account for.
 */
create function insight.my_businesses()
returns uuid[]
language sql
stable
security invoker
set search_path = ''
begin atomic
    select array(
        select private.my_businesses('manage') as id
        union
        select private.my_businesses('account')
    );
end;

/*
 * Return the cohorts of the caller's businesses.
 * Definer: figures are of all rows of a business, whichever of them the caller may read.
 */
create function insight.my_cohorts()
returns table (
    business_id uuid, cohort date, month_number integer, customers bigint, cohort_size bigint
)
language sql
stable
security definer
set search_path = ''
begin atomic
    select counted.* from insight.count_cohorts(insight.my_businesses()) as counted;
end;

-- sql/90_insight/functions/counting.sql

-- How days are counted, from the rows of the other domains alone. What is kept and what is counted
-- for a reader comes from here, so both are the same.

/*
 * Return days with the instants between which they lie in the zone of the business.
 */
create function insight.spans(business_id uuid, days date[])
returns insight.span[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_zone constant text = business.time_zone(business_id);
begin
    return array(
        select
            row(
                counted.day,
                scheduling.start_of_date(counted.day, v_zone),
                scheduling.start_of_date(counted.day + 1, v_zone)
            )::insight.span
        from unnest(days) as counted (day)
    );
end;
$$;

/*
 * Return how a booking or an order came, by who took its first step: `online` if the customer did,
 * `business` if a member did, `system` if nobody did, and `other` if there was none.
 */
create function insight.channel_of(actor scheduling.actor_kind)
returns text
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select coalesce(case actor when 'customer' then 'online' else actor::text end, 'other');
end;

/*
 * Return how many bookings start on some days, by who made them, currency and status, with their
 * lead time.
 */
create function insight.bookings_on(business_id uuid, spans insight.span[])
returns table (
    day date, actor scheduling.actor_kind, currency text, status scheduling.booking_status,
    bookings bigint, lead_minutes bigint
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        span.day,
        first_step.actor,
        bookings.currency,
        bookings.status,
        count(*),
        coalesce(sum(
            greatest(floor(extract(epoch from bookings.starts_at - bookings.created_at) / 60), 0)
        ) filter (where bookings.status not in ('held', 'expired')), 0)::bigint
    from unnest(spans) as span
    inner join scheduling.bookings
        on
            bookings.business_id = bookings_on.business_id
            and bookings.starts_at >= span.from_at
            and bookings.starts_at < span.until_at
    left join lateral (
        select booking_history.actor
        from scheduling.booking_history
        where
            booking_history.business_id = bookings.business_id
            and booking_history.booking_id = bookings.id
        order by booking_history.id
        limit 1
    ) as first_step on true
    group by 1, 2, 3, 4;
end;
$$;

/*
 * Count the bookings that start on some days: by status, and their lead time, for the business and
 * for each channel.
 */
create function insight.count_bookings(business_id uuid, spans insight.span[])
returns setof insight.figure
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        counted.day,
        subjects.subject,
        subjects.subject_id,
        counted.currency,
        measures.measure,
        sum(measures.amount)::bigint
    from insight.bookings_on(count_bookings.business_id, spans) as counted
    cross join lateral (
        values
        ('business'::insight.subject, ''), ('channel', insight.channel_of(counted.actor))
    ) as subjects (subject, subject_id)
    cross join lateral (
        values
        (counted.status::text::insight.measure, counted.bookings),
        ('lead_minutes', counted.lead_minutes)
    ) as measures (measure, amount)
    group by 1, 2, 3, 4, 5;
end;
$$;

/*
 * Return how many items bookings of some days have, by service, resource, currency and status:
 * that of the booking, or `cancelled` if the item alone was. `minutes` are those that they take,
 * once for each unit of the resource.
 */
create function insight.items_on(business_id uuid, spans insight.span[])
returns table (
    day date, service_id uuid, resource_id uuid, currency text,
    status scheduling.booking_status, items bigint, minutes bigint
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        span.day,
        booking_items.service_id,
        booking_items.resource_id,
        bookings.currency,
        case
            when booking_items.cancelled_at is null then bookings.status else 'cancelled'
        end,
        count(*),
        coalesce(sum(
            booking_items.duration_minutes
            * least(booking_items.party_size, coalesce(resources.capacity, 1))
        ), 0)::bigint
    from unnest(spans) as span
    inner join scheduling.bookings
        on
            bookings.business_id = items_on.business_id
            and bookings.starts_at >= span.from_at
            and bookings.starts_at < span.until_at
    inner join scheduling.booking_items
        on
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
    left join catalog.resources
        on
            resources.business_id = booking_items.business_id
            and resources.id = booking_items.resource_id
    group by 1, 2, 3, 4, 5;
end;
$$;

/*
 * Count the items of the bookings that start on some days, for each service and resource, by
 * status; and the minutes of resources that are booked.
 */
create function insight.count_items(business_id uuid, spans insight.span[])
returns setof insight.figure
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        counted.day,
        subjects.subject,
        subjects.subject_id,
        measures.currency,
        measures.measure,
        sum(measures.amount)::bigint
    from insight.items_on(count_items.business_id, spans) as counted
    cross join lateral (
        values
        ('business'::insight.subject, ''),
        ('service', counted.service_id::text),
        ('resource', counted.resource_id::text)
    ) as subjects (subject, subject_id)
    cross join lateral (
        values
        (counted.currency, counted.status::text::insight.measure, counted.items),
        (
            'XXX',
            'booked_minutes',
            case
                when
                    counted.resource_id is not null
                    and counted.status in ('confirmed', 'checked_in', 'completed', 'no_show')
                    then counted.minutes
            end
        )
    ) as measures (currency, measure, amount)
    where
        subjects.subject_id is not null
        and measures.amount is not null
        -- Of a business bookings are counted, not their items.
        and (subjects.subject <> 'business' or measures.measure = 'booked_minutes')
    group by 1, 2, 3, 4, 5;
end;
$$;

-- sql/90_insight/functions/counting_customers.sql

-- How the customers of days are counted. A customer is an account or, without one, an e-mail
-- address or, without that, a phone number.

/*
 * Return the customers who bought on some days, each once a day.
 */
create function insight.customers_on(business_id uuid, spans insight.span[])
returns table (day date, from_at timestamptz, customer_id uuid, email text, phone text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select distinct
        span.day,
        span.from_at,
        sales.customer_id,
        case when sales.customer_id is null then lower(sales.customer_email) end,
        case
            when sales.customer_id is null and sales.customer_email is null
                then sales.customer_phone
        end
    from unnest(spans) as span
    inner join sales.sales
        on
            sales.business_id = customers_on.business_id
            and sales.placed_at >= span.from_at
            and sales.placed_at < span.until_at
    where num_nonnulls(sales.customer_id, sales.customer_email, sales.customer_phone) > 0;
end;
$$;

/*
 * Count the customers who bought on some days: new ones, whose first purchase it is, and returning
 * ones, who had bought on an earlier day.
 */
create function insight.count_customers(business_id uuid, spans insight.span[])
returns setof insight.figure
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        customers.day,
        'business'::insight.subject,
        '',
        'XXX',
        case when earlier.is_there then 'returning_customers' else 'new_customers' end
        ::insight.measure,
        count(*)
    from insight.customers_on(count_customers.business_id, spans) as customers
    cross join lateral (
        select case
            when customers.customer_id is not null then exists (
                select 1
                from sales.sales
                where
                    sales.customer_id = customers.customer_id
                    and sales.business_id = count_customers.business_id
                    and sales.placed_at < customers.from_at
            )
            when customers.email is not null then exists (
                select 1
                from sales.sales
                where
                    sales.customer_id is null
                    and lower(sales.customer_email) = customers.email
                    and sales.business_id = count_customers.business_id
                    and sales.placed_at < customers.from_at
            )
            else exists (
                select 1
                from sales.sales
                where
                    sales.customer_id is null
                    and sales.customer_email is null
                    and sales.customer_phone = customers.phone
                    and sales.business_id = count_customers.business_id
                    and sales.placed_at < customers.from_at
            )
        end as is_there
    ) as earlier
    group by 1, 5;
end;
$$;

-- sql/90_insight/functions/counting_hours.sql

-- How long resources are open.

/*
 * Return the active resources of a business that customers are booked with: those of the leading
 * pool of any service (scheduling.needs). Rooms that a service needs besides staff are none.
 */
create function insight.leading_resources(business_id uuid)
returns setof catalog.resources
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with listed as (
        select
            service_resources.service_id,
            resources.id,
            resources.kind,
            case service_resources.mode
                when 'all' then service_resources.resource_id::text
                else service_resources.pool
            end as pool
        from catalog.service_resources
        inner join catalog.resources on resources.id = service_resources.resource_id
        where service_resources.business_id = leading_resources.business_id
    ),

    pools as (
        select
            listed.id,
            listed.pool = first_value(listed.pool) over (
                partition by listed.service_id order by listed.kind, listed.pool
            ) as is_leading
        from listed
    )

    select resources.*
    from catalog.resources
    where
        resources.is_active
        and resources.id in (select pools.id from pools where pools.is_leading);
end;
$$;

/*
 * Count the minutes in which resources are open on some days, by the hours, exceptions, closures
 * and blocked periods as they stand; a resource with places counts once for each.
 */
create function insight.count_hours(business_id uuid, spans insight.span[])
returns setof insight.figure
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_resources catalog.resources[] = array(
        select resources
        from insight.leading_resources(count_hours.business_id) as resources
        order by resources.id
    );
    v_ids uuid[] = array(select each.id from unnest(v_resources) as each);
    v_zone constant text = business.time_zone(count_hours.business_id);
    v_during tstzmultirange = (
        select range_agg(tstzrange(span.from_at, span.until_at))
        from unnest(spans) as span
        where span.from_at < span.until_at
    );
begin
    return query
    select
        span.day,
        subjects.subject,
        subjects.subject_id,
        'XXX',
        'open_minutes'::insight.measure,
        (sum(extract(epoch from upper(open.during) - lower(open.during)) * each.capacity) / 60)
        ::bigint
    from unnest(v_resources) as each
    inner join scheduling.openings(
        count_hours.business_id,
        v_ids,
        array(select coalesce(resource.time_zone, v_zone) from unnest(v_resources) as resource),
        array(select resource.kind = 'staff' from unnest(v_resources) as resource),
        v_during
    ) as openings on openings.resource_id = each.id
    left join scheduling.closings(count_hours.business_id, v_ids, v_during) as closings
        on closings.resource_id = each.id
    cross join unnest(spans) as span
    cross join lateral unnest(
        tstzmultirange(tstzrange(span.from_at, span.until_at))
        * (openings.openings - coalesce(closings.closings, '{}'))
    ) as open (during)
    cross join lateral (
        values ('business'::insight.subject, ''), ('resource', each.id::text)
    ) as subjects (subject, subject_id)
    where span.from_at < span.until_at
    group by 1, 2, 3;
end;
$$;

-- sql/90_insight/functions/counting_money.sql

-- How the money of days is counted: what was sold, and what the ledger took in and gave back.

/*
 * Return the sales of which lines were written on some days, with who took the first step of the
 * booking or the order; null of neither.
 */
create function insight.sales_on(business_id uuid, spans insight.span[])
returns table (sale_id uuid, actor scheduling.actor_kind)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select distinct
        revisions.sale_id,
        coalesce(booked.actor, ordered.actor)
    from unnest(spans) as span
    inner join sales.sale_revisions as revisions
        on
            revisions.business_id = sales_on.business_id
            and revisions.at >= span.from_at
            and revisions.at < span.until_at
    left join scheduling.bookings
        on
            bookings.business_id = sales_on.business_id
            and bookings.sale_id = revisions.sale_id
    left join lateral (
        select booking_history.actor
        from scheduling.booking_history
        where
            booking_history.business_id = sales_on.business_id
            and booking_history.booking_id = bookings.id
        order by booking_history.id
        limit 1
    ) as booked on true
    left join commerce.orders
        on orders.business_id = sales_on.business_id and orders.sale_id = revisions.sale_id
    left join lateral (
        select order_history.actor
        from commerce.order_history
        where
            order_history.business_id = sales_on.business_id
            and order_history.order_id = orders.id
        order by order_history.id
        limit 1
    ) as ordered on true;
end;
$$;

/*
 * Return the lines that were written on some days, by what they sold, who provided it and who took
 * the first step of their booking or order. A line counts by the instant of its revision, so a
 * correction counts on its own day. Units are those that were agreed or added, before returns.
 */
create function insight.lines_on(business_id uuid, spans insight.span[])
returns table (
    day date, currency text, actor scheduling.actor_kind, service_id uuid, resource_id uuid,
    product_id uuid, units bigint, sold_minor bigint, tax_minor bigint
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        span.day,
        sales.currency,
        sold.actor,
        sale_lines.service_id,
        booking_items.resource_id,
        product_variants.product_id,
        coalesce(sum(sale_lines.quantity) filter (
            where sale_lines.corrects_line_id is null and sale_lines.amount_minor >= 0
        ), 0)::bigint,
        -- sales.line_total, written out: a call for each line takes longer than the rest.
        sum(
            sale_lines.amount_minor - sale_lines.discount_minor
            + case when sale_lines.tax_is_included then 0 else sale_lines.tax_minor end
        )::bigint,
        sum(sale_lines.tax_minor)::bigint
    from unnest(spans) as span
    inner join sales.sale_revisions as revisions
        on
            revisions.business_id = lines_on.business_id
            and revisions.at >= span.from_at
            and revisions.at < span.until_at
    inner join sales.sales
        on sales.business_id = revisions.business_id and sales.id = revisions.sale_id
    inner join sales.sale_lines
        on
            sale_lines.business_id = revisions.business_id
            and sale_lines.sale_id = revisions.sale_id
            and sale_lines.revision = revisions.revision
    left join scheduling.booking_items
        on
            booking_items.business_id = sale_lines.business_id
            and booking_items.sale_line_id = coalesce(sale_lines.corrects_line_id, sale_lines.id)
    left join insight.sales_on(lines_on.business_id, spans) as sold on sold.sale_id = sales.id
    left join catalog.product_variants on product_variants.id = sale_lines.variant_id
    where sale_lines.kind <> 'gift_card'
    group by 1, 2, 3, 4, 5, 6;
end;
$$;

/*
 * Count what was sold on some days, for the business, its channels, services, resources and
 * products. Gift cards are no sales: they are owed until somebody spends them.
 */
create function insight.count_sales(business_id uuid, spans insight.span[])
returns setof insight.figure
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        lines.day,
        subjects.subject,
        subjects.subject_id,
        lines.currency,
        measures.measure,
        sum(measures.amount)::bigint
    from insight.lines_on(count_sales.business_id, spans) as lines
    cross join lateral (
        values
        ('business'::insight.subject, ''),
        ('channel', insight.channel_of(lines.actor)),
        ('service', lines.service_id::text),
        ('resource', lines.resource_id::text),
        ('product', lines.product_id::text)
    ) as subjects (subject, subject_id)
    cross join lateral (
        values
        ('units'::insight.measure, lines.units),
        ('sold_minor', lines.sold_minor),
        ('tax_minor', lines.tax_minor)
    ) as measures (measure, amount)
    where
        subjects.subject_id is not null
        and (measures.measure <> 'units' or subjects.subject = 'product')
    group by 1, 2, 3, 4, 5;
end;
$$;

/*
 * Add up what the ledger took in and gave back for a business on some days.
 */
create function insight.count_takings(business_id uuid, spans insight.span[])
returns setof insight.figure
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        span.day,
        'business'::insight.subject,
        '',
        takings.currency,
        (takings.kind::text || '_minor')::insight.measure,
        sum(takings.amount_minor)::bigint
    from unnest(spans) as span
    inner join insight.takings
        on
            takings.business_id = count_takings.business_id
            and takings.at >= span.from_at
            and takings.at < span.until_at
    group by 1, 4, 5;
end;
$$;

-- sql/90_insight/functions/customers.sql

-- How the rows of customers are counted (tables/values.sql). A sale is a customer's when it has
-- their account or, without one, an address or a number of theirs; of several the one who proved
-- the address, then the one found by the address, then the oldest. What merged customers bought is
-- of the one who stays. A sale that came to nothing, because all was cancelled or refunded, is no
-- purchase. Gift cards are none: they are spent later.

/*
 * Return the sales of a business with the customer who bought, at most one.
 */
create function insight.buyers(business_id uuid)
returns table (sale_id uuid, customer_id uuid)
language sql
stable
security invoker
set search_path = ''
as $$
    select distinct on (found.sale_id)
        found.sale_id,
        coalesce((found.customer).merged_into_id, (found.customer).id)
    from (
        select sales.id as sale_id, customers as customer, 1 as place
        from sales.sales
        inner join customers.customers
            on
                customers.business_id = sales.business_id
                and customers.user_id = sales.customer_id
        where sales.business_id = buyers.business_id
        union all
        select sales.id, customers, 2
        from sales.sales
        inner join customers.customers
            on
                customers.business_id = sales.business_id
                and lower(customers.email) = lower(sales.customer_email)
        where sales.business_id = buyers.business_id and sales.customer_id is null
        union all
        select sales.id, customers, 3
        from sales.sales
        inner join customers.customers
            on
                customers.business_id = sales.business_id
                and customers.phone = sales.customer_phone
        where sales.business_id = buyers.business_id and sales.customer_id is null
    ) as found
    order by
        found.sale_id,
        found.place = 2 and (found.customer).contact_verified_at is not null desc,
        found.place,
        (found.customer).created_at,
        (found.customer).id
$$;

/*
 * Return the purchases of the customers of a business until a day, each with its day in the zone
 * of the business and what it is worth in the currency of the business.
 */
create function insight.purchases(business_id uuid, until_on date)
returns table (customer_id uuid, day date, value_minor bigint)
language sql
stable
security invoker
set search_path = ''
as $$
    select
        buyers.customer_id,
        (sales.placed_at at time zone businesses.time_zone)::date,
        case when sales.currency = businesses.currency then worth.total_minor else 0 end
    from insight.buyers(purchases.business_id) as buyers
    inner join sales.sales on sales.id = buyers.sale_id
    inner join business.businesses on businesses.id = sales.business_id
    inner join (
        select
            sale_lines.sale_id,
            -- sales.line_total, written out: a call for each line takes longer than the rest.
            sum(
                sale_lines.amount_minor - sale_lines.discount_minor
                + case when sale_lines.tax_is_included then 0 else sale_lines.tax_minor end
            )::bigint as total_minor
        from sales.sale_lines
        where
            sale_lines.business_id = purchases.business_id and sale_lines.kind <> 'gift_card'
        group by sale_lines.sale_id
    ) as worth on worth.sale_id = sales.id
    where
        worth.total_minor > 0
        and (sales.placed_at at time zone businesses.time_zone)::date <= until_on
$$;

/*
 * Count the customers of a business again, until yesterday. What a model expected of a customer
 * stays until the model is fitted again. Returns how many customers there are.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.count_customer_values(business_id uuid)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_day constant date = (
        private.now() at time zone business.time_zone(count_customer_values.business_id)
    )::date - 1;
    v_count integer;
begin
    perform pg_advisory_xact_lock(
        hashtextextended('insight.customer_values ' || count_customer_values.business_id, 0)
    );
    delete from insight.customer_values
    where
        customer_values.business_id = count_customer_values.business_id
        and customer_values.customer_id not in (
            select bought.customer_id
            from insight.purchases(count_customer_values.business_id, v_day) as bought
        );
    insert into insight.customer_values (
        business_id, customer_id, counted_on, first_on, last_on, purchases, currency, value_minor
    )
    select
        businesses.id,
        bought.customer_id,
        v_day,
        min(bought.day),
        max(bought.day),
        count(distinct bought.day),
        businesses.currency,
        sum(bought.value_minor)
    from insight.purchases(count_customer_values.business_id, v_day) as bought
    inner join business.businesses on businesses.id = count_customer_values.business_id
    group by businesses.id, businesses.currency, bought.customer_id
    on conflict on constraint customer_values_pkey do update set
        counted_on = excluded.counted_on,
        first_on = excluded.first_on,
        last_on = excluded.last_on,
        purchases = excluded.purchases,
        currency = excluded.currency,
        value_minor = excluded.value_minor;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Return the segment of a customer by the scores of recency and frequency, each from 1 to 5. Each
 * of the 25 pairs is in one segment.
 */
create function insight.segment_of(recency integer, frequency integer)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
    select case
        when recency >= 4 and frequency >= 4 then 'champions'
        when recency >= 4 and frequency >= 2 then 'potential_loyalists'
        when recency = 5 then 'new'
        when recency = 4 then 'promising'
        when recency = 3 and frequency >= 4 then 'loyal'
        when recency = 3 and frequency = 3 then 'needs_attention'
        when recency = 3 then 'about_to_sleep'
        when frequency = 5 then 'cannot_lose'
        when frequency >= 3 then 'at_risk'
        else 'hibernating'
    end
$$;

-- sql/90_insight/functions/dashboards.sql

-- The dashboard of an owner, in one call.

/*
 * Refuse a period that is none, or longer than three years.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.require_period(from_on date, to_on date)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if from_on is null then
        perform private.invalid('from_on', 'is required');
    elsif to_on is null then
        perform private.invalid('to_on', 'is required');
    elsif from_on not between '2000-01-01' and '2999-12-31' then
        perform private.invalid('from_on', 'must be between the years 2000 and 2999');
    elsif to_on < from_on or to_on - from_on > 1096 then
        perform private.invalid('to_on', 'must be from_on or at most 1096 days later');
    end if;
end;
$$;

/*
 * Refuse a caller who may not see the figures of a business.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function insight.require_reader(business_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if require_reader.business_id not in (select private.my_businesses('account'))
        and not private.is_platform_staff('support') then
        perform private.require_member(require_reader.business_id, 'manage');
    end if;
    if business.time_zone(require_reader.business_id) is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
end;
$$;

/*
 * Return the figures of today and of this week, which begins on Monday, in the zone of a business.
 */
create function insight.figures_now(business_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_today constant date = (
        private.now() at time zone business.time_zone(figures_now.business_id)
    )::date;
    v_monday constant date = date_trunc('week', v_today::timestamp);
    v_days insight.days[] = array(
        select current
        from insight.current_days(figures_now.business_id, v_monday, v_monday + 6) as current
        where current.subject = 'business'
    );
begin
    return jsonb_build_object(
        'today', jsonb_build_object('day', v_today) || insight.figures_of(
            array(select each from unnest(v_days) as each where each.day = v_today)
        ),
        'week', jsonb_build_object('from_on', v_monday, 'to_on', v_monday + 6)
        || insight.figures_of(v_days)
    );
end;
$$;

/*
 * Return of which business and period a page is.
 */
create function insight.page_head(business_id uuid, from_on date, to_on date)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'business_id', businesses.id,
            'name', businesses.name,
            'time_zone', businesses.time_zone,
            'currency', businesses.currency,
            'from_on', from_on,
            'to_on', to_on
        )
        from business.businesses
        where businesses.id = page_head.business_id
    );
end;
$$;

/*
 * Return the page of an owner (public.business_dashboard).
 * Definer: figures are of all rows of the business, whichever of them the caller may read.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function insight.business_dashboard(business_id uuid, from_on date, to_on date)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_before date;
    v_days insight.days[];
    v_now insight.days[];
    v_then insight.days[];
    v_series insight.days[];
begin
    perform insight.require_reader(business_dashboard.business_id);
    perform insight.require_period(from_on, to_on);
    v_before = from_on - (to_on - from_on + 1);
    v_days = array(
        select current
        from insight.current_days(business_dashboard.business_id, v_before, to_on) as current
    );
    v_series = array(
        select each from unnest(v_days) as each where each.subject = 'business' and each.day >= from_on
    );
    v_now = array(
        select sums
        from insight.sum_days(
            array(select each from unnest(v_days) as each where each.day >= from_on), from_on
        ) as sums
    );
    v_then = array(
        select sums
        from insight.sum_days(
            array(select each from unnest(v_days) as each where each.day < from_on), v_before
        ) as sums
    );
    return insight.page_head(business_dashboard.business_id, from_on, to_on)
    || insight.figures_of(v_now)
    || jsonb_build_object(
        'before', jsonb_build_object('from_on', v_before, 'to_on', from_on - 1)
        || insight.figures_of(v_then),
        'top_services', insight.top_of(v_now || v_then, 'service', from_on),
        'top_products', insight.top_of(v_now || v_then, 'product', from_on),
        'top_staff', insight.top_of(v_now || v_then, 'resource', from_on),
        'channels', insight.top_of(v_now || v_then, 'channel', from_on),
        'series', insight.series_of(v_series, from_on, to_on)
    )
    || insight.figures_now(business_dashboard.business_id);
end;
$$;

-- sql/90_insight/functions/dashboards_platform.sql

-- The dashboard of the platform, and every business with its totals.

/*
 * Return the businesses with the most revenue in some days, at most ten in each currency. Those
 * with as much revenue come by bookings, then by id.
 */
create function insight.top_businesses(days insight.days[])
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
    with sums as (
        select
            each.business_id,
            each.currency,
            sum(
                each.captured_minor - each.refunded_minor - each.disputed_minor
                - each.gift_cards_minor
            )::bigint as revenue_minor,
            sum(each.sold_minor)::bigint as sold_minor,
            sum(insight.bookings_of(each))::bigint as bookings
        from unnest(days) as each
        where each.currency <> 'XXX'
        group by each.business_id, each.currency
    ),

    ranked as (
        select
            sums.*,
            businesses.name,
            row_number() over (
                partition by sums.currency
                order by sums.revenue_minor desc, sums.bookings desc, sums.business_id
            ) as rank
        from sums
        inner join business.businesses on businesses.id = sums.business_id
    )

    select coalesce(
        jsonb_agg(to_jsonb(ranked) order by ranked.currency, ranked.rank), '[]'
    )
    from ranked
    where ranked.rank <= 10
$$;

/*
 * Return the commissions of the platform in a period, by currency, as the ledger booked them.
 */
create function insight.commissions_between(from_on date, to_on date)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(jsonb_agg(to_jsonb(sums) order by sums.currency), '[]')
        from (
            select
                commission_report.currency,
                sum(commission_report.earned_minor)::bigint as earned_minor,
                sum(commission_report.reversed_minor)::bigint as reversed_minor
            from analytics.commission_report
            where
                commission_report.party_id is null
                and commission_report.day between from_on and to_on
            group by commission_report.currency
        ) as sums
    );
end;
$$;

/*
 * Return the page of the platform (public.platform_dashboard).
 * Definer: figures are of all rows, whichever of them the caller may read.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden
 */
create function insight.platform_dashboard(from_on date, to_on date)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_before date;
    v_days insight.days[];
    v_now insight.days[];
begin
    if not private.is_operator() then
        perform private.require_platform_staff('support');
    end if;
    perform insight.require_period(from_on, to_on);
    v_before = from_on - (to_on - from_on + 1);
    -- One row for each business, currency and period.
    v_days = array(
        select sums
        from (values (from_on, to_on), (v_before, from_on - 1)) as period (from_on, to_on)
        cross join lateral insight.sum_businesses(period.from_on, period.to_on) as sums
    );
    v_now = array(select each from unnest(v_days) as each where each.day = from_on);
    return jsonb_build_object('from_on', from_on, 'to_on', to_on)
    || insight.figures_of(v_now)
    || jsonb_build_object(
        'commissions', insight.commissions_between(from_on, to_on),
        'before', jsonb_build_object(
            'from_on', v_before, 'to_on', from_on - 1,
            'commissions', insight.commissions_between(v_before, from_on - 1)
        )
        || insight.figures_of(
            array(select each from unnest(v_days) as each where each.day = v_before)
        ),
        'top_businesses', insight.top_businesses(v_now),
        'businesses', (
            select coalesce(jsonb_object_agg(counts.status, counts.count), '{}')
            from (
                select businesses.status, count(*) as count
                from business.businesses
                group by businesses.status
            ) as counts
        )
    );
end;
$$;

/*
 * Add up the days of each business in a period: one row for each business and currency, with the
 * first day of the period for its own.
 */
create function insight.sum_businesses(from_on date, to_on date)
returns setof insight.days
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        each.business_id,
        sum_businesses.from_on,
        'business'::insight.subject,
        '',
        each.currency,
        sum(each.held)::bigint,
        sum(each.pending_payment)::bigint,
        sum(each.pending)::bigint,
        sum(each.confirmed)::bigint,
        sum(each.checked_in)::bigint,
        sum(each.completed)::bigint,
        sum(each.cancelled)::bigint,
        sum(each.rejected)::bigint,
        sum(each.no_show)::bigint,
        sum(each.expired)::bigint,
        sum(each.lead_minutes)::bigint,
        sum(each.booked_minutes)::bigint,
        sum(each.open_minutes)::bigint,
        sum(each.new_customers)::bigint,
        sum(each.returning_customers)::bigint,
        sum(each.units)::bigint,
        sum(each.sold_minor)::bigint,
        sum(each.tax_minor)::bigint,
        sum(each.captured_minor)::bigint,
        sum(each.refunded_minor)::bigint,
        sum(each.disputed_minor)::bigint,
        sum(each.gift_cards_minor)::bigint
    from insight.all_days as each
    where each.subject = 'business' and each.day between sum_businesses.from_on and sum_businesses.to_on
    group by each.business_id, each.currency;
end;
$$;

/*
 * Return every business with its figures since it began, for the platform's staff; nobody else gets
 * a row.
 * Definer: as insight.platform_dashboard.
 */
create function insight.business_totals()
returns table (
    id uuid, name text, slug text, status business.business_status, created_at timestamptz,
    members bigint, customers bigint, bookings bigint, completed bigint, money jsonb
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if not private.is_operator() and not private.is_platform_staff('support') then
        return;
    end if;
    return query
    with sums as materialized (
        select each.*
        from insight.sum_businesses('-infinity', 'infinity') as each
    )

    select
        businesses.id,
        businesses.name,
        businesses.slug,
        businesses.status,
        businesses.created_at,
        (
            select count(*)
            from business.business_members
            where business_members.business_id = businesses.id
        ),
        (
            select count(*)
            from customers.customers
            where customers.business_id = businesses.id and customers.merged_into_id is null
        ),
        coalesce(totals.bookings, 0)::bigint,
        coalesce(totals.completed, 0)::bigint,
        insight.money_of(totals.days)
    from business.businesses
    left join (
        select
            sums.business_id,
            sum(insight.bookings_of(sums::insight.days)) as bookings,
            sum(sums.completed) as completed,
            array_agg(sums::insight.days) as days
        from sums
        group by sums.business_id
    ) as totals on totals.business_id = businesses.id;
end;
$$;

-- sql/90_insight/functions/days.sql

-- Days that are kept, and how the worker counts them again.

/*
 * Count some days of a business from the rows of the other domains.
 */
create function insight.count_days(business_id uuid, days date[])
returns setof insight.days
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_spans constant insight.span[] = insight.spans(count_days.business_id, count_days.days);
begin
    return query
    select
        count_days.business_id,
        figures.day,
        figures.subject,
        figures.subject_id,
        figures.currency,
        coalesce(sum(figures.amount) filter (where figures.measure = 'held'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'pending_payment'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'pending'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'confirmed'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'checked_in'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'completed'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'cancelled'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'rejected'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'no_show'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'expired'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'lead_minutes'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'booked_minutes'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'open_minutes'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'new_customers'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'returning_customers'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'units'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'sold_minor'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'tax_minor'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'captured_minor'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'refunded_minor'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'disputed_minor'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'gift_cards_minor'), 0)::bigint
    from (
        select * from insight.count_bookings(count_days.business_id, v_spans)
        union all
        select * from insight.count_items(count_days.business_id, v_spans)
        union all
        select * from insight.count_hours(count_days.business_id, v_spans)
        union all
        select * from insight.count_sales(count_days.business_id, v_spans)
        union all
        select * from insight.count_takings(count_days.business_id, v_spans)
        union all
        select * from insight.count_customers(count_days.business_id, v_spans)
    ) as figures
    group by figures.day, figures.subject, figures.subject_id, figures.currency;
end;
$$;

/*
 * Count some days of a business, and keep the result instead of what was kept.
 */
create function insight.keep_days(business_id uuid, days date[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from insight.days
    where days.business_id = keep_days.business_id and days.day = any(keep_days.days);
    insert into insight.days
    select counted.*
    from insight.count_days(keep_days.business_id, keep_days.days) as counted;
    insert into insight.kept_days (business_id, day)
    select keep_days.business_id, kept.day
    from unnest(keep_days.days) as kept (day)
    on conflict on constraint kept_days_pkey do update set kept_at = now();
end;
$$;

/*
 * Count again the days of the oldest changes, at most so many. Returns how many changes were taken;
 * 0 also while another worker counts. A change that commits while a day is counted stays, so its
 * day is counted once more.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.refresh_days(maximum integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_taken insight.day_changes[];
    v_changed record;
begin
    if not pg_try_advisory_xact_lock(hashtextextended('insight.refresh_days', 0)) then
        return 0;
    end if;
    with oldest as (
        select distinct first.business_id, first.from_on, first.to_on
        from (
            select day_changes.business_id, day_changes.from_on, day_changes.to_on
            from insight.day_changes
            order by day_changes.id
            limit maximum
        ) as first
    ),

    taken as (
        delete from insight.day_changes
        using oldest
        where
            day_changes.business_id = oldest.business_id
            and day_changes.from_on = oldest.from_on
            and day_changes.to_on = oldest.to_on
        returning day_changes.*
    )

    select coalesce(array_agg(taken), '{}') into v_taken from taken;
    for v_changed in
        select changed.business_id, array_agg(distinct changed.day) as days
        from (
            select taken.business_id, taken.from_on as day
            from unnest(v_taken) as taken
            where taken.from_on = taken.to_on
            union all
            select kept_days.business_id, kept_days.day
            from unnest(v_taken) as taken
            inner join insight.kept_days
                on
                    kept_days.business_id = taken.business_id
                    and kept_days.day between taken.from_on and taken.to_on
            where taken.from_on < taken.to_on
        ) as changed
        group by changed.business_id
        order by changed.business_id
    loop
        perform insight.keep_days(v_changed.business_id, v_changed.days);
    end loop;
    return cardinality(v_taken);
end;
$$;

/*
 * Ask for the days that are over and were never counted: of every business those of the last five
 * weeks and, if nothing of it is kept, all since its first booking or sale. Returns how many.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.note_past_days()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    insert into insight.day_changes (business_id, from_on, to_on)
    select businesses.id, past.day, past.day
    from business.businesses
    cross join lateral (
        select (private.now() at time zone businesses.time_zone)::date - 1 as day
    ) as yesterday
    cross join lateral (
        select case
            when exists (
                select 1 from insight.kept_days where kept_days.business_id = businesses.id
            ) then yesterday.day - 34
            else (
                least(
                    businesses.created_at,
                    (
                        select min(bookings.starts_at)
                        from scheduling.bookings
                        where bookings.business_id = businesses.id
                    ),
                    (
                        select min(sales.placed_at)
                        from sales.sales
                        where sales.business_id = businesses.id
                    )
                ) at time zone businesses.time_zone
            )::date
        end as day
    ) as first
    cross join lateral (
        select days.at::date as day
        from generate_series(first.day, yesterday.day, interval '1 day') as days (at)
        except
        select kept_days.day
        from insight.kept_days
        where kept_days.business_id = businesses.id
    ) as past
    where businesses.status in ('approved', 'suspended');
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- sql/90_insight/functions/days_reading.sql

-- How readers get exact figures of any days: what is kept, and the rest counted now.

/*
 * Return the exact figures of a business from one day to another, both included: what is kept and,
 * counted now, the days that are changed or not kept.
 */
create function insight.current_days(business_id uuid, from_on date, to_on date)
returns setof insight.days
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_changed constant datemultirange = coalesce(
        (
            select range_agg(daterange(day_changes.from_on, day_changes.to_on, '[]'))
            from insight.day_changes
            where
                day_changes.business_id = current_days.business_id
                and day_changes.from_on <= current_days.to_on
                and day_changes.to_on >= current_days.from_on
        ),
        '{}'
    );
    v_live constant date[] = array(
        select days.at::date
        from generate_series(
            current_days.from_on, current_days.to_on, interval '1 day'
        ) as days (at)
        left join insight.kept_days
            on
                kept_days.business_id = current_days.business_id
                and kept_days.day = days.at::date
        where kept_days.day is null or days.at::date <@ v_changed
    );
begin
    return query
    select days.*
    from insight.days
    where
        days.business_id = current_days.business_id
        and days.day between current_days.from_on and current_days.to_on
        and days.day <> all(v_live);
    if v_live <> '{}' then
        return query
        select counted.* from insight.count_days(current_days.business_id, v_live) as counted;
    end if;
end;
$$;

-- The days that must be counted again, of all businesses.
create view insight.changed_days
with (security_invoker = true)
as
select
    day_changes.business_id,
    day_changes.from_on as day
from insight.day_changes
where day_changes.from_on = day_changes.to_on
union
select
    kept_days.business_id,
    kept_days.day
from insight.day_changes
inner join insight.kept_days
    on
        day_changes.business_id = kept_days.business_id
        and kept_days.day between day_changes.from_on and day_changes.to_on;
comment on view insight.changed_days is 'The days that must be counted again.';

/*
 * Count the changed days of all businesses now.
 * Definer: analysts read the result, which has no persons, and not the rows below it.
 */
create function insight.recounted_days()
returns setof insight.days
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select counted.*
    from (
        select changed_days.business_id, array_agg(changed_days.day) as days
        from insight.changed_days
        group by changed_days.business_id
    ) as changed
    cross join lateral insight.count_days(changed.business_id, changed.days) as counted;
end;
$$;

-- The exact figures of now, of all businesses: what is kept, and the changed days counted now.
create view insight.all_days
with (security_invoker = true)
as
select days.*
from insight.days
where
    (days.business_id, days.day) not in (
        select
            changed_days.business_id,
            changed_days.day
        from insight.changed_days
    )
union all
select recounted.*
from insight.recounted_days() as recounted;
comment on view insight.all_days is 'The figures of days as they are now.';

-- sql/90_insight/functions/demand.sql

-- What a worker reads of demand, the one write of its forecasts, and days that are unlike others.

/*
 * Return how much was wanted of each service and variant of a business on each day.
 */
create function insight.wanted_on(
    business_id uuid, time_zone text, from_on date, to_on date
)
returns table (service_id uuid, variant_id uuid, day date, units bigint)
language sql
stable
security invoker
set search_path = ''
as $$
    select
        booking_items.service_id,
        null::uuid,
        (booking_items.starts_at at time zone wanted_on.time_zone)::date,
        count(*)
    from scheduling.bookings
    inner join scheduling.booking_items
        on
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
    where
        bookings.business_id = wanted_on.business_id
        and bookings.starts_at >= from_on::timestamp at time zone wanted_on.time_zone
        and bookings.starts_at < (to_on + 1)::timestamp at time zone wanted_on.time_zone
        and bookings.status not in ('held', 'expired', 'rejected', 'cancelled')
        and booking_items.service_id is not null
    group by 1, 3
    union all
    select
        null,
        sale_lines.variant_id,
        (sales.placed_at at time zone wanted_on.time_zone)::date,
        sum(sale_lines.quantity)::bigint
    from sales.sales
    inner join sales.sale_lines
        on sale_lines.business_id = sales.business_id and sale_lines.sale_id = sales.id
    where
        sales.business_id = wanted_on.business_id
        and sales.placed_at >= from_on::timestamp at time zone wanted_on.time_zone
        and sales.placed_at < (to_on + 1)::timestamp at time zone wanted_on.time_zone
        and sale_lines.variant_id is not null
        and sale_lines.corrects_line_id is null
    group by 2, 3
$$;

/*
 * Return the demand of each service and variant of a business, day by day over the 26 weeks that
 * ended yesterday: [{service_id, variant_id, units}]. A service counts bookings that are neither
 * held, expired, rejected nor cancelled on the day on which they start; a variant counts pieces on
 * the day on which they were sold. What was wanted on fewer than ten days is left out.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.demand_series(business_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    with span as (
        select
            today.day - 182 as from_on,
            today.day - 1 as to_on,
            businesses.time_zone
        from business.businesses
        cross join lateral (
            select (private.now() at time zone businesses.time_zone)::date as day
        ) as today
        where businesses.id = demand_series.business_id
    ),

    wanted as (
        select daily.*
        from span
        cross join lateral insight.wanted_on(
            demand_series.business_id, span.time_zone, span.from_on, span.to_on
        ) as daily
    ),

    subjects as (
        select wanted.service_id, wanted.variant_id
        from wanted
        group by wanted.service_id, wanted.variant_id
        having count(*) >= 10
    )

    select coalesce(jsonb_agg(series), '[]')
    from (
        select
            subjects.service_id,
            subjects.variant_id,
            jsonb_agg(coalesce(wanted.units, 0) order by days.at) as units
        from subjects
        cross join span
        cross join lateral generate_series(
            span.from_on, span.to_on, interval '1 day'
        ) as days (at)
        left join wanted
            on
                wanted.day = days.at::date
                and (wanted.service_id, wanted.variant_id)
                is not distinct from (subjects.service_id, subjects.variant_id)
        group by subjects.service_id, subjects.variant_id
    ) as series
$$;

/*
 * Keep the forecasts of a business instead of those before, in one write. Each has service_id or
 * variant_id, expected, smoothing_error and naive_error; expected has a row of both methods, and
 * the one that won the back-test is kept.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.keep_forecasts(business_id uuid, forecasts jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    delete from insight.forecasts
    where forecasts.business_id = keep_forecasts.business_id;
    insert into insight.forecasts (
        business_id, service_id, variant_id, made_at, starts_on, expected, method,
        smoothing_error, naive_error
    )
    select
        keep_forecasts.business_id,
        made.service_id,
        made.variant_id,
        private.now(),
        (private.now() at time zone business.time_zone(keep_forecasts.business_id))::date,
        case when made.smoothing_error < made.naive_error then made.smoothing else made.naive end,
        case
            when made.smoothing_error < made.naive_error then 'smoothing' else 'seasonal_naive'
        end,
        made.smoothing_error,
        made.naive_error
    from jsonb_to_recordset(keep_forecasts.forecasts) as made (
        service_id uuid, variant_id uuid, smoothing double precision array,
        naive double precision array, smoothing_error double precision,
        naive_error double precision
    )
    -- One that was deleted meanwhile needs no forecast.
    where
        exists (select 1 from catalog.services where services.id = made.service_id)
        or exists (
            select 1 from catalog.product_variants where product_variants.id = made.variant_id
        );
end;
$$;

-- sql/90_insight/functions/events.sql

-- The intake of events, and the months that keep them.

/*
 * Does a program identify itself as one that visits pages by itself?
 */
create function insight.is_bot(user_agent text)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select coalesce(
        user_agent ~* concat(
            '(bot\y|bot[/;_-]|crawl|spider|slurp|headless|lighthouse|facebookexternalhit|',
            'uptime|pingdom|monitor|preview)'
        ),
        false
    );
end;

/*
 * Do the headers of a request refuse to be followed (Global Privacy Control, Do Not Track)?
 */
create function insight.refuses_following(headers jsonb)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select coalesce(headers ->> 'sec-gpc' = '1' or headers ->> 'dnt' = '1', false);
end;

/*
 * Read events as a client sends them.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.to_events(sent jsonb)
returns setof insight.events
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_unknown text;
begin
    if exists (
        select 1 from jsonb_array_elements(sent) as event (value)
        where jsonb_typeof(event.value) <> 'object'
    ) then
        perform private.invalid('events', 'must be objects');
    end if;
    select keys.key into v_unknown
    from jsonb_array_elements(sent) as event (value)
    cross join lateral jsonb_object_keys(event.value) as keys (key)
    where
        keys.key <> all(
            '{name,at,business_id,session_id,service_id,product_id,consent}'::text[]
        )
    limit 1;
    if found then
        perform private.invalid(
            'events.' || left(regexp_replace(v_unknown, '[^ -~]', '?', 'g'), 50),
            'is not known; the keys are name, at, business_id, session_id, service_id, product_id, '
            'consent'
        );
    end if;
    return query
    select
        null::bigint,
        coalesce(private.to_instant(event.at, 'events.at', false), private.now()),
        event.name::insight.event_name,
        event.business_id::uuid,
        case when event.consent then event.session_id::uuid end,
        event.service_id::uuid,
        event.product_id::uuid
    from jsonb_to_recordset(sent) as event (
        name text, at text, business_id text, session_id text, service_id text, product_id text,
        consent boolean
    );
exception
    when invalid_text_representation or datatype_mismatch then
        perform private.invalid(
            'events', 'must have a known name, UUIDs as ids, and true or false as consent'
        );
end;
$$;

/*
 * Take events (public.track). Returns how many were taken: none from programs, none that is older
 * than a day or ahead of the clock, and none of a business that is not open.
 * Definer: visitors have no rights on events.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.track(sent jsonb)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_headers constant jsonb = nullif(current_setting('request.headers', true), '');
    v_is_refused constant boolean = insight.refuses_following(v_headers);
    v_events insight.events[] = array(
        select event from insight.to_events(sent) as event where event.name is not null
    );
    v_count integer;
begin
    if cardinality(v_events) < jsonb_array_length(sent) then
        perform private.invalid('events', 'must each have a name');
    end if;
    if insight.is_bot(v_headers ->> 'user-agent') then
        return 0;
    end if;
    insert into insight.events (at, name, business_id, session_id, service_id, product_id)
    select
        event.at,
        event.name,
        event.business_id,
        case when not v_is_refused then event.session_id end,
        services.id,
        products.id
    from unnest(v_events) as event
    left join business.businesses
        on
            businesses.id = event.business_id
            and businesses.status = 'approved'
            and businesses.is_active
    left join catalog.services
        on services.business_id = event.business_id and services.id = event.service_id
    left join catalog.products
        on products.business_id = event.business_id and products.id = event.product_id
    where
        event.at between private.now() - interval '1 day' and private.now() + interval '1 minute'
        and (event.business_id is null or businesses.id is not null);
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Return how long events are kept: a year, and the month that it is compared with.
 */
create function insight.events_kept_for()
returns interval
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select interval '13 months';
end;

/*
 * Prepare this month and the next, and drop what is too old. Returns how many months were dropped.
 * Waits at most two seconds for those who read.
 * Definer: called by the workers, who own nothing.
 */
create function insight.keep_event_months()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
set lock_timeout = '2s'
as $$
declare
    v_month date = date_trunc('month', now() at time zone 'UTC');
    v_old regclass;
    v_count integer = 0;
begin
    perform pg_advisory_xact_lock(hashtextextended('insight.events', 0));
    perform private.prepare_month('insight.events', v_month);
    perform private.prepare_month('insight.events', (v_month + interval '1 month')::date);
    for v_old in
        select private.months_before('insight.events', v_month - insight.events_kept_for())
    loop
        execute format('drop table %s', v_old);
        v_count = v_count + 1;
    end loop;
    delete from insight.events_else
    where events_else.at < now() - insight.events_kept_for();
    return v_count;
end;
$$;

-- sql/90_insight/functions/kpis.sql

-- The figures of a month that say how a business does, in one row.

create type insight.kpis as (
    business_id uuid,
    month date,
    currency text,
    bookings bigint,
    completed bigint,
    cancellation_bps integer,
    no_show_bps integer,
    utilisation_bps integer,
    new_customers bigint,
    returning_customers bigint,
    returning_bps integer,
    sold_minor bigint,
    revenue_minor bigint,
    refund_bps integer,
    sold_per_customer_minor bigint
);

/*
 * Return the figures of a business from the first of the month 24 months ago, or from the day on
 * which it was created, until today.
 */
create function insight.kpi_days(business business.businesses)
returns setof insight.days
language sql
stable
security invoker
set search_path = ''
as $$
    select days.*
    from (
        select private.now() at time zone business.time_zone as at
    ) as local
    cross join lateral insight.current_days(
        business.id,
        greatest(
            date_trunc('month', local.at) - interval '24 months',
            business.created_at at time zone business.time_zone
        )::date,
        local.at::date
    ) as days
    where days.subject = 'business'
$$;

/*
 * Count this month and the 24 before, of some businesses.
 */
create function insight.count_kpis(business_ids uuid[])
returns setof insight.kpis
language sql
stable
security invoker
set search_path = ''
as $$
    select
        businesses.id,
        date_trunc('month', days.day)::date,
        businesses.currency,
        sum(booked.bookings)::bigint,
        sum(days.completed)::bigint,
        insight.share_bps(sum(days.cancelled), sum(booked.bookings)),
        insight.share_bps(sum(days.no_show), sum(days.completed + days.no_show)),
        insight.share_bps(sum(days.booked_minutes), sum(days.open_minutes)),
        sum(days.new_customers)::bigint,
        sum(days.returning_customers)::bigint,
        insight.share_bps(
            sum(days.returning_customers), sum(days.new_customers + days.returning_customers)
        ),
        sum(money.sold_minor)::bigint,
        sum(
            money.captured_minor - money.refunded_minor - money.disputed_minor
            - money.gift_cards_minor
        )::bigint,
        insight.share_bps(sum(money.refunded_minor), sum(money.captured_minor)),
        round(
            sum(money.sold_minor)
            / nullif(sum(days.new_customers + days.returning_customers), 0)
        )::bigint
    from business.businesses
    cross join lateral insight.kpi_days(businesses) as days
    cross join lateral (
        select
            days.pending_payment + days.pending + days.confirmed + days.checked_in
            + days.completed + days.cancelled + days.rejected + days.no_show as bookings
    ) as booked
    -- Money of another currency than the business's is not added.
    left join lateral (
        select
            days.sold_minor,
            days.captured_minor,
            days.refunded_minor,
            days.disputed_minor,
            days.gift_cards_minor
        where days.currency = businesses.currency
    ) as money on true
    where businesses.id = any(business_ids)
    group by 1, 2, 3
$$;

/*
 * Return the key figures of all businesses.
 * Definer: analysts read the result, which has no persons, and not the rows below it.
 */
create function insight.all_kpis()
returns setof insight.kpis
language sql
stable
security definer
set search_path = ''
begin atomic
    select kpis.*
    from insight.count_kpis(
        array(
            select businesses.id
            from business.businesses
            where businesses.status in ('approved', 'suspended')
        )
    ) as kpis;
end;

/*
 * Return the key figures of the caller's businesses.
 * Definer: figures are of all rows of a business, whichever of them the caller may read.
 */
create function insight.my_kpis()
returns setof insight.kpis
language sql
stable
security definer
set search_path = ''
begin atomic
    select kpis.* from insight.count_kpis(insight.my_businesses()) as kpis;
end;

-- sql/90_insight/functions/models.sql

-- The two ends of the models of customers: what a worker reads, and the one write of its result.

/*
 * Announce each business whose customers and demand are due to be counted. Returns how many.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.announce_outlooks()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
    v_count integer = 0;
begin
    for v_id in
        select businesses.id
        from business.businesses
        where businesses.status = 'approved'
        order by businesses.id
    loop
        perform private.emit('outlook.due', jsonb_build_object('business_id', v_id));
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;

/*
 * Return the history of each customer of a business: [{customer_id, days, mean_minor}]. days are
 * the days of their purchases counted back from the day of the count, from the first on; mean_minor
 * is what a day's purchases after the first are worth on average, null without one.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.customer_histories(business_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    with counted as (
        select min(customer_values.counted_on) as day
        from insight.customer_values
        where customer_values.business_id = customer_histories.business_id
    ),

    daily as (
        select
            bought.customer_id,
            bought.day,
            sum(bought.value_minor) as value_minor,
            bought.day = min(bought.day) over (partition by bought.customer_id) as is_first
        from counted
        cross join lateral insight.purchases(
            customer_histories.business_id, counted.day
        ) as bought
        group by bought.customer_id, bought.day
    )

    select coalesce(jsonb_agg(histories order by histories.customer_id), '[]')
    from (
        select
            daily.customer_id,
            jsonb_agg(counted.day - daily.day order by daily.day) as days,
            avg(daily.value_minor) filter (where not daily.is_first) as mean_minor
        from daily
        cross join counted
        group by daily.customer_id
    ) as histories
$$;

/*
 * Keep what a model expects of the customers of a business, in one write: the run with its
 * parameters, and for each customer how alive they are (0 to 1), how many purchases are expected in
 * a year, and what one of them is worth. A null run says that no model fits.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.keep_model(business_id uuid, run jsonb, customers jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    delete from insight.value_models
    where value_models.business_id = keep_model.business_id;
    if run is not null then
        insert into insight.value_models
        select fitted.*
        from jsonb_populate_record(
            null::insight.value_models,
            run || jsonb_build_object(
                'business_id', keep_model.business_id, 'fitted_at', private.now()
            )
        ) as fitted;
    end if;
    update insight.customer_values
    set
        alive_bps = round((expected.alive * 10000)::numeric),
        expected_purchases = expected.purchases,
        expected_minor = expected.minor
    from insight.customer_values as counted
    left join jsonb_to_recordset(customers) as expected (
        customer_id uuid, alive double precision, purchases double precision,
        minor double precision
    ) on expected.customer_id = counted.customer_id
    where
        counted.business_id = keep_model.business_id
        and customer_values.business_id = counted.business_id
        and customer_values.customer_id = counted.customer_id;
end;
$$;

-- sql/90_insight/functions/reports.sql

-- How a report becomes one SELECT: its names come from the catalog and are quoted, its values are
-- parameters. It runs as the caller, so the policies of the rows below decide what it counts.

/*
 * Return the figures of the days of a business or its parts, with the names of the parts.
 * Definer: figures are of all rows of the business; the caller is checked first.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function insight.days_to_report(
    business_id uuid, from_on date, to_on date, part insight.subject
)
returns table (
    day date,
    part_id text,
    part_name text,
    currency text,
    figures jsonb
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    perform insight.require_reader(days_to_report.business_id);
    return query
    with current as materialized (
        select each.*
        from insight.current_days(days_to_report.business_id, from_on, to_on) as each
        where each.subject = days_to_report.part
    ),

    parts as materialized (
        select
            named.subject_id,
            insight.name_of(days_to_report.part, named.subject_id) as name
        from (select distinct current.subject_id from current) as named
    )

    select
        current.day,
        current.subject_id,
        parts.name,
        current.currency,
        to_jsonb(current) || jsonb_build_object(
            'bookings', insight.bookings_of(current::insight.days),
            'revenue_minor',
            current.captured_minor - current.refunded_minor - current.disputed_minor
            - current.gift_cards_minor
        )
    from current
    inner join parts on current.subject_id = parts.subject_id;
end;
$$;

/*
 * Return the period of a day as a report shows it: its first day, or the number of a weekday, on
 * which 1 is Monday.
 */
create function insight.in_grain(day date, grain text)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select case grain
            when 'weekday' then extract(isodow from day)::text
            else date_trunc(grain, day::timestamp)::date::text
        end
    );
end;
$$;

/*
 * Return the SQL of the rows of a report, each with its day. $1 is the business, $2 and $3 are the
 * first and last day, $5 its zone.
 */
create function insight.report_source(subject insight.report_subjects)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if subject.part is not null then
        return format(
            'select days.day, days.part_id, days.part_name, days.currency, days.figures '
            'from insight.days_to_report($1, $2, $3, %L) as days',
            subject.part
        );
    end if;
    return format(
        'select (rows.%1$I at time zone $5)::date as day, rows.* from public.%2$I as rows '
        'where rows.business_id = $1 and rows.%1$I >= $2::timestamp at time zone $5 '
        'and rows.%1$I < ($3 + 1)::timestamp at time zone $5',
        subject.instant_column, subject.view_name
    );
end;
$$;

/*
 * Return the SQL of a field over the rows of a report.
 */
create function insight.report_expression(field insight.report_fields, is_of_days boolean)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select case
            when field.grain is not null then format('insight.in_grain(rows.day, %L)', field.grain)
            when field.kind = 'dimension' then format('rows.%I::text', field.column_name)
            when field.column_name is null then 'count(*)'
            when is_of_days
                then format('coalesce(sum((rows.figures ->> %L)::bigint), 0)', field.column_name)
            else format('coalesce(sum(rows.%I), 0)', field.column_name)
        end
    );
end;
$$;

/*
 * Return the SQL of a report. $4 are its filters, and $6 is how many rows to read. Days also have
 * rows for currencies in which nothing was asked for, so rows of nothing but 0 are left out.
 */
create function insight.compile_report(report insight.report)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_subject insight.report_subjects;
    v_columns text;
    v_groups text;
    v_figures text;
    v_filters text;
    v_sort text;
begin
    select report_subjects.* into v_subject
    from insight.report_subjects
    where report_subjects.name = report.subject;
    select
        string_agg(format('%s as %I', shown.expression, shown.name), ', ' order by shown.ordinal),
        string_agg(shown.expression, ', ' order by shown.ordinal)
            filter (where shown.kind = 'dimension'),
        string_agg(shown.expression || ' <> 0', ' or ') filter (where shown.kind = 'measure')
    into v_columns, v_groups, v_figures
    from insight.report_columns(report, v_subject.part is not null) as shown;
    select string_agg(
        format(
            ' and %s in (select jsonb_array_elements_text($4 -> %L))',
            insight.report_expression(fields, v_subject.part is not null), fields.name
        ), ''
    ) into v_filters
    from insight.report_fields as fields
    where fields.subject = report.subject and report.filters ? fields.name;
    select string_agg(
        format('%I %s', ltrim(sort.key, '-'), case when sort.key like '-%' then 'desc' else 'asc' end),
        ', ' order by sort.position
    ) into v_sort
    from unnest(report.sort || report.dimensions) with ordinality as sort (key, position);
    return format(
        'select %s from (%s) as rows where true%s%s%s limit $6',
        v_columns,
        insight.report_source(v_subject),
        v_filters,
        ' group by ' || v_groups
        || case when v_subject.part is null then '' else ' having ' || v_figures end,
        ' order by ' || v_sort
    );
end;
$$;

/*
 * Return the columns of a report in their order, with their SQL.
 */
create function insight.report_columns(report insight.report, is_of_days boolean)
returns table (
    ordinal bigint,
    name text,
    kind insight.report_field_kind,
    is_money boolean,
    expression text
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        wanted.ordinal,
        fields.name,
        fields.kind,
        fields.is_money,
        insight.report_expression(fields, is_of_days)
    from unnest(report.dimensions || report.measures) with ordinality as wanted (name, ordinal)
    inner join insight.report_fields as fields
        on fields.subject = report.subject and fields.name = wanted.name;
end;
$$;

/*
 * Return the definition of a report: as it is sent, or of a saved one that the caller may read.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function insight.find_definition(report jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_definition jsonb;
begin
    if not report ? 'report_id' then
        perform private.refuse_unknown_keys(
            report, 'report',
            '{report_id,business_id,subject,from_on,to_on,period,dimensions,measures,filters,sort,limit}'
        );
        return report;
    end if;
    perform private.refuse_unknown_keys(report, 'report', '{report_id}');
    select reports.definition || jsonb_build_object('business_id', reports.business_id)
    into v_definition
    from insight.reports
    where reports.id = private.to_identifier(report ->> 'report_id', 'report_id');
    if v_definition is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such report.', 'Check the id in the view reports.'
        );
    end if;
    return v_definition;
end;
$$;

/*
 * Run a report as the caller.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT422 too_many_rows
 */
create function insight.run_report(report jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_definition constant jsonb = insight.find_definition(report);
    v_report insight.report;
    v_rows jsonb;
begin
    perform insight.require_reader(
        private.to_identifier(v_definition ->> 'business_id', 'business_id')
    );
    v_report = insight.to_report(v_definition);
    execute format(
        'select coalesce(jsonb_agg(to_jsonb(report) - ''number'' order by report.number), ''[]'') '
        'from (select row_number() over () as number, shown.* from (%s) as shown) as report',
        insight.compile_report(v_report)
    )
    into v_rows
    using v_report.business_id, v_report.from_on, v_report.to_on, v_report.filters,
        business.time_zone(v_report.business_id),
        coalesce(v_report.max_rows, private.max_rows() + 1);
    perform private.require_page(
        jsonb_array_length(v_rows), 'Ask for a shorter period or fewer dimensions, or set limit.'
    );
    return jsonb_build_object(
        'from_on', v_report.from_on,
        'to_on', v_report.to_on,
        'columns', to_jsonb(v_report.dimensions || v_report.measures),
        'rows', v_rows
    );
end;
$$;

-- sql/90_insight/functions/reports_reading.sql

-- How a report is read: every name is looked up in the catalog, and the first one that is not there
-- is refused by name, with the names that are.

/*
 * Refuse a name that is none of some.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.require_report_name(name text, argument text, allowed text[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if name is null or name <> all(allowed) then
        perform private.invalid(
            argument,
            format(
                'must not have %s; choose from %s',
                coalesce('"' || left(regexp_replace(name, '[^ -~]', '?', 'g'), 50) || '"', 'null'),
                array_to_string(allowed, ', ')
            )
        );
    end if;
end;
$$;

/*
 * Return the names of the fields of a subject.
 */
create function insight.report_field_names(subject text, kind insight.report_field_kind)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(array_agg(report_fields.name order by report_fields.position), '{}')
        from insight.report_fields
        where
            report_fields.subject = report_field_names.subject
            and report_fields.kind = report_field_names.kind
    );
end;
$$;

/*
 * Read a list of fields of a subject, each at most once.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.to_report_fields(
    value jsonb, argument text, subject text, kind insight.report_field_kind
)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_names constant text[] = array(
        select jsonb_array_elements_text(private.to_list(value::text, argument, 50))
    );
    v_name text;
begin
    foreach v_name in array v_names loop
        perform insight.require_report_name(
            v_name, argument,
            insight.report_field_names(to_report_fields.subject, to_report_fields.kind)
        );
    end loop;
    if (select count(distinct each) from unnest(v_names) as each) < cardinality(v_names) then
        perform private.invalid(argument, 'must name each field once');
    end if;
    return v_names;
end;
$$;

/*
 * Read the filters of a report: dimensions, each with the values of which a row must have one.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.to_report_filters(value jsonb, subject text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_filters constant jsonb = private.to_object(value::text, 'filters');
    v_name text;
    v_value jsonb;
begin
    for v_name, v_value in
        select filter.key, filter.value from jsonb_each(v_filters) as filter
    loop
        perform insight.require_report_name(
            v_name, 'filters', insight.report_field_names(to_report_filters.subject, 'dimension')
        );
        perform private.to_list(v_value::text, 'filters.' || v_name, 100);
        if jsonb_path_exists(v_value, '$[*] ? (@.type() != "string")') then
            perform private.invalid('filters.' || v_name, 'must have texts');
        end if;
    end loop;
    return v_filters;
end;
$$;

/*
 * Read the order of the rows: columns of the report, with a minus sign for the largest first.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.to_report_sort(value jsonb, columns text[])
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_sort constant text[] = array(
        select jsonb_array_elements_text(private.to_list(value::text, 'sort', 50))
    );
    v_name text;
begin
    foreach v_name in array v_sort loop
        perform insight.require_report_name(regexp_replace(v_name, '^-', ''), 'sort', columns);
    end loop;
    return v_sort;
end;
$$;

/*
 * Return the days of a named period, such as last_month, in the zone of a business. Weeks begin on
 * Monday.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.named_period(period text, business_id uuid)
returns daterange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_today constant date = (
        private.now() at time zone business.time_zone(named_period.business_id)
    )::date;
    v_unit constant text = split_part(period, '_', 2);
    v_step interval;
    v_first date;
begin
    perform insight.require_report_name(
        period, 'period',
        '{today,yesterday,this_week,last_week,this_month,last_month,this_year,last_year}'
    );
    if period in ('today', 'yesterday') then
        v_first = v_today - (period = 'yesterday')::integer;
        return daterange(v_first, v_first, '[]');
    end if;
    v_step = ('1 ' || v_unit)::interval;
    v_first = date_trunc(v_unit, v_today::timestamp)
    - case when period like 'last%' then v_step else interval '0' end;
    return daterange(v_first, (v_first + v_step)::date);
end;
$$;

/*
 * Read the period of a report: two dates, or a name.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.to_report_period(definition jsonb, business_id uuid)
returns daterange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_from date = private.to_date(definition ->> 'from_on', 'from_on');
    v_to date = private.to_date(definition ->> 'to_on', 'to_on');
begin
    if definition ->> 'period' is null then
        perform insight.require_period(v_from, v_to);
        return daterange(v_from, v_to, '[]');
    elsif coalesce(v_from, v_to) is not null then
        perform private.invalid('period', 'must stand without from_on and to_on');
    end if;
    return insight.named_period(definition ->> 'period', to_report_period.business_id);
end;
$$;

/*
 * Return whether measures of a subject are money.
 */
create function insight.has_money(subject text, measures text[])
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select exists (
            select 1
            from insight.report_fields
            where
                report_fields.subject = has_money.subject
                and report_fields.name = any(measures)
                and report_fields.is_money
        )
    );
end;
$$;

/*
 * Read a report. Money adds the dimension currency.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.to_report(definition jsonb)
returns insight.report
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_report insight.report;
    v_period daterange;
begin
    v_report.business_id = private.to_identifier(definition ->> 'business_id', 'business_id');
    v_report.subject = definition ->> 'subject';
    perform insight.require_report_name(
        v_report.subject, 'subject',
        array(select report_subjects.name from insight.report_subjects order by 1)
    );
    v_period = insight.to_report_period(definition, v_report.business_id);
    v_report.from_on = lower(v_period);
    v_report.to_on = upper(v_period) - 1;
    v_report.dimensions = insight.to_report_fields(
        definition -> 'dimensions', 'dimensions', v_report.subject, 'dimension'
    );
    v_report.measures = insight.to_report_fields(
        definition -> 'measures', 'measures', v_report.subject, 'measure'
    );
    if v_report.measures = '{}' then
        perform private.invalid('measures', 'must name at least one measure');
    end if;
    if insight.has_money(v_report.subject, v_report.measures)
        and 'currency' <> all(v_report.dimensions) then
        v_report.dimensions = v_report.dimensions || 'currency'::text;
    end if;
    v_report.filters = insight.to_report_filters(definition -> 'filters', v_report.subject);
    v_report.sort = insight.to_report_sort(
        definition -> 'sort', v_report.dimensions || v_report.measures
    );
    v_report.max_rows = private.to_whole_number(
        definition ->> 'limit', 'limit', 1, private.max_rows(), is_required => false
    );
    return v_report;
end;
$$;

-- sql/90_insight/functions/reports_saving.sql

-- How members save reports. A saved report was read once, so its names are of the catalog.

/*
 * Save a report of a business under a name; the report of that name before is replaced.
 * Definer: nobody writes reports but through here; the caller is checked first.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function insight.save_report(business_id uuid, name text, definition jsonb)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform insight.require_reader(save_report.business_id);
    perform private.refuse_unknown_keys(
        definition, 'definition',
        '{subject,from_on,to_on,period,dimensions,measures,filters,sort,limit}'
    );
    perform insight.to_report(
        definition || jsonb_build_object('business_id', save_report.business_id)
    );
    insert into insight.reports as reports (business_id, name, definition)
    values (save_report.business_id, save_report.name, save_report.definition)
    on conflict on constraint reports_name_once do update
    set definition = excluded.definition, updated_at = private.now()
    returning reports.id into v_id;
    return v_id;
end;
$$;

/*
 * Delete a saved report.
 * Definer: as insight.save_report.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function insight.delete_report(report_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = (
        select reports.business_id from insight.reports where reports.id = delete_report.report_id
    );
begin
    perform private.token_user_id() where not private.is_operator();
    if v_business_id is null or not exists (select from insight.require_reader(v_business_id)) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such report.', 'Check the id in the view reports.'
        );
    end if;
    delete from insight.reports where reports.id = delete_report.report_id;
end;
$$;

-- sql/90_insight/functions/unusual_days.sql

-- Days that are unlike the same weekday before.

/*
 * Return the figures of a day of a business and of the same weekday in the twelve weeks before, as
 * far as they are counted.
 */
create function insight.same_weekdays(business_id uuid, day date)
returns table (measure text, currency text, day_of date, amount bigint)
language sql
stable
security invoker
set search_path = ''
as $$
    with figures as (
        select
            days.day,
            days.currency,
            measured.measure,
            measured.amount
        from insight.days
        cross join lateral (
            values
            ('bookings', days.confirmed + days.checked_in + days.completed + days.no_show),
            ('cancelled', days.cancelled),
            ('no_show', days.no_show),
            ('sold_minor', days.sold_minor),
            ('refunded_minor', days.refunded_minor)
        ) as measured (measure, amount)
        where
            days.business_id = same_weekdays.business_id
            and days.subject = 'business'
            -- XXX has what has no currency, such as minutes. It is not judged here.
            and days.currency <> 'XXX'
            and days.day > same_weekdays.day - 91
            and days.day <= same_weekdays.day
    )

    select
        kinds.measure,
        kinds.currency,
        kept_days.day,
        coalesce(figures.amount, 0) as amount
    from (select distinct figures.measure, figures.currency from figures) as kinds
    inner join insight.kept_days
        on
            kept_days.business_id = same_weekdays.business_id
            and kept_days.day = any(
                array(select same_weekdays.day - 7 * ago from generate_series(0, 12) as ago)
            )
    left join figures
        on
            figures.measure = kinds.measure
            and figures.currency = kinds.currency
            and figures.day = kept_days.day
$$;

/*
 * Return what was unusual on a day of a business: figures whose robust z-score is beyond 3.5, among
 * at least eight of the twelve same weekdays before it. The score is 0.6745 (x - median) / MAD; the
 * MAD, the median distance from the median, counts as at least a tenth of the median and as 1, so
 * that a figure that never changes does not make the least change unusual.
 * Source: B. Iglewicz and D. Hoaglin, How to Detect and Handle Outliers, 1993.
 */
create function insight.unusual_on(business_id uuid, day date)
returns table (
    measure text, currency text, amount bigint, usual double precision, score double precision
)
language sql
stable
security invoker
set search_path = ''
as $$
    with weeks as (
        select same.*
        from insight.same_weekdays(unusual_on.business_id, unusual_on.day) as same
    ),

    usual as (
        select
            weeks.measure,
            weeks.currency,
            percentile_cont(0.5) within group (order by weeks.amount) as median
        from weeks
        where weeks.day_of < unusual_on.day
        group by weeks.measure, weeks.currency
        having count(*) >= 8
    )

    select scored.*
    from (
        select
            usual.measure,
            usual.currency,
            max(weeks.amount) filter (where weeks.day_of = unusual_on.day) as amount,
            usual.median,
            0.6745 * (max(weeks.amount) filter (where weeks.day_of = unusual_on.day) - usual.median)
            / greatest(
                percentile_cont(0.5) within group (order by abs(weeks.amount - usual.median))
                filter (where weeks.day_of < unusual_on.day),
                usual.median / 10,
                1
            ) as score
        from usual
        inner join weeks
            on weeks.measure = usual.measure and weeks.currency = usual.currency
        group by usual.measure, usual.currency, usual.median
    ) as scored
    where abs(scored.score) > 3.5
$$;

/*
 * Note what was unusual yesterday in each business, and announce each such day once. A day that the
 * worker has not counted yet waits for the next hour. Returns how many days were announced.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.announce_unusual_days()
returns integer
language sql
volatile
security definer
set search_path = ''
as $$
    with noted as (
        insert into insight.unusual_days (
            business_id, day, measure, currency, amount, usual, score, announced_at
        )
        select
            kept_days.business_id,
            kept_days.day,
            unusual.measure,
            unusual.currency,
            unusual.amount,
            unusual.usual,
            unusual.score,
            private.now()
        from business.businesses
        inner join insight.kept_days
            on
                kept_days.business_id = businesses.id
                and kept_days.day
                = (private.now() at time zone businesses.time_zone)::date - 1
        cross join lateral insight.unusual_on(businesses.id, kept_days.day) as unusual
        where
            businesses.status = 'approved'
            and not exists (
                select 1
                from insight.unusual_days
                where
                    unusual_days.business_id = kept_days.business_id
                    and unusual_days.day = kept_days.day
            )
        on conflict on constraint unusual_days_pkey do nothing
        returning unusual_days.business_id, unusual_days.day
    ),

    told as (
        select
            private.emit(
                'day.unusual',
                jsonb_build_object(
                    'business_id', noted.business_id,
                    'day', noted.day,
                    'figures', count(*)
                )
            )
        from noted
        group by noted.business_id, noted.day
    )

    select count(*)::integer from told
$$;

/*
 * Return what a template may say of an unusual day.
 */
create function insight.day_data(messages private.subject_message[])
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
            'business_id', businesses.id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'day', messages.payload ->> 'day',
            'figures', (messages.payload ->> 'figures')::integer
        )
    from unnest(day_data.messages) as messages
    inner join business.businesses on businesses.id = messages.subject_id;
end;
$$;

/*
 * Return the owners and managers of the businesses.
 */
create function insight.day_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select readers.*
    from unnest(day_readers.messages) as messages
    cross join lateral
    business.manager_readers(messages.subject_id, messages.ordinal) as readers
    where audience = 'business';
end;
$$;

-- sql/90_insight/rules/changes.sql

-- Which rows change which days. Each trigger adds a change in the transaction of the row. Figures
-- follow from rows, so nothing here depends on a message or on who wrote the row.

/*
 * Note that days of a business must be counted again, from one instant to another.
 */
create function insight.note_changes(business_id uuid, from_at timestamptz, to_at timestamptz)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_zone constant text = business.time_zone(note_changes.business_id);
begin
    -- Without a zone the business is being deleted, and its days with it.
    if v_zone is not null then
        insert into insight.day_changes (business_id, from_on, to_on)
        values (
            note_changes.business_id,
            (from_at at time zone v_zone)::date,
            (to_at at time zone v_zone)::date
        );
    end if;
end;
$$;

/*
 * Note that all days of a business must be counted again.
 */
create function insight.note_all_days(business_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform insight.note_changes(note_all_days.business_id, '-infinity', 'infinity');
end;
$$;

/*
 * Note the days on which lines of a sale were written.
 */
create function insight.note_sale(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform insight.note_changes(note_sale.business_id, sale_revisions.at, sale_revisions.at)
    from sales.sale_revisions
    where
        sale_revisions.business_id = note_sale.business_id
        and sale_revisions.sale_id = note_sale.sale_id;
end;
$$;

/*
 * Note the day on which a booking starts, and those of its sale if it was linked or unlinked.
 * Definer: whoever writes bookings has no rights on days.
 */
create function insight.bookings__note_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op <> 'INSERT' then
        perform insight.note_changes(old.business_id, old.starts_at, old.starts_at);
    end if;
    if tg_op <> 'DELETE' and (tg_op = 'INSERT' or new.starts_at <> old.starts_at) then
        perform insight.note_changes(new.business_id, new.starts_at, new.starts_at);
    end if;
    if tg_op = 'UPDATE' and new.sale_id is distinct from old.sale_id then
        perform insight.note_sale(old.business_id, old.sale_id);
        perform insight.note_sale(new.business_id, new.sale_id);
    end if;
    return null;
end;
$$;

create trigger _750_note_days
after insert or delete on scheduling.bookings
for each row execute function insight.bookings__note_days();

create trigger _751_note_days
after update on scheduling.bookings
for each row
when (
    old.status <> new.status
    or old.starts_at <> new.starts_at
    or old.currency <> new.currency
    or old.created_at <> new.created_at
    or old.sale_id is distinct from new.sale_id
)
execute function insight.bookings__note_days();

/*
 * Note the day of the booking of an item, and those of its sale: an item says who provided what
 * its line sold.
 * Definer: as insight.bookings__note_days.
 */
create function insight.booking_items__note_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_item constant scheduling.booking_items = case when tg_op = 'DELETE' then old else new end;
    v_booking scheduling.bookings;
begin
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = v_item.booking_id;
    if found then
        perform insight.note_changes(
            v_booking.business_id, v_booking.starts_at, v_booking.starts_at
        );
        perform insight.note_sale(v_booking.business_id, v_booking.sale_id);
    end if;
    return null;
end;
$$;

create trigger _750_note_days
after insert or delete on scheduling.booking_items
for each row execute function insight.booking_items__note_days();

create trigger _751_note_days
after update on scheduling.booking_items
for each row
when (
    old.service_id <> new.service_id
    or old.resource_id is distinct from new.resource_id
    or old.duration_minutes <> new.duration_minutes
    or old.party_size <> new.party_size
    or old.cancelled_at is distinct from new.cancelled_at
    or old.sale_line_id is distinct from new.sale_line_id
)
execute function insight.booking_items__note_days();

/*
 * Note the days of the sale of an order: the order says how the sale came.
 * Definer: as insight.bookings__note_days.
 */
create function insight.orders__note_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform insight.note_sale(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _750_note_days
after insert on commerce.orders
for each row execute function insight.orders__note_days();

-- sql/90_insight/rules/changes_of_hours.sql

-- Hours. How long resources are open follows from hours, exceptions, closures and blocked time as
-- they stand, so a change of one changes the days for which it holds.

/*
 * Note that all days of the business of a row must be counted again.
 * Definer: as insight.bookings__note_days.
 */
create function insight.any__note_all_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform insight.note_all_days(
        case when tg_op = 'DELETE' then old.business_id else new.business_id end
    );
    return null;
end;
$$;

create trigger _750_note_all_days
after insert or update or delete on catalog.working_hours
for each row execute function insight.any__note_all_days();

create trigger _750_note_all_days
after insert or update or delete on catalog.service_resources
for each row execute function insight.any__note_all_days();

create trigger _750_note_all_days
after update on catalog.resources
for each row
when (
    old.is_active <> new.is_active
    or old.capacity <> new.capacity
    or old.kind <> new.kind
    or old.time_zone is distinct from new.time_zone
)
execute function insight.any__note_all_days();

create trigger _750_note_all_days
after update on catalog.product_variants
for each row
when (old.product_id <> new.product_id)
execute function insight.any__note_all_days();

/*
 * Note that all days of a business must be counted again: they begin at other instants.
 * Definer: as insight.bookings__note_days.
 */
create function insight.businesses__note_all_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform insight.note_all_days(new.id);
    return null;
end;
$$;

create trigger _750_note_all_days
after update on business.businesses
for each row
when (old.time_zone <> new.time_zone)
execute function insight.businesses__note_all_days();

/*
 * Note the dates of an exception, a closure or a journey, and those around them: the zone of a
 * resource may be another one than that of the business.
 */
create function insight.note_dates(business_id uuid, starts_on date, ends_on date)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    -- Without a zone the business is being deleted, and its days with it.
    if business.time_zone(note_dates.business_id) is not null then
        insert into insight.day_changes (business_id, from_on, to_on)
        values (note_dates.business_id, starts_on - 1, ends_on + 1);
    end if;
end;
$$;

/*
 * Note the dates of a row.
 * Definer: as insight.bookings__note_days.
 */
create function insight.any__note_dates()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op <> 'INSERT' then
        perform insight.note_dates(old.business_id, old.starts_on, old.ends_on);
    end if;
    if tg_op <> 'DELETE' then
        perform insight.note_dates(new.business_id, new.starts_on, new.ends_on);
    end if;
    return null;
end;
$$;

create trigger _750_note_dates
after insert or update or delete on catalog.schedule_exceptions
for each row execute function insight.any__note_dates();

create trigger _750_note_dates
after insert or update or delete on catalog.travel_zones
for each row execute function insight.any__note_dates();

create trigger _750_note_dates
after insert or update or delete on business.closures
for each row execute function insight.any__note_dates();

/*
 * Note the days of blocked time.
 * Definer: as insight.bookings__note_days.
 */
create function insight.blocked_periods__note_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op <> 'INSERT' then
        perform insight.note_changes(old.business_id, lower(old.during), upper(old.during));
    end if;
    if tg_op <> 'DELETE' then
        perform insight.note_changes(new.business_id, lower(new.during), upper(new.during));
    end if;
    return null;
end;
$$;

create trigger _750_note_days
after insert or update or delete on catalog.blocked_periods
for each row execute function insight.blocked_periods__note_days();

-- sql/90_insight/rules/changes_of_sales.sql

-- Sales, and money that moved.

/*
 * Return the instants of the later sales of a sale's customer: of an account or, without one, of
 * an e-mail address or, without that, of a phone number.
 */
create function insight.later_sales(sale sales.sales)
returns setof timestamptz
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if sale.customer_id is not null then
        return query
        select sales.placed_at
        from sales.sales
        where
            sales.business_id = sale.business_id
            and sales.customer_id = sale.customer_id
            and sales.placed_at > sale.placed_at;
    elsif sale.customer_email is not null then
        return query
        select sales.placed_at
        from sales.sales
        where
            sales.business_id = sale.business_id
            and sales.customer_id is null
            and lower(sales.customer_email) = lower(sale.customer_email)
            and sales.placed_at > sale.placed_at;
    elsif sale.customer_phone is not null then
        return query
        select sales.placed_at
        from sales.sales
        where
            sales.business_id = sale.business_id
            and sales.customer_id is null
            and sales.customer_email is null
            and sales.customer_phone = sale.customer_phone
            and sales.placed_at > sale.placed_at;
    end if;
end;
$$;

/*
 * Note the day of a sale, and the later days on which the same customer bought: whether they were
 * new then depends on this sale.
 */
create function insight.note_customer(sale sales.sales)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform insight.note_changes(sale.business_id, sale.placed_at, sale.placed_at);
    perform insight.note_changes(sale.business_id, later.at, later.at)
    from insight.later_sales(sale) as later (at);
end;
$$;

/*
 * Note the days that change with a sale or its customer.
 * Definer: as insight.bookings__note_days.
 */
create function insight.sales__note_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op <> 'INSERT' then
        perform insight.note_customer(old);
    end if;
    if tg_op <> 'DELETE' then
        perform insight.note_customer(new);
    end if;
    return null;
end;
$$;

create trigger _750_note_days
after insert or delete on sales.sales
for each row execute function insight.sales__note_days();

create trigger _751_note_days
after update on sales.sales
for each row
when (
    old.customer_id is distinct from new.customer_id
    or old.customer_email is distinct from new.customer_email
    or old.customer_phone is distinct from new.customer_phone
    or old.placed_at <> new.placed_at
)
execute function insight.sales__note_days();

/*
 * Note the day on which lines are written.
 * Definer: as insight.bookings__note_days.
 */
create function insight.sale_revisions__note_day()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform insight.note_changes(new.business_id, new.at, new.at);
    return null;
end;
$$;

create trigger _750_note_day
after insert on sales.sale_revisions
for each row execute function insight.sale_revisions__note_day();

/*
 * Note the days of a sale of which a service or a variant was deleted.
 * Definer: as insight.bookings__note_days.
 */
create function insight.sale_lines__note_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform insight.note_sale(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _750_note_days
after update on sales.sale_lines
for each row
when (
    old.service_id is distinct from new.service_id
    or old.variant_id is distinct from new.variant_id
)
execute function insight.sale_lines__note_days();

/*
 * Return what a movement of the ledger means for the revenue of businesses; nothing for most.
 */
create function insight.takings_of(movement money.transactions)
returns setof insight.takings
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        accounts.business_id,
        (movement).number,
        (movement).at,
        case (movement).cause_kind
            when 'capture' then 'captured'
            when 'refund' then 'refunded'
            when 'dispute_lost' then 'disputed'
            else 'gift_cards'
        end::insight.taking_kind,
        accounts.currency,
        (
            sum(entries.amount_minor)
            * case (movement).cause_kind when 'capture' then -1 else 1 end
        )::bigint
    from money.entries
    inner join money.accounts on accounts.id = entries.account_id
    where
        entries.number = (movement).number
        and accounts.kind in ('business_pending', 'business_payable')
    group by accounts.business_id, accounts.currency;
end;
$$;

/*
 * Write down takings, and note their days. It looks once at all entries of a statement.
 * Definer: as insight.bookings__note_days.
 */
create function insight.entries__note_takings()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_taking insight.takings;
begin
    for v_taking in
        insert into insight.takings (business_id, number, at, kind, currency, amount_minor)
        select takings.*
        from (select distinct written.number from written) as moved
        inner join money.transactions on transactions.number = moved.number
        cross join lateral insight.takings_of(transactions) as takings
        where
            transactions.cause_kind in (
                'capture', 'refund', 'dispute_lost', 'gift_card.sold', 'gift_card.cancelled'
            )
        returning takings.*
    loop
        perform insight.note_changes(v_taking.business_id, v_taking.at, v_taking.at);
    end loop;
    return null;
end;
$$;

create trigger _750_note_takings
after insert on money.entries
referencing new table as written
for each statement execute function insight.entries__note_takings();

-- sql/90_insight/rules/demand.sql

-- Managers write how long variants take to come; a bad row is answered in the API's words.

create trigger _010_refuse_bad_input
before insert or update on insight.supply_terms
for each row execute function business.any__refuse_bad_input('manage');

-- sql/90_insight/policies/analysts.sql

-- What analysts read of other domains, for the views of analytics: no names, no addresses, nobody.

grant usage on schema business, catalog, commerce to analyst;
grant select (
    id, time_zone, currency, status, vertical_id, country, created_at
) on table business.businesses to analyst;
grant select (
    id, business_id, currency
) on table catalog.products to analyst;
grant select (
    id, business_id, product_id
) on table catalog.product_variants to analyst;
grant select (
    business_id, store_id, variant_id, quantity, reason, at, unit_cost_minor
) on table commerce.stock_movements to analyst;

create policy businesses_select_analyst
on business.businesses
for select
to analyst
using (true);

create policy products_select_analyst
on catalog.products
for select
to analyst
using (true);

create policy product_variants_select_analyst
on catalog.product_variants
for select
to analyst
using (true);

create policy stock_movements_select_analyst
on commerce.stock_movements
for select
to analyst
using (true);

-- The function returns counts alone.
grant execute on function insight.customer_cohorts() to analyst, service_role;

grant execute on function insight.all_kpis() to analyst, service_role;
grant execute on function insight.my_cohorts(), insight.my_kpis()
to authenticated, service_role;

-- sql/90_insight/policies/customers.sql

-- Owners, managers and accountants read what their customers are worth; analysts read the same
-- rows without the customer. Nobody writes but the worker's functions.

alter table insight.customer_values enable row level security;
alter table insight.value_models enable row level security;

grant select on insight.customer_values, insight.value_models to authenticated, service_role;
grant select (
    business_id, counted_on, first_on, last_on, purchases, currency, value_minor, alive_bps,
    expected_purchases, expected_minor
) on insight.customer_values to analyst;
grant select on insight.value_models to analyst;

create policy customer_values_select
on insight.customer_values
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or business_id in (select private.my_businesses('account'))
);

create policy customer_values_select_analyst
on insight.customer_values
for select
to analyst
using (true);

create policy value_models_select
on insight.value_models
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or business_id in (select private.my_businesses('account'))
);

create policy value_models_select_analyst
on insight.value_models
for select
to analyst
using (true);

grant execute on function
insight.segment_of(integer, integer), insight.share_bps(numeric, numeric)
to authenticated, analyst, service_role;
grant execute on function
insight.announce_outlooks(), insight.count_customer_values(uuid),
insight.customer_histories(uuid), insight.keep_model(uuid, jsonb, jsonb)
to worker;

-- sql/90_insight/policies/days.sql

-- Kept figures have no persons. Analysts read them through the views of analytics; owners and the
-- platform's staff through functions that check the caller. Nobody writes but the worker's function
-- and triggers.

alter table insight.days enable row level security;
alter table insight.kept_days enable row level security;
alter table insight.day_changes enable row level security;
-- No grants on takings: what they add up to is in days.
alter table insight.takings enable row level security;

grant usage on schema insight to anon, authenticated, service_role, analyst, worker;
grant select on insight.days, insight.kept_days, insight.day_changes to analyst, service_role;
grant select on insight.changed_days, insight.all_days to analyst, service_role;
grant execute on function insight.recounted_days() to analyst, service_role;

create policy days_select_analyst
on insight.days
for select
to analyst
using (true);

create policy kept_days_select_analyst
on insight.kept_days
for select
to analyst
using (true);

create policy day_changes_select_analyst
on insight.day_changes
for select
to analyst
using (true);

grant execute on function
insight.business_dashboard(uuid, date, date), insight.platform_dashboard(date, date)
to anon, authenticated, service_role;
grant execute on function insight.business_totals() to authenticated, service_role;

grant execute on function insight.refresh_days(integer), insight.note_past_days() to worker;

-- sql/90_insight/policies/demand.sql

-- Owners, managers and accountants read what will be wanted and what was unusual; managers say how
-- long variants take to come. Nobody writes the rest but the worker's functions.

alter table insight.forecasts enable row level security;
alter table insight.unusual_days enable row level security;
alter table insight.supply_terms enable row level security;

grant select on insight.forecasts, insight.unusual_days to authenticated, service_role, analyst;
grant select, insert, update (lead_days, safety_factor), delete
on insight.supply_terms to authenticated;
grant select, insert, update, delete on insight.supply_terms to service_role;

create policy forecasts_select
on insight.forecasts
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or business_id in (select private.my_businesses('account'))
);

create policy forecasts_select_analyst
on insight.forecasts
for select
to analyst
using (true);

create policy unusual_days_select
on insight.unusual_days
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or business_id in (select private.my_businesses('account'))
);

create policy unusual_days_select_analyst
on insight.unusual_days
for select
to analyst
using (true);

create policy supply_terms_select
on insight.supply_terms
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or business_id in (select private.my_businesses('account'))
);

create policy supply_terms_insert
on insight.supply_terms
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy supply_terms_update
on insight.supply_terms
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy supply_terms_delete
on insight.supply_terms
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant execute on function
insight.demand_series(uuid), insight.keep_forecasts(uuid, jsonb), insight.announce_unusual_days()
to worker;

-- sql/90_insight/policies/events.sql

-- Analysts count events. Nobody else reads them, and all come in by a function.

alter table insight.events enable row level security;
alter table insight.events_else enable row level security;
grant select on insight.events to analyst, service_role;

create policy events_select_analyst
on insight.events
for select
to analyst
using (true);

grant execute on function insight.track(jsonb) to anon, authenticated, service_role;
grant execute on function insight.keep_event_months() to worker;

-- sql/90_insight/policies/reports.sql

-- Everybody reads what reports can ask for. Those who see the figures of a business read its saved
-- reports, and write them through functions alone.

alter table insight.report_subjects enable row level security;
alter table insight.report_fields enable row level security;
alter table insight.reports enable row level security;
grant select on insight.report_subjects, insight.report_fields
to anon, authenticated, service_role;
grant select on insight.reports to authenticated, service_role;

create policy report_subjects_select
on insight.report_subjects
for select
to anon, authenticated
using (true);

create policy report_fields_select
on insight.report_fields
for select
to anon, authenticated
using (true);

create policy reports_select
on insight.reports
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or business_id in (select private.my_businesses('account'))
    or (select private.is_platform_staff('support'))
);

-- A report runs as the caller, so the caller reads the definition and compiles it.
grant execute on function
insight.require_period(date, date),
insight.require_reader(uuid),
insight.require_report_name(text, text, text[]),
insight.report_field_names(text, insight.report_field_kind),
insight.to_report_fields(jsonb, text, text, insight.report_field_kind),
insight.to_report_filters(jsonb, text),
insight.to_report_sort(jsonb, text[]),
insight.named_period(text, uuid),
insight.to_report_period(jsonb, uuid),
insight.has_money(text, text[]),
insight.to_report(jsonb),
insight.days_to_report(uuid, date, date, insight.subject),
insight.in_grain(date, text),
insight.report_source(insight.report_subjects),
insight.report_expression(insight.report_fields, boolean),
insight.report_columns(insight.report, boolean),
insight.compile_report(insight.report),
insight.find_definition(jsonb),
insight.run_report(jsonb),
insight.save_report(uuid, text, jsonb),
insight.delete_report(uuid)
to anon, authenticated, service_role;

-- sql/90_insight/api/behaviour.sql

-- What visitors do, which of them buy, and which customers come back.

create view analytics.event_days
with (security_invoker = true)
as
select
    events.business_id,
    (events.at at time zone coalesce(businesses.time_zone, 'UTC'))::date as day,
    events.name,
    count(*) as events,
    count(distinct events.session_id) as sessions
from insight.events
left join business.businesses on events.business_id = businesses.id
group by 1, 2, 3;
grant select on analytics.event_days to analyst, service_role;

comment on view analytics.event_days is
'What visitors did, by business, day and event, as pages and apps reported it (track).';
comment on column analytics.event_days.business_id is 'The business; null: a page of the platform.';
comment on column analytics.event_days.day is
'A date in the zone of the business; UTC without one.';
comment on column analytics.event_days.name is 'The event, such as product_viewed.';
comment on column analytics.event_days.events is 'Number of events.';
comment on column analytics.event_days.sessions is
'Number of sessions among those whose visitor consented.';

create view analytics.funnels
with (security_invoker = true)
as
with visits as (
    select
        events.business_id,
        events.session_id,
        min(events.at) as visited_at,
        min(events.at) filter (where events.name = 'added_to_cart') as carted_at,
        max(events.at) filter (where events.name = 'added_to_cart') as last_carted_at,
        max(events.at) filter (where events.name = 'checkout_started') as checked_out_at,
        max(events.at) filter (where events.name = 'paid') as paid_at
    from insight.events
    where events.session_id is not null and events.business_id is not null
    group by 1, 2
),

steps as (
    select
        visits.business_id,
        (visits.visited_at at time zone businesses.time_zone)::date as day,
        visits.carted_at is not null as has_carted,
        visits.checked_out_at >= visits.carted_at as has_checked_out,
        visits.checked_out_at >= visits.carted_at and visits.paid_at >= visits.carted_at as has_paid
    from visits
    inner join business.businesses on visits.business_id = businesses.id
)

select
    steps.business_id,
    steps.day,
    count(*) as visits,
    count(*) filter (where steps.has_carted) as carts,
    count(*) filter (where steps.has_checked_out) as checkouts,
    count(*) filter (where steps.has_paid) as paid,
    round(10000.0 * count(*) filter (where steps.has_paid) / count(*))::integer as conversion_bps
from steps
group by 1, 2;
grant select on analytics.funnels to analyst, service_role;

comment on view analytics.funnels is
'How far visits came, by business and day: each step counts the sessions that took it after the '
'one before. Only sessions whose visitor consented.';
comment on column analytics.funnels.business_id is 'The business.';
comment on column analytics.funnels.day is
'The date in the zone of the business on which the visit began.';
comment on column analytics.funnels.visits is 'Sessions with any event.';
comment on column analytics.funnels.carts is 'Of these, those that added something to a cart.';
comment on column analytics.funnels.checkouts is
'Of these, those that then started a checkout.';
comment on column analytics.funnels.paid is 'Of these, those that then paid.';
comment on column analytics.funnels.conversion_bps is 'paid / visits, in basis points.';

create view analytics.customer_cohorts
with (security_invoker = true)
as
select
    cohorts.business_id,
    cohorts.cohort,
    cohorts.month_number,
    cohorts.customers,
    cohorts.cohort_size,
    round(10000.0 * cohorts.customers / cohorts.cohort_size)::integer as retention_bps
from insight.customer_cohorts() as cohorts;
grant select on analytics.customer_cohorts to analyst, service_role;

comment on view analytics.customer_cohorts is
'How many customers come back: of those who first bought in a month, how many bought in each month '
'since.';
comment on column analytics.customer_cohorts.business_id is 'The business.';
comment on column analytics.customer_cohorts.cohort is
'The first day of the month, in the zone of the business, in which they first bought.';
comment on column analytics.customer_cohorts.month_number is
'Months since then; 0 is that month. A month in which nobody bought has no row.';
comment on column analytics.customer_cohorts.customers is 'Customers who bought in that month.';
comment on column analytics.customer_cohorts.cohort_size is 'Customers who first bought in cohort.';
comment on column analytics.customer_cohorts.retention_bps is
'customers / cohort_size, in basis points.';

-- sql/90_insight/api/customers.sql

-- Segments, churn and value of customers: for owners by customer, for analysts counted.

create view public.customer_values
with (security_invoker = true)
as
with gaps as (
    select
        customer_values.business_id,
        coalesce(
            sum(customer_values.last_on - customer_values.first_on)::numeric
            / nullif(sum(customer_values.purchases - 1), 0),
            90
        ) as gap_days
    from insight.customer_values
    group by 1
),

scored as (
    select
        customer_values.*,
        ceil(5 * cume_dist() over (of_business order by customer_values.last_on))::integer
            as recency_score,
        ceil(5 * cume_dist() over (of_business order by customer_values.purchases))::integer
            as frequency_score,
        ceil(5 * cume_dist() over (of_business order by customer_values.value_minor))::integer
            as monetary_score,
        customer_values.counted_on - customer_values.last_on as days_since,
        round(
            (customer_values.last_on - customer_values.first_on + gaps.gap_days)
            / customer_values.purchases, 1
        ) as usual_gap_days,
        round((customer_values.expected_purchases * customer_values.expected_minor)::numeric)
        ::bigint as projected_minor
    from insight.customer_values
    inner join gaps on customer_values.business_id = gaps.business_id
    window of_business as (partition by customer_values.business_id)
)

select
    scored.business_id,
    scored.customer_id,
    scored.counted_on,
    scored.first_on,
    scored.last_on,
    scored.purchases,
    scored.currency,
    scored.value_minor,
    scored.recency_score,
    scored.frequency_score,
    scored.monetary_score,
    insight.segment_of(scored.recency_score, scored.frequency_score) as segment,
    scored.days_since,
    scored.usual_gap_days,
    insight.share_bps(scored.days_since, scored.days_since + scored.usual_gap_days) as churn_bps,
    scored.days_since > 180 as is_churned,
    scored.alive_bps,
    scored.expected_purchases,
    round(scored.expected_minor::numeric)::bigint as expected_minor,
    scored.projected_minor,
    scored.value_minor + scored.projected_minor as lifetime_minor
from scored;
grant select on public.customer_values to authenticated, service_role;

comment on view public.customer_values is
'Customers of a business with their segment (RFM), churn score, historic and projected value. For '
'owners, managers and accountants. Counted once a day, to the end of the day before. Merged '
'customers count as the one who stays.';
comment on column public.customer_values.business_id is 'The business.';
comment on column public.customer_values.customer_id is 'The customer, a row of customers.';
comment on column public.customer_values.counted_on is
'The day to whose end purchases are counted, in the zone of the business.';
comment on column public.customer_values.first_on is 'The day of their first purchase.';
comment on column public.customer_values.last_on is 'The day of their last purchase.';
comment on column public.customer_values.purchases is
'Days on which they bought something that was not all cancelled or refunded.';
comment on column public.customer_values.currency is 'The currency of the business, ISO 4217.';
comment on column public.customer_values.value_minor is
'Historic value: the sum of amount - discount + tax that is not included over all lines of '
'their sales, corrections included, gift cards and other currencies left out, in minor units.';
comment on column public.customer_values.recency_score is
'1 to 5: five times the share of customers whose last purchase is no later, rounded up.';
comment on column public.customer_values.frequency_score is
'1 to 5: five times the share of customers with no more purchases, rounded up.';
comment on column public.customer_values.monetary_score is
'1 to 5: five times the share of customers with no higher value_minor, rounded up.';
comment on column public.customer_values.segment is
'By recency_score R and frequency_score F: champions (R 4-5, F 4-5), potential_loyalists (R 4-5, '
'F 2-3), new (R 5, F 1), promising (R 4, F 1), loyal (R 3, F 4-5), needs_attention (R 3, F 3), '
'about_to_sleep (R 3, F 1-2), cannot_lose (R 1-2, F 5), at_risk (R 1-2, F 3-4), hibernating (R '
'1-2, F 1-2).';
comment on column public.customer_values.days_since is
'Feature of the churn score: counted_on - last_on.';
comment on column public.customer_values.usual_gap_days is
'Feature of the churn score: (last_on - first_on + G) / purchases. G is the mean gap between two '
'purchases of the business''''s customers, 90 days if nobody came twice.';
comment on column public.customer_values.churn_bps is
'How probable it is that they do not come back: x / (1 + x) with x = days_since / '
'usual_gap_days, in basis points. 5000 when a usual gap has passed.';
comment on column public.customer_values.is_churned is
'Whether they have bought nothing for more than 180 days.';
comment on column public.customer_values.alive_bps is
'The probability by the model (BG/NBD) that they still buy; null: no model fits the business.';
comment on column public.customer_values.expected_purchases is
'Purchases expected in the 365 days after counted_on (BG/NBD); null: no model.';
comment on column public.customer_values.expected_minor is
'What one of them is worth (Gamma-Gamma), in minor units; null: no model.';
comment on column public.customer_values.projected_minor is
'Projected value: expected_purchases * expected_minor, in minor units, not discounted; null: '
'no model.';
comment on column public.customer_values.lifetime_minor is
'value_minor + projected_minor; null: no model.';

create view public.customer_churn
with (security_invoker = true)
as
select
    customer_values.business_id,
    date_trunc('month', customer_values.first_on)::date as cohort,
    count(*) as customers,
    count(*) filter (where customer_values.counted_on - customer_values.last_on > 180)
        as churned,
    insight.share_bps(
        count(*) filter (where customer_values.counted_on - customer_values.last_on > 180),
        count(*)
    ) as churn_bps
from insight.customer_values
group by 1, 2;
grant select on public.customer_churn to authenticated, service_role;

comment on view public.customer_churn is
'Churn of customers by the month in which they first bought. A customer has churned who has bought '
'nothing for more than 180 days. Counted once a day. For owners, managers and accountants.';
comment on column public.customer_churn.business_id is 'The business.';
comment on column public.customer_churn.cohort is
'The first day of the month in which they first bought.';
comment on column public.customer_churn.customers is 'Customers who first bought in that month.';
comment on column public.customer_churn.churned is
'Of these, those who have bought nothing for more than 180 days.';
comment on column public.customer_churn.churn_bps is 'churned / customers, in basis points.';

create view analytics.customer_churn
with (security_invoker = true)
as
select
    customer_values.business_id,
    date_trunc('month', customer_values.first_on)::date as cohort,
    count(*) as customers,
    count(*) filter (where customer_values.counted_on - customer_values.last_on > 180)
        as churned,
    insight.share_bps(
        count(*) filter (where customer_values.counted_on - customer_values.last_on > 180),
        count(*)
    ) as churn_bps
from insight.customer_values
group by 1, 2;
grant select on analytics.customer_churn to analyst, service_role;

comment on view analytics.customer_churn is
'Churn of customers by the month in which they first bought. A customer has churned who has bought '
'nothing for more than 180 days. Counted once a day.';
comment on column analytics.customer_churn.business_id is 'The business.';
comment on column analytics.customer_churn.cohort is
'The first day of the month in which they first bought.';
comment on column analytics.customer_churn.customers is 'Customers who first bought in that month.';
comment on column analytics.customer_churn.churned is
'Of these, those who have bought nothing for more than 180 days.';
comment on column analytics.customer_churn.churn_bps is 'churned / customers, in basis points.';

create view public.customer_retention
with (security_invoker = true)
as
select
    cohorts.business_id,
    cohorts.cohort,
    cohorts.month_number,
    cohorts.customers,
    cohorts.cohort_size,
    insight.share_bps(cohorts.customers, cohorts.cohort_size) as retention_bps
from insight.my_cohorts() as cohorts;
grant select on public.customer_retention to authenticated, service_role;

comment on view public.customer_retention is
'How many customers come back: of those who first bought in a month, how many bought in each month '
'since. For owners, managers and accountants.';
comment on column public.customer_retention.business_id is 'The business.';
comment on column public.customer_retention.cohort is
'The first day of the month, in the zone of the business, in which they first bought.';
comment on column public.customer_retention.month_number is
'Months since then; 0 is that month. A month in which nobody bought has no row.';
comment on column public.customer_retention.customers is 'Customers who bought in that month.';
comment on column public.customer_retention.cohort_size is 'Customers who first bought in cohort.';
comment on column public.customer_retention.retention_bps is
'customers / cohort_size, in basis points.';

-- sql/90_insight/api/dashboards.sql

-- What owners and the platform ask for in one call.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.business_dashboard(business_id public.identifier, from_on text, to_on text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select insight.business_dashboard(
        private.to_identifier(business_id, 'business_id'),
        private.to_date(from_on, 'from_on'),
        private.to_date(to_on, 'to_on')
    );
end;
comment on function public.business_dashboard is
'Return the figures of a business in a period, each beside the period before, which is as long and '
'ends the day before from_on. For owners, managers and accountants, and for the platform''s staff.

Days are of the business''s zone. A booking counts on the day on which it starts, a sale and each '
'correction on the day on which it was written, money on the day on which it moved. Figures are '
'exact at the moment of the call.

{business_id, name, time_zone, currency, from_on, to_on, bookings, by_status, cancellation_bps, '
'no_show_bps, lead_minutes, booked_minutes, open_minutes, utilisation_bps, new_customers, '
'returning_customers, money, before, top_services, top_products, top_staff, channels, series, '
'today, week}. today, week (from Monday) and before have the same figures of their days; series '
'has a row for each day.

bookings are all but those held or expired. cancellation_bps = cancelled / bookings. no_show_bps = '
'no_show / (completed + no_show). lead_minutes is the mean time from making to start. '
'utilisation_bps = booked_minutes / open_minutes of the resources that customers are booked with. '
'A new customer bought for the first time, a returning one had bought on an earlier day; each '
'counts once a day. Shares are basis points, null of nothing.

money has a row for each currency, in minor units: sold_minor is what sales say, after discounts '
'and corrections, gift cards left out; revenue_minor = captured_minor - refunded_minor - '
'disputed_minor - gift_cards_minor, what came in less what went back and what is owed to holders '
'of gift cards.

- from_on, to_on: local dates, both included; at most 1097 days.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden
 */
create function public.platform_dashboard(from_on text, to_on text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select insight.platform_dashboard(
        private.to_date(from_on, 'from_on'), private.to_date(to_on, 'to_on')
    );
end;
comment on function public.platform_dashboard is
'Return the figures of all businesses in a period, each beside the period before, which is as long '
'and ends the day before from_on. For the platform''s staff.

The sums of what business_dashboard returns: {from_on, to_on, bookings, by_status, …, money, '
'commissions, before, top_businesses, businesses}. Each business counts in days of its own zone. '
'commissions are those of the platform by currency, by the day of the ledger (UTC). top_businesses '
'are ten in each currency by revenue, then bookings, then id. businesses counts them by status.

- from_on, to_on: dates, both included; at most 1097 days.

Errors: invalid_input 400, not_signed_in 401, forbidden 403.';

grant execute on function
public.business_dashboard(public.identifier, text, text), public.platform_dashboard(text, text)
to anon, authenticated, service_role;

create view public.admin_businesses
with (security_invoker = true)
as
select
    totals.id,
    totals.name,
    totals.slug,
    totals.status,
    totals.created_at,
    totals.members,
    totals.customers,
    totals.bookings,
    totals.completed,
    totals.money
from insight.business_totals() as totals;
grant select on public.admin_businesses to authenticated, service_role;

comment on view public.admin_businesses is
'Every business with its figures since it began, for the platform''s staff; empty for everybody '
'else.';
comment on column public.admin_businesses.id is 'The business.';
comment on column public.admin_businesses.name is 'Its name.';
comment on column public.admin_businesses.slug is 'Its name in addresses.';
comment on column public.admin_businesses.status is 'As in businesses.';
comment on column public.admin_businesses.created_at is 'When it was created.';
comment on column public.admin_businesses.members is 'Number of its members.';
comment on column public.admin_businesses.customers is
'Number of its customers, without those merged into another.';
comment on column public.admin_businesses.bookings is
'Number of its bookings that are neither held nor expired.';
comment on column public.admin_businesses.completed is 'Number of its completed bookings.';
comment on column public.admin_businesses.money is
'What it sold, took and gave back by currency, as money of business_dashboard.';

-- sql/90_insight/api/days.sql

-- Figures of days (insight.all_days) as analysts read them, and what follows from them.

create view analytics.daily_business_stats
with (security_invoker = true)
as
select
    all_days.business_id,
    all_days.day,
    all_days.currency,
    all_days.held,
    all_days.pending_payment,
    all_days.pending,
    all_days.confirmed,
    all_days.checked_in,
    all_days.completed,
    all_days.cancelled,
    all_days.rejected,
    all_days.no_show,
    all_days.expired,
    all_days.lead_minutes,
    all_days.booked_minutes,
    all_days.open_minutes,
    all_days.new_customers,
    all_days.returning_customers,
    all_days.sold_minor,
    all_days.tax_minor,
    all_days.captured_minor,
    all_days.refunded_minor,
    all_days.disputed_minor,
    all_days.gift_cards_minor,
    all_days.captured_minor - all_days.refunded_minor - all_days.disputed_minor
    - all_days.gift_cards_minor as revenue_minor
from insight.all_days
where all_days.subject = 'business';
grant select on analytics.daily_business_stats to analyst, service_role;

comment on view analytics.daily_business_stats is
'Businesses by day (in the business''s zone), business and currency. Exact at the moment of the '
'query; sums over days are those of their period.

Never sum money across currencies.';
comment on column analytics.daily_business_stats.business_id is
'The business.';
comment on column analytics.daily_business_stats.day is
'A date in the zone of the business. Bookings count on the day on which they start.';
comment on column analytics.daily_business_stats.currency is
'ISO 4217 code; XXX for figures without a currency.';
comment on column analytics.daily_business_stats.held is
'Number of bookings that are held.';
comment on column analytics.daily_business_stats.pending_payment is
'Number of bookings that are pending payment.';
comment on column analytics.daily_business_stats.pending is
'Number of bookings that are pending.';
comment on column analytics.daily_business_stats.confirmed is
'Number of bookings that are confirmed.';
comment on column analytics.daily_business_stats.checked_in is
'Number of bookings that are checked in.';
comment on column analytics.daily_business_stats.completed is
'Number of bookings that are completed.';
comment on column analytics.daily_business_stats.cancelled is
'Number of bookings that are cancelled.';
comment on column analytics.daily_business_stats.rejected is
'Number of bookings that are rejected.';
comment on column analytics.daily_business_stats.no_show is
'Number of bookings that are no show.';
comment on column analytics.daily_business_stats.expired is
'Number of bookings that are expired.';
comment on column analytics.daily_business_stats.lead_minutes is
'Minutes from the making of the bookings to their starts, added up: divide by the bookings that '
'are neither held nor expired.';
comment on column analytics.daily_business_stats.booked_minutes is
'Minutes of resources that are booked: the length of each item that is confirmed, checked in, '
'completed or missed, times its party where the resource has places. Without a currency (XXX).';
comment on column analytics.daily_business_stats.open_minutes is
'Minutes in which the resources that customers are booked with are open, times their places: '
'hours and exceptions less closures and blocked time, as they stand now. Utilisation = '
'booked_minutes / open_minutes. Without a currency (XXX).';
comment on column analytics.daily_business_stats.new_customers is
'Customers who bought on the day for the first time. Without a currency (XXX).';
comment on column analytics.daily_business_stats.returning_customers is
'Customers who bought on the day and on an earlier one. Without a currency (XXX).';
comment on column analytics.daily_business_stats.sold_minor is
'What lines of sales say, in minor units: amount - discount + tax that is not included, '
'corrections on the day on which they were written, gift cards left out.';
comment on column analytics.daily_business_stats.tax_minor is
'The tax in it, in minor units.';
comment on column analytics.daily_business_stats.captured_minor is
'What payments brought, in minor units, by the ledger.';
comment on column analytics.daily_business_stats.refunded_minor is
'What refunds gave back, in minor units.';
comment on column analytics.daily_business_stats.disputed_minor is
'What lost disputes took, in minor units.';
comment on column analytics.daily_business_stats.gift_cards_minor is
'What is owed to holders of gift cards sold that day, less cancelled ones, in minor units.';
comment on column analytics.daily_business_stats.revenue_minor is
'captured_minor - refunded_minor - disputed_minor - gift_cards_minor.';

create view analytics.daily_channel_stats
with (security_invoker = true)
as
select
    all_days.business_id,
    all_days.day,
    all_days.subject_id as channel,
    all_days.currency,
    all_days.held,
    all_days.pending_payment,
    all_days.pending,
    all_days.confirmed,
    all_days.checked_in,
    all_days.completed,
    all_days.cancelled,
    all_days.rejected,
    all_days.no_show,
    all_days.expired,
    all_days.lead_minutes,
    all_days.sold_minor,
    all_days.tax_minor
from insight.all_days
where all_days.subject = 'channel';
grant select on analytics.daily_channel_stats to analyst, service_role;

comment on view analytics.daily_channel_stats is
'Channels by day (in the business''s zone), business and currency. Exact at the moment of the '
'query; sums over days are those of their period.

Never sum money across currencies.';
comment on column analytics.daily_channel_stats.business_id is
'The business.';
comment on column analytics.daily_channel_stats.day is
'A date in the zone of the business. Bookings count on the day on which they start.';
comment on column analytics.daily_channel_stats.channel is
'online, business, system or other: who took the first step of the booking or order.';
comment on column analytics.daily_channel_stats.currency is
'ISO 4217 code; XXX for figures without a currency.';
comment on column analytics.daily_channel_stats.held is
'Number of bookings that are held.';
comment on column analytics.daily_channel_stats.pending_payment is
'Number of bookings that are pending payment.';
comment on column analytics.daily_channel_stats.pending is
'Number of bookings that are pending.';
comment on column analytics.daily_channel_stats.confirmed is
'Number of bookings that are confirmed.';
comment on column analytics.daily_channel_stats.checked_in is
'Number of bookings that are checked in.';
comment on column analytics.daily_channel_stats.completed is
'Number of bookings that are completed.';
comment on column analytics.daily_channel_stats.cancelled is
'Number of bookings that are cancelled.';
comment on column analytics.daily_channel_stats.rejected is
'Number of bookings that are rejected.';
comment on column analytics.daily_channel_stats.no_show is
'Number of bookings that are no show.';
comment on column analytics.daily_channel_stats.expired is
'Number of bookings that are expired.';
comment on column analytics.daily_channel_stats.lead_minutes is
'Minutes from the making of the bookings to their starts, added up: divide by the bookings that '
'are neither held nor expired.';
comment on column analytics.daily_channel_stats.sold_minor is
'What lines of sales say, in minor units: amount - discount + tax that is not included, '
'corrections on the day on which they were written, gift cards left out.';
comment on column analytics.daily_channel_stats.tax_minor is
'The tax in it, in minor units.';

-- sql/90_insight/api/days_parts.sql

-- Figures of days of the parts of a business.

create view analytics.daily_service_stats
with (security_invoker = true)
as
select
    all_days.business_id,
    all_days.day,
    all_days.subject_id::uuid as service_id,
    all_days.currency,
    all_days.held,
    all_days.pending_payment,
    all_days.pending,
    all_days.confirmed,
    all_days.checked_in,
    all_days.completed,
    all_days.cancelled,
    all_days.rejected,
    all_days.no_show,
    all_days.expired,
    all_days.booked_minutes,
    all_days.sold_minor,
    all_days.tax_minor
from insight.all_days
where all_days.subject = 'service';
grant select on analytics.daily_service_stats to analyst, service_role;

comment on view analytics.daily_service_stats is
'Services by day (in the business''s zone), business and currency. Exact at the moment of the '
'query; sums over days are those of their period.

Never sum money across currencies.';
comment on column analytics.daily_service_stats.business_id is
'The business.';
comment on column analytics.daily_service_stats.day is
'A date in the zone of the business. Bookings count on the day on which they start.';
comment on column analytics.daily_service_stats.service_id is
'The service.';
comment on column analytics.daily_service_stats.currency is
'ISO 4217 code; XXX for figures without a currency.';
comment on column analytics.daily_service_stats.held is
'Number of items of bookings that are held.';
comment on column analytics.daily_service_stats.pending_payment is
'Number of items of bookings that are pending payment.';
comment on column analytics.daily_service_stats.pending is
'Number of items of bookings that are pending.';
comment on column analytics.daily_service_stats.confirmed is
'Number of items of bookings that are confirmed.';
comment on column analytics.daily_service_stats.checked_in is
'Number of items of bookings that are checked in.';
comment on column analytics.daily_service_stats.completed is
'Number of items of bookings that are completed.';
comment on column analytics.daily_service_stats.cancelled is
'Number of items of bookings that are cancelled.';
comment on column analytics.daily_service_stats.rejected is
'Number of items of bookings that are rejected.';
comment on column analytics.daily_service_stats.no_show is
'Number of items of bookings that are no show.';
comment on column analytics.daily_service_stats.expired is
'Number of items of bookings that are expired.';
comment on column analytics.daily_service_stats.booked_minutes is
'Minutes of resources that are booked: the length of each item that is confirmed, checked in, '
'completed or missed, times its party where the resource has places. Without a currency (XXX).';
comment on column analytics.daily_service_stats.sold_minor is
'What lines of sales say, in minor units: amount - discount + tax that is not included, '
'corrections on the day on which they were written, gift cards left out.';
comment on column analytics.daily_service_stats.tax_minor is
'The tax in it, in minor units.';

create view analytics.daily_resource_stats
with (security_invoker = true)
as
select
    all_days.business_id,
    all_days.day,
    all_days.subject_id::uuid as resource_id,
    all_days.currency,
    all_days.held,
    all_days.pending_payment,
    all_days.pending,
    all_days.confirmed,
    all_days.checked_in,
    all_days.completed,
    all_days.cancelled,
    all_days.rejected,
    all_days.no_show,
    all_days.expired,
    all_days.booked_minutes,
    all_days.open_minutes,
    all_days.sold_minor,
    all_days.tax_minor
from insight.all_days
where all_days.subject = 'resource';
grant select on analytics.daily_resource_stats to analyst, service_role;

comment on view analytics.daily_resource_stats is
'Resources by day (in the business''s zone), business and currency. Exact at the moment of the '
'query; sums over days are those of their period.

Never sum money across currencies.';
comment on column analytics.daily_resource_stats.business_id is
'The business.';
comment on column analytics.daily_resource_stats.day is
'A date in the zone of the business. Bookings count on the day on which they start.';
comment on column analytics.daily_resource_stats.resource_id is
'Who or what provides it.';
comment on column analytics.daily_resource_stats.currency is
'ISO 4217 code; XXX for figures without a currency.';
comment on column analytics.daily_resource_stats.held is
'Number of items of bookings that are held.';
comment on column analytics.daily_resource_stats.pending_payment is
'Number of items of bookings that are pending payment.';
comment on column analytics.daily_resource_stats.pending is
'Number of items of bookings that are pending.';
comment on column analytics.daily_resource_stats.confirmed is
'Number of items of bookings that are confirmed.';
comment on column analytics.daily_resource_stats.checked_in is
'Number of items of bookings that are checked in.';
comment on column analytics.daily_resource_stats.completed is
'Number of items of bookings that are completed.';
comment on column analytics.daily_resource_stats.cancelled is
'Number of items of bookings that are cancelled.';
comment on column analytics.daily_resource_stats.rejected is
'Number of items of bookings that are rejected.';
comment on column analytics.daily_resource_stats.no_show is
'Number of items of bookings that are no show.';
comment on column analytics.daily_resource_stats.expired is
'Number of items of bookings that are expired.';
comment on column analytics.daily_resource_stats.booked_minutes is
'Minutes of resources that are booked: the length of each item that is confirmed, checked in, '
'completed or missed, times its party where the resource has places. Without a currency (XXX).';
comment on column analytics.daily_resource_stats.open_minutes is
'Minutes in which the resources that customers are booked with are open, times their places: '
'hours and exceptions less closures and blocked time, as they stand now. Utilisation = '
'booked_minutes / open_minutes. Without a currency (XXX).';
comment on column analytics.daily_resource_stats.sold_minor is
'What lines of sales say, in minor units: amount - discount + tax that is not included, '
'corrections on the day on which they were written, gift cards left out.';
comment on column analytics.daily_resource_stats.tax_minor is
'The tax in it, in minor units.';

create view analytics.daily_product_stats
with (security_invoker = true)
as
select
    all_days.business_id,
    all_days.day,
    all_days.subject_id::uuid as product_id,
    all_days.currency,
    all_days.units,
    all_days.sold_minor,
    all_days.tax_minor
from insight.all_days
where all_days.subject = 'product';
grant select on analytics.daily_product_stats to analyst, service_role;

comment on view analytics.daily_product_stats is
'Products by day (in the business''s zone), business and currency. Exact at the moment of the '
'query; sums over days are those of their period.

Never sum money across currencies.';
comment on column analytics.daily_product_stats.business_id is
'The business.';
comment on column analytics.daily_product_stats.day is
'A date in the zone of the business. Bookings count on the day on which they start.';
comment on column analytics.daily_product_stats.product_id is
'The product.';
comment on column analytics.daily_product_stats.currency is
'ISO 4217 code; XXX for figures without a currency.';
comment on column analytics.daily_product_stats.units is
'Units that were agreed or added, before returns.';
comment on column analytics.daily_product_stats.sold_minor is
'What lines of sales say, in minor units: amount - discount + tax that is not included, '
'corrections on the day on which they were written, gift cards left out.';
comment on column analytics.daily_product_stats.tax_minor is
'The tax in it, in minor units.';

-- sql/90_insight/api/demand.sql

-- What will be wanted, when to order it, and days that were unlike others.

create view public.demand_forecasts
with (security_invoker = true)
as
select
    forecasts.business_id,
    forecasts.service_id,
    forecasts.variant_id,
    forecasts.starts_on + days.number::integer - 1 as day,
    days.expected,
    forecasts.method,
    forecasts.smoothing_error,
    forecasts.naive_error,
    forecasts.made_at
from insight.forecasts
cross join lateral unnest(forecasts.expected) with ordinality as days (expected, number);
grant select on public.demand_forecasts to authenticated, service_role;

comment on view public.demand_forecasts is
'Expected demand by service and variant, day by day, made once a day from 26 weeks. What was '
'wanted on fewer than ten days of them has none. For owners, managers and accountants.';
comment on column public.demand_forecasts.business_id is 'The business.';
comment on column public.demand_forecasts.service_id is 'The service; null: a variant.';
comment on column public.demand_forecasts.variant_id is 'The variant; null: a service.';
comment on column public.demand_forecasts.day is
'A date in the zone of the business: today and the 27 after it, from when it was made.';
comment on column public.demand_forecasts.expected is
'Bookings of the service that start on the day, or pieces of the variant that are sold.';
comment on column public.demand_forecasts.method is
'smoothing (exponential, with a factor for each weekday), or seasonal_naive: as on the '
'same weekday of the last week. smoothing is used only where its error was smaller.';
comment on column public.demand_forecasts.smoothing_error is
'Mean absolute error of a day of smoothing, over the last four weeks, each predicted from '
'the days before it.';
comment on column public.demand_forecasts.naive_error is 'The same of seasonal_naive.';
comment on column public.demand_forecasts.made_at is 'When it was made.';

create view public.supply_terms
with (security_invoker = true)
as
select
    supply_terms.business_id,
    supply_terms.variant_id,
    supply_terms.lead_days,
    supply_terms.safety_factor
from insight.supply_terms;
grant select, insert, update, delete on public.supply_terms to authenticated, service_role;

comment on view public.supply_terms is
'How long variants take to come. Without a row: 14 days and a factor of 1.65. Owners, managers and '
'accountants read them, managers write them.';
comment on column public.supply_terms.business_id is 'The business.';
comment on column public.supply_terms.variant_id is 'The variant.';
comment on column public.supply_terms.lead_days is 'Days from ordering to receiving it, 1 to 365.';
comment on column public.supply_terms.safety_factor is
'How many standard deviations of demand are kept for safety, 0 to 5; 1.65 covers 95 of 100 '
'lead times.';

create view public.reorder_points
with (security_invoker = true)
as
with planned as (
    select
        forecasts.business_id,
        forecasts.variant_id,
        (
            select avg(days.expected)
            from unnest(forecasts.expected) as days (expected)
        ) as daily_demand,
        coalesce(supply_terms.lead_days, 14) as lead_days,
        coalesce(supply_terms.safety_factor, 1.65) * 1.25
        * least(forecasts.smoothing_error, forecasts.naive_error)
        * sqrt(coalesce(supply_terms.lead_days, 14)) as safety_stock,
        coalesce(
            (
                select sum(stock_levels.on_hand)
                from commerce.stock_levels
                where
                    stock_levels.business_id = forecasts.business_id
                    and stock_levels.variant_id = forecasts.variant_id
            ), 0
        )::bigint as on_hand
    from insight.forecasts
    left join insight.supply_terms
        on
            forecasts.business_id = supply_terms.business_id
            and forecasts.variant_id = supply_terms.variant_id
    where forecasts.variant_id is not null
)

select
    planned.business_id,
    planned.variant_id,
    planned.daily_demand,
    planned.lead_days,
    planned.safety_stock,
    ceil(planned.daily_demand * planned.lead_days + planned.safety_stock)::bigint
        as reorder_point,
    planned.on_hand,
    planned.on_hand <= ceil(planned.daily_demand * planned.lead_days + planned.safety_stock)
        as is_due
from planned;
grant select on public.reorder_points to authenticated, service_role;

comment on view public.reorder_points is
'When to order variants that have a forecast. For owners, managers and accountants.';
comment on column public.reorder_points.business_id is 'The business.';
comment on column public.reorder_points.variant_id is 'The variant.';
comment on column public.reorder_points.daily_demand is
'Mean of the forecast of the next 28 days, in pieces a day.';
comment on column public.reorder_points.lead_days is 'As in supply_terms.';
comment on column public.reorder_points.safety_stock is
'safety_factor * 1.25 * the error of the method used * sqrt(lead_days): 1.25 mean absolute errors '
'are a standard deviation.';
comment on column public.reorder_points.reorder_point is
'daily_demand * lead_days + safety_stock, rounded up to whole pieces.';
comment on column public.reorder_points.on_hand is 'Pieces in all stores.';
comment on column public.reorder_points.is_due is
'Whether on_hand is at or below the reorder point.';

create view public.unusual_days
with (security_invoker = true)
as
select
    unusual_days.business_id,
    unusual_days.day,
    unusual_days.measure,
    unusual_days.currency,
    unusual_days.amount,
    unusual_days.usual,
    unusual_days.score,
    unusual_days.announced_at
from insight.unusual_days;
grant select on public.unusual_days to authenticated, service_role;

comment on view public.unusual_days is
'Days that were unlike the same weekday before, each announced once. A day is compared when at '
'least eight such weekdays are counted. For owners, managers and accountants.';
comment on column public.unusual_days.business_id is 'The business.';
comment on column public.unusual_days.day is 'The date in the zone of the business.';
comment on column public.unusual_days.measure is
'bookings (confirmed, checked in, completed or missed), cancelled, no_show, sold_minor or '
'refunded_minor, as in daily_business_stats.';
comment on column public.unusual_days.currency is 'ISO 4217 code.';
comment on column public.unusual_days.amount is 'The figure of the day.';
comment on column public.unusual_days.usual is
'The median of the same weekday in the twelve weeks before.';
comment on column public.unusual_days.score is
'Robust z-score: 0.6745 * (amount - usual) / the median distance from usual, which counts as '
'at least a tenth of usual and 1. Beyond 3.5 a day is unusual.';
comment on column public.unusual_days.announced_at is 'When its owners and managers were told.';

-- sql/90_insight/api/figures.sql

-- What people who read numbers read. Analysts come in with a role of their own: each view is a
-- security_invoker view, so their column grants hold and personal data is out of reach of a free
-- query too.

create view analytics.daily_bookings
with (security_invoker = true)
as
select
    bookings.business_id,
    (bookings.starts_at at time zone bookings.time_zone)::date as day,
    bookings.currency,
    bookings.status,
    count(*) as bookings,
    sum(bookings.total_minor)::bigint as total_minor
from scheduling.bookings
group by 1, 2, 3, 4;
grant select on analytics.daily_bookings to analyst, service_role;

comment on view analytics.daily_bookings is
'Bookings by day (in the business''s zone), business, currency and status.

Never sum across currencies.';
comment on column analytics.daily_bookings.business_id is 'The business.';
comment on column analytics.daily_bookings.day is 'The local date on which they start.';
comment on column analytics.daily_bookings.currency is 'ISO 4217 code.';
comment on column analytics.daily_bookings.status is 'Status of the bookings.';
comment on column analytics.daily_bookings.bookings is 'Number of bookings.';
comment on column analytics.daily_bookings.total_minor is 'Total price, in minor units.';

create view analytics.notification_stats
with (security_invoker = true)
as
select
    notification_deliveries.business_id,
    (notification_deliveries.created_at at time zone 'UTC')::date as day,
    notification_deliveries.event,
    notification_deliveries.channel,
    notification_deliveries.status,
    count(*) as deliveries,
    sum(notification_deliveries.attempts)::bigint as attempts,
    avg(extract(epoch from notification_deliveries.sent_at - notification_deliveries.created_at))
        as seconds_to_send
from engagement.notification_deliveries
group by 1, 2, 3, 4, 5;
grant select on analytics.notification_stats to analyst, service_role;

comment on view analytics.notification_stats is
'Deliveries by day, business, event, channel and status.';
comment on column analytics.notification_stats.business_id is 'The business.';
comment on column analytics.notification_stats.day is 'The date in UTC on which they were queued.';
comment on column analytics.notification_stats.event is 'The event, a name of notification_events.';
comment on column analytics.notification_stats.channel is 'mail, sms, push or in_app.';
comment on column analytics.notification_stats.status is
'queued, sent, delivered, failed, bounced or skipped.';
comment on column analytics.notification_stats.deliveries is 'Number of deliveries.';
comment on column analytics.notification_stats.attempts is 'Number of attempts to send them.';
comment on column analytics.notification_stats.seconds_to_send is
'Mean seconds from queued to accepted by the provider, or null.';

create view analytics.user_activity
with (security_invoker = true)
as
select
    (activity_events.at at time zone 'UTC')::date as day,
    activity_events.kind,
    count(*) as events
from identity.activity_events
group by 1, 2;
grant select on analytics.user_activity to analyst, service_role;

comment on view analytics.user_activity is
'What users do with their accounts, by day and kind, without persons and places.';
comment on column analytics.user_activity.day is 'The date in UTC.';
comment on column analytics.user_activity.kind is 'As in activity, such as signed_in.';
comment on column analytics.user_activity.events is 'Number of events.';

create view analytics.commission_report
with (security_invoker = true)
as
select
    transactions.booked_on as day,
    transactions.business_id,
    accounts.business_id as party_id,
    accounts.currency,
    (-coalesce(sum(entries.amount_minor) filter (where transactions.cause_kind = 'delivery'), 0))
    ::bigint as earned_minor,
    coalesce(sum(entries.amount_minor) filter (where transactions.cause_kind = 'reversal'), 0)
    ::bigint as reversed_minor
from money.transactions
inner join money.entries on transactions.number = entries.number
inner join money.accounts on entries.account_id = accounts.id
where
    transactions.cause_kind in ('delivery', 'reversal')
    and (
        accounts.kind = 'commission'
        or accounts.kind = 'business_payable' and accounts.business_id <> transactions.business_id
    )
group by 1, 2, 3, 4;
grant select on analytics.commission_report to analyst, service_role;

comment on view analytics.commission_report is
'Commissions by day (of the ledger, UTC), business, party and currency, added up from the ledger.

Never sum across currencies.';
comment on column analytics.commission_report.day is 'The day under which they are booked.';
comment on column analytics.commission_report.business_id is 'The business that is charged.';
comment on column analytics.commission_report.party_id is
'The business that has the share; null for the platform.';
comment on column analytics.commission_report.currency is 'ISO 4217 code.';
comment on column analytics.commission_report.earned_minor is
'Commissions of lines delivered on that day, in minor units.';
comment on column analytics.commission_report.reversed_minor is
'What was taken back on that day, in minor units.';

create view analytics.payout_report
with (security_invoker = true)
as
select
    (payouts.created_at at time zone 'UTC')::date as day,
    payouts.business_id,
    payouts.currency,
    payouts.status,
    count(*) as payouts,
    sum(payouts.amount_minor)::bigint as amount_minor
from money.payouts
group by 1, 2, 3, 4;
grant select on analytics.payout_report to analyst, service_role;

comment on view analytics.payout_report is
'Payouts by day, business, currency and status.

Never sum across currencies.';
comment on column analytics.payout_report.day is 'The date in UTC on which they were made.';
comment on column analytics.payout_report.business_id is 'The business.';
comment on column analytics.payout_report.currency is 'ISO 4217 code.';
comment on column analytics.payout_report.status is 'As in payouts.';
comment on column analytics.payout_report.payouts is 'Number of payouts.';
comment on column analytics.payout_report.amount_minor is 'Their amounts in minor units.';

-- sql/90_insight/api/inventory.sql

-- How fast stock sells, counted from its movements.

create view analytics.inventory_turnover
with (security_invoker = true)
as
with monthly as (
    select
        stock_movements.business_id,
        stock_movements.variant_id,
        date_trunc('month', stock_movements.at at time zone businesses.time_zone)::date as month,
        sum(stock_movements.quantity) as change,
        -coalesce(
            sum(stock_movements.quantity) filter (
                where stock_movements.reason in ('sold', 'cancelled', 'returned')
            ), 0
        ) as sold,
        sum(stock_movements.quantity) filter (where stock_movements.unit_cost_minor is not null)
            as costed,
        sum(stock_movements.quantity * stock_movements.unit_cost_minor) as cost_minor
    from commerce.stock_movements
    inner join business.businesses on stock_movements.business_id = businesses.id
    group by 1, 2, 3
),

spans as (
    select
        monthly.business_id,
        monthly.variant_id,
        min(monthly.month) as first_month
    from monthly
    group by 1, 2
),

months as (
    select
        spans.business_id,
        spans.variant_id,
        months.at::date as month
    from spans
    inner join business.businesses on spans.business_id = businesses.id
    cross join lateral generate_series(
        spans.first_month,
        (select private.now()) at time zone businesses.time_zone,
        interval '1 month'
    ) as months (at)
),

levels as (
    select
        months.business_id,
        months.variant_id,
        months.month,
        coalesce(monthly.sold, 0) as sold,
        sum(coalesce(monthly.change, 0)) over so_far - coalesce(monthly.change, 0) as opening,
        sum(coalesce(monthly.change, 0)) over so_far as closing,
        sum(monthly.cost_minor) over so_far
        / nullif(sum(monthly.costed) over so_far, 0) as unit_cost
    from months
    left join monthly
        on
            months.business_id = monthly.business_id
            and months.variant_id = monthly.variant_id
            and months.month = monthly.month
    window so_far as (
        partition by months.business_id, months.variant_id order by months.month
    )
)

select
    levels.business_id,
    levels.month,
    levels.variant_id,
    products.currency,
    levels.opening as opening_units,
    levels.closing as closing_units,
    levels.sold as sold_units,
    round(levels.unit_cost)::bigint as unit_cost_minor,
    round(levels.sold * levels.unit_cost)::bigint as cogs_minor,
    round((levels.opening + levels.closing) / 2.0 * levels.unit_cost)::bigint
        as average_stock_minor,
    round(levels.sold / nullif((levels.opening + levels.closing) / 2.0, 0), 4) as turnover
from levels
inner join catalog.product_variants
    on
        levels.business_id = product_variants.business_id
        and levels.variant_id = product_variants.id
inner join catalog.products
    on
        product_variants.business_id = products.business_id
        and product_variants.product_id = products.id;
grant select on analytics.inventory_turnover to analyst, service_role;

comment on view analytics.inventory_turnover is
'How fast stock sells, by business, month and variant, of all stores. turnover = cogs_minor / '
'average_stock_minor; for several variants divide the sums.

Never sum money across currencies.';
comment on column analytics.inventory_turnover.business_id is 'The business.';
comment on column analytics.inventory_turnover.month is
'The first day of the month, in the zone of the business.';
comment on column analytics.inventory_turnover.variant_id is 'The variant.';
comment on column analytics.inventory_turnover.currency is 'The currency of the product.';
comment on column analytics.inventory_turnover.opening_units is 'Pieces when the month began.';
comment on column analytics.inventory_turnover.closing_units is
'Pieces when it ended; in this month, now.';
comment on column analytics.inventory_turnover.sold_units is
'Pieces that were sold, less those of cancelled orders and returned ones.';
comment on column analytics.inventory_turnover.unit_cost_minor is
'What one piece cost: the mean of all receipts with a cost until the end of the month, in minor '
'units; null when none had one.';
comment on column analytics.inventory_turnover.cogs_minor is
'Cost of goods sold: sold_units times the mean cost of a piece.';
comment on column analytics.inventory_turnover.average_stock_minor is
'Mean of opening and closing pieces, times the mean cost of a piece.';
comment on column analytics.inventory_turnover.turnover is
'sold_units / mean of opening and closing pieces: how often stock was sold in the month.';

-- sql/90_insight/api/kpis.sql

-- The key figures of a business, one row a month.

create view analytics.kpis
with (security_invoker = true)
as
select
    kpis.business_id,
    kpis.month,
    kpis.currency,
    kpis.bookings,
    kpis.completed,
    kpis.cancellation_bps,
    kpis.no_show_bps,
    kpis.utilisation_bps,
    kpis.new_customers,
    kpis.returning_customers,
    kpis.returning_bps,
    kpis.sold_minor,
    kpis.revenue_minor,
    kpis.refund_bps,
    kpis.sold_per_customer_minor
from insight.all_kpis() as kpis;
grant select on analytics.kpis to analyst, service_role;

comment on view analytics.kpis is
'Key figures of each business by month: this one and the 24 before, exact at the moment of the '
'query. The same formulas as business_dashboard.

Never sum money across currencies.';
comment on column analytics.kpis.business_id is 'The business.';
comment on column analytics.kpis.month is
'The first day of the month, in the zone of the business.';
comment on column analytics.kpis.currency is
'The currency of the business, ISO 4217. Money of other currencies is left out.';
comment on column analytics.kpis.bookings is
'Bookings that start in the month, but those held or expired.';
comment on column analytics.kpis.completed is 'Of these, completed ones.';
comment on column analytics.kpis.cancellation_bps is
'cancelled / bookings, in basis points; null of nothing.';
comment on column analytics.kpis.no_show_bps is
'no_show / (completed + no_show), in basis points; null of nothing.';
comment on column analytics.kpis.utilisation_bps is
'booked_minutes / open_minutes of the resources that customers are booked with, in basis '
'points; null of nothing.';
comment on column analytics.kpis.new_customers is 'Customers who bought for the first time.';
comment on column analytics.kpis.returning_customers is
'Customers who bought and had bought on an earlier day; each counts once a day.';
comment on column analytics.kpis.returning_bps is
'returning_customers / (new_customers + returning_customers), in basis points; null of '
'nothing.';
comment on column analytics.kpis.sold_minor is
'Lines of sales after discounts, with tax and corrections, gift cards left out, in minor '
'units.';
comment on column analytics.kpis.revenue_minor is
'captured - refunded - disputed - gift cards sold, by the ledger, in minor units.';
comment on column analytics.kpis.refund_bps is
'refunded / captured, in basis points; null of nothing.';
comment on column analytics.kpis.sold_per_customer_minor is
'sold_minor / (new_customers + returning_customers), in minor units; null of nothing.';

create view public.business_kpis
with (security_invoker = true)
as
select
    kpis.business_id,
    kpis.month,
    kpis.currency,
    kpis.bookings,
    kpis.completed,
    kpis.cancellation_bps,
    kpis.no_show_bps,
    kpis.utilisation_bps,
    kpis.new_customers,
    kpis.returning_customers,
    kpis.returning_bps,
    kpis.sold_minor,
    kpis.revenue_minor,
    kpis.refund_bps,
    kpis.sold_per_customer_minor
from insight.my_kpis() as kpis;
grant select on public.business_kpis to authenticated, service_role;

comment on view public.business_kpis is
'Key figures of each business by month: this one and the 24 before, exact at the moment of the '
'query. The same formulas as business_dashboard. For owners, managers and accountants.

Never sum money across currencies.';
comment on column public.business_kpis.business_id is 'The business.';
comment on column public.business_kpis.month is
'The first day of the month, in the zone of the business.';
comment on column public.business_kpis.currency is
'The currency of the business, ISO 4217. Money of other currencies is left out.';
comment on column public.business_kpis.bookings is
'Bookings that start in the month, but those held or expired.';
comment on column public.business_kpis.completed is 'Of these, completed ones.';
comment on column public.business_kpis.cancellation_bps is
'cancelled / bookings, in basis points; null of nothing.';
comment on column public.business_kpis.no_show_bps is
'no_show / (completed + no_show), in basis points; null of nothing.';
comment on column public.business_kpis.utilisation_bps is
'booked_minutes / open_minutes of the resources that customers are booked with, in basis '
'points; null of nothing.';
comment on column public.business_kpis.new_customers is 'Customers who bought for the first time.';
comment on column public.business_kpis.returning_customers is
'Customers who bought and had bought on an earlier day; each counts once a day.';
comment on column public.business_kpis.returning_bps is
'returning_customers / (new_customers + returning_customers), in basis points; null of '
'nothing.';
comment on column public.business_kpis.sold_minor is
'Lines of sales after discounts, with tax and corrections, gift cards left out, in minor '
'units.';
comment on column public.business_kpis.revenue_minor is
'captured - refunded - disputed - gift cards sold, by the ledger, in minor units.';
comment on column public.business_kpis.refund_bps is
'refunded / captured, in basis points; null of nothing.';
comment on column public.business_kpis.sold_per_customer_minor is
'sold_minor / (new_customers + returning_customers), in minor units; null of nothing.';

-- sql/90_insight/api/memberships.sql

-- Members as figures: how many there are now, and what joined, left and was worth in each month.
-- Every figure follows from the rows of memberships and their periods as they are, so a payment
-- that comes late and restores a membership also changes the months between. Rows of the two views
-- add up: no member is in two rows of active_members, nor twice in a row of membership_months.

create view analytics.active_members
with (security_invoker = true)
as
with members as (
    select
        memberships.business_id,
        memberships.id,
        memberships.granted_plan_id,
        memberships.currency,
        memberships.renews,
        memberships.number,
        memberships.status_of(
            memberships.granted_plan_id, memberships.trial_ends_at, memberships.paid_until,
            memberships.due_until, memberships.ends_at, memberships.cancelled_at,
            memberships.paused_at, memberships.resumes_at, (select private.now())
        ) as status
    from memberships.memberships
    where memberships.granted_plan_id is not null
)

select
    members.business_id,
    members.granted_plan_id as plan_id,
    members.currency,
    members.renews,
    members.status,
    count(*) as members,
    coalesce(
        sum(
            memberships.monthly_minor(
                periods.price_minor, periods.period_unit, periods.period_count
            )
        ) filter (where members.renews and members.status in ('active', 'past_due')),
        0
    )::bigint as mrr_minor
from members
inner join memberships.membership_periods as periods
    on
        members.business_id = periods.business_id
        and members.id = periods.membership_id
        and members.number = periods.number
where members.status not in ('cancelled', 'expired')
group by
    members.business_id, members.granted_plan_id, members.currency, members.renews,
    members.status;
grant select on analytics.active_members to analyst, service_role;

comment on view analytics.active_members is
'Who is a member at this instant, by business, plan, currency, renewal and status. Somebody whose '
'first period is not paid is no member yet.

Never sum across currencies.';
comment on column analytics.active_members.business_id is 'The business.';
comment on column analytics.active_members.plan_id is
'The plan whose benefits they have, a row of membership_plans.';
comment on column analytics.active_members.currency is 'ISO 4217 code.';
comment on column analytics.active_members.renews is
'Whether a period follows the one before. Passes and gifts do not renew.';
comment on column analytics.active_members.status is 'trialing, active, past_due or paused.';
comment on column analytics.active_members.members is 'Number of memberships.';
comment on column analytics.active_members.mrr_minor is
'Monthly recurring revenue in minor units: what their latest periods cost, without tax on top, '
'each converted to a month and rounded. Trials, pauses and what does not renew count 0; an unpaid '
'period counts during its grace.';

create view analytics.membership_months
with (security_invoker = true)
as
with states as not materialized (
    select
        memberships.business_id,
        memberships.id,
        memberships.currency,
        memberships.time_zone,
        memberships.trial_ends_at,
        memberships.paused_at,
        memberships.resumes_at,
        least(memberships.ends_at, memberships.due_until) as ends_at,
        memberships.status_of(
            memberships.granted_plan_id, memberships.trial_ends_at, memberships.paid_until,
            memberships.due_until, memberships.ends_at, memberships.cancelled_at,
            memberships.paused_at, memberships.resumes_at, (select private.now())
        ) as status
    from memberships.memberships
    where memberships.renews and memberships.granted_plan_id is not null
),

members as not materialized (
    select
        states.business_id,
        states.id,
        states.currency,
        states.time_zone,
        states.paused_at,
        states.resumes_at,
        periods.starts_at at time zone states.time_zone as began_at,
        case
            when states.status in ('cancelled', 'expired')
                then states.ends_at at time zone states.time_zone
        end as ended_at
    from states
    inner join memberships.membership_periods as periods
        on
            states.business_id = periods.business_id
            and states.id = periods.membership_id
    where periods.number = case when states.trial_ends_at is null then 1 else 0 end
),

months as (
    select
        spans.business_id,
        spans.currency,
        begins.at as starts_at,
        begins.at + interval '1 month' as ends_at
    from (
        select
            members.business_id,
            members.currency,
            date_trunc('month', min(members.began_at)) as from_at,
            max((select private.now()) at time zone members.time_zone) as until_at
        from members
        group by members.business_id, members.currency
    ) as spans
    cross join lateral generate_series(
        spans.from_at, spans.until_at, interval '1 month'
    ) as begins (at)
),

-- A member in a month, with what is true of them in it.
counted as (
    select
        months.business_id,
        months.currency,
        months.starts_at,
        members.id,
        members.began_at < months.starts_at as is_from_before,
        members.ended_at < months.ends_at as has_left,
        members.paused_at,
        members.resumes_at,
        -- The last instant of the month, or this one.
        least(
            months.ends_at at time zone members.time_zone - interval '1 microsecond',
            (select private.now())
        ) as at
    from months
    inner join members
        on
            months.business_id = members.business_id
            and months.currency = members.currency
            and months.ends_at > members.began_at
            and coalesce(months.starts_at <= members.ended_at, true)
)

select
    counted.business_id,
    counted.starts_at::date as month,
    counted.currency,
    count(*) filter (where counted.is_from_before) as members_at_start,
    count(*) filter (where not counted.is_from_before) as joined,
    count(*) filter (where counted.has_left) as "left",
    count(*) filter (where counted.has_left is not true) as members_at_end,
    round(
        10000.0 * count(*) filter (where counted.is_from_before and counted.has_left)
        / nullif(count(*) filter (where counted.is_from_before), 0)
    )::integer as churn_bps,
    coalesce(sum(worth.monthly_minor), 0)::bigint as mrr_minor
from counted
left join lateral (
    select
        memberships.monthly_minor(
            periods.price_minor, periods.period_unit, periods.period_count
        ) as monthly_minor
    from memberships.membership_periods as periods
    where
        counted.has_left is not true
        and not memberships.is_within_pause(counted.paused_at, counted.resumes_at, counted.at)
        and periods.business_id = counted.business_id
        and periods.membership_id = counted.id
        and periods.starts_at <= counted.at
    order by periods.number desc
    limit 1
) as worth on true
group by counted.business_id, counted.starts_at, counted.currency;
grant select on analytics.membership_months to analyst, service_role;

comment on view analytics.membership_months is
'Memberships that renew, by business, month and currency, from the first member to this month. '
'members_at_start + joined - left = members_at_end, which is members_at_start of the next month.

Never sum across currencies.';
comment on column analytics.membership_months.business_id is 'The business.';
comment on column analytics.membership_months.month is
'The first day of the month, in the zone of the business.';
comment on column analytics.membership_months.currency is 'ISO 4217 code.';
comment on column analytics.membership_months.members_at_start is
'Who was a member when the month began.';
comment on column analytics.membership_months.joined is
'Who became a member in it: with the trial, or with the first payment.';
comment on column analytics.membership_months.left is
'Who ceased to be a member in it: cancelled, or unpaid until the grace was over.';
comment on column analytics.membership_months.members_at_end is
'Who was a member when it ended; in this month, who is one now.';
comment on column analytics.membership_months.churn_bps is
'Of those who were members when it began, the share that left in it, in basis points; null when '
'there were none.';
comment on column analytics.membership_months.mrr_minor is
'Monthly recurring revenue when it ended, or now, in minor units, as in active_members. Of past '
'pauses only the latest of a membership is known.';

-- sql/90_insight/api/models.sql

-- Segments for analysts, and the models behind projected values.

create view analytics.customer_segments
with (security_invoker = true)
as
with scored as (
    select
        customer_values.business_id,
        customer_values.currency,
        customer_values.purchases,
        customer_values.value_minor,
        customer_values.expected_purchases * customer_values.expected_minor as projected,
        insight.segment_of(
            ceil(5 * cume_dist() over (of_business order by customer_values.last_on))::integer,
            ceil(5 * cume_dist() over (of_business order by customer_values.purchases))::integer
        ) as segment
    from insight.customer_values
    window of_business as (partition by customer_values.business_id)
)

select
    scored.business_id,
    scored.currency,
    scored.segment,
    count(*) as customers,
    sum(scored.purchases)::bigint as purchases,
    sum(scored.value_minor)::bigint as value_minor,
    round(sum(scored.projected)::numeric)::bigint as projected_minor
from scored
group by 1, 2, 3;
grant select on analytics.customer_segments to analyst, service_role;

comment on view analytics.customer_segments is
'Customers by business and segment (RFM). Counted once a day.

Never sum money across currencies.';
comment on column analytics.customer_segments.business_id is 'The business.';
comment on column analytics.customer_segments.currency is 'The currency of the business, ISO 4217.';
comment on column analytics.customer_segments.segment is
'As in customer_values: by scores of recency and frequency.';
comment on column analytics.customer_segments.customers is
'Customers in the segment. Each customer is in one.';
comment on column analytics.customer_segments.purchases is 'Days on which they bought, added up.';
comment on column analytics.customer_segments.value_minor is
'Their historic value, in minor units.';
comment on column analytics.customer_segments.projected_minor is
'Their projected value of the next 365 days, in minor units; null: no model fits the business.';

create view analytics.value_models
with (security_invoker = true)
as
select
    value_models.business_id,
    value_models.fitted_at,
    value_models.customers,
    value_models.r,
    value_models.alpha,
    value_models.a,
    value_models.b,
    value_models.p,
    value_models.q,
    value_models.v,
    value_models.test_days,
    value_models.expected_purchases,
    value_models.actual_purchases,
    value_models.error,
    value_models.naive_error
from insight.value_models;
grant select on analytics.value_models to analyst, service_role;

comment on view analytics.value_models is
'The parameters by which the customers of a business are valued, and the error of a back-test. A '
'business with fewer than 50 customers who came back has no model.';
comment on column analytics.value_models.business_id is 'The business.';
comment on column analytics.value_models.fitted_at is 'When the model was fitted.';
comment on column analytics.value_models.customers is
'Customers that the parameters were fitted to.';
comment on column analytics.value_models.r is 'BG/NBD: shape of the rates at which customers buy.';
comment on column analytics.value_models.alpha is 'BG/NBD: scale of these rates, in days.';
comment on column analytics.value_models.a is
'BG/NBD: first shape of the probability to stop after a purchase.';
comment on column analytics.value_models.b is 'BG/NBD: second shape of that probability.';
comment on column analytics.value_models.p is
'Gamma-Gamma: shape of the values of one customer''s purchases.';
comment on column analytics.value_models.q is 'Gamma-Gamma: shape of how customers differ.';
comment on column analytics.value_models.v is
'Gamma-Gamma: scale of how they differ, in minor units.';
comment on column analytics.value_models.test_days is
'Length of the back-test: a model of the days before was compared with these last days.';
comment on column analytics.value_models.expected_purchases is
'Purchases that it expected in them.';
comment on column analytics.value_models.actual_purchases is 'Purchases that there were.';
comment on column analytics.value_models.error is
'Mean absolute error of a customer, in purchases.';
comment on column analytics.value_models.naive_error is
'The same when everybody goes on at the rate so far.';

create view public.value_models
with (security_invoker = true)
as
select
    value_models.business_id,
    value_models.fitted_at,
    value_models.customers,
    value_models.r,
    value_models.alpha,
    value_models.a,
    value_models.b,
    value_models.p,
    value_models.q,
    value_models.v,
    value_models.test_days,
    value_models.expected_purchases,
    value_models.actual_purchases,
    value_models.error,
    value_models.naive_error
from insight.value_models;
grant select on public.value_models to authenticated, service_role;

comment on view public.value_models is
'The parameters by which the customers of a business are valued, and the error of a back-test. A '
'business with fewer than 50 customers who came back has no model. For '
'owners, managers and accountants.';
comment on column public.value_models.business_id is 'The business.';
comment on column public.value_models.fitted_at is 'When the model was fitted.';
comment on column public.value_models.customers is 'Customers that the parameters were fitted to.';
comment on column public.value_models.r is 'BG/NBD: shape of the rates at which customers buy.';
comment on column public.value_models.alpha is 'BG/NBD: scale of these rates, in days.';
comment on column public.value_models.a is
'BG/NBD: first shape of the probability to stop after a purchase.';
comment on column public.value_models.b is 'BG/NBD: second shape of that probability.';
comment on column public.value_models.p is
'Gamma-Gamma: shape of the values of one customer''s purchases.';
comment on column public.value_models.q is 'Gamma-Gamma: shape of how customers differ.';
comment on column public.value_models.v is 'Gamma-Gamma: scale of how they differ, in minor units.';
comment on column public.value_models.test_days is
'Length of the back-test: a model of the days before was compared with these last days.';
comment on column public.value_models.expected_purchases is 'Purchases that it expected in them.';
comment on column public.value_models.actual_purchases is 'Purchases that there were.';
comment on column public.value_models.error is 'Mean absolute error of a customer, in purchases.';
comment on column public.value_models.naive_error is
'The same when everybody goes on at the rate so far.';

-- sql/90_insight/api/popularity.sql

-- Products as they sell and as they are looked at.

create view analytics.popular_products
with (security_invoker = true)
as
with viewed as (
    select
        events.business_id,
        (events.at at time zone businesses.time_zone)::date as day,
        events.product_id,
        count(*) as views
    from insight.events
    inner join business.businesses on events.business_id = businesses.id
    where events.name = 'product_viewed' and events.product_id is not null
    group by 1, 2, 3
)

select
    coalesce(sold.business_id, viewed.business_id) as business_id,
    coalesce(sold.day, viewed.day) as day,
    coalesce(sold.product_id, viewed.product_id) as product_id,
    sold.currency,
    coalesce(sold.units, 0) as units,
    coalesce(sold.sold_minor, 0) as sold_minor,
    -- Views have no currency: they stand beside the first one of the day.
    case
        when
            sold.currency is null
            or sold.currency = min(sold.currency) over (
                partition by sold.business_id, sold.day, sold.product_id
            )
            then coalesce(viewed.views, 0)
        else 0
    end as views
from analytics.daily_product_stats as sold
full join viewed
    on
        sold.business_id = viewed.business_id
        and sold.day = viewed.day
        and sold.product_id = viewed.product_id;
grant select on analytics.popular_products to analyst, service_role;

comment on view analytics.popular_products is
'What products sold and how often they were looked at, by business, day and currency. Add up the '
'days of a window and order by units, sold_minor or views, then by product_id.

Never sum money across currencies.';
comment on column analytics.popular_products.business_id is 'The business.';
comment on column analytics.popular_products.day is 'A date in the zone of the business.';
comment on column analytics.popular_products.product_id is 'The product.';
comment on column analytics.popular_products.currency is
'ISO 4217 code; null when nothing was sold.';
comment on column analytics.popular_products.units is 'As in daily_product_stats.';
comment on column analytics.popular_products.sold_minor is 'As in daily_product_stats.';
comment on column analytics.popular_products.views is
'How often its page was looked at; beside one currency only.';

-- sql/90_insight/api/reports.sql

-- Reports: what they can ask for, those that were saved, and how one runs.

create view public.report_fields
with (security_invoker = true)
as
select
    report_fields.subject,
    report_fields.name,
    report_fields.kind,
    report_fields.is_money,
    report_fields.description,
    report_fields.position
from insight.report_fields;
grant select on public.report_fields to anon, authenticated, service_role;

comment on view public.report_fields is
'The dimensions and measures that reports can have, by subject.

Read only.';
comment on column public.report_fields.subject is 'What a report is about, such as services.';
comment on column public.report_fields.name is 'The name of the field in a report.';
comment on column public.report_fields.kind is
'dimension: rows are grouped by it; measure: it is counted or summed.';
comment on column public.report_fields.is_money is
'Whether it is an amount in minor units; such a report has the dimension currency.';
comment on column public.report_fields.description is 'What it says.';
comment on column public.report_fields.position is 'In which order fields are listed.';

create view public.reports
with (security_invoker = true)
as
select
    reports.id,
    reports.business_id,
    reports.name,
    reports.definition,
    reports.created_at,
    reports.updated_at
from insight.reports;
grant select on public.reports to authenticated, service_role;

comment on view public.reports is
'Reports that a business saved, for its owners, managers and accountants and the platform''s '
'staff. Written with save_report and delete_report.';
comment on column public.reports.id is 'Primary key.';
comment on column public.reports.business_id is 'The business.';
comment on column public.reports.name is 'Its name, once in a business.';
comment on column public.reports.definition is 'What it asks for, as run_report takes it.';
comment on column public.reports.created_at is 'When it was saved first.';
comment on column public.reports.updated_at is 'When it was saved last.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT422 too_many_rows
 */
create function public.run_report(report public.object)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select insight.run_report(private.to_object(report, 'report'));
end;
comment on function public.run_report is
'Run a report: measures of a business in a period, grouped by dimensions. For owners, managers and '
'accountants, and for the platform''s staff. It counts the rows that the caller may read; the '
'subjects business, channels, services, resources and products have the figures of '
'business_dashboard, without rows in which every measure is 0.

Returns {from_on, to_on, columns, rows}; each row has the columns. A report with money has the '
'dimension currency.

- report: {business_id, subject, from_on, to_on, period, dimensions, measures, filters, sort, limit}, '
'or {report_id} of a saved report. The view report_fields lists subjects, dimensions and measures; '
'at least one measure is required. from_on and to_on are local dates, both included, at most 1097 '
'days; or period: today, yesterday, this_week, last_week, this_month, last_month, this_year or '
'last_year. filters: {dimension: [texts]}. sort: columns of the report, with a minus sign for the '
'largest first; then by the dimensions. limit: how many rows at most.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, too_many_rows 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.save_report(
    business_id public.identifier, name text, definition public.object
)
returns uuid
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select insight.save_report(
        private.to_identifier(business_id, 'business_id'),
        private.to_required_text(name, 'name', 100),
        private.to_object(definition, 'definition')
    );
end;
comment on function public.save_report is
'Save a report under a name, for everybody who sees the figures of the business. It replaces the '
'report of that name. Returns its id.

For owners, managers and accountants, and for the platform''s staff.

- name: at most 100 characters.
- definition: a report as run_report takes it, without business_id. With period, it always shows '
'the current days.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.delete_report(report_id public.identifier)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select insight.delete_report(private.to_identifier(report_id, 'report_id'));
end;
comment on function public.delete_report is
'Delete a saved report. For owners, managers and accountants, and for the platform''s staff.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
public.run_report(public.object),
public.save_report(public.identifier, text, public.object),
public.delete_report(public.identifier)
to anon, authenticated, service_role;

-- sql/90_insight/api/track.sql

-- The intake of events.

/*
 * Errors:  PT400 invalid_input
 */
create function public.track(events public.list)
returns integer
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select insight.track(private.to_list(events, 'events', 500));
end;
comment on function public.track is
'Report what a visitor did. Returns how many events were taken.

No account, address or program is stored. A session is stored only with consent, and not at all '
'when the request has Sec-GPC: 1 or DNT: 1; events without a session count, and belong to nobody. '
'Events of programs that visit pages by themselves, of businesses that are not open to the public, '
'older than a day or ahead of the clock are not taken. Nobody has to sign in.

- events: at most 500 of {name, at, business_id, session_id, service_id, product_id, consent}. name '
'is visited, searched, service_viewed, product_viewed, slots_viewed, added_to_cart, '
'checkout_started or paid; only name is required. at is an instant, by default now. session_id is '
'a random UUID that the client makes for one visit. consent is true once the visitor has agreed.

Errors: invalid_input 400.';
grant execute on function public.track(public.list) to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
