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
    'service', 'product', 'membership', 'gift_card', 'shipping', 'fee', 'tip', 'rounding'
);
create type sales.revision_cause as enum (
    'agreed', 'cancelled', 'rejected', 'expired', 'no_show', 'moved', 'corrected'
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
    tax_minor bigint not null default 0,

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

create table sales.sale_taxes (
    business_id uuid not null,
    sale_id uuid not null,
    revision integer not null,
    -- What is taxed and by whom, such as vat; `none` where nothing is.
    component text not null,
    rate_bps integer not null,
    -- The lines of the revision after discount, and the tax on them.
    base_minor bigint not null,
    tax_minor bigint not null,

    primary key (business_id, sale_id, revision, component, rate_bps),
    constraint sale_taxes_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint sale_taxes_revision_fkey foreign key (business_id, sale_id, revision)
    references sales.sale_revisions (business_id, sale_id, revision) on delete cascade,
    constraint sale_taxes_rate_is_sane check (rate_bps between 0 and 10000),
    constraint sale_taxes_nothing_is_taxed check (
        component <> 'none' or (rate_bps = 0 and tax_minor = 0)
    )
);
comment on table sales.sale_taxes is
'The tax of each revision of a sale: a row for each component and rate. The lines are split '
'from it.';

-- sql/38_sales/functions.sql

-- How sales are written. Sellers (bookings today) call these functions, and know what they sold;
-- nothing here does.

/*
 * Write a sale with the lines of a quote, as agreed. Returns its id.
 */
create function sales.place_sale(
    business_id uuid,
    customer_id uuid,
    customer_name text,
    customer_email text,
    customer_phone text,
    quote jsonb
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
            id, business_id, customer_id, customer_name, customer_email, customer_phone, currency,
            placed_at
        )
        values (
            v_sale_id, place_sale.business_id, place_sale.customer_id, place_sale.customer_name,
            place_sale.customer_email, place_sale.customer_phone, place_sale.quote ->> 'currency',
            private.now()
        )
        returning sales.business_id, sales.id, sales.placed_at
    )

    insert into sales.sale_revisions (business_id, sale_id, revision, cause, actor_id, at)
    select sale.business_id, sale.id, 0, 'agreed', auth.uid(), sale.placed_at
    from sale;
    perform sales.write_agreed_lines(place_sale.business_id, v_sale_id, place_sale.quote);
    return v_sale_id;
end;
$$;

/*
 * Write the lines of a quote as revision 0 of a sale, with its tax rows.
 */
