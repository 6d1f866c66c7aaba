-- The initial schema of 38_sales: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/38_sales/tables.sql

-- The one head of what is sold. A sale says who bought what, from which business, at which price.
-- It is written when something is sold, never before: a hold has none. A sale has no status,
-- number or total. Its lines never change: whatever changes later (a fee, a cancelled service, a
-- refund) is a further revision with lines of its own, so what is owed is the sum of the lines.

create schema sales;
comment on schema sales is 'What was sold: baskets, sales, their lines and taxes.';

create type sales.line_kind as enum (
    'service', 'product', 'membership', 'gift_card', 'shipping', 'fee', 'tip', 'rounding',
    -- What a gift card that was taxed when it was sold pays of a line: a pair that adds up to
    -- nothing, of which one takes the line's tax back.
    'voucher'
);
create type sales.revision_cause as enum (
    'agreed', 'cancelled', 'rejected', 'expired', 'no_show', 'moved', 'corrected',
    'refunded', 'tipped', 'charged', 'voucher'
);

-- Sales that are paid together, of one business or of several.
create table sales.baskets (
    id uuid primary key default gen_random_uuid(),
    customer_id uuid references auth.users (id) on delete set null,
    -- The hash of the secret by which somebody without an account finds it again.
    token_hash bytea,
    currency text not null references pricing.currencies (code) on delete restrict,
    created_at timestamptz not null default now(),

    constraint baskets_token_hash_unique unique (token_hash)
);
comment on table sales.baskets is 'Sales that are paid together, of one business or of several.';
comment on column sales.baskets.customer_id is '[person]';
comment on column sales.baskets.token_hash is '[secret]';
create index baskets_customer_id_idx on sales.baskets (customer_id);
create index baskets_currency_idx on sales.baskets (currency);

create table sales.sales (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete restrict,
    basket_id uuid references sales.baskets (id) on delete restrict,
    -- Who bought, and their contact at that time. Only claiming and erasing change these.
    customer_id uuid references auth.users (id) on delete set null,
    customer_name text,
    customer_email text,
    customer_phone text,
    currency text not null references pricing.currencies (code) on delete restrict,
    placed_at timestamptz not null,

    constraint sales_business_id_id_unique unique (business_id, id)
);
comment on table sales.sales is 'What somebody bought from a business: one for each booking.';
comment on column sales.sales.customer_id is '[person]';
comment on column sales.sales.customer_name is '[personal]';
comment on column sales.sales.customer_email is '[person] [personal]';
comment on column sales.sales.customer_phone is '[person] [personal]';
-- My purchases, and those of a business, page by page.
create index sales_customer_id_idx on sales.sales (customer_id, placed_at, id);
create index sales_business_id_idx on sales.sales (business_id, placed_at, id);
-- What somebody without an account bought.
create index sales_guests_email_idx on sales.sales (lower(customer_email))
where customer_id is null;
create index sales_guests_phone_idx on sales.sales (customer_phone)
where customer_id is null and customer_phone is not null;
create index sales_basket_id_idx on sales.sales (basket_id) where basket_id is not null;
create index sales_currency_idx on sales.sales (currency);

create table sales.sale_revisions (
    business_id uuid not null,
    sale_id uuid not null,
    -- 0: as agreed.
    revision integer not null,
    cause sales.revision_cause not null,
    actor_id uuid references auth.users (id) on delete set null,
    at timestamptz not null,

    primary key (business_id, sale_id, revision),
    constraint sale_revisions_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint sale_revisions_begin_as_agreed check ((revision = 0) = (cause = 'agreed')),
    constraint sale_revisions_not_negative check (revision >= 0)
);
comment on table sales.sale_revisions is
'Why the lines of a sale were written: as agreed, and each change since.';
create index sale_revisions_actor_id_idx on sales.sale_revisions (actor_id);
-- What a business sold, and took back, on a day.
create index sale_revisions_at_idx on sales.sale_revisions (business_id, at);

create table sales.sale_lines (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    sale_id uuid not null,
    position smallint not null,
    revision integer not null,
    kind sales.line_kind not null,
    -- The line that this one takes back, or charges a fee for.
    corrects_line_id uuid,
    service_id uuid,
    name text not null,
    quantity integer not null,
    unit_minor bigint not null,
    -- Before discount; negative where a line takes something back.
    amount_minor bigint not null,
    discount_minor bigint not null default 0,
    -- Its share of the tax of the revision, and whether the amount includes it.
    tax_minor bigint not null default 0,
    tax_is_included boolean not null default true,
    variant_id uuid,
    -- The membership plan that was sold. Its key is added by the domain of plans.
    plan_id uuid,

    constraint sale_lines_business_id_id_unique unique (business_id, id),
    constraint sale_lines_position_unique unique (business_id, sale_id, position),
    constraint sale_lines_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint sale_lines_revision_fkey foreign key (business_id, sale_id, revision)
    references sales.sale_revisions (business_id, sale_id, revision) on delete cascade,
    constraint sale_lines_corrects_fkey foreign key (business_id, corrects_line_id)
    references sales.sale_lines (business_id, id) on delete restrict,
    constraint sale_lines_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete set null (service_id),
    constraint sale_lines_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete set null (variant_id),
    constraint sale_lines_quantity_is_positive check (quantity > 0),
    constraint sale_lines_amount_is_of_units check (amount_minor = quantity * unit_minor),
    constraint sale_lines_corrections_come_later check (
        corrects_line_id is null or revision > 0
    ),
    constraint sale_lines_first_are_not_negative check (
        revision > 0 or (amount_minor >= 0 and discount_minor between 0 and amount_minor)
    )
);
comment on table sales.sale_lines is
'What a sale is made of, line by line. Lines never change: corrections are further lines.';
comment on column sales.sale_lines.sale_id is '[person]';
create index sale_lines_revision_idx on sales.sale_lines (business_id, sale_id, revision);
create index sale_lines_corrects_idx on sales.sale_lines (business_id, corrects_line_id)
where corrects_line_id is not null;
create index sale_lines_service_idx on sales.sale_lines (business_id, service_id);
create index sale_lines_variant_idx on sales.sale_lines (business_id, variant_id)
where variant_id is not null;

-- A line that changes a sale, before it is written: an amount more, or less, than its lines say.
create type sales.change as (
    kind sales.line_kind,
    corrects_line_id uuid,
    service_id uuid,
    variant_id uuid,
    plan_id uuid,
    name text,
    quantity integer,
    unit_minor bigint,
    amount_minor bigint,
    discount_minor bigint,
    -- How a line that is new was quoted; null: like the line that it corrects or, where there is
    -- none, by its kind and service.
    rates pricing.tax_rate array
);

create table sales.sale_taxes (
    business_id uuid not null,
    sale_id uuid not null,
    revision integer not null,
    -- Which tax, such as vat; `none` is outside the scope of tax, `exempt` and `reverse_charge` say
    -- why nothing is due.
    component text not null,
    rate_bps numeric not null,
    -- The lines of the revision after discount and without tax, and the tax on them.
    base_minor bigint not null,
    tax_minor bigint not null,
    -- The country or region that levies it.
    jurisdiction text,
    -- How the tax was rounded; later revisions of the sale round in the same way.
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode,

    primary key (business_id, sale_id, revision, component, rate_bps),
    constraint sale_taxes_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint sale_taxes_revision_fkey foreign key (business_id, sale_id, revision)
    references sales.sale_revisions (business_id, sale_id, revision) on delete cascade,
    constraint sale_taxes_rate_is_sane check (rate_bps between 0 and 10000),
    constraint sale_taxes_nothing_is_taxed check (
        component not in ('none', 'exempt', 'reverse_charge') or (rate_bps = 0 and tax_minor = 0)
    )
);
comment on table sales.sale_taxes is
'The tax of each revision of a sale: a row for each component and rate. The lines are split '
'from it.';

create table sales.sale_line_taxes (
    business_id uuid not null,
    sale_line_id uuid not null,
    component text not null,
    rate_bps numeric not null,
    -- The order of the taxes of the line; a compound tax is levied on those before it as well.
    position smallint not null,
    is_compound boolean not null,
    jurisdiction text,
    base_minor bigint not null,
    tax_minor bigint not null,

    primary key (business_id, sale_line_id, component, rate_bps),
    constraint sale_line_taxes_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete cascade
);
comment on table sales.sale_line_taxes is
'The taxes of each line of a sale. A line without taxes has no row.';

