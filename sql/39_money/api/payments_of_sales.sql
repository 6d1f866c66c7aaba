-- The head of what was sold, with what was paid of it.

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
        select coalesce(sum(sales.line_total(sale_lines)), 0)::bigint
        from sales.sale_lines
        where sale_lines.business_id = sales.business_id and sale_lines.sale_id = sales.id
    ) as owed_minor,
    (
        select coalesce(sum(payment_parts.captured_minor), 0)::bigint
        from money.payment_parts
        where
            payment_parts.business_id = sales.business_id and payment_parts.sale_id = sales.id
    ) as paid_minor,
    (
        select coalesce(sum(payment_parts.refunded_minor), 0)::bigint
        from money.payment_parts
        where
            payment_parts.business_id = sales.business_id and payment_parts.sale_id = sales.id
    ) as refunded_minor,
    (
        select coalesce(sum(sales.line_total(sale_lines)), 0)::bigint
        from sales.sale_lines
        where sale_lines.business_id = sales.business_id and sale_lines.sale_id = sales.id
    ) - (
        select coalesce(sum(payment_parts.captured_minor - payment_parts.refunded_minor), 0)::bigint
        from money.payment_parts
        where
            payment_parts.business_id = sales.business_id and payment_parts.sale_id = sales.id
    ) as balance_minor
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
'The sum of its lines in minor units, with tax, corrections and fees.';
comment on column public.sales.paid_minor is 'What was taken for it, in minor units.';
comment on column public.sales.refunded_minor is 'What was given back of that.';
comment on column public.sales.balance_minor is
'owed_minor - paid_minor + refunded_minor: positive is the customer''s to pay, negative the '
'business''s to give back.';
