-- What customers paid for before, and what is left of it.

create view public.allowances
with (security_invoker = true)
as
select
    allowances.id,
    allowances.business_id,
    allowances.customer_id,
    allowances.name,
    lower(allowances.during) as starts_at,
    upper(allowances.during) as ends_at,
    allowances.granted,
    allowances.used,
    allowances.granted - allowances.used as remaining,
    allowances.item_ids,
    allowances.item_units,
    allowances.created_at
from customers.allowances;
grant select on public.allowances to authenticated, service_role;

comment on view public.allowances is
'Visits and credits that customers paid for before: those of a pass, or of a period of a '
'membership. They pay for bookings by themselves, those that end first. Customers read theirs, '
'members who serve those of their business. Page by (created_at, id).';
comment on column public.allowances.id is 'Key.';
comment on column public.allowances.business_id is 'The business that granted it.';
comment on column public.allowances.customer_id is 'Whose it is, a row of customers.';
comment on column public.allowances.name is 'How it is called on the line that it pays.';
comment on column public.allowances.starts_at is 'From when visits may take place.';
comment on column public.allowances.ends_at is
'Before when visits must begin. Null: it was ended.';
comment on column public.allowances.granted is 'How many visits or credits it had.';
comment on column public.allowances.used is
'How many are used. A booking that is cancelled in time gives them back.';
comment on column public.allowances.remaining is 'How many are left: granted less used.';
comment on column public.allowances.item_ids is 'What it pays for: services.';
comment on column public.allowances.item_units is
'How many visits or credits one of each costs, at the same place as in item_ids.';
comment on column public.allowances.created_at is 'When it was granted.';
