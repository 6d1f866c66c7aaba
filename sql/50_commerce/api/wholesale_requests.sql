-- What buyers ask the approvers of their company to order, as the company reads it.

create view public.wholesale_order_requests
with (security_invoker = true)
as
select
    wholesale_order_requests.id,
    wholesale_order_requests.business_id,
    wholesale_order_requests.wholesale_account_id,
    wholesale_order_requests.requested_by,
    wholesale_order_requests.status,
    wholesale_order_requests.items,
    wholesale_order_requests.currency,
    wholesale_order_requests.total_minor,
    wholesale_order_requests.delivery_option_id,
    wholesale_order_requests.store_id,
    wholesale_order_requests.address,
    wholesale_order_requests.note,
    wholesale_order_requests.decided_by,
    wholesale_order_requests.reason,
    wholesale_order_requests.order_id,
    wholesale_order_requests.requested_at,
    wholesale_order_requests.decided_at
from commerce.wholesale_order_requests;
grant select on public.wholesale_order_requests to authenticated, service_role;

comment on view public.wholesale_order_requests is
'What buyers of a company ask its approvers to order: request_wholesale_order asks, and '
'decide_wholesale_order answers. The buyers of the company read it, and nobody else.';
comment on column public.wholesale_order_requests.id is 'Key; decide_wholesale_order takes it.';
comment on column public.wholesale_order_requests.business_id is 'The business that sells.';
comment on column public.wholesale_order_requests.wholesale_account_id is
'The account of the company.';
comment on column public.wholesale_order_requests.requested_by is 'The buyer who asks.';
comment on column public.wholesale_order_requests.status is
'requested, approved, rejected or withdrawn.';
comment on column public.wholesale_order_requests.items is '[{variant_id, quantity}].';
comment on column public.wholesale_order_requests.currency is 'ISO 4217 code of the order.';
comment on column public.wholesale_order_requests.total_minor is
'What the order cost when it was asked for, in minor units.';
comment on column public.wholesale_order_requests.delivery_option_id is
'How the goods are delivered; null: at a store.';
comment on column public.wholesale_order_requests.store_id is
'The store where they are picked up; null: they are delivered.';
comment on column public.wholesale_order_requests.address is
'Where they go, as checkout takes it; null without delivery.';
comment on column public.wholesale_order_requests.note is 'What the buyer says to it, or null.';
comment on column public.wholesale_order_requests.decided_by is 'Who decided; null until then.';
comment on column public.wholesale_order_requests.reason is
'Why it was rejected, or what else was said; null without a word.';
comment on column public.wholesale_order_requests.order_id is
'The order that was placed; null unless it is approved.';
comment on column public.wholesale_order_requests.requested_at is 'When it was asked for.';
comment on column public.wholesale_order_requests.decided_at is
'When it was decided or withdrawn; null until then.';
