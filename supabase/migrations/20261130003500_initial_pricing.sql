-- The initial schema of 35_pricing: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/35_pricing/tables/tax.sql

-- What is taxed, where, at which rate, and how the tax is rounded. Rates are rows with a validity:
-- those without a business are the reference rates of a country, which come with the seed, and a
-- business may have rows of its own, which stand in their place. A business without a row of
-- tax_settings is not registered for tax, so nothing that it sells is taxed.

-- What the tax is rounded on: each line, or everything at the same rate once a document.
create type pricing.rounding_unit as enum ('line', 'rate');
-- half_up rounds half away from zero, down towards zero, up away from it.
create type pricing.rounding_mode as enum ('half_up', 'down', 'up');
-- Where both places of a sale must be: India splits GST only within one state.
create type pricing.tax_reach as enum ('always', 'within_region', 'between_regions');

-- One tax on a line. A compound tax is levied on the taxes before it as well.
create type pricing.tax_rate as (
    component text,
    rate_bps numeric,
    is_compound boolean,
    jurisdiction text
);

-- A line to tax. `unit` names what is rounded together where tax is rounded by line: the line, with
-- what was taken back of it. The taxes of a line that a revision wrote earlier are in
-- `taxes_minor`, beside its rates; null: to be computed.
create type pricing.taxable as (
    place integer,
    unit text,
    -- After discount.
    amount_minor bigint,
    is_included boolean,
    rates pricing.tax_rate array,
    taxes_minor bigint array
);

-- What a tax is on one line.
create type pricing.tax_part as (
    place integer,
    component text,
    rate_bps numeric,
    is_compound boolean,
    jurisdiction text,
    base_minor bigint,
    tax_minor bigint
);

-- How a business taxes what it sells, its choices and the habits of its country put together.
create type pricing.tax_basis as (
    business_id uuid,
    country text,
    region text,
    time_zone text,
    is_included boolean,
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode,
    fees_are_taxed boolean,
    is_in_eu boolean
);

create table pricing.tax_places (
    country text primary key,
    is_in_eu boolean not null default false,
    prices_include_tax boolean not null default true,
    rounding_unit pricing.rounding_unit not null,
    rounding_mode pricing.rounding_mode not null,
    -- What the law leaves to the seller.
    rounding_units pricing.rounding_unit array not null,
    rounding_modes pricing.rounding_mode array not null,

    constraint tax_places_country_is_iso_3166 check (country ~ '^[A-Z]{2}$'),
    constraint tax_places_defaults_are_allowed check (
        rounding_unit = any(rounding_units) and rounding_mode = any(rounding_modes)
    )
);
comment on table pricing.tax_places is
'How each country rounds tax and shows prices, and what it leaves to the seller.';

create table pricing.tax_rules (
    id uuid primary key default gen_random_uuid(),
    -- Null: a reference rate, which holds for every business without rows of its own.
    business_id uuid references business.businesses (id) on delete cascade,
    country text not null,
    -- An ISO 3166-2 code, such as US-CA; null: the whole country. Both add up.
    region text,
    tax_class text not null references pricing.tax_classes (name) on delete restrict,
    -- Which tax: vat, gst, cgst, sales_tax, …
    component text not null,
    rate_bps numeric not null,
    is_compound boolean not null default false,
    -- The order of the taxes of a line; a compound tax comes after those that it includes.
    position smallint not null default 1,
    reach pricing.tax_reach not null default 'always',
    during daterange not null,

    constraint tax_rules_business_id_id_unique unique (business_id, id),
    constraint tax_rules_country_is_iso_3166 check (
        country ~ '^[A-Z]{2}$'
        or private.invalid('country', 'must be a two-letter ISO 3166 code, such as DE')
    ),
    constraint tax_rules_region_is_iso_3166 check (
        region is null or region ~ '^[A-Z]{2}-[A-Z0-9]{1,3}$' and left(region, 2) = country
        or private.invalid('region', 'must be an ISO 3166-2 code of the country, such as US-CA')
    ),
    constraint tax_rules_component_is_a_word check (
        component ~ '^[a-z_]{1,40}$' and component not in ('none', 'reverse_charge')
        or private.invalid('component', 'must be the name of a tax, such as vat')
    ),
    constraint tax_rules_rate_is_sane check (
        rate_bps between 0 and 10000 and rate_bps = trunc(rate_bps, 3)
        or private.invalid(
            'rate_bps', 'must be from 0 to 10000 basis points, with at most three decimals'
        )
    ),
    constraint tax_rules_exemptions_have_no_rate check (
        component <> 'exempt' or rate_bps = 0
        or private.invalid('rate_bps', 'must be 0 for what is exempt')
    ),
    constraint tax_rules_during_begins check (
        not isempty(during) and not lower_inf(during)
        or private.invalid('during', 'must have a first day')
    ),
    -- One rate at a time.
    constraint tax_rules_do_not_overlap exclude using gist (
        coalesce(business_id, '00000000-0000-0000-0000-000000000000') with =,
        country with =,
        coalesce(region, '') with =,
        tax_class with =,
        component with =,
        reach with =,
        during with &&
    )
);
comment on table pricing.tax_rules is
'The taxes of each class of what is sold: by country or region, with the days on which they hold.';
create index tax_rules_country_idx on pricing.tax_rules (country, tax_class);
create index tax_rules_tax_class_idx on pricing.tax_rules (tax_class);

create table pricing.tax_settings (
    business_id uuid primary key references business.businesses (id) on delete cascade,
    -- Where it is registered, as an ISO 3166-2 code; null: the country is enough.
    region text,
    -- Null: as the country has it.
    prices_include_tax boolean,
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode,
    -- Whether fees for cancelling, moving and not coming are taxed as what was booked.
    fees_are_taxed boolean not null default true,

    constraint tax_settings_region_is_iso_3166 check (
        region is null or region ~ '^[A-Z]{2}-[A-Z0-9]{1,3}$'
        or private.invalid('region', 'must be an ISO 3166-2 code, such as US-CA')
    )
);
comment on table pricing.tax_settings is
'The businesses that are registered for tax, and what they chose where the law leaves a choice.';

