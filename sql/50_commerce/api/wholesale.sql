-- Wholesale accounts as companies and businesses read them.

create view public.wholesale_accounts
with (security_invoker = true)
as
select
    wholesale_accounts.id,
    wholesale_accounts.business_id,
    wholesale_accounts.requested_by,
    wholesale_accounts.company_name,
    wholesale_accounts.country,
    wholesale_accounts.tax_number,
    wholesale_accounts.message,
    wholesale_accounts.status,
    wholesale_accounts.reason,
    wholesale_accounts.customer_group_id,
    wholesale_accounts.currency,
    wholesale_accounts.net_days,
    wholesale_accounts.credit_limit_minor,
    wholesale_accounts.minimum_minor,
    wholesale_accounts.minimum_quantity,
    wholesale_accounts.requested_at,
    wholesale_accounts.decided_at
from commerce.wholesale_accounts;
grant select on public.wholesale_accounts to authenticated, service_role;

comment on view public.wholesale_accounts is
'Companies that buy wholesale from a business, and those that ask to.

The company''s buyers and the members of the business read it. request_wholesale, decide_wholesale '
'and set_wholesale_terms write it.';
comment on column public.wholesale_accounts.id is 'Key.';
comment on column public.wholesale_accounts.business_id is 'The business that sells.';
comment on column public.wholesale_accounts.requested_by is
'The user who requested it; null once the account is gone.';
comment on column public.wholesale_accounts.company_name is 'At most 200 characters.';
comment on column public.wholesale_accounts.country is
'ISO 3166 code of the country of the tax number.';
comment on column public.wholesale_accounts.tax_number is
'The tax number, without spaces and punctuation. tax_numbers says whether its check digits hold.';
comment on column public.wholesale_accounts.message is 'What the requester wrote.';
comment on column public.wholesale_accounts.status is 'requested, approved, rejected or suspended.';
comment on column public.wholesale_accounts.reason is
'Why it was rejected or suspended; null otherwise.';
comment on column public.wholesale_accounts.customer_group_id is
'The group whose prices the buyers get while the account is approved; null for none.';
comment on column public.wholesale_accounts.currency is 'ISO 4217 code of the amounts.';
comment on column public.wholesale_accounts.net_days is
'Days after an order within which it is paid; null where orders are paid at once.';
comment on column public.wholesale_accounts.credit_limit_minor is
'How much may be unpaid, in minor units; null without net_days.';
comment on column public.wholesale_accounts.minimum_minor is
'What an order costs at least, in minor units; null for no minimum.';
comment on column public.wholesale_accounts.minimum_quantity is
'How many pieces an order has at least; null for no minimum.';
comment on column public.wholesale_accounts.requested_at is 'When it was requested.';
comment on column public.wholesale_accounts.decided_at is
'When the business decided; null while it has not.';

create view public.wholesale_history
with (security_invoker = true)
as
select
    wholesale_history.id,
    wholesale_history.business_id,
    wholesale_history.wholesale_account_id,
    wholesale_history.status,
    wholesale_history.reason,
    wholesale_history.actor_id,
    wholesale_history.at
from commerce.wholesale_history;
grant select on public.wholesale_history to authenticated, service_role;

comment on view public.wholesale_history is
'Every status that a wholesale account had. It is read like the account.';
comment on column public.wholesale_history.id is 'Key; it grows.';
comment on column public.wholesale_history.business_id is 'The business.';
comment on column public.wholesale_history.wholesale_account_id is 'The account.';
comment on column public.wholesale_history.status is 'requested, approved, rejected or suspended.';
comment on column public.wholesale_history.reason is 'Why; null where none was needed.';
comment on column public.wholesale_history.actor_id is
'Who did it; null for the operator''s software and for deleted accounts.';
comment on column public.wholesale_history.at is 'When.';

create view public.wholesale_documents
with (security_invoker = true)
as
select
    wholesale_documents.media_id,
    wholesale_documents.wholesale_account_id,
    wholesale_documents.kind,
    wholesale_documents.created_at
from commerce.wholesale_documents;
grant select on public.wholesale_documents to authenticated, service_role;

comment on view public.wholesale_documents is
'Papers that a company hands in with its request, by create_upload and complete_upload.

The requester, the owners and managers of the business and the platform''s staff read them.';
comment on column public.wholesale_documents.media_id is
'The file. Its bucket and object_name in the view media are for a signed link to it.';
comment on column public.wholesale_documents.wholesale_account_id is 'The account.';
comment on column public.wholesale_documents.kind is 'registration, tax or other.';
comment on column public.wholesale_documents.created_at is 'When it was handed in.';

create view public.wholesale_packs
with (security_invoker = true)
as
select
    wholesale_packs.business_id,
    wholesale_packs.variant_id,
    wholesale_packs.pack_size
from commerce.wholesale_packs;
grant select, insert, update, delete on public.wholesale_packs to authenticated, service_role;

comment on view public.wholesale_packs is
'How many pieces of a variant are in a pack: wholesale buyers order whole packs.

Members of the business and buyers of approved accounts read it; owners and managers write it.';
comment on column public.wholesale_packs.business_id is 'The business.';
comment on column public.wholesale_packs.variant_id is 'The variant.';
comment on column public.wholesale_packs.pack_size is 'Pieces, from 2 on.';
