-- Memberships of ten businesses on a plan each, with a card; their second period begins now. What an
-- earlier round left is deleted. Parameter: how many.
set session_replication_role = replica;
truncate memberships.memberships, memberships.membership_periods, memberships.charge_attempts
cascade;
create temporary table clubs as
select md5('club ' || n)::uuid as id
from generate_series(1, 10) as n;
delete from money.payments
where payments.id in (
    select payment_parts.payment_id
    from money.payment_parts inner join clubs on payment_parts.business_id = clubs.id
);
delete from money.payment_parts using clubs where payment_parts.business_id = clubs.id;
delete from sales.sale_line_taxes using clubs where sale_line_taxes.business_id = clubs.id;
delete from sales.sale_taxes using clubs where sale_taxes.business_id = clubs.id;
delete from sales.sale_lines using clubs where sale_lines.business_id = clubs.id;
delete from sales.sale_revisions using clubs where sale_revisions.business_id = clubs.id;
delete from sales.sales using clubs where sales.business_id = clubs.id;
drop table clubs;
set session_replication_role = origin;
insert into business.verticals (id, name) values ('salon', 'Salon') on conflict do nothing;
insert into business.businesses (
    id, slug, name, vertical_id, country, time_zone, currency, status
)
select
    md5('club ' || n)::uuid, 'club-' || n, 'Club ' || n, 'salon', 'DE', 'Europe/Berlin', 'EUR',
    'approved'
from generate_series(1, 10) as n
on conflict do nothing;
insert into memberships.membership_plans (id, business_id, name, access)
select md5('club plan ' || n)::uuid, md5('club ' || n)::uuid, 'Gold', 'gold'
from generate_series(1, 10) as n
on conflict do nothing;
insert into auth.users (id, email)
select md5('club member ' || n)::uuid, 'club-member-' || n || '@example.com'
from generate_series(1, %(members)s) as n
on conflict do nothing;
insert into money.payment_methods (id, user_id, provider, provider_reference, brand, last4)
select
    md5('club card ' || n)::uuid, md5('club member ' || n)::uuid, 'sandbox', 'pm_club_' || n,
    'visa', '4242'
from generate_series(1, %(members)s) as n
on conflict do nothing;
insert into customers.customers (id, business_id, user_id, name)
select
    md5('club customer ' || n)::uuid, md5('club ' || n %% 10 + 1)::uuid,
    md5('club member ' || n)::uuid, 'Member ' || n
from generate_series(1, %(members)s) as n
on conflict do nothing;
insert into memberships.memberships (
    id, business_id, customer_id, user_id, plan_id, granted_plan_id, currency, price_minor, renews,
    period_unit, period_count, grace_days, time_zone, anchor_at, anchor_number, number,
    paid_until, due_until, renews_at, method_id, joined_at
)
select
    md5('club membership ' || n)::uuid, md5('club ' || n %% 10 + 1)::uuid,
    md5('club customer ' || n)::uuid, md5('club member ' || n)::uuid,
    md5('club plan ' || n %% 10 + 1)::uuid, md5('club plan ' || n %% 10 + 1)::uuid, 'EUR', 3000, true,
    'month', 1, 7, 'Europe/Berlin', now() - interval '1 month', 1, 1,
    now(), now() + interval '7 days', now(), md5('club card ' || n)::uuid,
    now() - interval '1 month'
from generate_series(1, %(members)s) as n;
insert into memberships.membership_periods (
    business_id, membership_id, number, plan_id, starts_at, ends_at, price_minor, paid_at,
    period_unit, period_count
)
select
    memberships.business_id, memberships.id, 1, memberships.plan_id, memberships.joined_at,
    memberships.paid_until, 3000, memberships.joined_at, 'month', 1
from memberships.memberships;
