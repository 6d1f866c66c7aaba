-- What clients read about customers, and the groups that managers keep.

create view public.customers
with (security_invoker = true)
as
select
    customers.id,
    customers.business_id,
    customers.user_id,
    customers.name,
    customers.email,
    customers.phone,
    customers.contact_verified_at,
    customers.created_at,
    customers.merged_into_id
from customers.customers;
grant select on public.customers to authenticated, service_role;

comment on view public.customers is
'The customers of a business: everybody who bought there with an account or with a proven '
'address, and those whose contact a member wrote down with book_for. Members who serve customers '
'read those of their business; everybody reads their own rows.';
comment on column public.customers.id is 'Key.';
comment on column public.customers.business_id is 'The business whose customer it is.';
comment on column public.customers.user_id is
'The account; null for a guest, and once the account is gone.';
comment on column public.customers.name is 'The name at the first purchase.';
comment on column public.customers.email is 'The e-mail address at the first purchase.';
comment on column public.customers.phone is 'The phone number at the first purchase.';
comment on column public.customers.contact_verified_at is
'When a guest proved that the e-mail address is theirs; null for accounts, and for a contact that '
'only a member wrote down.';
comment on column public.customers.created_at is 'When they became a customer.';
comment on column public.customers.merged_into_id is
'The customer into whom merge_customers merged this one; null: not merged. What this one had is '
'theirs.';

create view public.customer_groups
with (security_invoker = true)
as
select
    customer_groups.id,
    customer_groups.business_id,
    customer_groups.name,
    customer_groups.created_at
from customers.customer_groups;
grant select, insert, update, delete on public.customer_groups to authenticated, service_role;

comment on view public.customer_groups is
'Groups of customers that a business treats alike. Members who serve customers read them, '
'managers write them.';
comment on column public.customer_groups.id is 'Key.';
comment on column public.customer_groups.business_id is 'The business.';
comment on column public.customer_groups.name is '1 to 100 characters, once in a business.';
comment on column public.customer_groups.created_at is 'When it was made.';

create view public.customer_group_members
with (security_invoker = true)
as
select
    customer_group_members.business_id,
    customer_group_members.customer_group_id,
    customer_group_members.customer_id
from customers.customer_group_members;
grant select, insert, delete on public.customer_group_members to authenticated, service_role;

comment on view public.customer_group_members is
'Which customers belong to which group. Members who serve customers read them, managers write '
'them.';
comment on column public.customer_group_members.business_id is 'The business.';
comment on column public.customer_group_members.customer_group_id is 'The group.';
comment on column public.customer_group_members.customer_id is 'The customer.';
