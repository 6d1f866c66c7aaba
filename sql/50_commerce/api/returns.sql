-- Returns, exchanges and claims, the versions of orders and the settings, as they are read.

create view public.returns
with (security_invoker = true)
as
select
    returns.id,
    returns.business_id,
    returns.order_id,
    returns.kind,
    returns.resolution,
    returns.status,
    returns.reason,
    returns.decision_note,
    returns.requested_by,
    returns.requested_at,
    returns.decided_at,
    returns.received_at,
    returns.refunded_at
from commerce.returns;
grant select on public.returns to authenticated, service_role;

comment on view public.returns is
'Returns, exchanges and claims. Customers read those of their orders, members those of their '
'business.';
comment on column public.returns.id is 'Primary key.';
comment on column public.returns.business_id is 'The business.';
comment on column public.returns.order_id is 'The order.';
comment on column public.returns.kind is
'return (pieces come back), exchange (others are sent for them) or claim (lost or broken; nothing '
'comes back).';
comment on column public.returns.resolution is 'refund or replacement.';
comment on column public.returns.status is
'requested, approved, rejected, received (back, or settled where nothing comes back) or refunded.';
comment on column public.returns.reason is 'Why, in the customer''s words; null for no reason.';
comment on column public.returns.decision_note is
'What the business wrote when it decided; null for nothing.';
comment on column public.returns.requested_by is
'Who asked; null for the operator''s software and for deleted accounts.';
comment on column public.returns.requested_at is 'When it was asked for.';
comment on column public.returns.decided_at is 'When the business decided; null until then.';
comment on column public.returns.received_at is 'When the pieces were back; null until then.';
comment on column public.returns.refunded_at is
'When everything was given back; null until then, and for a replacement.';

create view public.return_items
with (security_invoker = true)
as
select
    return_items.business_id,
    return_items.return_id,
    return_items.order_item_id,
    return_items.quantity,
    return_items.store_id,
    return_items.is_restocked
from commerce.return_items;
grant select on public.return_items to authenticated, service_role;

comment on view public.return_items is 'Which pieces a return has.';
comment on column public.return_items.business_id is 'The business.';
comment on column public.return_items.return_id is 'The return.';
comment on column public.return_items.order_item_id is 'The item of the order.';
comment on column public.return_items.quantity is 'How many pieces.';
comment on column public.return_items.store_id is
'The store that received them; null until then, and where nothing comes back.';
comment on column public.return_items.is_restocked is
'Whether they went into its stock; null until they were received.';

create view public.return_replacements
with (security_invoker = true)
as
select
    return_replacements.business_id,
    return_replacements.return_id,
    return_replacements.variant_id,
    return_replacements.unit_minor,
    return_replacements.quantity
from commerce.return_replacements;
grant select on public.return_replacements to authenticated, service_role;

comment on view public.return_replacements is
'Which variants are sent for the pieces of an exchange; without a row the same pieces are sent '
'again.';
comment on column public.return_replacements.business_id is 'The business.';
comment on column public.return_replacements.return_id is 'The return.';
comment on column public.return_replacements.variant_id is 'The variant.';
comment on column public.return_replacements.unit_minor is
'What one costs, in minor units of the currency of the sale: the price of the day on which the '
'exchange was asked for.';
comment on column public.return_replacements.quantity is 'How many.';

create view public.order_changes
with (security_invoker = true)
as
select
    order_changes.business_id,
    order_changes.order_id,
    order_changes.version,
    order_changes.kind,
    order_changes.lines,
    order_changes.reason,
    order_changes.actor_id,
    order_changes.at
from commerce.order_changes;
grant select on public.order_changes to authenticated, service_role;

comment on view public.order_changes is
'Every change of what was ordered, by its version.

Append-only. Customers read those of their orders, members those of their business.';
comment on column public.order_changes.business_id is 'The business.';
comment on column public.order_changes.order_id is 'The order.';
comment on column public.order_changes.version is 'The version of the order after it, from 2 on.';
comment on column public.order_changes.kind is
'cancelled, edited, returned, exchanged or claimed.';
comment on column public.order_changes.lines is
'[{sale_line_id, quantity}]: of which lines how many units went (less than 0) or came.';
comment on column public.order_changes.reason is 'Why; null for no reason.';
comment on column public.order_changes.actor_id is
'Who did it; null for the system and for deleted accounts.';
comment on column public.order_changes.at is 'When.';

create view public.order_settings
with (security_invoker = true)
as
select
    order_settings.business_id,
    order_settings.return_days,
    order_settings.updated_at,
    order_settings.unpaid_hours
from commerce.order_settings;
grant select, insert, update, delete on public.order_settings to authenticated, service_role;

comment on view public.order_settings is
'How a business treats orders: members read it, owners and managers write it. Without a row the '
'defaults hold.';
comment on column public.order_settings.business_id is 'The business.';
comment on column public.order_settings.return_days is
'How many days after its delivery a customer may return pieces; 14 by default.';
comment on column public.order_settings.updated_at is 'When it last changed.';
comment on column public.order_settings.unpaid_hours is
'How many hours an order waits to be paid before it expires, 1 to 8760. Null: one after a payment '
'was begun, else 24, or 168 where it is picked up.';

/*
 * Return a return as the caller may see it.
 */
create function commerce.visible_return(return_id uuid)
returns public.returns
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_return public.returns;
begin
    select returns.* into v_return
    from public.returns
    where returns.id = visible_return.return_id;
    return v_return;
end;
$$;

grant execute on function commerce.visible_return(uuid) to anon, authenticated, service_role;