-- What a discount took off a line, and who bears it. A line's discount_minor is their sum.
create table sales.sale_line_discounts (
    business_id uuid not null,
    sale_line_id uuid not null,
    -- The promotion, or `points`.
    source text not null,
    -- business or platform: commissions add back what the platform bears.
    bearer text not null,
    name text not null,
    amount_minor bigint not null,

    primary key (business_id, sale_line_id, source, bearer),
    constraint sale_line_discounts_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete cascade,
    constraint sale_line_discounts_bearer_is_known check (bearer in ('business', 'platform')),
    constraint sale_line_discounts_take_something_off check (amount_minor > 0)
);
comment on table sales.sale_line_discounts is
'What discounts took off the lines of a sale, and who bears them.';

-- Which uses of promotions a sale has.
create table sales.sale_coupons (
    business_id uuid not null,
    sale_id uuid not null,
    redemption_id uuid not null,

    primary key (business_id, sale_id, redemption_id),
    constraint sale_coupons_redemption_unique unique (business_id, redemption_id),
    constraint sale_coupons_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint sale_coupons_redemption_fkey foreign key (business_id, redemption_id)
    references pricing.coupon_redemptions (business_id, id) on delete restrict
);
comment on table sales.sale_coupons is 'The uses of promotions by a sale, with or without a code.';

-- Which visits or credits paid lines of a sale, and which were given back.
create table sales.sale_line_allowances (
    business_id uuid not null,
    sale_line_id uuid not null,
    allowance_id uuid not null,
    units integer not null,
    at timestamptz not null,
    returned_at timestamptz,

    primary key (business_id, sale_line_id, allowance_id),
    constraint sale_line_allowances_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete cascade,
    constraint sale_line_allowances_allowance_fkey foreign key (business_id, allowance_id)
    references customers.allowances (business_id, id) on delete cascade,
    constraint sale_line_allowances_use_something check (units > 0)
);
comment on table sales.sale_line_allowances is
'The visits and credits that paid lines of sales.';
-- What was used of an allowance.
create index sale_line_allowances_allowance_idx
on sales.sale_line_allowances (business_id, allowance_id);

create table sales.sale_line_deliveries (
    business_id uuid not null,
    sale_line_id uuid not null,
    sale_id uuid not null,
    at timestamptz not null,

    primary key (business_id, sale_line_id),
    constraint sale_line_deliveries_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete restrict,
    constraint sale_line_deliveries_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete restrict
);
comment on table sales.sale_line_deliveries is
'Lines that were provided, once each. From then on the business has earned them.';
create index sale_line_deliveries_sale_idx on sales.sale_line_deliveries (business_id, sale_id);

-- sql/38_sales/functions/alike.sql

-- How many sales of the same thing are written at once, such as the renewals of a plan.

/*
 * Write a sale of one quote for each of some accounts, with the ids at the same place. The quote
 * uses no promotions and no allowances.
 */
create function sales.place_alike(
    business_id uuid, sale_ids uuid[], customer_ids uuid[], quote jsonb
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into sales.sales (
        id, business_id, customer_id, customer_name, customer_email, customer_phone, currency,
        placed_at
    )
    select
        buyers.sale_id, place_alike.business_id, buyers.customer_id, profiles.full_name,
        profiles.email, profiles.phone, quote ->> 'currency', private.now()
    from unnest(place_alike.sale_ids, place_alike.customer_ids) as buyers (sale_id, customer_id)
    left join identity.profiles on profiles.id = buyers.customer_id;
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, actor_id, at)
    select place_alike.business_id, placed.sale_id, 0, 'agreed', auth.uid(), private.now()
    from unnest(place_alike.sale_ids) as placed (sale_id);
    perform sales.write_agreed_lines(place_alike.business_id, place_alike.sale_ids, quote);
end;
$$;

-- sql/38_sales/functions/allowances.sql

-- How sales use allowances: visits and credits are used when a sale is placed, and given back when
-- the seller says so. What is used never exceeds what was granted, whoever buys at that moment.

/*
 * Use the allowances that a quote lists, in the order of their ids. Whoever comes after the last
 * unit is refused, because the price is another now.
 *
 * Errors:  PT409 price_changed
 */
