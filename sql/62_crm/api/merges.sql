-- Merging customers, and undoing it.

create view public.customer_merges
with (security_invoker = true)
as
select
    mergers.id,
    mergers.business_id,
    mergers.customer_id,
    mergers.duplicate_id,
    mergers.merged_by,
    mergers.merged_at,
    mergers.undone_by,
    mergers.undone_at
from crm.mergers;
grant select on public.customer_merges to authenticated, service_role;

comment on view public.customer_merges is
'Which customers were merged. Managers read those of their business; unmerge_customers undoes one. '
'Page by (merged_at, id).';
comment on column public.customer_merges.id is 'Key.';
comment on column public.customer_merges.business_id is 'The business.';
comment on column public.customer_merges.customer_id is 'The customer who stayed.';
comment on column public.customer_merges.duplicate_id is 'Who was merged into them.';
comment on column public.customer_merges.merged_by is
'The member who did it; null for the operator, and once their account is gone.';
comment on column public.customer_merges.merged_at is 'When it was done.';
comment on column public.customer_merges.undone_by is 'The member who undid it.';
comment on column public.customer_merges.undone_at is 'When it was undone; null: it holds.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_merged
 */
create function public.merge_customers(
    customer_id public.identifier, duplicate_id public.identifier
)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_kept_id uuid = crm.merge_customers(
        private.to_identifier(merge_customers.customer_id, 'customer_id'),
        private.to_identifier(merge_customers.duplicate_id, 'duplicate_id')
    );
begin
    return crm.visible_customer(v_kept_id);
end;
$$;
grant execute on function public.merge_customers(public.identifier, public.identifier)
to anon, authenticated, service_role;

comment on function public.merge_customers is
'Merge a customer into another one who is the same person. Returns the customer who stays.

Credit, memberships, visits, groups, notes and tags move to them; bookings, orders and payments '
'of both show in one timeline. Of two live memberships '
'the one with the higher rank stays, or else the one that is paid for longer; the other is not '
'renewed, and what was paid for it stays until the end '
'of its period. If both have accounts, both use what the customer has from then on. For managers; '
'unmerge_customers undoes it.

- customer_id: the customer who stays.
- duplicate_id: who is merged into them.

Errors: already_merged 409, forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_merged
 */
create function public.unmerge_customers(merge_id public.identifier)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = crm.unmerge_customers(
        private.to_identifier(unmerge_customers.merge_id, 'merge_id')
    );
begin
    return crm.visible_customer(v_customer_id);
end;
$$;
grant execute on function public.unmerge_customers(public.identifier)
to anon, authenticated, service_role;

comment on function public.unmerge_customers is
'Undo a merger. Returns the customer who is on their own again.

They get back what the merger moved: of the credit as much as was not spent since. What was '
'written since stays with the other customer. For managers.

- merge_id: the row of customer_merges.

Errors: already_merged 409, forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';