-- sql/35_pricing/tables/tax_numbers.sql

-- Tax numbers of businesses and of their customers: VAT numbers, GSTINs, Japan's numbers of issuers
-- of qualified invoices. The shape is checked here, when a number is written. Check digits differ
-- from country to country, so a worker asks a library that knows them all and reports what it
-- found; only a verified number stands on documents or makes a sale subject to reverse charge.

create type pricing.tax_number_status as enum ('pending', 'verified', 'refused', 'unchecked');

/*
 * Return whether a tax number may be one of a country, by its letters and digits.
 */
create function pricing.is_like_tax_number(country text, number text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return number ~ case country
        -- The number of an issuer of qualified invoices.
        when 'JP' then '^T[0-9]{13}$'
        when 'IN' then '^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]$'
        when 'GB' then '^GB([0-9]{9}|[0-9]{12}|(GD|HA)[0-9]{3})$'
        when 'DE' then '^DE[0-9]{9}$'
        when 'FR' then '^FR[0-9A-Z]{2}[0-9]{9}$'
        when 'GR' then '^EL[0-9]{9}$'
        else '^[A-Z0-9]{4,20}$'
    end;
end;
$$;

create table pricing.tax_numbers (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: the number of the business itself.
    customer_id uuid,
    country text not null,
    -- Capital letters and digits alone.
    number text not null,
    status pricing.tax_number_status not null default 'pending',
    checked_at timestamptz,
    created_at timestamptz not null default now(),

    constraint tax_numbers_business_id_id_unique unique (business_id, id),
    constraint tax_numbers_one_for_each_country unique nulls not distinct (
        business_id, customer_id, country
    ),
    constraint tax_numbers_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint tax_numbers_country_is_iso_3166 check (
        country ~ '^[A-Z]{2}$'
        or private.invalid('country', 'must be a two-letter ISO 3166 code, such as DE')
    ),
    constraint tax_numbers_look_like_one check (
        pricing.is_like_tax_number(country, number)
        or private.invalid('number', 'must be a tax number of its country, such as DE136695976')
    ),
    constraint tax_numbers_are_checked_once check ((status = 'pending') = (checked_at is null))
);
comment on table pricing.tax_numbers is
'Tax numbers of businesses and of their customers, and whether their check digits hold.';

-- sql/35_pricing/tables/values.sql

-- What is priced, and for whom. A seller (bookings, orders, memberships) makes lines and a context;
-- pricing knows nothing else about what is sold.

-- One thing that somebody wants to buy. `reference` holds what the seller wants to find again on
-- the line of the quote, such as {"service_id": …, "addons": […]}.
create type pricing.line as (
    kind text,
    name text,
    quantity integer,
    -- The price of one, its extras included.
    unit_minor bigint,
    currency text,
    reference jsonb,
    -- What is sold, such as the service, and its extras: what price lists have prices for.
    item_id uuid,
    addon_ids uuid [],
    -- When it begins, and with whom or where; null where the buyer left it open.
    starts_at timestamptz,
    resource_id uuid,
    -- What pricing changed, in order: [{source, name, unit_minor}].
    rules jsonb
);

-- Who buys where. The buyer says the coupon, the points, the currency, the store, the region and
-- the total that they accepted (pricing.make_terms); the seller adds the business and the buyer
-- (pricing.for_buyer); pricing looks up the rest where a rule may ask for it.
create type pricing.context as (
    coupon_code text,
    redeem_points integer,
    -- Null: the currency of the lines.
    currency text,
    store_id uuid,
    -- ISO 3166: a country (DE) or a part of it (DE-BY). Null: that of the store or the business.
    region text,
    -- The total of the quote that the buyer accepted; null: whatever it costs.
    accepted_total_minor bigint,
    business_id uuid,
    -- The account that buys, or the proven address of a guest.
    buyer_id uuid,
    buyer_email text,
    -- Looked up by pricing.complete_context.
    at timestamptz,
    time_zone text,
    group_ids uuid [],
    accesses text []
);

-- sql/35_pricing/functions/context.sql

-- Who buys where: what the buyer says of it, what the seller knows, and what is looked up.

/*
 * Make what a buyer says about a price.
 */
create function pricing.make_terms(
    coupon_code text default null,
    redeem_points integer default 0,
    currency text default null,
    store_id uuid default null,
    region text default null,
    accepted_total_minor bigint default null
)
returns pricing.context
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_context pricing.context;
begin
    v_context.coupon_code = make_terms.coupon_code;
    v_context.redeem_points = make_terms.redeem_points;
    v_context.currency = make_terms.currency;
    v_context.store_id = make_terms.store_id;
    v_context.region = make_terms.region;
    v_context.accepted_total_minor = make_terms.accepted_total_minor;
    return v_context;
end;
$$;

/*
 * Return the terms of a buyer with the business that sells and who the buyer is.
 */
create function pricing.for_buyer(
    terms pricing.context, business_id uuid, buyer_id uuid, buyer_email text default null
)
returns pricing.context
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_context pricing.context = terms;
begin
    v_context.business_id = for_buyer.business_id;
    v_context.buyer_id = for_buyer.buyer_id;
    v_context.buyer_email = for_buyer.buyer_email;
    return v_context;
end;
$$;

-- sql/35_pricing/functions/quote.sql

-- What things cost. Everything that is sold is priced here, by one function, line by line, in this
-- order: the price of the item, discounts, points, tax. The result is stored with the sale and
-- nothing computes a price again.

/*
 * Make a line to price.
 */
create function pricing.make_line(
    kind text,
    name text,
    quantity integer,
    unit_minor bigint,
    currency text,
    reference jsonb,
    item_id uuid default null,
    addon_ids uuid[] default '{}',
    starts_at timestamptz default null,
    resource_id uuid default null
)
returns pricing.line
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_line pricing.line;
begin
    v_line.kind = make_line.kind;
    v_line.name = make_line.name;
    v_line.quantity = make_line.quantity;
    v_line.unit_minor = make_line.unit_minor;
    v_line.currency = make_line.currency;
    v_line.reference = make_line.reference;
    v_line.item_id = make_line.item_id;
    v_line.addon_ids = make_line.addon_ids;
    v_line.starts_at = make_line.starts_at;
    v_line.resource_id = make_line.resource_id;
    v_line.rules = '[]';
    return v_line;
end;
$$;

/*
 * Price lines of one currency. Returns {currency, lines: [{kind, name, quantity, unit_minor,
 * amount_minor, discount_minor, tax_minor, tax_is_included, discounts, rules, …reference}], taxes,
 * subtotal_minor, discount_minor, tax_minor, total_minor}. Amounts are whole minor units.
 *
 * Errors:  PT409 insufficient_points · PT422 coupon_invalid
 */
create function pricing.quote(lines pricing.line[], context pricing.context)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if context.coupon_code is not null then
        perform private.refuse(
            'PT422', 'coupon_invalid', 'There is no such coupon.',
            'Check the code, or leave it out.'
        );
    end if;
    if context.redeem_points > 0 then
        perform private.refuse(
            'PT409', 'insufficient_points', 'You have no points to redeem.', 'Redeem fewer points.'
        );
    end if;
    return pricing.add_taxes(pricing.list_lines(lines), context);
end;
$$;

/*
 * Return the quote of lines as they are, before discounts, points and tax.
 */
create function pricing.list_lines(lines pricing.line[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_lines jsonb;
    v_subtotal bigint;
begin
    select
        jsonb_agg(
            jsonb_build_object(
                'kind', line.kind,
                'name', line.name,
                'quantity', line.quantity,
                'unit_minor', line.unit_minor,
                'amount_minor', line.unit_minor * line.quantity,
                'discount_minor', 0,
                'tax_minor', 0,
                'tax_is_included', true,
                'discounts', '[]'::jsonb,
                'rules', line.rules
            ) || line.reference
            order by line.ordinality
        ),
        sum(line.unit_minor * line.quantity)
    into v_lines, v_subtotal
    from unnest(lines) with ordinality as line;
    return jsonb_build_object(
        'currency', lines[1].currency,
        'lines', v_lines,
        'subtotal_minor', v_subtotal,
        'discount_minor', 0
    );
end;
$$;

-- sql/35_pricing/functions/split.sql

-- How an amount is divided so that nothing is lost.

/*
 * Split an amount in proportion to weights, by largest remainder; ties go to the first. The parts
 * add up to the amount. Without any weight the parts are equal.
 */
create function pricing.split(amount_minor bigint, weights bigint[])
returns bigint[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_total numeric = (select sum(weight) from unnest(weights) as weight);
begin
    if v_total = 0 then
        return pricing.split(amount_minor, array_fill(1::bigint, array[cardinality(weights)]));
    end if;
    return array(
        with shares as (
            select
                parts.place,
                div(amount_minor * parts.weight::numeric, v_total) as whole,
                mod(amount_minor * parts.weight::numeric, v_total) as remainder
            from unnest(weights) with ordinality as parts (weight, place)
        ),

        ranked as (
            select
                shares.*,
                row_number() over (order by shares.remainder desc, shares.place) as rank,
                amount_minor - sum(shares.whole) over () as rest
            from shares
        )

        select (ranked.whole + (ranked.rank <= ranked.rest)::integer)::bigint
        from ranked
        order by ranked.place
    );
end;
$$;

-- sql/35_pricing/functions/tax_documents.sql

-- The tax of a document, computed. These functions read no table: rates and amounts are arguments.
-- A tax is rounded once for each rate of the document or once for each line, as the place has it;
-- that figure is the truth, and the lines get shares of it by largest remainder.

/*
 * Return each tax of some rates as a fraction of the amount before tax. A compound tax is levied
 * on the taxes before it as well.
 */
create function pricing.tax_fractions(rates pricing.tax_rate[])
returns numeric[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_rate pricing.tax_rate;
    v_fractions numeric[] = '{}';
    v_sum numeric = 0;
    v_fraction numeric;
begin
    foreach v_rate in array coalesce(rates, '{}') loop
        v_fraction = v_rate.rate_bps * 0.0001;
        if v_rate.is_compound then
            v_fraction = v_fraction * (1 + v_sum);
        end if;
        v_fractions = v_fractions || v_fraction;
        v_sum = v_sum + v_fraction;
    end loop;
    return v_fractions;
end;
$$;

/*
 * Round a tax to whole minor units. What is negative is rounded as its opposite.
 */
create function pricing.round_tax(exact numeric, mode pricing.rounding_mode)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    -- Quotients are not exact: nine decimals are far finer than any two taxes differ.
    select (
        sign(exact) * case mode
            when 'down' then floor(round(abs(exact), 9))
            when 'up' then ceil(round(abs(exact), 9))
            else round(round(abs(exact), 9))
        end
    )::bigint;
end;

/*
 * Return the taxes of lines, exact: a row for each line and tax, and one with the component `none`
 * for a line without taxes. `part` names what is rounded together.
 */
create function pricing.exact_taxes(
    lines pricing.taxable[], rounding_unit pricing.rounding_unit
)
returns table (
    place integer,
    ordinal integer,
    component text,
    rate_bps numeric,
    is_compound boolean,
    jurisdiction text,
    part text,
    amount_minor bigint,
    is_included boolean,
    fraction numeric,
    divisor numeric,
    written_minor bigint
)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        line.place,
        coalesce(rates.ordinality, 1)::integer,
        coalesce(rates.component, 'none'),
        coalesce(rates.rate_bps, 0),
        coalesce(rates.is_compound, false),
        rates.jurisdiction,
        case exact_taxes.rounding_unit when 'line' then line.unit else '' end,
        line.amount_minor,
        line.is_included,
        coalesce(fractions.each[rates.ordinality], 0),
        case when line.is_included then 1 + coalesce(fractions.total, 0) else 1 end,
        case when rates.ordinality is null and line.taxes_minor is not null then 0
            else line.taxes_minor[rates.ordinality] end
    from unnest(lines) as line
    cross join lateral (
        select computed.each, (select sum(each_one) from unnest(computed.each) as each_one) as total
        from (select pricing.tax_fractions(line.rates) as each) as computed
    ) as fractions
    left join lateral unnest(line.rates) with ordinality as rates on true;
end;
$$;

/*
 * Return what is due for each tax of a document: the rounded tax of all its lines, less what was
 * written of it before.
 */
create function pricing.taxes_due(
    lines pricing.taxable[],
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode
)
returns table (part text, component text, rate_bps numeric, due_minor bigint)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        amounts.part,
        amounts.component,
        amounts.rate_bps,
        pricing.round_tax(
            sum(amounts.amount * amounts.fraction / amounts.divisor), taxes_due.rounding_mode
        ) - coalesce(sum(amounts.written), 0)::bigint
    from (
        -- Amounts at the same rates are added up first, so that one quotient is rounded.
        select
            exact.part,
            exact.component,
            exact.rate_bps,
            exact.fraction,
            exact.divisor,
            sum(exact.amount_minor) as amount,
            sum(exact.written_minor) as written
        from pricing.exact_taxes(lines, taxes_due.rounding_unit) as exact
        group by exact.part, exact.component, exact.rate_bps, exact.fraction, exact.divisor
    ) as amounts
    group by amounts.part, amounts.component, amounts.rate_bps;
end;
$$;

/*
 * Return the taxes of the lines that are not written yet: each share in whole minor units towards
 * zero, and what the shares of the same tax lack (`rest`) for what is due.
 */
create function pricing.tax_shares(
    lines pricing.taxable[],
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode
)
returns table (
    place integer,
    ordinal integer,
    component text,
    rate_bps numeric,
    is_compound boolean,
    jurisdiction text,
    part text,
    net_minor bigint,
    is_included boolean,
    share numeric,
    number bigint,
    rest numeric
)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        cells.place, cells.ordinal, cells.component, cells.rate_bps, cells.is_compound,
        cells.jurisdiction, cells.part, cells.amount_minor, cells.is_included, cells.exact,
        count(*) over same,
        due.due_minor - sum(trunc(cells.exact)) over same
    from (
        select
            exact.*,
            round(exact.amount_minor * exact.fraction / exact.divisor, 12) as exact
        from pricing.exact_taxes(lines, tax_shares.rounding_unit) as exact
        where exact.written_minor is null
    ) as cells
    inner join pricing.taxes_due(
        lines, tax_shares.rounding_unit, tax_shares.rounding_mode
    ) as due
        on
            due.part = cells.part
            and due.component = cells.component
            and due.rate_bps = cells.rate_bps
    window same as (partition by cells.part, cells.component, cells.rate_bps);
end;
$$;

/*
 * Return the taxes of the lines of a document that are not written yet: what is due, shared among
 * them by largest remainder; ties go to the first line. The base is the amount without any tax.
 */
create function pricing.document_taxes(
    lines pricing.taxable[],
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode
)
returns setof pricing.tax_part
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    with ranked as (
        select
            shares.*,
            row_number() over (
                partition by shares.part, shares.component, shares.rate_bps
                order by
                    (shares.share - trunc(shares.share)) * sign(shares.rest) desc, shares.place
            ) as rank
        from pricing.tax_shares(
            lines, document_taxes.rounding_unit, document_taxes.rounding_mode
        ) as shares
    ),

    taxed as (
        select
            ranked.*,
            trunc(ranked.share) + trunc(ranked.rest / ranked.number)
            + case when ranked.rank <= mod(abs(ranked.rest), ranked.number)
                then sign(ranked.rest) else 0 end as tax
        from ranked
    )

    select
        taxed.place, taxed.component, taxed.rate_bps, taxed.is_compound, taxed.jurisdiction,
        (
            taxed.net_minor
            - case when taxed.is_included then sum(taxed.tax) over line else 0 end
            + case when taxed.is_compound then sum(taxed.tax) over earlier - taxed.tax else 0 end
        )::bigint,
        taxed.tax::bigint
    from taxed
    window
        line as (partition by taxed.place),
        earlier as (partition by taxed.place order by taxed.ordinal)
    order by taxed.place, taxed.ordinal;
end;
$$;

-- sql/35_pricing/functions/tax_numbers.sql

-- What a worker asks and says about tax numbers. It knows the check digits of each country; what
-- follows from a verified number is decided here.

/*
 * Return a number whose check digits nobody has looked at yet: {country, number}; null otherwise.
 * Definer: workers have no access to the tables.
 */
create function pricing.tax_number_to_check(tax_number_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object('country', tax_numbers.country, 'number', tax_numbers.number)
        from pricing.tax_numbers
        where
            tax_numbers.id = tax_number_to_check.tax_number_id
            and tax_numbers.status = 'pending'
    );
end;
$$;

/*
 * Record what the check digits of a number say: whether they hold, or null where nobody knows them
 * for the country. A number that was changed meanwhile waits for its own check.
 * Definer: workers have no access to the tables.
 */
create function pricing.record_tax_number_check(
    tax_number_id uuid, number text, is_valid boolean
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update pricing.tax_numbers
    set
        status = case record_tax_number_check.is_valid
            when true then 'verified'
            when false then 'refused'
            else 'unchecked'
        end::pricing.tax_number_status,
        checked_at = private.now()
    where
        tax_numbers.id = record_tax_number_check.tax_number_id
        and tax_numbers.number = record_tax_number_check.number
        and tax_numbers.status = 'pending';
end;
$$;

/*
 * Return the verified tax number of a business in its country, or null.
 * Definer: it stands on documents, which customers read.
 */
create function pricing.tax_number_of(business_id uuid, country text)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select tax_numbers.number
        from pricing.tax_numbers
        where
            tax_numbers.business_id = tax_number_of.business_id
            and tax_numbers.customer_id is null
            and tax_numbers.country = tax_number_of.country
            and tax_numbers.status = 'verified'
    );
end;
$$;

/*
 * Return the rows of customers that are the signed-in user.
 * Definer: policies ask it once a statement, instead of the policy of customers.
 */
create function pricing.my_customers()
returns setof uuid
language plpgsql
stable
security definer
rows 5
set search_path = ''
as $$
begin
    return query
    select customers.id
    from customers.customers
    where customers.user_id = auth.uid();
end;
$$;

-- sql/35_pricing/functions/tax_rates.sql

-- Which taxes a business levies on what it sells.

/*
 * Return how a business taxes what it sells, or null when it is not registered for tax. A choice
 * that its country does not leave to the seller has no effect.
 * Definer: the answer is the same for every caller.
 */
create function pricing.tax_basis(business_id uuid)
returns pricing.tax_basis
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_settings pricing.tax_settings;
    v_place pricing.tax_places;
    v_basis pricing.tax_basis;
begin
    select tax_settings.* into v_settings
    from pricing.tax_settings
    where tax_settings.business_id = tax_basis.business_id;
    if not found then
        return null;
    end if;
    select businesses.country, businesses.time_zone into v_basis.country, v_basis.time_zone
    from business.businesses
    where businesses.id = tax_basis.business_id;
    select tax_places.* into v_place
    from pricing.tax_places
    where tax_places.country = v_basis.country;

    v_basis.business_id = v_settings.business_id;
    v_basis.region = v_settings.region;
    v_basis.is_included = coalesce(v_settings.prices_include_tax, v_place.prices_include_tax, true);
    v_basis.rounding_unit = case
        when v_settings.rounding_unit = any(v_place.rounding_units) then v_settings.rounding_unit
        else coalesce(v_place.rounding_unit, 'rate')
    end;
    v_basis.rounding_mode = case
        when v_settings.rounding_mode = any(v_place.rounding_modes) then v_settings.rounding_mode
        else coalesce(v_place.rounding_mode, 'half_up')
    end;
    v_basis.fees_are_taxed = v_settings.fees_are_taxed;
    v_basis.is_in_eu = coalesce(v_place.is_in_eu, false);
    return v_basis;
end;
$$;

/*
 * Return the taxes of a class of what a business sells on a day, in their order. Rows of the
 * business stand in the place of the reference rates. A class without a rate there is taxed like
 * the standard class, so that nothing is left untaxed by mistake.
 * Definer: the answer is the same for every caller.
 */
create function pricing.tax_rates(
    basis pricing.tax_basis, tax_class text, on_day date, reach pricing.tax_reach
)
returns pricing.tax_rate[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_rates pricing.tax_rate[];
begin
    if tax_class = 'outside' then
        return '{}';
    end if;
    select
        array_agg(
            pricing.make_rate(
                found.component, found.rate_bps, found.is_compound,
                coalesce(found.region, found.country)
            )
            order by found.position, found.component
        )
    into v_rates
    from (
        select
            tax_rules.*,
            bool_or(tax_rules.business_id is not null) over () as has_own
        from pricing.tax_rules
        where
            tax_rules.country = basis.country
            and tax_rules.tax_class = tax_rates.tax_class
            and (tax_rules.region is null or tax_rules.region = basis.region)
            and (tax_rules.business_id is null or tax_rules.business_id = basis.business_id)
            and tax_rules.reach in ('always', tax_rates.reach)
            and tax_rules.during @> on_day
    ) as found
    where (found.business_id is not null) = found.has_own;
    if v_rates is not null then
        return v_rates;
    end if;
    return case tax_class
        when 'standard' then '{}'
        when 'exempt' then array[pricing.make_rate('exempt', 0, false, basis.country)]
        else pricing.tax_rates(basis, 'standard', on_day, reach)
    end;
end;
$$;

/*
 * Return whether the buyer owes the tax instead of the seller: both are in the European Union, in
 * different countries, and the buyer's tax number is verified.
 * Definer: buyers and workers cannot read the numbers.
 */
create function pricing.is_reverse_charged(
    basis pricing.tax_basis, buyer_id uuid, buyer_email text
)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return basis.is_in_eu and exists (
        select 1
        from customers.customers
        inner join pricing.tax_numbers
            on
                tax_numbers.business_id = customers.business_id
                and tax_numbers.customer_id = customers.id
        inner join pricing.tax_places on tax_places.country = tax_numbers.country
        where
            customers.business_id = basis.business_id
            and (
                customers.user_id = buyer_id
                or buyer_id is null
                and customers.user_id is null
                and customers.contact_verified_at is not null
                and lower(customers.email) = lower(buyer_email)
            )
            and tax_numbers.status = 'verified'
            and tax_places.is_in_eu
            and tax_places.country <> basis.country
    );
end;
$$;

/*
 * Return the tax class of a line of a quote: its own, that of its kind, or that of its service.
 * Definer: the answer is the same for every caller.
 */
create function pricing.tax_class_of(kind text, tax_class text, service_id uuid)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if kind in ('gift_card', 'tip', 'rounding') then
        return 'outside';
    end if;
    return coalesce(
        tax_class_of.tax_class,
        (
            select services.tax_class
            from catalog.services
            where services.id = tax_class_of.service_id
        ),
        'standard'
    );
end;
$$;

-- sql/35_pricing/functions/tax_values.sql

-- How the values are made of which taxes are computed: a line to tax, and a tax on it.

/*
 * Make a line to tax that is not written yet and is rounded alone.
 */
create function pricing.make_taxable(
    place integer, amount_minor bigint, is_included boolean, rates pricing.tax_rate[]
)
returns pricing.taxable
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_line pricing.taxable;
begin
    v_line.place = make_taxable.place;
    v_line.unit = make_taxable.place::text;
    v_line.amount_minor = make_taxable.amount_minor;
    v_line.is_included = make_taxable.is_included;
    v_line.rates = make_taxable.rates;
    return v_line;
end;
$$;

/*
 * Make a tax of a line.
 */
create function pricing.make_rate(
    component text,
    rate_bps numeric,
    is_compound boolean default false,
    jurisdiction text default null
)
returns pricing.tax_rate
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_rate pricing.tax_rate;
begin
    v_rate.component = make_rate.component;
    v_rate.rate_bps = make_rate.rate_bps;
    v_rate.is_compound = make_rate.is_compound;
    v_rate.jurisdiction = make_rate.jurisdiction;
    return v_rate;
end;
$$;

-- sql/35_pricing/functions/taxes.sql

-- The last step of a quote: tax.

/*
 * Add the taxes of a quote: its rows, the share of each line, and the totals. Prices either include
 * tax, and then the total stays what it was, or tax comes on top.
 */
create function pricing.add_taxes(quote jsonb, context pricing.context)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_basis pricing.tax_basis = pricing.tax_basis(context.business_id);
    v_lines pricing.taxable[];
    v_base bigint;
begin
    if v_basis.business_id is not null then
        v_lines = pricing.taxable_lines(quote, v_basis, context);
        return pricing.put_taxes(
            quote,
            v_basis,
            array(
                select parts
                from pricing.document_taxes(
                    v_lines, v_basis.rounding_unit, v_basis.rounding_mode
                ) as parts
            )
        );
    end if;
    v_base = (quote ->> 'subtotal_minor')::bigint - (quote ->> 'discount_minor')::bigint;
    return quote || jsonb_build_object(
        'taxes', jsonb_build_array(jsonb_build_object(
            'component', 'none',
            'rate_bps', 0,
            'jurisdiction', null,
            'base_minor', v_base,
            'tax_minor', 0,
            'is_included', true
        )),
        'tax_minor', 0,
        'total_minor', v_base
    );
end;
$$;

/*
 * Return the lines of a quote with their taxes, still without figures. Services are taxed where the
 * business is; goods that go to another region may be taxed differently.
 */
create function pricing.taxable_lines(
    quote jsonb, basis pricing.tax_basis, context pricing.context
)
returns pricing.taxable[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_on_day constant date
        = (coalesce(context.at, private.now()) at time zone basis.time_zone)::date;
    v_is_reversed constant boolean = pricing.is_reverse_charged(
        basis, context.buyer_id, context.buyer_email
    );
begin
    return array(
        select pricing.make_taxable(
            line.ordinality::integer,
            (line.value ->> 'amount_minor')::bigint - (line.value ->> 'discount_minor')::bigint,
            basis.is_included,
            case
                when v_is_reversed and rates.of_class <> '{}'
                    then array[pricing.make_rate('reverse_charge', 0, false, basis.country)]
                else rates.of_class
            end
        )
        from jsonb_array_elements(quote -> 'lines') with ordinality as line
        cross join lateral (
            select pricing.tax_rates(
                basis,
                pricing.tax_class_of(
                    line.value ->> 'kind',
                    line.value ->> 'tax_class',
                    (line.value ->> 'service_id')::uuid
                ),
                v_on_day,
                pricing.reach_of(line.value ->> 'kind', basis.region, context.region)
            ) as of_class
        ) as rates
        order by line.ordinality
    );
end;
$$;

/*
 * Return whether what is sold stays in the region of the seller.
 */
create function pricing.reach_of(kind text, seller_region text, buyer_region text)
returns pricing.tax_reach
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case
        when kind in ('product', 'shipping')
            and buyer_region like '__-%'
            and seller_region is distinct from buyer_region
            then 'between_regions'
        else 'within_region'
    end;
end;
$$;

/*
 * Return a quote with its taxes: rows, lines and totals.
 */
create function pricing.put_taxes(
    quote jsonb, basis pricing.tax_basis, parts pricing.tax_part[]
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines constant jsonb = pricing.put_line_taxes(quote -> 'lines', basis.is_included, parts);
    v_tax constant bigint = (select sum(part.tax_minor) from unnest(parts) as part);
    v_net constant bigint
        = (quote ->> 'subtotal_minor')::bigint - (quote ->> 'discount_minor')::bigint;
begin
    return quote || jsonb_build_object(
        'lines', v_lines,
        'taxes', (
            select jsonb_agg(
                jsonb_build_object(
                    'component', rows.component,
                    'rate_bps', rows.rate_bps,
                    'jurisdiction', rows.jurisdiction,
                    'base_minor', rows.base_minor,
                    'tax_minor', rows.tax_minor,
                    'is_included', basis.is_included,
                    'rounding_unit', case when rows.component <> 'none' then basis.rounding_unit end,
                    'rounding_mode', case when rows.component <> 'none' then basis.rounding_mode end
                )
                order by rows.place, rows.component
            )
            from pricing.tax_rows(parts) as rows
        ),
        'tax_minor', v_tax,
        'total_minor', v_net + case when basis.is_included then 0 else v_tax end
    );
end;
$$;

/*
 * Return the taxes of a document: the sum of its lines for each component and rate, at the place
 * of the first line that has it.
 */
create function pricing.tax_rows(parts pricing.tax_part[])
returns setof pricing.tax_part
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        min(part.place),
        part.component,
        part.rate_bps,
        bool_or(part.is_compound),
        min(part.jurisdiction),
        sum(part.base_minor)::bigint,
        sum(part.tax_minor)::bigint
    from unnest(parts) as part
    group by part.component, part.rate_bps;
end;
$$;

/*
 * Return the lines of a quote with their share of the tax and its parts.
 */
create function pricing.put_line_taxes(
    lines jsonb, is_included boolean, parts pricing.tax_part[]
)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_agg(
            line.value || jsonb_build_object(
                'tax_minor', taxes.tax_minor,
                'tax_is_included', put_line_taxes.is_included,
                'taxes', taxes.each
            )
            order by line.ordinality
        )
        from jsonb_array_elements(lines) with ordinality as line
        cross join lateral (
            select
                sum(part.tax_minor) as tax_minor,
                coalesce(
                    jsonb_agg(to_jsonb(part) - 'place' order by part.ordinality)
                    filter (where part.component <> 'none'),
                    '[]'
                ) as each
            from unnest(parts) with ordinality as part
            where part.place = line.ordinality
        ) as taxes
    );
end;
$$;

-- sql/35_pricing/rules/tax.sql

-- What a constraint on tax cannot say.

create trigger _010_refuse_bad_input
before insert or update on pricing.tax_rules
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on pricing.tax_settings
for each row execute function business.any__refuse_bad_input('manage');

-- Customers write their own number, which is for the policy to allow.
create trigger _010_refuse_bad_input
before insert or update on pricing.tax_numbers
for each row execute function private.any__refuse_bad_input();

/*
 * Refuse to round tax in a way that the law of the country does not leave to the seller.
 *
 * Errors:  PT422 rounding_not_allowed
 */
create function pricing.tax_settings__refuse_unlawful()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_place pricing.tax_places;
begin
    select tax_places.* into v_place
    from business.businesses
    inner join pricing.tax_places on tax_places.country = businesses.country
    where businesses.id = new.business_id;
    if new.rounding_unit <> all(v_place.rounding_units)
        or new.rounding_mode <> all(v_place.rounding_modes) then
        perform private.refuse(
            'PT422', 'rounding_not_allowed',
            format(
                'In %s tax is rounded by %s, and %s.', v_place.country,
                array_to_string(v_place.rounding_units, ' or '),
                array_to_string(v_place.rounding_modes, ' or ')
            ),
            'Leave rounding_unit and rounding_mode empty to round as the country has it.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_unlawful
before insert or update on pricing.tax_settings
for each row
when (num_nonnulls(new.rounding_unit, new.rounding_mode) > 0)
execute function pricing.tax_settings__refuse_unlawful();

/*
 * Write a tax number without spaces and punctuation, to be checked again.
 */
create function pricing.tax_numbers__normalize()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.number = upper(regexp_replace(new.number, '[\s./-]', '', 'g'));
    new.status = 'pending';
    new.checked_at = null;
    return new;
end;
$$;

create trigger _005_normalize
before insert or update of number, country on pricing.tax_numbers
for each row execute function pricing.tax_numbers__normalize();

/*
 * Ask a worker for the check digits of a number.
 * Definer: clients may not write to the queues.
 */
create function pricing.tax_numbers__ask()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.emit('tax_number.written', jsonb_build_object('tax_number_id', new.id));
    return null;
end;
$$;

create trigger _200_ask
after insert or update of number, country on pricing.tax_numbers
for each row execute function pricing.tax_numbers__ask();

-- sql/35_pricing/policies/functions.sql

-- Everyone may ask for a price; the lines come from functions that read the catalog.

grant execute on function
pricing.make_line(
    text, text, integer, bigint, text, jsonb, uuid, uuid[], timestamptz, uuid
),
pricing.make_terms(text, integer, text, uuid, text, bigint),
pricing.for_buyer(pricing.context, uuid, uuid, text),
pricing.quote(pricing.line[], pricing.context),
pricing.list_lines(pricing.line[]),
pricing.add_taxes(jsonb, pricing.context)
to anon, authenticated, service_role;

-- sql/35_pricing/policies/tax.sql

-- Who may read and write tax. Everybody reads rates and how a business taxes: both stand on every
-- receipt. Owners and managers write those of their business, and the tax numbers of it and of its
-- customers; a customer reads and writes their own number.

alter table pricing.tax_places enable row level security;
alter table pricing.tax_rules enable row level security;
alter table pricing.tax_settings enable row level security;
alter table pricing.tax_numbers enable row level security;

grant select on pricing.tax_places to anon, authenticated, service_role;
-- No writes: places come with the seed.

create policy tax_places_select
on pricing.tax_places
for select
to anon, authenticated
using (true);

grant select on pricing.tax_rules to anon;
grant select, delete on pricing.tax_rules to authenticated;
grant insert (
    id, business_id, country, region, tax_class, component, rate_bps, is_compound, position, reach,
    during
) on pricing.tax_rules to authenticated;
grant update (
    id, business_id, country, region, tax_class, component, rate_bps, is_compound, position, reach,
    during
) on pricing.tax_rules to authenticated;
grant select, insert, update, delete on pricing.tax_rules to service_role;

create policy tax_rules_select
on pricing.tax_rules
for select
to anon, authenticated
using (
    business_id is null
    or exists (
        select 1
        from business.businesses
        where businesses.id = tax_rules.business_id
    )
);

create policy tax_rules_insert
on pricing.tax_rules
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy tax_rules_update
on pricing.tax_rules
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy tax_rules_delete
on pricing.tax_rules
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on pricing.tax_settings to anon;
grant select, delete on pricing.tax_settings to authenticated;
grant insert (
    business_id, region, prices_include_tax, rounding_unit, rounding_mode, fees_are_taxed
) on pricing.tax_settings to authenticated;
grant update (
    business_id, region, prices_include_tax, rounding_unit, rounding_mode, fees_are_taxed
) on pricing.tax_settings to authenticated;
grant select, insert, update, delete on pricing.tax_settings to service_role;

create policy tax_settings_select
on pricing.tax_settings
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = tax_settings.business_id
    )
);

create policy tax_settings_insert
on pricing.tax_settings
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy tax_settings_update
on pricing.tax_settings
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy tax_settings_delete
on pricing.tax_settings
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select, delete on pricing.tax_numbers to authenticated;
-- status and checked_at are not granted: a worker verifies numbers.
grant insert (id, business_id, customer_id, country, number)
on pricing.tax_numbers to authenticated;
grant update (id, business_id, customer_id, country, number)
on pricing.tax_numbers to authenticated;
grant select, insert, update, delete on pricing.tax_numbers to service_role;

create policy tax_numbers_select
on pricing.tax_numbers
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('view')))
    or customer_id = any(array(select pricing.my_customers()))
);

create policy tax_numbers_insert
on pricing.tax_numbers
for insert
to authenticated
with check (
    business_id = any(array(select private.my_businesses('manage')))
    or customer_id = any(array(select pricing.my_customers()))
);

create policy tax_numbers_update
on pricing.tax_numbers
for update
to authenticated
using (
    business_id = any(array(select private.my_businesses('manage')))
    or customer_id = any(array(select pricing.my_customers()))
)
with check (
    business_id = any(array(select private.my_businesses('manage')))
    or customer_id = any(array(select pricing.my_customers()))
);

create policy tax_numbers_delete
on pricing.tax_numbers
for delete
to authenticated
using (
    business_id = any(array(select private.my_businesses('manage')))
    or customer_id = any(array(select pricing.my_customers()))
);

grant execute on function
pricing.my_customers(),
pricing.tax_basis(uuid),
pricing.tax_rates(pricing.tax_basis, text, date, pricing.tax_reach),
pricing.is_reverse_charged(pricing.tax_basis, uuid, text),
pricing.tax_class_of(text, text, uuid),
pricing.reach_of(text, text, text),
pricing.taxable_lines(jsonb, pricing.tax_basis, pricing.context),
pricing.make_taxable(integer, bigint, boolean, pricing.tax_rate[]),
pricing.make_rate(text, numeric, boolean, text),
pricing.tax_fractions(pricing.tax_rate[]),
pricing.round_tax(numeric, pricing.rounding_mode),
pricing.exact_taxes(pricing.taxable[], pricing.rounding_unit),
pricing.taxes_due(pricing.taxable[], pricing.rounding_unit, pricing.rounding_mode),
pricing.tax_shares(pricing.taxable[], pricing.rounding_unit, pricing.rounding_mode),
pricing.document_taxes(pricing.taxable[], pricing.rounding_unit, pricing.rounding_mode),
pricing.tax_rows(pricing.tax_part[]),
pricing.put_taxes(jsonb, pricing.tax_basis, pricing.tax_part[]),
pricing.put_line_taxes(jsonb, boolean, pricing.tax_part[]),
pricing.is_like_tax_number(text, text)
to anon, authenticated, service_role;

grant usage on schema pricing to worker;
grant execute on function
pricing.tax_number_to_check(uuid),
pricing.record_tax_number_check(uuid, text, boolean)
to worker;

-- sql/35_pricing/api/tax.sql

-- What clients read and write about tax.

create view public.tax_rules
with (security_invoker = true)
as
select
    tax_rules.id,
    tax_rules.business_id,
    tax_rules.country,
    tax_rules.region,
    tax_rules.tax_class,
    tax_rules.component,
    tax_rules.rate_bps,
    tax_rules.is_compound,
    tax_rules.position,
    tax_rules.reach,
    tax_rules.during
from pricing.tax_rules;
grant select on public.tax_rules to anon;
grant select, insert, update, delete on public.tax_rules to authenticated, service_role;

comment on view public.tax_rules is
'The taxes of each class of what is sold. Rows without a business are the reference rates of a '
'country; a business that has rows for a class uses those instead.

Readable by everyone; owners and managers write those of their business.';
comment on column public.tax_rules.id is 'Key.';
comment on column public.tax_rules.business_id is
'The business whose rate it is; null for a reference rate.';
comment on column public.tax_rules.country is 'ISO 3166 code.';
comment on column public.tax_rules.region is
'ISO 3166-2 code, such as US-CA; null for the whole country. Both are added.';
comment on column public.tax_rules.tax_class is 'What it taxes, a name of the view tax_classes.';
comment on column public.tax_rules.component is
'The tax, such as vat, gst or sales_tax; exempt where nothing is due.';
comment on column public.tax_rules.rate_bps is
'The rate in basis points, with up to three decimals: 1900 is 19 %.';
comment on column public.tax_rules.is_compound is
'Whether it is levied on the taxes before it as well.';
comment on column public.tax_rules.position is 'The order of the taxes of a line, ascending.';
comment on column public.tax_rules.reach is
'always, within_region or between_regions: India splits GST only within one state.';
comment on column public.tax_rules.during is
'The days on which it holds, in the zone of the business.';

create view public.tax_settings
with (security_invoker = true)
as
select
    tax_settings.business_id,
    tax_settings.region,
    tax_settings.prices_include_tax,
    tax_settings.rounding_unit,
    tax_settings.rounding_mode,
    tax_settings.fees_are_taxed
from pricing.tax_settings;
grant select on public.tax_settings to anon;
grant select, insert, update, delete on public.tax_settings to authenticated, service_role;

comment on view public.tax_settings is
'The businesses that are registered for tax. Nothing that a business without a row sells is '
'taxed. What is empty is as the country has it.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.tax_settings.business_id is 'The business.';
comment on column public.tax_settings.region is
'Where it is registered, an ISO 3166-2 code such as US-CA; null where the country is enough.';
comment on column public.tax_settings.prices_include_tax is
'Whether its prices include tax; null: as is usual in its country.';
comment on column public.tax_settings.rounding_unit is
'line rounds the tax of each line, rate that of all lines at a rate; null: as the country has it.';
comment on column public.tax_settings.rounding_mode is
'half_up, down or up; null: as the country has it.';
comment on column public.tax_settings.fees_are_taxed is
'Whether fees for cancelling, moving and not coming are taxed as what was booked.';

create view public.tax_numbers
with (security_invoker = true)
as
select
    tax_numbers.id,
    tax_numbers.business_id,
    tax_numbers.customer_id,
    tax_numbers.country,
    tax_numbers.number,
    tax_numbers.status,
    tax_numbers.checked_at,
    tax_numbers.created_at
from pricing.tax_numbers;
grant select, insert, update, delete on public.tax_numbers to authenticated, service_role;

comment on view public.tax_numbers is
'Tax numbers of a business and of its customers: VAT numbers, GSTINs, Japan''s T numbers of '
'issuers of qualified invoices.

Members read those of their business, owners and managers write them; customers read and write '
'their own.';
comment on column public.tax_numbers.id is 'Key.';
comment on column public.tax_numbers.business_id is 'The business that knows the number.';
comment on column public.tax_numbers.customer_id is
'The customer whose number it is; null for the business itself.';
comment on column public.tax_numbers.country is 'ISO 3166 code of the country that issued it.';
comment on column public.tax_numbers.number is
'Capital letters and digits; spaces and punctuation are removed.';
comment on column public.tax_numbers.status is
'pending until its check digits were looked at, then verified or refused; unchecked where nobody '
'knows the check digits of the country. Only a verified number counts.';
comment on column public.tax_numbers.checked_at is 'When it was checked; null while pending.';
comment on column public.tax_numbers.created_at is 'When it was written.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
