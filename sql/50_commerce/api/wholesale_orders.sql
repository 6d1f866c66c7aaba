-- The orders of a company, as its buyers and the business read them.

create view public.wholesale_orders
with (security_invoker = true)
as
select
    orders.id as order_id,
    orders.business_id,
    orders.wholesale_account_id,
    orders.customer_id,
    orders.reference,
    orders.status,
    orders.placed_at,
    orders.pays_later,
    orders.due_at,
    wholesale_accounts.currency,
    commerce.unpaid_of(orders) as unpaid_minor,
    coalesce(
        orders.due_at < private.now() and commerce.unpaid_of(orders) > 0, false
    ) as is_overdue
from commerce.orders
inner join commerce.wholesale_accounts
    on
        orders.business_id = wholesale_accounts.business_id
        and orders.wholesale_account_id = wholesale_accounts.id;
grant select on public.wholesale_orders to authenticated, service_role;

comment on view public.wholesale_orders is
'The orders of companies that buy wholesale, with what is unpaid and since when it is due.

All buyers of a company and the members of the business read it. Page by (placed_at, order_id).';
comment on column public.wholesale_orders.order_id is 'The order.';
comment on column public.wholesale_orders.business_id is 'The business that sells.';
comment on column public.wholesale_orders.wholesale_account_id is 'The account of the company.';
comment on column public.wholesale_orders.customer_id is 'The buyer; null once they are gone.';
comment on column public.wholesale_orders.reference is 'The reference of the order.';
comment on column public.wholesale_orders.status is 'The status of the order.';
comment on column public.wholesale_orders.placed_at is 'When it was placed.';
comment on column public.wholesale_orders.pays_later is 'Whether it is on net terms.';
comment on column public.wholesale_orders.due_at is
'When it must be paid; null where it was paid when it was placed.';
comment on column public.wholesale_orders.currency is 'ISO 4217 code of the account.';
comment on column public.wholesale_orders.unpaid_minor is
'What is left to pay, in minor units of the sale''s currency.';
comment on column public.wholesale_orders.is_overdue is
'Whether something is left to pay and the day has passed.';
