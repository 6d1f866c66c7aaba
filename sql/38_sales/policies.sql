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