create function sales.write_agreed_lines(business_id uuid, sale_id uuid, quote jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into sales.sale_lines (
        business_id, sale_id, position, revision, kind, service_id, name, quantity, unit_minor,
        amount_minor, discount_minor, tax_minor
    )
    select
        write_agreed_lines.business_id,
        write_agreed_lines.sale_id,
        lines.position,
        0,
        (lines.line ->> 'kind')::sales.line_kind,
        (lines.line ->> 'service_id')::uuid,
        lines.line ->> 'name',
        (lines.line ->> 'quantity')::integer,
        (lines.line ->> 'unit_minor')::bigint,
        (lines.line ->> 'amount_minor')::bigint,
        (lines.line ->> 'discount_minor')::bigint,
        (lines.line ->> 'tax_minor')::bigint
    from jsonb_array_elements(write_agreed_lines.quote -> 'lines')
        with ordinality as lines (line, position);
    insert into sales.sale_taxes (
        business_id, sale_id, revision, component, rate_bps, base_minor, tax_minor
    )
    select
        write_agreed_lines.business_id,
        write_agreed_lines.sale_id,
        0,
        taxes.tax ->> 'component',
        (taxes.tax ->> 'rate_bps')::integer,
        (taxes.tax ->> 'base_minor')::bigint,
        (taxes.tax ->> 'tax_minor')::bigint
    from jsonb_array_elements(write_agreed_lines.quote -> 'taxes') as taxes (tax);
end;
$$;

/*
 * Make a line that changes a sale: an amount more, or less, than its lines say so far.
 */
create function sales.make_change(
    kind sales.line_kind,
    corrects_line_id uuid,
    service_id uuid,
    name text,
    amount_minor bigint,
    discount_minor bigint default 0
)
returns sales.sale_lines
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_line sales.sale_lines;
begin
    v_line.kind = make_change.kind;
    v_line.corrects_line_id = make_change.corrects_line_id;
    v_line.service_id = make_change.service_id;
    v_line.name = make_change.name;
    v_line.amount_minor = make_change.amount_minor;
    v_line.discount_minor = make_change.discount_minor;
    return v_line;
end;
$$;

/*
 * Write a further revision of a sale with the lines that change it. The caller holds the lock of
 * what was sold. Nothing is written without lines.
 */
create function sales.revise_sale(
    business_id uuid, sale_id uuid, cause sales.revision_cause, changes sales.sale_lines[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_revision integer;
    v_position integer;
begin
    if cardinality(changes) = 0 then
        return;
    end if;
    select max(sale_lines.revision), max(sale_lines.position)
    into v_revision, v_position
    from sales.sale_lines
    where
        sale_lines.business_id = revise_sale.business_id
        and sale_lines.sale_id = revise_sale.sale_id;
    v_revision = coalesce(v_revision, 0) + 1;
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, actor_id, at)
    values (
        revise_sale.business_id, revise_sale.sale_id, v_revision, revise_sale.cause, auth.uid(),
        private.now()
    );
    insert into sales.sale_lines (
        business_id, sale_id, position, revision, kind, corrects_line_id, service_id, name,
        quantity, unit_minor, amount_minor, discount_minor
    )
    select
        revise_sale.business_id,
        revise_sale.sale_id,
        coalesce(v_position, 0) + change.ordinality,
        v_revision,
        change.kind,
        change.corrects_line_id,
        change.service_id,
        change.name,
        1,
        change.amount_minor,
        change.amount_minor,
        change.discount_minor
    from unnest(changes) with ordinality as change;
    insert into sales.sale_taxes (
        business_id, sale_id, revision, component, rate_bps, base_minor, tax_minor
    )
    select
        revise_sale.business_id, revise_sale.sale_id, v_revision, 'none', 0,
        sum(change.amount_minor - change.discount_minor), 0
    from unnest(changes) as change;
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

create trigger _110_refuse_emptying
before truncate on sales.sale_revisions
for each statement execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_lines
for each statement execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_taxes
for each statement execute function private.any__refuse_rewriting();

-- A sale keeps its business, basket, currency and moment; who bought may change.
create trigger _100_refuse_rewriting
before update on sales.sales
for each row
when (
    old.id <> new.id
    or old.business_id <> new.business_id
    or old.basket_id is distinct from new.basket_id
    or old.currency <> new.currency
    or old.placed_at <> new.placed_at
)
execute function private.any__refuse_rewriting();

-- sql/38_sales/policies.sql

-- Who may read sales: customers theirs, members those of their business, the platform's staff all.
-- Nobody writes: selling does, so that nobody chooses a price.

grant usage on schema sales to anon, authenticated, service_role;
grant execute on function private.my_sales() to authenticated, service_role;

alter table sales.baskets enable row level security;
alter table sales.sales enable row level security;
alter table sales.sale_revisions enable row level security;
alter table sales.sale_lines enable row level security;
alter table sales.sale_taxes enable row level security;

-- token_hash is nobody's to read.
grant select (id, customer_id, currency, created_at) on sales.baskets to authenticated;
grant select on sales.sales, sales.sale_revisions, sales.sale_lines, sales.sale_taxes
to authenticated;
grant select, insert, update, delete
on sales.baskets, sales.sales, sales.sale_revisions, sales.sale_lines, sales.sale_taxes
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

create view public.sales
with (security_invoker = true)
as
select
    sales.id,
    sales.business_id,
    sales.basket_id,
    sales.customer_id,
    sales.customer_name,
    sales.customer_email,
    sales.customer_phone,
    sales.currency,
    sales.placed_at,
    (
        select coalesce(sum(sale_lines.amount_minor - sale_lines.discount_minor), 0)::bigint
        from sales.sale_lines
        where sale_lines.business_id = sales.business_id and sale_lines.sale_id = sales.id
    ) as owed_minor
from sales.sales;
grant select on public.sales to authenticated, service_role;

comment on view public.sales is
'What was sold: customers read theirs, members those of their business. Page by (placed_at, '
'id).';
comment on column public.sales.id is 'Key.';
comment on column public.sales.business_id is 'The business that sold.';
comment on column public.sales.basket_id is
'The basket in which it is paid; null where it is paid alone.';
comment on column public.sales.customer_id is
'The user who bought; null for a guest, and once the account is gone.';
comment on column public.sales.customer_name is 'The customer''s name when they bought.';
comment on column public.sales.customer_email is 'The customer''s e-mail address when they bought.';
comment on column public.sales.customer_phone is 'The customer''s phone number when they bought.';
comment on column public.sales.currency is 'ISO 4217 code of every amount.';
comment on column public.sales.placed_at is 'When it was sold.';
comment on column public.sales.owed_minor is
'The sum of its lines in minor units, corrections and fees included.';

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
'agreed, cancelled, rejected, expired, no_show, moved or corrected.';
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
    sale_lines.tax_minor
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
'service, product, membership, gift_card, shipping, fee, tip or rounding.';
comment on column public.sale_lines.corrects_line_id is
'The line that it takes back, or charges a fee for; null for most.';
comment on column public.sale_lines.service_id is
'The service that was sold; null where it is none, or gone.';
comment on column public.sale_lines.name is 'What was sold, as it was called then.';
comment on column public.sale_lines.quantity is 'How many, at least 1.';
comment on column public.sale_lines.unit_minor is
'The price of one in minor units; negative where the line takes back.';
comment on column public.sale_lines.amount_minor is 'quantity × unit_minor, before discount.';
comment on column public.sale_lines.discount_minor is 'The discount in minor units.';
comment on column public.sale_lines.tax_minor is
'The line''s share of the revision''s tax in minor units.';

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
    sale_taxes.tax_minor
from sales.sale_taxes;
grant select on public.sale_taxes to authenticated, service_role;

comment on view public.sale_taxes is
'The tax of each revision of a sale: a row for each component and rate.';
comment on column public.sale_taxes.business_id is 'The business that sold.';
comment on column public.sale_taxes.sale_id is 'The sale.';
comment on column public.sale_taxes.revision is 'The revision whose lines are taxed.';
comment on column public.sale_taxes.component is
'The tax, such as vat; none where nothing is taxed.';
comment on column public.sale_taxes.rate_bps is 'The rate in basis points: 1900 is 19 %.';
comment on column public.sale_taxes.base_minor is 'The taxed lines after discount, in minor units.';
comment on column public.sale_taxes.tax_minor is 'The tax in minor units.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