create function sales.claim_allowances(business_id uuid, sale_id uuid, uses jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_use record;
begin
    for v_use in
        select uses.allowance_id, uses.place, uses.units
        from jsonb_to_recordset(coalesce(claim_allowances.uses, '[]'))
            as uses (allowance_id uuid, place integer, units integer)
        order by uses.allowance_id, uses.place
    loop
        if not customers.use_allowance(
            claim_allowances.business_id, v_use.allowance_id, v_use.units
        ) then
            perform pricing.refuse_changed_price();
        end if;
        insert into sales.sale_line_allowances (
            business_id, sale_line_id, allowance_id, units, at
        )
        select
            sale_lines.business_id, sale_lines.id, v_use.allowance_id, v_use.units, private.now()
        from sales.sale_lines
        where
            sale_lines.business_id = claim_allowances.business_id
            and sale_lines.sale_id = claim_allowances.sale_id
            and sale_lines.position = v_use.place;
    end loop;
end;
$$;

/*
 * Give back the units that paid some lines, or all lines, of a sale, each once.
 */
create function sales.return_allowances(
    business_id uuid, sale_id uuid, line_ids uuid[] default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    with returned as (
        update sales.sale_line_allowances
        set returned_at = private.now()
        from sales.sale_lines
        where
            sale_lines.business_id = return_allowances.business_id
            and sale_lines.sale_id = return_allowances.sale_id
            and sale_line_allowances.business_id = sale_lines.business_id
            and sale_line_allowances.sale_line_id = sale_lines.id
            and sale_line_allowances.returned_at is null
            and (
                return_allowances.line_ids is null
                or sale_lines.id = any(return_allowances.line_ids)
            )
        returning sale_line_allowances.allowance_id, sale_line_allowances.units
    )

    update customers.allowances
    set used = allowances.used - given.units
    from (
        select returned.allowance_id, sum(returned.units) as units
        from returned
        group by returned.allowance_id
    ) as given
    where
        allowances.business_id = return_allowances.business_id
        and allowances.id = given.allowance_id;
end;
$$;

-- sql/38_sales/functions/changes.sql

-- The lines that change a sale, before they are written: corrections of its lines, fees, and what
-- is added to it.

/*
 * Make a line that changes a sale: an amount more, or less, than its lines say so far. The amount
 * is that of all units.
 */
create function sales.make_change(
    kind sales.line_kind,
    corrects_line_id uuid,
    service_id uuid,
    name text,
    amount_minor bigint,
    discount_minor bigint default 0,
    plan_id uuid default null,
    quantity integer default 1
)
returns sales.change
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_change sales.change;
begin
    v_change.kind = make_change.kind;
    v_change.corrects_line_id = make_change.corrects_line_id;
    v_change.service_id = make_change.service_id;
    v_change.name = make_change.name;
    v_change.quantity = make_change.quantity;
    v_change.unit_minor = make_change.amount_minor / make_change.quantity;
    v_change.amount_minor = make_change.amount_minor;
    v_change.discount_minor = make_change.discount_minor;
    v_change.plan_id = make_change.plan_id;
    return v_change;
end;
$$;

/*
 * Return the lines of a quote as additions to a sale, at the rates at which they were quoted.
 */
create function sales.additions_of(quote jsonb)
returns sales.change[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_line jsonb;
    v_change sales.change;
    v_changes sales.change[] = '{}';
begin
    for v_line in
        select line.value
        from jsonb_array_elements(quote -> 'lines') with ordinality as line
        order by line.ordinality
    loop
        v_change = jsonb_populate_record(null::sales.change, v_line);
        v_change.rates = array(
            select jsonb_populate_record(null::pricing.tax_rate, tax.value)
            from jsonb_array_elements(v_line -> 'taxes') with ordinality as tax
            order by tax.ordinality
        );
        v_changes = v_changes || v_change;
    end loop;
    return v_changes;
end;
$$;

-- sql/38_sales/functions/coupons.sql

-- How sales use promotions: claimed when a sale is placed, released when it is taken back whole
-- before it is paid, kept once it is paid.

/*
 * Write what promotions, allowances and points took off the lines of a sale, and claim them. A sale
 * without any claims nothing.
 *
 * Errors:  PT409 coupon_exhausted insufficient_points price_changed · PT422 coupon_invalid
 */
create function sales.claim_discounts(
    business_id uuid, sale_id uuid, quote jsonb, customer_id uuid, customer_email text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if coalesce(claim_discounts.quote -> 'promotions', '[]') = '[]'
        and coalesce((claim_discounts.quote ->> 'discount_minor')::bigint, 0) = 0 then
        return;
    end if;
    insert into sales.sale_line_discounts (
        business_id, sale_line_id, source, bearer, name, amount_minor
    )
    select
        sale_lines.business_id,
        sale_lines.id,
        discount.value ->> 'source',
        discount.value ->> 'bearer',
        discount.value ->> 'name',
        (discount.value ->> 'amount_minor')::bigint
    from jsonb_array_elements(claim_discounts.quote -> 'lines') with ordinality as line (value, place)
    cross join jsonb_array_elements(line.value -> 'discounts') as discount (value)
    inner join sales.sale_lines
        on
            sale_lines.business_id = claim_discounts.business_id
            and sale_lines.sale_id = claim_discounts.sale_id
            and line.place = sale_lines.position;
    perform sales.claim_allowances(
        claim_discounts.business_id, claim_discounts.sale_id,
        claim_discounts.quote -> 'allowances'
    );
    insert into sales.sale_coupons (business_id, sale_id, redemption_id)
    select claim_discounts.business_id, claim_discounts.sale_id, claims.id
    from unnest(
        pricing.claim_promotions(
            claim_discounts.business_id, claim_discounts.quote, claim_discounts.customer_id,
            claim_discounts.customer_email
        )
    ) as claims (id);
    perform sales.claim_points(
        claim_discounts.business_id, claim_discounts.sale_id, claim_discounts.quote,
        claim_discounts.customer_id, claim_discounts.customer_email
    );
end;
$$;

/*
 * Release the promotions of a sale that was taken back whole, unless it was paid.
 */
create function sales.release_coupons(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_redemption_ids uuid[] = sales.redemptions_of(
        release_coupons.business_id, release_coupons.sale_id
    );
begin
    if v_redemption_ids <> '{}' and (
        select sum(sale_lines.amount_minor) = 0
        from sales.sale_lines
        where
            sale_lines.business_id = release_coupons.business_id
            and sale_lines.sale_id = release_coupons.sale_id
            and sale_lines.kind <> 'fee'
    ) then
        perform pricing.release_redemptions(release_coupons.business_id, v_redemption_ids);
    end if;
end;
$$;

/*
 * Keep the promotions of a sale for good: it is paid.
 */
create function sales.keep_coupons(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform pricing.keep_redemptions(
        keep_coupons.business_id,
        sales.redemptions_of(keep_coupons.business_id, keep_coupons.sale_id)
    );
end;
$$;

/*
 * Return the uses of promotions by a sale.
 */
create function sales.redemptions_of(business_id uuid, sale_id uuid)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select sale_coupons.redemption_id
        from sales.sale_coupons
        where
            sale_coupons.business_id = redemptions_of.business_id
            and sale_coupons.sale_id = redemptions_of.sale_id
    );
end;
$$;

-- sql/38_sales/functions/deliveries.sql

-- What of a sale was provided. Upper domains say so; the money that it earns reacts.

/*
 * Return the lines of a sale that charge something, each with what still stands of it. Lines that
 * take back reduce those that they correct, the latest first; fees are taken back from fees.
 * `root_id` is the line to which it belongs: itself, or the one that it charges a fee for.
 */
create function sales.standing_lines(business_id uuid, sale_id uuid)
returns table (
    sale_line_id uuid,
    root_id uuid,
    is_charged_for_another boolean,
    place smallint,
    total_minor bigint,
    standing_minor bigint
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with lines as (
        select
            sale_lines.id,
            sale_lines.position,
            sale_lines.kind,
            sale_lines.corrects_line_id is not null
            and sale_lines.kind = 'fee' as is_charged_for_another,
            sales.line_total(sale_lines) as total_minor,
            case
                when sale_lines.corrects_line_id is not null then sale_lines.corrects_line_id
                when sale_lines.kind <> 'fee' then sale_lines.id
                else first_value(sale_lines.id) over (
                    partition by sale_lines.kind, sale_lines.corrects_line_id
                    order by sale_lines.position
                )
            end as root_id
        from sales.sale_lines
        where
            sale_lines.business_id = standing_lines.business_id
            and sale_lines.sale_id = standing_lines.sale_id
            and sale_lines.kind <> 'voucher'
    ),

    sums as (
        select
            lines.*,
            sum(lines.total_minor) over per_root as left_minor,
            sum(greatest(lines.total_minor, 0)) over (per_root order by lines.position)
            - greatest(lines.total_minor, 0) as before_minor
        from lines
        window per_root as (partition by lines.root_id, lines.kind)
    )

    select
        sums.id,
        sums.root_id,
        sums.is_charged_for_another,
        sums.position,
        sums.total_minor,
        least(greatest(sums.left_minor - sums.before_minor, 0), sums.total_minor)::bigint
    from sums
    where sums.total_minor >= 0;
end;
$$;

/*
 * Note that lines of a sale were provided: the given ones, or all that stand. A line is delivered
 * once, however often this is called. Gift cards are delivered when they are used.
 */
create function sales.deliver_lines(
    business_id uuid, sale_id uuid, line_ids uuid[] default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into sales.sale_line_deliveries (business_id, sale_line_id, sale_id, at)
    select
        deliver_lines.business_id, standing.sale_line_id, deliver_lines.sale_id, private.now()
    from sales.standing_lines(deliver_lines.business_id, deliver_lines.sale_id) as standing
    inner join sales.sale_lines on sale_lines.id = standing.sale_line_id
    where
        sale_lines.kind <> 'gift_card'
        and (standing.standing_minor > 0 or standing.total_minor = 0)
        and (deliver_lines.line_ids is null or standing.sale_line_id = any(deliver_lines.line_ids))
    on conflict do nothing;
end;
$$;

-- sql/38_sales/functions/points.sql

-- How a sale redeems points: in the transaction that writes it.

/*
 * Redeem the points that a quote lists on its lines, of the customer who buys.
 *
 * Errors:  PT409 insufficient_points
 */
create function sales.claim_points(
    business_id uuid, sale_id uuid, quote jsonb, customer_id uuid, customer_email text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_points bigint = (
        select sum((discount.value ->> 'points')::bigint)
        from jsonb_array_elements(claim_points.quote -> 'lines') as line (value)
        cross join jsonb_array_elements(line.value -> 'discounts') as discount (value)
    );
begin
    if v_points > 0 then
        perform loyalty.redeem(
            claim_points.business_id,
            customers.customer_of(
                claim_points.business_id, claim_points.customer_id, claim_points.customer_email
            ),
            claim_points.sale_id,
            v_points
        );
    end if;
end;
$$;

-- sql/38_sales/functions/revision_taxes.sql

-- What a revision is taxed on: the lines of the sale with the taxes that were written for them, and
-- the lines that change it with the rates of what they belong to.

/*
 * Return how the tax of a sale is rounded: as it was at first or, if nothing was taxed then, as the
 * business has it now. Null: nothing is taxed.
 */
create function sales.tax_rule_of(business_id uuid, sale_id uuid)
returns sales.sale_taxes
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule sales.sale_taxes;
    v_basis pricing.tax_basis;
begin
    select sale_taxes.rounding_unit, sale_taxes.rounding_mode
    into v_rule.rounding_unit, v_rule.rounding_mode
    from sales.sale_taxes
    where
        sale_taxes.business_id = tax_rule_of.business_id
        and sale_taxes.sale_id = tax_rule_of.sale_id
        and sale_taxes.rounding_unit is not null
    order by sale_taxes.revision
    limit 1;
    if not found then
        v_basis = pricing.tax_basis(tax_rule_of.business_id);
        v_rule.rounding_unit = v_basis.rounding_unit;
        v_rule.rounding_mode = v_basis.rounding_mode;
    end if;
    return v_rule;
end;
$$;

/*
 * Name what a line belongs to: a line and what corrects it are one unit, and so are the fees for
 * the same thing.
 */
create function sales.unit_of(line sales.sale_lines)
returns text
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select concat_ws(
        ' ',
        (line).kind::text,
        coalesce(
            (line).corrects_line_id, case when (line).kind <> 'fee' then (line).id end
        )::text
    );
end;

/*
 * Return the lines of a sale with the taxes that were written for them, with or without what
 * vouchers pay of them. Changes are taxed as if there were no vouchers; what vouchers pay brings
 * the tax to that of what is left.
 */
create function sales.taxed_lines(business_id uuid, sale_id uuid, with_vouchers boolean)
returns pricing.taxable[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines pricing.taxable[] = '{}';
    v_line sales.sale_lines;
    v_taxed pricing.taxable;
begin
    for v_line in
        select sale_lines.*
        from sales.sale_lines
        where
            sale_lines.business_id = taxed_lines.business_id
            and sale_lines.sale_id = taxed_lines.sale_id
            and (taxed_lines.with_vouchers or sale_lines.kind <> 'voucher')
        order by sale_lines.position
    loop
        v_taxed = pricing.make_taxable(
            v_line.position,
            v_line.amount_minor - v_line.discount_minor,
            v_line.tax_is_included,
            sales.rates_of_line(taxed_lines.business_id, v_line.id)
        );
        v_taxed.unit = sales.unit_of(
            case v_line.kind
                when 'voucher'
                    then sales.line_paid(taxed_lines.business_id, v_line.corrects_line_id)
                else v_line
            end
        );
        if v_line.kind = 'voucher' then
            v_taxed.divisor = sales.voucher_divisor(
                taxed_lines.business_id, v_line.corrects_line_id
            );
        end if;
        v_taxed.taxes_minor = array(
            select sale_line_taxes.tax_minor
            from sales.sale_line_taxes
            where
                sale_line_taxes.business_id = taxed_lines.business_id
                and sale_line_taxes.sale_line_id = v_line.id
            order by sale_line_taxes.position
        );
        v_lines = v_lines || v_taxed;
    end loop;
    return v_lines;
end;
$$;

/*
 * Return the rates at which a line was taxed.
 */
create function sales.rates_of_line(business_id uuid, sale_line_id uuid)
returns pricing.tax_rate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select pricing.make_rate(
            sale_line_taxes.component, sale_line_taxes.rate_bps, sale_line_taxes.is_compound,
            sale_line_taxes.jurisdiction
        )
        from sales.sale_line_taxes
        where
            sale_line_taxes.business_id = rates_of_line.business_id
            and sale_line_taxes.sale_line_id = rates_of_line.sale_line_id
        order by sale_line_taxes.position
    );
end;
$$;

/*
 * Return the lines of a revision with the rates at which they are taxed.
 */
create function sales.taxable_changes(
    business_id uuid, sale_id uuid, last_position integer, changes sales.change[]
)
returns pricing.taxable[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_basis constant pricing.tax_basis = pricing.tax_basis(taxable_changes.business_id);
    v_lines pricing.taxable[] = '{}';
    v_line pricing.taxable;
    v_change sales.change;
    v_like sales.sale_lines;
begin
    for v_index in 1 .. cardinality(changes) loop
        v_change = changes[v_index];
        v_like = sales.line_like(taxable_changes.business_id, taxable_changes.sale_id, v_change);
        v_line = pricing.make_taxable(
            last_position + v_index,
            v_change.amount_minor - v_change.discount_minor,
            -- A fee is what is owed in all.
            coalesce(v_like.tax_is_included, v_change.kind = 'fee' or v_basis.is_included, true),
            case
                when v_like.id is not null
                    then sales.rates_of_line(taxable_changes.business_id, v_like.id)
                when v_change.rates is not null then v_change.rates
                when v_basis.business_id is null then '{}'
                else sales.rates_of_change(v_basis, taxable_changes.sale_id, v_change)
            end
        );
        v_line.unit = case
            when v_like.id is not null then sales.unit_of(v_like)
            when v_change.kind = 'fee' then concat_ws(' ', 'fee', v_change.corrects_line_id)
            else 'change ' || v_index
        end;
        v_lines = v_lines || v_line;
    end loop;
    return v_lines;
end;
$$;

/*
 * Return a line that a change is taxed like: the one that it corrects, or one that charged for the
 * same thing before.
 */
create function sales.line_like(business_id uuid, sale_id uuid, change sales.change)
returns sales.sale_lines
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_line sales.sale_lines;
begin
    select sale_lines.* into v_line
    from sales.sale_lines
    where
        sale_lines.business_id = line_like.business_id
        and sale_lines.kind = change.kind
        and (
            sale_lines.id = change.corrects_line_id
            or sale_lines.sale_id = line_like.sale_id
            and change.kind = 'fee'
            and sale_lines.corrects_line_id is not distinct from change.corrects_line_id
        )
    order by sale_lines.position
    limit 1;
    return v_line;
end;
$$;

/*
 * Return the rates of a line that is new in a sale. A fee is taxed as what it is charged for or,
 * where it is for nothing in particular, as the first line of the sale; unless the business does
 * not tax fees.
 */
create function sales.rates_of_change(
    basis pricing.tax_basis, sale_id uuid, change sales.change
)
returns pricing.tax_rate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if change.kind = 'fee' then
        return case when basis.fees_are_taxed then sales.rates_of_line(
            basis.business_id,
            coalesce(
                change.corrects_line_id,
                (
                    select sale_lines.id
                    from sales.sale_lines
                    where
                        sale_lines.business_id = basis.business_id
                        and sale_lines.sale_id = rates_of_change.sale_id
                        and sale_lines.position = 1
                )
            )
        ) else '{}' end;
    end if;
    return pricing.tax_rates(
        basis,
        pricing.tax_class_of(
            change.kind::text,
            null,
            (
                select services.tax_class
                from catalog.services
                where
                    services.business_id = basis.business_id
                    and services.id = change.service_id
            ),
            basis.gift_card_tax_class
        ),
        (private.now() at time zone basis.time_zone)::date,
        'within_region'
    );
end;
$$;

/*
 * Return the lines of a revision of a sale of which nothing is taxed.
 */
create function sales.untaxed_changes(last_position integer, changes sales.change[])
returns pricing.taxable[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return array(
        select pricing.make_taxable(
            (untaxed_changes.last_position + change.ordinality)::integer,
            change.amount_minor - change.discount_minor,
            true,
            '{}'
        )
        from unnest(changes) with ordinality as change
        order by change.ordinality
    );
end;
$$;

-- sql/38_sales/functions/revisions.sql

-- How sales change. A revision adds lines and the tax on them. Its tax is what the whole sale is
-- taxed after it, by the rates and the rounding of the sale, less what was written before: so the
-- revisions of a sale always add up to the tax of what remains of it.

/*
 * What a line adds to what is owed: its amount after discount, and the tax that is not in it.
 */
create function sales.line_total(line sales.sale_lines)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return line.amount_minor - line.discount_minor
    + case when line.tax_is_included then 0 else line.tax_minor end;
end;
$$;

/*
 * Write a further revision of a sale with the lines that change it. Returns its number, or null
 * without lines, when nothing is written. The caller holds the lock of what was sold.
 */
create function sales.revise_sale(
    business_id uuid, sale_id uuid, cause sales.revision_cause, changes sales.change[]
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_revision integer;
    v_taxed record;
    v_rule sales.sale_taxes;
begin
    if cardinality(changes) = 0 then
        return null;
    end if;
    select coalesce(max(sale_lines.revision), 0) + 1 into v_revision
    from sales.sale_lines
    where
        sale_lines.business_id = revise_sale.business_id
        and sale_lines.sale_id = revise_sale.sale_id;
    v_taxed = sales.tax_changes(revise_sale.business_id, revise_sale.sale_id, changes);
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, actor_id, at)
    values (
        revise_sale.business_id, revise_sale.sale_id, v_revision, revise_sale.cause, auth.uid(),
        private.now()
    );
    perform sales.write_changes(
        revise_sale.business_id, revise_sale.sale_id, v_revision, changes, v_taxed.lines,
        v_taxed.parts
    );
    v_rule = v_taxed.rule;
    v_rule.business_id = revise_sale.business_id;
    v_rule.sale_id = revise_sale.sale_id;
    v_rule.revision = v_revision;
    perform sales.write_revision_taxes(v_rule, v_taxed.parts);
    if revise_sale.cause in ('cancelled', 'rejected', 'expired') then
        perform sales.release_coupons(revise_sale.business_id, revise_sale.sale_id);
    end if;
    return v_revision;
end;
$$;

/*
 * Return how the lines of a revision would be taxed: each line with its rates, its parts of the
 * tax, and the rule by which they are rounded.
 */
create function sales.tax_changes(
    business_id uuid,
    sale_id uuid,
    changes sales.change[],
    out lines pricing.taxable[],
    out parts pricing.tax_part[],
    out rule sales.sale_taxes
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_position integer;
begin
    select coalesce(max(sale_lines.position), 0) into v_position
    from sales.sale_lines
    where
        sale_lines.business_id = tax_changes.business_id
        and sale_lines.sale_id = tax_changes.sale_id;
    rule = sales.tax_rule_of(tax_changes.business_id, tax_changes.sale_id);
    if rule.rounding_unit is null then
        lines = sales.untaxed_changes(v_position, changes);
        parts = array(select part from pricing.document_taxes(lines, 'rate', 'down') as part);
        return;
    end if;
    lines = sales.taxable_changes(
        tax_changes.business_id, tax_changes.sale_id, v_position, changes
    );
    parts = array(
        select part
        from pricing.document_taxes(
            sales.taxed_lines(tax_changes.business_id, tax_changes.sale_id, false) || lines,
            rule.rounding_unit,
            rule.rounding_mode
        ) as part
    );
end;
$$;

/*
 * Return what each line of a revision would add to what is owed, at the same place.
 */
create function sales.totals_of_changes(
    business_id uuid, sale_id uuid, changes sales.change[]
)
returns bigint[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_taxed record = sales.tax_changes(
        totals_of_changes.business_id, totals_of_changes.sale_id, changes
    );
    v_lines pricing.taxable[] = v_taxed.lines;
    v_parts pricing.tax_part[] = v_taxed.parts;
begin
    return array(
        select
            change.amount_minor - change.discount_minor + case
                when v_lines[change.ordinality].is_included then 0
                else (
                    select coalesce(sum(part.tax_minor), 0)
                    from unnest(v_parts) as part
                    where part.place = v_lines[change.ordinality].place
                )
            end
        from unnest(changes) with ordinality as change
        order by change.ordinality
    );
end;
$$;

/*
 * Write the lines of a revision with their taxes. `lines` are the changes as they are taxed.
 */
create function sales.write_changes(
    business_id uuid,
    sale_id uuid,
    revision integer,
    changes sales.change[],
    lines pricing.taxable[],
    parts pricing.tax_part[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into sales.sale_lines (
        business_id, sale_id, position, revision, kind, corrects_line_id, service_id,
        variant_id, name, quantity, unit_minor, amount_minor, discount_minor, tax_minor,
        tax_is_included, plan_id
    )
    select
        write_changes.business_id,
        write_changes.sale_id,
        lines[change.ordinality].place,
        write_changes.revision,
        change.kind,
        change.corrects_line_id,
        change.service_id,
        change.variant_id,
        change.name,
        change.quantity,
        change.unit_minor,
        change.amount_minor,
        change.discount_minor,
        (
            select sum(part.tax_minor)
            from unnest(parts) as part
            where part.place = lines[change.ordinality].place
        ),
        lines[change.ordinality].is_included,
        change.plan_id
    from unnest(changes) with ordinality as change;
end;
$$;

-- sql/38_sales/functions/selling.sql

-- How sales are written. Sellers (bookings, the checkout of goods) call these functions, and know
-- what they sold; nothing here does.

/*
 * Write a sale with the lines of a quote, as agreed, and claim the promotions and allowances that
 * it uses. A sale of a basket is paid with the others in it. Returns its id.
 *
 * Errors:  PT409 coupon_exhausted price_changed · PT422 coupon_invalid
 */
create function sales.place_sale(
    business_id uuid,
    customer_id uuid,
    customer_name text,
    customer_email text,
    customer_phone text,
    quote jsonb,
    basket_id uuid default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale_id uuid = sales.write_sale(
        place_sale.business_id, place_sale.customer_id, place_sale.customer_name,
        place_sale.customer_email, place_sale.customer_phone, place_sale.quote,
        place_sale.basket_id
    );
begin
    perform sales.claim_discounts(
        place_sale.business_id, v_sale_id, place_sale.quote, place_sale.customer_id,
        place_sale.customer_email
    );
    return v_sale_id;
end;
$$;

/*
 * Write a sale with its lines as they were agreed, and claim nothing that its discounts use. The
 * caller claims them with sales.claim_discounts in the same transaction. Returns the sale's id.
 */
create function sales.write_sale(
    business_id uuid,
    customer_id uuid,
    customer_name text,
    customer_email text,
    customer_phone text,
    quote jsonb,
    basket_id uuid default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale_id uuid = gen_random_uuid();
begin
    with sale as (
        insert into sales.sales (
            id, business_id, basket_id, customer_id, customer_name, customer_email,
            customer_phone, currency, placed_at
        )
        values (
            v_sale_id, write_sale.business_id, write_sale.basket_id, write_sale.customer_id,
            write_sale.customer_name, write_sale.customer_email, write_sale.customer_phone,
            write_sale.quote ->> 'currency', private.now()
        )
        returning sales.business_id, sales.id, sales.placed_at
    )

    insert into sales.sale_revisions (business_id, sale_id, revision, cause, actor_id, at)
    select sale.business_id, sale.id, 0, 'agreed', auth.uid(), sale.placed_at
    from sale;
    perform sales.write_agreed_lines(
        write_sale.business_id, array[v_sale_id], write_sale.quote
    );
    return v_sale_id;
end;
$$;

/*
 * Write the lines of a quote as revision 0 of each of some sales, with their tax rows.
 */
create function sales.write_agreed_lines(business_id uuid, sale_ids uuid[], quote jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    insert into sales.sale_lines (
        business_id, sale_id, position, revision, kind, service_id, variant_id, name, quantity,
        unit_minor, amount_minor, discount_minor, tax_minor, tax_is_included, plan_id
    )
    select
        write_agreed_lines.business_id,
        placed.sale_id,
        lines.position,
        0,
        (lines.line ->> 'kind')::sales.line_kind,
        (lines.line ->> 'service_id')::uuid,
        (lines.line ->> 'variant_id')::uuid,
        lines.line ->> 'name',
        (lines.line ->> 'quantity')::integer,
        (lines.line ->> 'unit_minor')::bigint,
        (lines.line ->> 'amount_minor')::bigint,
        (lines.line ->> 'discount_minor')::bigint,
        (lines.line ->> 'tax_minor')::bigint,
        (lines.line ->> 'tax_is_included')::boolean,
        (lines.line ->> 'plan_id')::uuid
    from unnest(write_agreed_lines.sale_ids) as placed (sale_id)
    cross join jsonb_array_elements(write_agreed_lines.quote -> 'lines')
        with ordinality as lines (line, position);
    perform sales.write_agreed_taxes(
        write_agreed_lines.business_id, write_agreed_lines.sale_ids, write_agreed_lines.quote
    );
end;
$$;

/*
 * The sales of the signed-in customer.
 * Definer: lines and taxes ask this instead of the policy of sales, once a statement.
 */
create function private.my_sales()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select sales.id
    from sales.sales
    where sales.customer_id = auth.uid();
end;
$$;

-- sql/38_sales/functions/taxes.sql

-- How the tax of a sale is written: rows for each revision, and the parts of each line.

/*
 * Write the taxes of a quote for the lines of each of some sales that were written as agreed.
 */
create function sales.write_agreed_taxes(business_id uuid, sale_ids uuid[], quote jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    insert into sales.sale_taxes (
        business_id, sale_id, revision, component, rate_bps, base_minor, tax_minor, jurisdiction,
        rounding_unit, rounding_mode
    )
    select
        write_agreed_taxes.business_id,
        placed.sale_id,
        0,
        taxes.component,
        taxes.rate_bps,
        taxes.base_minor,
        taxes.tax_minor,
        taxes.jurisdiction,
        taxes.rounding_unit,
        taxes.rounding_mode
    from unnest(write_agreed_taxes.sale_ids) as placed (sale_id)
    cross join jsonb_populate_recordset(null::sales.sale_taxes, quote -> 'taxes') as taxes;
    -- The lines of a business that is not registered for tax have no taxes.
    if quote #> '{lines,0,taxes}' is null then
        return;
    end if;
    perform sales.write_line_taxes(
        write_agreed_taxes.business_id,
        write_agreed_taxes.sale_ids,
        array(
            select jsonb_populate_record(
                null::pricing.tax_part,
                tax.value || jsonb_build_object('place', line.ordinality)
            )
            from jsonb_array_elements(quote -> 'lines') with ordinality as line
            cross join lateral jsonb_array_elements(line.value -> 'taxes') with ordinality as tax
            order by line.ordinality, tax.ordinality
        )
    );
end;
$$;

/*
 * Write the tax rows of a revision and the parts of its lines. `rule` names the revision and says
 * how tax is rounded.
 */
create function sales.write_revision_taxes(rule sales.sale_taxes, parts pricing.tax_part[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into sales.sale_taxes (
        business_id, sale_id, revision, component, rate_bps, base_minor, tax_minor, jurisdiction,
        rounding_unit, rounding_mode
    )
    select
        rule.business_id,
        rule.sale_id,
        rule.revision,
        rows.component,
        rows.rate_bps,
        rows.base_minor,
        rows.tax_minor,
        rows.jurisdiction,
        case when rows.component <> 'none' then rule.rounding_unit end,
        case when rows.component <> 'none' then rule.rounding_mode end
    from pricing.tax_rows(parts) as rows;
    perform sales.write_line_taxes(
        rule.business_id,
        array[rule.sale_id],
        array(select part from unnest(parts) as part where part.component <> 'none')
    );
end;
$$;

/*
 * Write the parts of the tax of lines of each of some sales that were written before. `place` is
 * the line's position.
 */
create function sales.write_line_taxes(
    business_id uuid, sale_ids uuid[], parts pricing.tax_part[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into sales.sale_line_taxes (
        business_id, sale_line_id, component, rate_bps, position, is_compound, jurisdiction,
        base_minor, tax_minor
    )
    select
        write_line_taxes.business_id,
        sale_lines.id,
        part.component,
        part.rate_bps,
        row_number() over (partition by sale_lines.id order by part.ordinality),
        part.is_compound,
        part.jurisdiction,
        part.base_minor,
        part.tax_minor
    from unnest(parts) with ordinality as part
    inner join sales.sale_lines
        on
            sale_lines.business_id = write_line_taxes.business_id
            and sale_lines.sale_id = any(write_line_taxes.sale_ids)
            and sale_lines.position = part.place;
end;
$$;

-- sql/38_sales/functions/vouchers.sql

-- What vouchers pay: gift cards that were taxed when they were sold. Each line that one pays is
-- followed by a pair of lines of its amount. The first takes so much of the line back with its tax,
-- the second sells it without any: so what is owed stays what it was, and nothing is taxed twice.

/*
 * Return the lines of a sale of which tax is due, each with what it costs now (corrections and fees
 * that belong to it included), and what vouchers pay of that. Both include the tax.
 */
create function sales.voucher_balances(business_id uuid, sale_id uuid)
returns table (sale_line_id uuid, place smallint, taxed_minor bigint, voucher_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        coalesce(sale_lines.corrects_line_id, sale_lines.id),
        min(sale_lines.position),
        greatest(
            coalesce(
                sum(sales.line_total(sale_lines)) filter (where sale_lines.kind <> 'voucher'), 0
            ),
            0
        )::bigint,
        - coalesce(
            sum(sales.line_total(sale_lines)) filter (where sale_lines.kind = 'voucher'), 0
        )::bigint
    from sales.sale_lines
    where
        sale_lines.business_id = voucher_balances.business_id
        and sale_lines.sale_id = voucher_balances.sale_id
        and exists (
            select 1
            from sales.sale_line_taxes
            where
                sale_line_taxes.business_id = sale_lines.business_id
                and sale_line_taxes.sale_line_id = sale_lines.id
                and sale_line_taxes.rate_bps > 0
        )
    group by coalesce(sale_lines.corrects_line_id, sale_lines.id);
end;
$$;

/*
 * Write that vouchers pay so much of a sale in all, as far as tax is due of it: a revision that
 * moves what they pay of each line to its share, in proportion to what the lines cost. Nothing is
 * written where nothing moves. The caller holds the lock of what was sold.
 */
create function sales.apply_vouchers(business_id uuid, sale_id uuid, amount_minor bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_ids uuid[];
    v_taxed bigint[];
    v_paid bigint[];
    v_changes sales.change[];
begin
    select
        array_agg(lines.sale_line_id order by lines.place),
        array_agg(lines.taxed_minor order by lines.place),
        array_agg(lines.voucher_minor order by lines.place)
    into v_ids, v_taxed, v_paid
    from sales.voucher_balances(apply_vouchers.business_id, apply_vouchers.sale_id) as lines;
    if v_ids is null then
        return;
    end if;
    v_changes = array(
        select sales.make_change(
            'voucher', sold.id, sold.service_id, sold.name || ' (gift card)',
            signs.sign * (moved.share - moved.paid)
        )
        from unnest(
            v_ids,
            pricing.split(
                least(
                    apply_vouchers.amount_minor, (select sum(taxed)::bigint from unnest(v_taxed) as taxed)
                ),
                v_taxed
            ),
            v_paid
        ) with ordinality as moved (id, share, paid, place)
        inner join sales.sale_lines as sold
            on sold.business_id = apply_vouchers.business_id and sold.id = moved.id
        cross join (values (-1), (1)) as signs (sign)
        where moved.share <> moved.paid
        order by moved.place, signs.sign
    );
    if v_changes <> '{}' then
        perform sales.write_vouchers(apply_vouchers.business_id, apply_vouchers.sale_id, v_changes);
    end if;
end;
$$;

/*
 * Return the line of which a voucher pays something.
 */
create function sales.line_paid(business_id uuid, corrects_line_id uuid)
returns sales.sale_lines
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_line sales.sale_lines;
begin
    select sale_lines.* into strict v_line
    from sales.sale_lines
    where
        sale_lines.business_id = line_paid.business_id
        and sale_lines.id = line_paid.corrects_line_id;
    return v_line;
end;
$$;

/*
 * Return what a voucher's amount is divided by to be without tax, where tax came on top of the
 * line that it pays: what the line costs now for each unit of its price. The tax of the line was
 * rounded, so its rates alone would leave a remainder when the voucher pays all of it. Null where
 * the price includes the tax.
 */
create function sales.voucher_divisor(business_id uuid, line_id uuid)
returns numeric
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            sum(sales.line_total(sale_lines))
            / nullif(sum(sale_lines.amount_minor - sale_lines.discount_minor), 0)
        from sales.sale_lines
        where
            sale_lines.business_id = voucher_divisor.business_id
            and (
                sale_lines.id = voucher_divisor.line_id
                or sale_lines.corrects_line_id = voucher_divisor.line_id
            )
            and sale_lines.kind <> 'voucher'
            and not sale_lines.tax_is_included
    );
end;
$$;

/*
 * Return pairs of lines as they are taxed: the first of each like the line that it corrects, the
 * second not at all.
 */
create function sales.taxable_vouchers(
    business_id uuid, last_position integer, changes sales.change[]
)
returns pricing.taxable[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_change sales.change;
    v_line pricing.taxable;
    v_lines pricing.taxable[] = '{}';
begin
    for v_index in 1 .. cardinality(changes) loop
        v_change = changes[v_index];
        v_line = pricing.make_taxable(
            last_position + v_index,
            v_change.amount_minor,
            true,
            case v_index % 2
                when 1 then sales.rates_of_line(
                    taxable_vouchers.business_id, v_change.corrects_line_id
                )
                else '{}'
            end
        );
        v_line.unit = sales.unit_of(
            sales.line_paid(taxable_vouchers.business_id, v_change.corrects_line_id)
        );
        v_line.divisor = sales.voucher_divisor(
            taxable_vouchers.business_id, v_change.corrects_line_id
        );
        v_lines = v_lines || v_line;
    end loop;
    return v_lines;
end;
$$;

/*
 * Write a revision of such pairs.
 */
create function sales.write_vouchers(
    business_id uuid, sale_id uuid, changes sales.change[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_rule sales.sale_taxes
        = sales.tax_rule_of(write_vouchers.business_id, write_vouchers.sale_id);
    v_position integer;
    v_lines pricing.taxable[];
    v_parts pricing.tax_part[];
begin
    select max(sale_lines.position), max(sale_lines.revision) + 1
    into v_position, v_rule.revision
    from sales.sale_lines
    where
        sale_lines.business_id = write_vouchers.business_id
        and sale_lines.sale_id = write_vouchers.sale_id;
    v_rule.business_id = write_vouchers.business_id;
    v_rule.sale_id = write_vouchers.sale_id;
    v_lines = sales.taxable_vouchers(write_vouchers.business_id, v_position, changes);
    v_parts = array(
        select part
        from pricing.document_taxes(
            sales.taxed_lines(write_vouchers.business_id, write_vouchers.sale_id, true) || v_lines,
            v_rule.rounding_unit,
            v_rule.rounding_mode
        ) as part
    );
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, actor_id, at)
    values (
        v_rule.business_id, v_rule.sale_id, v_rule.revision, 'voucher', auth.uid(), private.now()
    );
    perform sales.write_changes(
        v_rule.business_id, v_rule.sale_id, v_rule.revision, changes, v_lines, v_parts
    );
    perform sales.write_revision_taxes(v_rule, v_parts);
end;
$$;

-- sql/38_sales/rules.sql

-- Sales are added to, never rewritten, whoever asks.

create trigger _100_refuse_rewriting
before update or delete on sales.sale_revisions
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on sales.sale_lines
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on sales.sale_taxes
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on sales.sale_line_taxes
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on sales.sale_line_discounts
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_line_taxes
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on sales.sale_coupons
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_revisions
for each statement execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_lines
for each statement execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_taxes
for each statement execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_line_discounts
for each statement execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_coupons
for each statement execute function private.any__refuse_rewriting();

-- A sale keeps its business, currency, moment and the basket that it was put into; who bought may
-- change.
create trigger _100_refuse_rewriting
before update on sales.sales
for each row
when (
    old.id <> new.id
    or old.business_id <> new.business_id
    or old.basket_id <> new.basket_id
    or old.basket_id is not null and new.basket_id is null
    or old.currency <> new.currency
    or old.placed_at <> new.placed_at
)
execute function private.any__refuse_rewriting();

/*
 * Refuse a revision whose tax rows are missing, or are not the sum of its lines. Looked at when the
 * transaction ends, because a revision is written before its lines and taxes.
 * Definer: by then the caller is somebody who may not read every sale.
 */
create function sales.sale_revisions__require_taxes()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_taxes bigint = (
        select sum(sale_taxes.tax_minor)
        from sales.sale_taxes
        where
            sale_taxes.business_id = new.business_id
            and sale_taxes.sale_id = new.sale_id
            and sale_taxes.revision = new.revision
    );
begin
    if v_taxes is distinct from (
        select coalesce(sum(sale_lines.tax_minor), 0)
        from sales.sale_lines
        where
            sale_lines.business_id = new.business_id
            and sale_lines.sale_id = new.sale_id
            and sale_lines.revision = new.revision
    ) and exists (
        select 1
        from sales.sale_revisions
        where
            sale_revisions.business_id = new.business_id
            and sale_revisions.sale_id = new.sale_id
            and sale_revisions.revision = new.revision
    ) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'sale_revisions_have_taxes',
            message = format(
                'Revision %s of sale %s has no tax rows that add up.', new.revision, new.sale_id
            );
    end if;
    return null;
end;
$$;

create constraint trigger _910_require_taxes
after insert on sales.sale_revisions
deferrable initially deferred
for each row execute function sales.sale_revisions__require_taxes();

create trigger _100_refuse_rewriting
before update or delete on sales.sale_line_deliveries
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_line_deliveries
for each statement execute function private.any__refuse_rewriting();

-- sql/38_sales/policies.sql

-- Who may read sales: customers theirs, members those of their business, the platform's staff all.
-- Nobody writes: selling does, so that nobody chooses a price.

grant usage on schema sales to anon, authenticated, service_role;
grant execute on function private.my_sales(), sales.line_total(sales.sale_lines)
to authenticated, service_role;

alter table sales.baskets enable row level security;
alter table sales.sales enable row level security;
alter table sales.sale_revisions enable row level security;
alter table sales.sale_lines enable row level security;
alter table sales.sale_taxes enable row level security;
alter table sales.sale_line_taxes enable row level security;
alter table sales.sale_line_discounts enable row level security;
alter table sales.sale_coupons enable row level security;

-- token_hash is nobody's to read.
grant select (id, customer_id, currency, created_at) on sales.baskets to authenticated;
grant select
on sales.sales, sales.sale_revisions, sales.sale_lines, sales.sale_taxes, sales.sale_line_taxes,
sales.sale_line_discounts, sales.sale_coupons
to authenticated;
grant select, insert, update, delete
on sales.baskets, sales.sales, sales.sale_revisions, sales.sale_lines, sales.sale_taxes,
sales.sale_line_taxes, sales.sale_line_discounts, sales.sale_coupons
to service_role;

create policy baskets_select
on sales.baskets
for select
to authenticated
using (customer_id = (select auth.uid()));

create policy sales_select
on sales.sales
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

create policy sale_revisions_select
on sales.sale_revisions
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or sale_id = any(array(select private.my_sales()))
);

create policy sale_lines_select
on sales.sale_lines
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or sale_id = any(array(select private.my_sales()))
);

create policy sale_taxes_select
on sales.sale_taxes
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or sale_id = any(array(select private.my_sales()))
);

-- The taxes of a line are read by whoever reads the line.
create policy sale_line_taxes_select
on sales.sale_line_taxes
for select
to authenticated
using (
    exists (
        select 1
        from sales.sale_lines
        where
            sale_lines.business_id = sale_line_taxes.business_id
            and sale_lines.id = sale_line_taxes.sale_line_id
    )
);

create policy sale_line_discounts_select
on sales.sale_line_discounts
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or sale_line_id in (
        select sale_lines.id
        from sales.sale_lines
        where sale_lines.sale_id = any(array(select private.my_sales()))
    )
);

create policy sale_coupons_select
on sales.sale_coupons
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or sale_id = any(array(select private.my_sales()))
);

alter table sales.sale_line_deliveries enable row level security;
grant select on sales.sale_line_deliveries to authenticated;
grant select, insert, update, delete on sales.sale_line_deliveries to service_role;

create policy sale_line_deliveries_select
on sales.sale_line_deliveries
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or sale_id = any(array(select private.my_sales()))
);

-- The units that paid a line are read by whoever reads the line.
alter table sales.sale_line_allowances enable row level security;
grant select on sales.sale_line_allowances to authenticated;
grant select, insert, update, delete on sales.sale_line_allowances to service_role;

create policy sale_line_allowances_select
on sales.sale_line_allowances
for select
to authenticated
using (
    exists (
        select 1
        from sales.sale_lines
        where
            sale_lines.business_id = sale_line_allowances.business_id
            and sale_lines.id = sale_line_allowances.sale_line_id
    )
);

-- sql/38_sales/api.sql

-- What clients read about sales. All of it is read-only.

create view public.baskets
with (security_invoker = true)
as
select
    baskets.id,
    baskets.customer_id,
    baskets.currency,
    baskets.created_at
from sales.baskets;
grant select on public.baskets to authenticated, service_role;

comment on view public.baskets is 'Sales that are paid together. Customers read theirs.';
comment on column public.baskets.id is 'Key.';
comment on column public.baskets.customer_id is 'The user who pays; null for a guest.';
comment on column public.baskets.currency is 'ISO 4217 code of everything in it.';
comment on column public.baskets.created_at is 'When it was made.';

create view public.sale_revisions
with (security_invoker = true)
as
select
    sale_revisions.business_id,
    sale_revisions.sale_id,
    sale_revisions.revision,
    sale_revisions.cause,
    sale_revisions.at
from sales.sale_revisions;
grant select on public.sale_revisions to authenticated, service_role;

comment on view public.sale_revisions is
'Why the lines of a sale were written: revision 0 as agreed, each later one for a change.';
comment on column public.sale_revisions.business_id is 'The business that sold.';
comment on column public.sale_revisions.sale_id is 'The sale.';
comment on column public.sale_revisions.revision is '0 as agreed, then 1, 2, …';
comment on column public.sale_revisions.cause is
'agreed, cancelled, rejected, expired, no_show, moved, corrected, refunded, tipped or charged.';
comment on column public.sale_revisions.at is 'When it was written.';

create view public.sale_lines
with (security_invoker = true)
as
select
    sale_lines.id,
    sale_lines.business_id,
    sale_lines.sale_id,
    sale_lines.position,
    sale_lines.revision,
    sale_lines.kind,
    sale_lines.corrects_line_id,
    sale_lines.service_id,
    sale_lines.name,
    sale_lines.quantity,
    sale_lines.unit_minor,
    sale_lines.amount_minor,
    sale_lines.discount_minor,
    sale_lines.tax_minor,
    sale_lines.tax_is_included,
    sale_lines.variant_id,
    sale_lines.plan_id
from sales.sale_lines;
grant select on public.sale_lines to authenticated, service_role;

comment on view public.sale_lines is
'What a sale is made of. Lines never change; a later revision adds lines that take others back '
'or charge a fee.';
comment on column public.sale_lines.id is 'Key.';
comment on column public.sale_lines.business_id is 'The business that sold.';
comment on column public.sale_lines.sale_id is 'The sale.';
comment on column public.sale_lines.position is 'Its place in the sale: 1, 2, …';
comment on column public.sale_lines.revision is 'The revision that wrote it.';
comment on column public.sale_lines.kind is
'service, product, membership, gift_card, shipping, fee, tip, rounding or voucher: what a gift '
'card that was taxed when it was sold pays of a line, as two lines that add up to nothing.';
comment on column public.sale_lines.corrects_line_id is
'The line that it takes back, or charges a fee for; null for most.';
comment on column public.sale_lines.service_id is
'The service that was sold; null where it is none, or gone.';
comment on column public.sale_lines.plan_id is
'The membership plan that was sold; null where it is none, or gone.';
comment on column public.sale_lines.name is 'What was sold, as it was called then.';
comment on column public.sale_lines.quantity is 'How many, at least 1.';
comment on column public.sale_lines.unit_minor is
'The price of one in minor units; negative where the line takes back.';
comment on column public.sale_lines.amount_minor is 'quantity × unit_minor, before discount.';
comment on column public.sale_lines.discount_minor is 'The discount in minor units.';
comment on column public.sale_lines.tax_minor is
'The line''s share of the revision''s tax in minor units.';
comment on column public.sale_lines.tax_is_included is
'Whether amount_minor includes the tax; where it does not, the tax is owed on top.';
comment on column public.sale_lines.variant_id is
'The variant that was sold; null where it is none, or gone.';

create view public.sale_taxes
with (security_invoker = true)
as
select
    sale_taxes.business_id,
    sale_taxes.sale_id,
    sale_taxes.revision,
    sale_taxes.component,
    sale_taxes.rate_bps,
    sale_taxes.base_minor,
    sale_taxes.tax_minor,
    sale_taxes.jurisdiction,
    sale_taxes.rounding_unit,
    sale_taxes.rounding_mode
from sales.sale_taxes;
grant select on public.sale_taxes to authenticated, service_role;

comment on view public.sale_taxes is
'The tax of each revision of a sale: a row for each component and rate.';
comment on column public.sale_taxes.business_id is 'The business that sold.';
comment on column public.sale_taxes.sale_id is 'The sale.';
comment on column public.sale_taxes.revision is 'The revision whose lines are taxed.';
comment on column public.sale_taxes.component is
'The tax, such as vat. none is outside the scope of tax; exempt and reverse_charge say why nothing '
'is due.';
comment on column public.sale_taxes.rate_bps is 'The rate in basis points: 1900 is 19 %.';
comment on column public.sale_taxes.base_minor is
'The taxed lines after discount and without tax, in minor units.';
comment on column public.sale_taxes.tax_minor is
'The tax in minor units; negative where the revision takes back.';
comment on column public.sale_taxes.jurisdiction is
'The country or region that levies it; null where nothing is taxed.';
comment on column public.sale_taxes.rounding_unit is
'line: each line was rounded; rate: all lines at this rate together; null where nothing is taxed.';
comment on column public.sale_taxes.rounding_mode is
'half_up, down or up; null where nothing is taxed.';

create view public.sale_line_taxes
with (security_invoker = true)
as
select
    sale_line_taxes.business_id,
    sale_line_taxes.sale_line_id,
    sale_line_taxes.component,
    sale_line_taxes.rate_bps,
    sale_line_taxes.position,
    sale_line_taxes.is_compound,
    sale_line_taxes.jurisdiction,
    sale_line_taxes.base_minor,
    sale_line_taxes.tax_minor
from sales.sale_line_taxes;
grant select on public.sale_line_taxes to authenticated, service_role;

comment on view public.sale_line_taxes is
'The taxes of each line of a sale. They add up to those of the revision; a line without taxes has '
'no row.';
comment on column public.sale_line_taxes.business_id is 'The business that sold.';
comment on column public.sale_line_taxes.sale_line_id is 'The line.';
comment on column public.sale_line_taxes.component is 'The tax, such as vat or cgst.';
comment on column public.sale_line_taxes.rate_bps is 'The rate in basis points: 1900 is 19 %.';
comment on column public.sale_line_taxes.position is 'The order of the taxes of the line: 1, 2, …';
comment on column public.sale_line_taxes.is_compound is
'Whether it is levied on the taxes before it as well.';
comment on column public.sale_line_taxes.jurisdiction is 'The country or region that levies it.';
comment on column public.sale_line_taxes.base_minor is 'What is taxed, in minor units.';
comment on column public.sale_line_taxes.tax_minor is 'The tax in minor units.';

create view public.sale_line_discounts
with (security_invoker = true)
as
select
    sale_line_discounts.business_id,
    sale_line_discounts.sale_line_id,
    sale_line_discounts.source,
    sale_line_discounts.bearer,
    sale_line_discounts.name,
    sale_line_discounts.amount_minor
from sales.sale_line_discounts;
grant select on public.sale_line_discounts to authenticated, service_role;

comment on view public.sale_line_discounts is
'What discounts took off the lines of a sale as agreed. Customers read those of theirs, members '
'those of their business.';
comment on column public.sale_line_discounts.business_id is 'The business that sold.';
comment on column public.sale_line_discounts.sale_line_id is 'The line.';
comment on column public.sale_line_discounts.source is 'The promotion.';
comment on column public.sale_line_discounts.bearer is
'business or platform: who bears it. A shared promotion has a row for each.';
comment on column public.sale_line_discounts.name is 'The promotion, as it was called then.';
comment on column public.sale_line_discounts.amount_minor is 'What it took off, in minor units.';

create view public.sale_coupons
with (security_invoker = true)
as
select
    sale_coupons.business_id,
    sale_coupons.sale_id,
    sale_coupons.redemption_id
from sales.sale_coupons;
grant select on public.sale_coupons to authenticated, service_role;

comment on view public.sale_coupons is
'The uses of promotions by a sale; embed coupon_redemptions.';
comment on column public.sale_coupons.business_id is 'The business that sold.';
comment on column public.sale_coupons.sale_id is 'The sale.';
comment on column public.sale_coupons.redemption_id is 'The use, in coupon_redemptions.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
